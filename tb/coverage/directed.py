# SPDX-License-Identifier: Apache-2.0
"""Jobs that random ones seldom or never are: with an error at any place of the queue, of every core, far away, huge.

Each scenario is a trial like those of `tb.campaigns`: it compares everything, and tells functional coverage.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from redmule.config import Config
from redmule.device import MEMORY_BASE
from redmule.device.driver import JobResult
from redmule.device.options import MAX_LATENCY
from redmule.fp import format_by_name, op_by_name
from redmule.job import HangError, HardwareJob, Job
from redmule.regs import (
    ErrorCode,
    Ext,
    Macfg,
    Mcfig0,
    Mcfig1,
    Offset,
    Trigger,
    WAddr,
    Watchdog,
    Word,
    WStride,
    XAddr,
    XStride,
    YAddr,
    YStride,
    ZAddr,
    ZStride,
)
from tb.campaigns.aborts import compare_done
from tb.campaigns.arena import Arena
from tb.campaigns.operands import plain_job
from tb.campaigns.stage import Scene, Stage, WatchedDevice
from tb.campaigns.tally import Tally

SMALL, LONG, DEEP = (3, 5, 7), (3, 5, 150), (1, 64, 1)
"""M, N, K of a job, of one that still runs when three more have been written, and of one that computes more than it
loads, so that its port is silent now and then."""

SQUARE = (12, 12, 12)
"""M, N, K of jobs whose matrices fit each other, and that still run when three more have been written."""

LINKS: Mapping[str, Mapping[str, str]] = {
    "independent": {},
    "reads_z_as_x": {"x": "z_out"},
    "reads_z_as_w": {"w": "z_out"},
    "reads_z_as_y": {"y": "z_out"},
    "accumulates": {"y": "z_out", "z_out": "z_out"},
    "overwrites_x": {"z_out": "x"},
    "overwrites_w": {"z_out": "w"},
    "overwrites_y": {"z_out": "y"},
    "overwrites_z": {"z_out": "z_out"},
}
"""Which matrices of a job are those of the job before it, by `tb.coverage.sample.RELATIONS`."""

LARGEST = 65535
HUGE = ((1, LARGEST, 1), (1, 1, LARGEST), (LARGEST, 1, 1))
"""Sizes at the end of their registers; the rows are of fp16."""

BASES = (0x0000_0000, 0x5555_5000, 0xAAAA_A000, 0x5555_5000, 0xFFC0_0000, 0x0000_0000)
"""Where the memory begins: each bit of an address is 0 and 1 and 0 again; one ends at 2^32."""

SLOW, MOST_REFUSED = (20_000, 1, 1), 0.9
"""A job that moves much and computes little, and how often a memory denies it: it waits for all operands for long."""

PATIENCE_CYCLES = 4_000_000
"""More than any queue here takes."""

PATTERNS = (0xAAAA_AAAA, 0x5555_5554, 0xAAAA_AAAA)
"""Strides of matrices with one stored row, where they lead nowhere, and times of a watchdog that never comes."""

MOST_FINISHED = 260
"""Jobs after which the count of 8 bits has begun again."""

FAR = 0xFFFF_FFF0
"""An address beyond which there is no room for a matrix."""

WRONG: Mapping[ErrorCode, Sequence[tuple[Word, ...]]] = {
    ErrorCode.SIZE: [(Mcfig1(n=0),)],
    ErrorCode.FORMAT: [(Macfg(format=7, op=1),)],
    ErrorCode.ALIGN: [(XAddr(1),)],
    ErrorCode.STRIDE: [(ZStride(2),)],
    ErrorCode.EXTENT: [(XStride(1 << 31),), (XAddr(FAR),), (WAddr(FAR),), (YAddr(FAR),), (ZAddr(FAR),)],
    ErrorCode.IN_PLACE: [(Ext(y_broadcast=1),)],
    ErrorCode.UNSUPPORTED: [(Ext(y_separate=1, x_trans=1),)],
    ErrorCode.WATCHDOG: [(Watchdog(1),)],
    ErrorCode.BUS: [()],
}
"""Registers that end a job with an error, each of them, written behind those that are right; BUS is the memory's."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A job of a queue.

    Attributes:
        error: how it has to end.
        core: who commits it.
        held: it waits for the next one that is not.
        shape: M, N, K.
        words: further registers, written behind the others.
    """

    error: ErrorCode = ErrorCode.NONE
    core: int = 0
    held: bool = False
    shape: tuple[int, int, int] = SMALL
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class Scenario:
    """A queue of jobs on a memory that begins at an address, denies grants, and answers up to so many cycles late."""

    entries: tuple[Entry, ...]
    base: int = MEMORY_BASE
    stall: float = 0.0
    latency: int = 0


def scenarios(config: Config) -> list[Scenario]:
    """Return what to play on a configuration."""
    queues = [*_with_errors(config), *_of_cores(config), *_extreme(config)]
    anywhere = (Entry(shape=LONG), *(Entry() for _ in range(config.contexts - 1)))
    far = [Scenario(entries, base) for entries in (anywhere, (Entry(ErrorCode.BUS),)) for base in BASES]
    slow = [Scenario((Entry(shape=LONG),), latency=MAX_LATENCY), Scenario((Entry(shape=SLOW),), stall=MOST_REFUSED)]
    return [*map(Scenario, queues), *far, *slow]


def _with_errors(config: Config) -> Iterator[tuple[Entry, ...]]:
    """Each error alone, and where there is a queue at its head and between two good jobs."""
    good, held = Entry(), Entry(held=True)
    for error, all_words in WRONG.items():
        if error != ErrorCode.UNSUPPORTED or not config.transposes:
            for words in all_words:
                bad = Entry(error, shape=DEEP if error == ErrorCode.WATCHDOG else SMALL, words=words)
                yield (bad,)
                if config.contexts > 2:
                    yield replace(bad, held=True), good
                    yield held, replace(bad, held=True), good
    for error in (ErrorCode.SIZE, ErrorCode.EXTENT, ErrorCode.IN_PLACE):  # in every context
        yield _held(config, Entry(error, words=WRONG[error][0]))


def _held(config: Config, entry: Entry) -> tuple[Entry, ...]:
    """Return a queue that is full of one job, which begins when all of it is there."""
    return (replace(entry, held=True),) * (config.contexts - 1) + (entry,)


def _of_cores(config: Config) -> Iterator[tuple[Entry, ...]]:
    """Every core, held and not, with any number of jobs before its own, of the same core and of others."""
    last = config.contexts - 1
    for first_core in range(config.cores):
        for apart in (0, 1):
            cores = [(first_core + apart * index) % config.cores for index in range(config.contexts)]
            yield tuple(Entry(core=core, held=index < last) for index, core in enumerate(cores))
            yield tuple(Entry(core=core, shape=LONG if index == 0 else SMALL) for index, core in enumerate(cores))
            held_last = (Entry(core=core, held=index == last, shape=LONG) for index, core in enumerate(cores))
            yield *held_last, Entry(core=first_core)


def _extreme(config: Config) -> Iterator[tuple[Entry, ...]]:
    """Sizes, strides and counts at the ends of their registers."""
    for shape in HUGE:
        yield (Entry(shape=shape),)
    for pattern in PATTERNS:
        strides = (XStride(pattern), WStride(pattern), YStride(pattern), ZStride(pattern), Watchdog(pattern))
        yield _held(config, Entry(shape=(1, 1, 7), words=strides))
        if config.transposes:
            by_columns = Ext(y_separate=1, x_trans=1, w_trans=1, z_trans=1)
            yield (Entry(shape=(7, 1, 1), words=(*strides, by_columns)),)
        size = pattern & LARGEST
        for nothing in (Mcfig0(m=0, k=size), Mcfig0(m=size, k=0)):
            yield _held(config, Entry(ErrorCode.SIZE, words=(*strides, nothing, Mcfig1(n=size))))
    yield (Entry(shape=(1, 1, 1)),) * MOST_FINISHED


def group_shapes(config: Config) -> list[tuple[int, int, int]]:
    """Return M, N, K that split the rows into every number of groups, on every kind of last block and of last tile.

    The block has one row, a few, or as many as such groups leave room for; with as many tiles as there are groups, the
    last tile has one column, half of them, all but one, or all. So has the last pass, in every mixture with the tile.
    """
    splits = [groups for groups in (1, 2, 4) if groups <= config.row_groups]
    blocks = [(groups, rows) for groups in splits for rows in (1, 2, config.rows // groups)]
    cols, length = config.tile_cols, config.row_len
    last_cols, last_steps = ((1, size // 2, size - 1, size) for size in (cols, length))
    return [
        (rows, length + last_steps[(first + index) % len(last_steps)], (groups - 1) * cols + last)
        for first, (groups, rows) in enumerate(blocks)
        for index, last in enumerate(last_cols)
    ]


def play_groups(stage: Stage) -> Tally:
    """Play the shape of `group_shapes` that the index of the stage names."""
    shape, fmt = group_shapes(stage.config)[stage.index], format_by_name("fp16")
    return stage.play(lambda arena, random: [plain_job(random, arena, op_by_name("gemm"), shape, [fmt] * 4)])


def related(config: Config) -> list[tuple[str, int]]:
    """Return every relation of a job to the one before it, with every number of jobs that may be ahead of it."""
    return list(product(LINKS, range(1, config.contexts)))


def play_related(stage: Stage) -> Tally:
    """Play a queue whose last job has the relation to the one before that the index of the stage names."""
    relation, ahead = related(stage.config)[stage.index]
    fmt = format_by_name("fp16")

    def build(arena: Arena, random: np.random.Generator) -> list[Job]:
        jobs = [plain_job(random, arena, op_by_name("gemm"), SQUARE, [fmt] * 4) for _ in range(ahead + 1)]
        taken = {name: getattr(jobs[-2], theirs) for name, theirs in LINKS[relation].items()}
        if "z_out" in taken:
            arena.writable(taken["z_out"])
        return [*jobs[:-1], replace(jobs[-1], **taken)]

    return stage.play(build)


def play(stage: Stage) -> Tally:
    """Play the scenario that the index of the stage names."""
    scenario = scenarios(stage.config)[stage.index]
    entries = scenario.entries
    fmt = format_by_name("fp16")

    def build(arena: Arena, random: np.random.Generator) -> list[Job]:
        return [plain_job(random, arena, op_by_name("gemm"), entry.shape, [fmt] * 4) for entry in entries]

    seed = stage.draw_seed()
    wanted, expected = stage.golden(build, seed)
    with stage.rtl(scenario.stall, scenario.latency, scenario.base) as device:
        scene = Scene.make(device, build, seed)
        before = scene.arena.bytes.copy()
        try:
            results = _run(device, scene.jobs, entries)
        except HangError as error:
            return Tally(jobs=len(entries), hangs=1, examples=(str(error),))
        events = Counter({core: device.harness.events(core) for core in range(stage.config.cores)})
        device.take_log()
    tally = Tally(jobs=len(entries))
    well = [index for index, entry in enumerate(entries) if entry.error == ErrorCode.NONE]
    tally += compare_done(wanted, scene, before, well)
    for index, (entry, result) in enumerate(zip(entries, results, strict=True)):
        if result.error != entry.error:
            tally += Tally(rules=1, examples=(f"job {index}: {result.error.name}, not {entry.error.name}",))
        if index in well and result.flags != expected[index].flags:
            tally += Tally(flags=1, examples=(f"job {index}: flags {result.flags}, golden {expected[index].flags}",))
    if +events != Counter(entry.core for entry in entries):
        tally += Tally(rules=1, examples=(f"events by core: {dict(+events)}",))
    if not tally.failures:
        stage.sample(device, results, scenario.stall, scenario.latency)
    return tally


def _run(device: WatchedDevice, jobs: Sequence[Job], entries: Sequence[Entry]) -> list[JobResult]:
    """Commit the jobs, wait for all of them, and read their results, each before its context is used again."""
    contexts: list[int] = []
    results: list[JobResult] = []

    def finish() -> None:
        done = Counter(entry.core for entry in entries[: len(results) + 1])
        core = entries[len(results)].core
        if not device.harness.run(core, done[core], PATIENCE_CYCLES):
            raise HangError(f"job {len(results)} did not end within {PATIENCE_CYCLES} cycles", {})
        results.append(device.result(contexts[len(results)]))

    for index, (job, entry) in enumerate(zip(jobs, entries, strict=True)):
        hardware = device.put(job)
        if entry.error == ErrorCode.BUS:
            device.harness.fail_at(hardware.x.address)
        if index - len(results) == device.config.contexts:
            finish()
        contexts.append(_commit(device, hardware, entry))
    while len(results) < len(entries):
        finish()
    return results


def _commit(device: WatchedDevice, job: HardwareJob, entry: Entry) -> int:
    """Write the registers of a job, and what is wrong with it; returns its context."""
    context = device.harness.read(Offset.ACQUIRE, entry.core)
    for word in (*job.registers(), *entry.words):
        device.harness.write(word.OFFSET, word.pack(), entry.core)
    device.commits.note(job, hold=entry.held)
    device.harness.write(Offset.TRIGGER, Trigger(hold=int(entry.held)).pack(), entry.core)
    return context
