# SPDX-License-Identifier: Apache-2.0
"""The trials that end jobs in the middle: soft clears and resets in any cycle, then a job that must not notice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from redmule import law
from redmule.config import Config
from redmule.device.harness import RegisterError, SimulationError
from redmule.job import HangError, Job
from redmule.regs import Offset
from tb.campaigns.arena import Arena
from tb.campaigns.operands import Sizes, random_job
from tb.campaigns.stage import Scene, Stage, WatchedDevice, compare_law
from tb.campaigns.tally import Tally
from tb.campaigns.trials import draw_memory
from tb.coverage.collect import collector
from tb.coverage.functional import JobSample
from tb.coverage.queue import phase

STEPS = 400
MAX_QUEUED = 3
MARGIN_CYCLES = 40
"""How long after the last job should have ended a clear may still come."""

AT_AN_END = 0.5
"""Share of clears around the end of a job, where the loads of the next one are under way."""

PATIENCE_CYCLES = 100_000
"""More than what is left of any queue takes, on the worst memory."""

EMPTY_QUEUE, RUNNING_ONLY = 0, 1
"""What SOFT_CLEAR is written with."""

QUIET_CYCLES = (2, 200)
"""Cycles between the end of the aborted jobs and the next job: from those that a reset takes to a good while."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How the jobs ended: indices of those that raised their event, the cycle of the clear, what went wrong."""

    done: tuple[int, ...]
    moment: int
    tally: Tally


def soft_clear(stage: Stage) -> Tally:
    """Abort the running job, or all jobs, in a random cycle."""
    return _abort(stage, EMPTY_QUEUE if stage.index % 2 else RUNNING_ONLY)


def reset(stage: Stage) -> Tally:
    """Reset the accelerator in a random cycle."""
    return _abort(stage, None)


def _abort(stage: Stage, clear: int | None) -> Tally:
    """Run a few jobs, abort them, run another one.

    Those whose event came before are exact, aborted ones have written nothing but their results, and the job after it
    all has the bits, the flags and (on a perfect memory) the cycles it has after a fresh reset.

    Args:
        stage: where.
        clear: the data of SOFT_CLEAR; None: a reset.
    """
    sizes = Sizes.of(stage.config, STEPS)
    stall, latency = draw_memory(stage.random)
    queued = int(stage.random.integers(1, min(MAX_QUEUED, stage.config.contexts) + 1))

    def build(arena: Arena, random: np.random.Generator) -> list[Job]:
        return [independent_job(random, arena, stage.config, sizes) for _ in range(queued + 1)]

    seed = stage.draw_seed()
    wanted, expected = stage.golden(build, seed)
    with stage.rtl(stall, latency) as device:
        scene = Scene.make(device, build, seed)
        before = scene.arena.bytes.copy()
        try:
            ended = _run(stage, device, scene.jobs[:queued], clear, stall)
            context = submit_soon(device, scene.jobs[queued])
            wait_for_events(device)
            result = device.result(context)
        except HangError as error:
            return Tally(jobs=queued + 1, hangs=1, examples=(str(error),))
        except (SimulationError, RegisterError) as error:
            return Tally(jobs=queued + 1, rules=1, examples=(f"{type(error).__name__}: {error}",))
    tally = ended.tally + Tally(jobs=queued + 1, cycles=result.cycles)
    tally += compare_done(wanted, scene, before, (*ended.done, queued))
    if result.flags != expected[queued].flags:
        tally += Tally(flags=1, examples=(f"next job: flags {result.flags}, golden {expected[queued].flags}",))
    if not stall and not latency:
        tally += compare_law(device.commits.jobs[queued:], stage.config, [result], [0])
        if not tally.failures:
            _sample(stage, device, scene, before, ended, clear)
    return tally


def _sample(
    stage: Stage, device: WatchedDevice, scene: Scene, before: NDArray[np.uint8], ended: Ended, clear: int | None
) -> None:
    """Tell functional coverage, if it is counted, of the jobs that were aborted."""
    if (coverage := collector()) is None:
        return
    jobs = device.commits.jobs[:-1]
    by = {None: "reset", EMPTY_QUEUE: "clear_all", RUNNING_ONLY: "clear_running"}[clear]
    for index in sorted(set(range(len(jobs))) - set(ended.done)):
        places = _places(scene.arena, scene.jobs[index])
        stored = bool((scene.arena.bytes[places] != before[places]).any())
        where = phase(stage.config, jobs, device.log, ended.moment, index, stored)
        coverage.sample(JobSample(stage.config, jobs[index], by, phase=where))


