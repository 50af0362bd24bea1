# SPDX-License-Identifier: Apache-2.0
"""Trials that the mutation run has shown to be missing from the campaigns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from redmule.device.harness import RegisterError, SimulationError
from redmule.device.placement import place
from redmule.fp import FORMATS, Flags, format_by_name, op_by_name
from redmule.job import HangError, HardwareJob, Job
from redmule.regs import ErrorCode
from tb.campaigns.aborts import compare_done, independent_job, submit_soon, wait_for_events
from tb.campaigns.arena import Arena
from tb.campaigns.operands import Sizes, plain_job
from tb.campaigns.stage import Scene, Stage, WatchedDevice
from tb.campaigns.tally import Tally
from tb.campaigns.trials import draw_memory

STEPS = 400
DEEP = (257, 600)
"""Values of N beyond what the streams tell the arbiter about how soon they need a beat."""

MEMORY_END = 1 << 32

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
        try:
            contexts = []
            for number, (job, error) in enumerate(zip(scene.jobs, errors, strict=True), 1):
                contexts.append(_submit(device, job, error, hold=together and number < count))
            wait_for_events(device, count - device.harness.events())
            results = [device.result(context) for context in contexts]
        except HangError as failure:
            return Tally(jobs=count, hangs=1, examples=(str(failure),))
        except (SimulationError, RegisterError) as failure:
            return Tally(jobs=count, rules=1, examples=(f"{type(failure).__name__}: {failure}",))
    done = [index for index, error in enumerate(errors) if error == ErrorCode.NONE]
    tally = Tally(jobs=count) + compare_done(wanted, scene, before, done)
    for index, (result, error) in enumerate(zip(results, errors, strict=True)):
        flags = expected[index].flags if error == ErrorCode.NONE else Flags()
        if result.error != error or result.flags != flags:
            text = f"job {index}: {result.error.name} and flags {result.flags}, should be {error.name} and {flags}"
            tally += Tally(rules=1, examples=(text,))
    return tally


def _submit(device: WatchedDevice, job: Job, error: ErrorCode, *, hold: bool) -> int:
    """Queue a job, made wrong so that it has this error, and return its context."""
    if error == ErrorCode.NONE:
        return submit_soon(device, job, hold=hold)
    (hardware,) = place(job, device.memory, lambda: None, device.config).hardware
    return device.commits.submit(WRONG[error](hardware), hold=hold)
