# SPDX-License-Identifier: Apache-2.0
"""Trials that the mutation run has shown to be missing from the campaigns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import numpy as np

from redmule.device.driver import JobResult
from redmule.device.harness import RegisterError, SimulationError
from redmule.device.placement import place
from redmule.fp import FORMATS, Flags, format_by_name, op_by_name
from redmule.job import HangError, HardwareJob, Job
from redmule.regs import ErrorCode
from tb.campaigns import data
from tb.campaigns.aborts import compare_done, independent_job, submit_soon, wait_for_events
from tb.campaigns.arena import Arena
from tb.campaigns.operands import Sizes, fill, plain_job
from tb.campaigns.stage import Scene, Stage, WatchedDevice, compare_law
from tb.campaigns.tally import Tally
from tb.campaigns.trials import draw_memory

STEPS = 400
DEEP = (257, 600)
"""Values of N beyond what the streams tell the arbiter about how soon they need a beat."""

MEMORY_END, WORD_BYTES = 1 << 32, 4
TOO_LARGE_AT = 3
"""A place in the first beat of 16-bit codes, not in its first word."""

WRONG: Mapping[ErrorCode, Callable[[HardwareJob], HardwareJob]] = {
    ErrorCode.SIZE: lambda job: replace(job, x=replace(job.x, rows=0, cols=0), x_trans=False),
    ErrorCode.ALIGN: lambda job: replace(
        job, x=replace(job.x, format=format_by_name("fp16"), address=job.x.address | 1)
    ),
    ErrorCode.EXTENT: lambda job: replace(job, x=replace(job.x, address=MEMORY_END - 4, rows=9, cols=9), x_trans=False),
}
"""How a job is made wrong, by the error that it must then have."""


def deep(stage: Stage) -> Tally:
    """A product with a long inner dimension, of several tiles, in the cycles of the law."""
    config, random = stage.config, stage.random
    shape = (
        int(random.integers(1, 2 * config.rows + 1)),
        int(random.integers(*DEEP)),
        int(random.integers(config.tile_cols + 1, 4 * config.tile_cols)),
    )
    formats = [FORMATS[code] for code in random.integers(0, len(FORMATS), 4)]
    trans = [bool(flag) for flag in random.integers(0, 2, 3)]

    def build(arena: Arena, random: np.random.Generator) -> list[Job]:
        return [plain_job(random, arena, op_by_name("gemm"), shape, formats, trans)]

    return stage.play(build)


def idle_rows(stage: Stage) -> Tally:
    """Rows that no group of a later job has still hold the largest numbers of the job before: they raise no flags."""
    config, fmt, gemm = stage.config, format_by_name("fp16"), op_by_name("gemm")
    shapes = (config.rows, 1, config.tile_cols), (config.rows // 2, 1, config.tile_cols + 1)

    def build(arena: Arena, random: np.random.Generator) -> list[Job]:
        jobs = [plain_job(random, arena, gemm, shape, [fmt] * 4) for shape in shapes]
        for job, y in zip(jobs, (fmt.max_finite, 1.0), strict=True):
            assert job.y is not None
            job.x[...], job.w[...], job.y[...] = 1.0, float(y == 1.0), y
        return jobs

    return stage.play(build)


def last_store_fails(stage: Stage) -> Tally:
    """The last store of a job is answered with an error: the jobs behind it begin again, as fast as on their own."""
    sizes, random = Sizes.of(stage.config, STEPS), stage.random
    count = int(random.integers(2, stage.config.contexts + 1))

    def build(arena: Arena, random: np.random.Generator) -> list[Job]:
        return [independent_job(random, arena, stage.config, sizes) for _ in range(count)]

    seed = stage.draw_seed()
    wanted, expected = stage.golden(build, seed)
    with stage.rtl() as device:
        scene = Scene.make(device, build, seed)
        before = scene.arena.bytes.copy()
        z = scene.jobs[0].z_out
        assert z is not None
        device.harness.fail_at(_word(scene, z[-1:, -1:]))
        results = _run(
            device, (submit_soon(device, job, hold=number < count) for number, job in enumerate(scene.jobs, 1)), count
        )
    if isinstance(results, Tally):
        return results
    tally = Tally(jobs=count) + compare_done(wanted, scene, before, range(1, count))
    tally += compare_law(device.commits.jobs[1:], stage.config, results[1:], [0] * (count - 1))
    for index, result in enumerate(results):
        error, flags = (ErrorCode.NONE, expected[index].flags) if index else (ErrorCode.BUS, result.flags)
        tally += _compare_end(index, result, error, flags)
    return tally


def failed_beat(stage: Stage) -> Tally:
    """A word of the first beat of X fails: no flag comes from the others, though one holds more than fp16 can."""
    fmt = format_by_name("bf16")

    def build(arena: Arena, random: np.random.Generator) -> list[Job]:
        job = plain_job(random, arena, op_by_name("gemm"), (1, TOO_LARGE_AT + 1, 3), [fmt] * 4)
        for matrix in (job.x, job.w, job.y):
            assert matrix is not None
            fill(random, matrix, data.numbers)
        job.x.view(fmt.raw_dtype)[0, TOO_LARGE_AT] = fmt.max_finite_code
        return [job]

    seed = stage.draw_seed()
    _, expected = stage.golden(build, seed)
    assert expected[0].flags.of
    with stage.rtl() as device:
        scene = Scene.make(device, build, seed)
        device.harness.fail_at(_word(scene, scene.jobs[0].x))
        results = _run(device, (submit_soon(device, job) for job in scene.jobs), 1)
    return results if isinstance(results, Tally) else _compare_end(0, results[0], ErrorCode.BUS, Flags())


def _word(scene: Scene, matrix: data.Array) -> int:
    """Return the address of the word that a matrix begins in."""
    offset = matrix.ctypes.data - scene.arena.bytes.ctypes.data
    return scene.arena.address + offset // WORD_BYTES * WORD_BYTES


def _run(device: WatchedDevice, contexts: Iterable[int], count: int) -> list[JobResult] | Tally:
    """Queue jobs, by taking the contexts that they get, and return their results when all have ended."""
    try:
        queued = list(contexts)
        wait_for_events(device, count - device.harness.events())
        return [device.result(context) for context in queued]
    except HangError as failure:
        return Tally(jobs=count, hangs=1, examples=(str(failure),))
    except (SimulationError, RegisterError) as failure:
        return Tally(jobs=count, rules=1, examples=(f"{type(failure).__name__}: {failure}",))


def refused(stage: Stage) -> Tally:
    """Queue jobs of which some must be refused: they touch no memory and say why; the others are exact."""
    sizes, random = Sizes.of(stage.config, STEPS), stage.random
    stall, latency = draw_memory(random)
    count = int(random.integers(1, stage.config.contexts + 1))
    kinds = (ErrorCode.NONE, *WRONG)
    errors = [kinds[kind] for kind in random.integers(0, len(kinds), count)]
    together = bool(random.integers(2))

    def build(arena: Arena, random: np.random.Generator) -> list[Job]:
        return [independent_job(random, arena, stage.config, sizes) for _ in range(count)]

    seed = stage.draw_seed()
    wanted, expected = stage.golden(build, seed)
    with stage.rtl(stall, latency) as device:
        scene = Scene.make(device, build, seed)
        before = scene.arena.bytes.copy()
        held = [together] * (count - 1) + [False]
        queue = zip(scene.jobs, errors, held, strict=True)
        results = _run(device, (_submit(device, job, error, hold=hold) for job, error, hold in queue), count)
    if isinstance(results, Tally):
        return results
    done = [index for index, error in enumerate(errors) if error == ErrorCode.NONE]
    tally = Tally(jobs=count) + compare_done(wanted, scene, before, done)
    for index, (result, error) in enumerate(zip(results, errors, strict=True)):
        tally += _compare_end(index, result, error, expected[index].flags if error == ErrorCode.NONE else Flags())
    return tally


def _compare_end(index: int, result: JobResult, error: ErrorCode, flags: Flags) -> Tally:
    """Compare what a job says of its end."""
    if (result.error, result.flags) == (error, flags):
        return Tally()
    text = f"job {index}: {result.error.name} and flags {result.flags}, should be {error.name} and {flags}"
    return Tally(rules=1, examples=(text,))


def _submit(device: WatchedDevice, job: Job, error: ErrorCode, *, hold: bool) -> int:
    """Queue a job, made wrong so that it has this error, and return its context."""
    if error == ErrorCode.NONE:
        return submit_soon(device, job, hold=hold)
    (hardware,) = place(job, device.memory, lambda: None, device.config).hardware
    return device.commits.submit(WRONG[error](hardware), hold=hold)
