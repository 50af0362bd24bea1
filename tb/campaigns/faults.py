# SPDX-License-Identifier: Apache-2.0
"""The trial of a memory that answers with an error: one queued job fails, those before and behind it are right."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from redmule.device.driver import JobResult
from redmule.device.harness import RegisterError, SimulationError
from redmule.job import HangError, Job
from redmule.regs import ErrorCode
from tb.campaigns.aborts import compare_done, independent_job, submit_soon, wait_for_events
from tb.campaigns.arena import Arena
from tb.campaigns.data import Array
from tb.campaigns.operands import Sizes
from tb.campaigns.stage import Scene, Stage, describe
from tb.campaigns.tally import Tally
from tb.campaigns.trials import draw_memory

STEPS = 400
WORD_BYTES = 4


def bus_error(stage: Stage) -> Tally:
    """Queue jobs of which one, often not the first, reads or writes a word that the memory answers with an error.

    That one reports BUS and the address of the access; all others have the bits and the flags of the golden model,
    though the loads of the next ones are under way when it fails.
    """
    sizes = Sizes.of(stage.config, STEPS)
    stall, latency = draw_memory(stage.random)
    count = int(stage.random.integers(1, stage.config.contexts + 1))
    failing = int(stage.random.integers(count))
    together = bool(stage.random.random() < 1 / 2)

    def build(arena: Arena, random: np.random.Generator) -> list[Job]:
        return [independent_job(random, arena, stage.config, sizes) for _ in range(count)]

    seed = stage.draw_seed()
    wanted, expected = stage.golden(build, seed)
    with stage.rtl(stall, latency) as device:
        scene = Scene.make(device, build, seed)
        before = scene.arena.bytes.copy()
        address = _draw_address(stage.random, scene, failing)
        device.harness.fail_at(address)
        try:
            contexts = [submit_soon(device, job, hold=together and job is not scene.jobs[-1]) for job in scene.jobs]
            wait_for_events(device, count - device.harness.events())
            results = [device.result(context) for context in contexts]
            device.take_log()
        except HangError as error:
            return Tally(jobs=count, hangs=1, examples=(str(error),))
        except (SimulationError, RegisterError) as error:
            return Tally(jobs=count, rules=1, examples=(f"{type(error).__name__}: {error}",))
    right = [index for index in range(count) if index != failing]
    tally = Tally(jobs=count, cycles=sum(result.cycles for result in results))
    tally += compare_done(wanted, scene, before, right)
    for index in right:
        name = f"job {index} {describe(scene.jobs[index])}"
        if results[index].error != ErrorCode.NONE:
            tally += Tally(rules=1, examples=(f"{name}: {results[index].error.name}, job {failing} was to fail",))
        if results[index].flags != expected[index].flags:
            text = f"{name}: flags {results[index].flags}, golden {expected[index].flags}"
            tally += Tally(flags=1, examples=(text,))
    tally += _compare_error(results[failing], address, stage.config.port_bytes)
    if not tally.failures:
        stage.sample(device, results, stall, latency)
    return tally


def _compare_error(result: JobResult, address: int, port_bytes: int) -> Tally:
    """Compare what a failed job says: the access begins where the word is, or up to a beat before it."""
    if result.error == ErrorCode.BUS and address - port_bytes <= result.error_address < address + WORD_BYTES:
        return Tally()
    text = f"error {result.error.name} at {result.error_address:#x}, should be BUS at {address:#x}"
    return Tally(rules=1, examples=(text,))


def _draw_address(random: np.random.Generator, scene: Scene, failing: int) -> int:
    """Return the address of a word that one job accesses, and no other."""
    arena = scene.arena
    others = _words(arena, [m for index, job in enumerate(scene.jobs) if index != failing for m in _matrices(job)])
    mine = [_words(arena, [matrix]) & ~others for matrix in _matrices(scene.jobs[failing]) if matrix.ndim > 1]
    usable = [words for words in mine if words.any()]
    word = random.choice(np.flatnonzero(usable[int(random.integers(len(usable)))]))
    return arena.address + int(word) * WORD_BYTES


def _matrices(job: Job) -> list[Array]:
    return [matrix for matrix in (job.x, job.w, job.y, job.z_out) if matrix is not None]


def _words(arena: Arena, matrices: Iterable[Array]) -> NDArray[np.bool_]:
    """Return for each word of an arena whether a byte of a matrix lies in it."""
    bytes_ = np.zeros(arena.bytes.size, np.bool_)
    for matrix in matrices:
        at = np.array(matrix.ctypes.data - arena.bytes.ctypes.data)
        for size, stride in zip((*matrix.shape, matrix.itemsize), (*matrix.strides, 1), strict=True):
            at = at[..., None] + stride * np.arange(size)
        bytes_[at] = True
    return bytes_.reshape(-1, WORD_BYTES).any(axis=1)