def _places(arena: Arena, job: Job) -> NDArray[np.int64]:
    """Return where in an arena the bytes of a result are."""
    z = job.z_out
    assert z is not None
    rows = z.ctypes.data - arena.bytes.ctypes.data + np.arange(z.shape[0])[:, None] * z.strides[0]
    return rows + np.arange(z.shape[1] * z.itemsize)


def independent_job(random: np.random.Generator, arena: Arena, config: Config, sizes: Sizes) -> Job:
    """Return a random job that is one hardware job, on matrices of its own."""
    while True:
        job = random_job(random, arena, config, sizes)
        if job.orientation != "auto":
            return job


def _run(stage: Stage, device: WatchedDevice, jobs: Sequence[Job], clear: int | None, stall: float) -> Ended:
    """Queue the jobs, abort in a random cycle, and wait for those that live on."""
    harness = device.harness
    for job in jobs:
        device.submit(job)
    moment = max(_moment(stage, device, stall), harness.cycle)
    if clear is None:
        harness.plan_reset(moment)
    else:
        harness.plan_write(moment, Offset.SOFT_CLEAR, clear)
    device.take_log()
    harness.step(moment - harness.cycle + 1)
    finished, in_time = harness.events(), all(entry.cycle != moment for entry in device.take_log())
    aborted = range(finished, len(jobs))
    if clear == RUNNING_ONLY:
        aborted = aborted[:1] if in_time else aborted[:0]  # a job that ends in this very cycle leaves none running
        wait_for_events(device, len(jobs) - finished - len(aborted))
    done = tuple(index for index in range(len(jobs)) if index not in aborted)
    harness.step(int(stage.random.integers(*QUIET_CYCLES)))  # no event may come now
    if harness.events() != len(done):
        text = f"{harness.events()} events, {len(done)} jobs of {len(jobs)} not aborted in cycle {moment}"
        return Ended(done, moment, Tally(rules=1, examples=(text,)))
    return Ended(done, moment, Tally())


def _moment(stage: Stage, device: WatchedDevice, stall: float) -> int:
    """Draw a cycle: any of those until all jobs have ended, or one in which two of them overlap."""
    released = device.releases()
    predicted = law.queue(device.commits.jobs, stage.config, [cycle - released[0] for cycle in released])
    ends = np.cumsum([part.total for part in predicted]) / (1 - stall)
    if stage.random.random() < AT_AN_END:
        last = MARGIN_CYCLES // 4
        return released[0] + int(stage.random.choice(ends)) + int(stage.random.integers(-MARGIN_CYCLES, last))
    return released[0] + int(stage.random.integers(ends[-1] + MARGIN_CYCLES))


def submit_soon(device: WatchedDevice, job: Job, *, hold: bool = False) -> int:
    """Queue a job as soon as ACQUIRE gives a context."""
    for _ in range(PATIENCE_CYCLES):
        try:
            return device.submit(job, hold=hold)
        except RuntimeError as error:
            if isinstance(error, (SimulationError, RegisterError)):
                raise
            device.harness.step(1)
    raise HangError(f"no context became free within {PATIENCE_CYCLES} cycles after the clear", {})


def wait_for_events(device: WatchedDevice, events: int = 1) -> None:
    """Run until so many more events have come."""
    wanted = device.harness.events() + events
    if not device.harness.run(0, wanted, PATIENCE_CYCLES):
        raise HangError(f"{wanted - device.harness.events()} events missing after {PATIENCE_CYCLES} cycles", {})


def compare_done(wanted: Scene, got: Scene, before: NDArray[np.uint8], done: Sequence[int]) -> Tally:
    """Compare the arenas: results of jobs that are done are final, others hold old bytes or final ones."""
    final = np.zeros(before.size, np.bool_)
    for index in done:
        final[_places(got.arena, got.jobs[index])] = True
    wrong = wanted.arena.bytes ^ got.arena.bytes
    bad = np.where(final, wrong, np.where(got.arena.bytes == before, 0, wrong)).astype(np.uint8)
    if not bad.any():
        return Tally()
    stray = int(np.count_nonzero(bad[got.arena.results == 0]))
    bits = int(np.bitwise_count(bad[got.arena.results == 1]).sum())
    text = f"{bits} bits wrong in results, {stray} bytes outside; jobs that ended: {list(done)}"
    return Tally(bits=bits, stray=stray, examples=(text,))
