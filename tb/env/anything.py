# SPDX-License-Identifier: Apache-2.0
"""Everything at random: jobs, queues of several cores, hazards, refusals, bus errors, storms, clears, resets."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import cocotb

from redmule.fp.formats import FORMATS
from redmule.fp.ops import GEMM
from redmule.job import Stored
from redmule.law import cycles
from redmule.regs import ErrorCode, Offset, Word
from tb.agents.memory_agent import Weather
from tb.env.items import JobItem
from tb.env.jobs import SOURCES, Placed, Wish, YPlace, any_wish
from tb.env.refusals import WISH as REFUSABLE
from tb.env.refusals import refused
from tb.env.sequence import HOLD, KEEP_QUEUE, JobSequence, scenario

ROUNDS = int(os.environ.get("ROUNDS", "40"))
REFUSAL, LINK, ABORT, BAD_BYTE, STORM = 0.15, 0.4, 0.4, 0.3, 0.4
"""Shares of the rounds: with refused jobs; of the others, those whose jobs need each other; of those that do not,
aborted ones; of the rest, with a byte that fails. Of all: under changing weather."""

WATCHDOG = 0.3
"""Share of the jobs with a watchdog that has no reason to bark."""

LAZY_WATCHDOG_CYCLES = 5000
MOST_STORM_CYCLES = 120


def any_weather() -> Weather:
    """Return some weather, often fair."""
    if random.random() < 0.4:
        return Weather()
    return Weather(random.choice((0.0, 0.1, 0.4, 0.8)), random.choice((1, 1, 5)), random.choice((0, 1, 4, 15)))


WORST = Weather(0.8, 5, 15)


async def storm(jobs: JobSequence, gone: cocotb.triggers.Event) -> None:
    """Change the weather now and then."""
    while not gone.is_set():
        await jobs.weather(any_weather())
        await jobs.idle(random.randint(1, MOST_STORM_CYCLES))


def linked(before: Placed, job: Placed) -> Placed:
    """Return a job that has to do with the one before it: reads what that writes, or overwrites what that reads."""
    first, second = before.job, job.job
    links: list[tuple[str, Stored]] = [("x", first.z), ("w", first.z), ("z", first.x), ("z", first.w), ("z", first.z)]
    name, matrix = random.choice(links)
    own: Stored = getattr(second, name)
    fits = (own.rows, own.cols, own.format) == (matrix.rows, matrix.cols, matrix.format)
    distinct = matrix.rows == 1 or matrix.stride >= matrix.row_bytes
    if not fits or (name == "z" and not distinct):
        return job
    changes: dict[str, Any] = {name: matrix}
    if name == "z" and second.y == second.z:
        changes["y"] = matrix
    return Placed(replace(second, **changes), before.kept + job.kept)


@dataclass(frozen=True, slots=True)
class Planned:
    """A job of a queue, how it has to end, and registers that make it wrong."""

    placed: Placed
    error: ErrorCode = ErrorCode.NONE
    changes: Sequence[Word] = ()


def refused_queue(jobs: JobSequence, count: int) -> list[Planned]:
    """Lay out jobs of which some are wrong."""
    table = refused(jobs.config)
    wrong = [random.choice(table) if random.random() < 1 / 2 else (ErrorCode.NONE, ()) for _ in range(count)]
    placed = jobs.place(*[REFUSABLE] * count)
    return [Planned(job, error, changes) for job, (error, changes) in zip(placed, wrong, strict=True)]


def linked_queue(jobs: JobSequence, count: int) -> list[Planned]:
    """Lay out jobs that need each other: of one square shape and format, so that their matrices fit."""
    size, fmt = random.randint(1, min(jobs.small())), random.choice(FORMATS)
    wish = replace(any_wish((1, 1, 1)), m=size, n=size, k=size, formats=(fmt,) * 4)
    placed = jobs.place(*(replace(wish, data=random.choice(SOURCES)) for _ in range(count)))
    for number in range(1, count):
        placed[number] = linked(placed[number - 1], placed[number])
    return [Planned(job) for job in placed]


def any_byte(placed: Placed) -> int:
    """Return the address of a byte that a job accesses."""
    matrix: Stored = random.choice([placed.job.x, placed.job.w, placed.job.z])
    return matrix.address + random.randrange(matrix.rows) * matrix.stride + random.randrange(matrix.row_bytes)


async def abort(jobs: JobSequence, items: list[JobItem]) -> None:
    """Clear or reset in a random cycle, and judge what goes on."""
    total = cycles(items[0].job, jobs.config).total if items[0].error == ErrorCode.NONE else 20
    await jobs.idle(random.randrange(2 * total))
    how = random.choice(("all", "running", "reset"))
    if how == "reset":
        await jobs.reset()
    else:
        await jobs.clear(0 if how == "all" else KEEP_QUEUE, random.randrange(jobs.config.cores))
    for item in items:
        if item.aborted is None and how != "reset":
            await jobs.end(item)
    if how != "reset":
        await jobs.drained()
        assert await jobs.registers.read(Offset.STATUS) == 0
        await jobs.clear(0)  # gives back the lock that `drained` took


async def play_round(jobs: JobSequence) -> None:
    """Play one queue, whatever becomes of it."""
    count = random.randint(1, jobs.config.contexts)
    weather, storms, aborts = any_weather(), random.random() < STORM, False
    if random.random() < REFUSAL:
        queue = refused_queue(jobs, count)
    elif random.random() < LINK:
        queue = linked_queue(jobs, count)
    else:  # of these one may fail without doing harm to others
        queue = [Planned(job) for job in jobs.place(*(any_wish(jobs.small()) for _ in range(count)))]
        aborts = random.random() < ABORT
        if not aborts and not jobs.in_cluster and random.random() < BAD_BYTE:
            failing = random.randrange(count)
            queue[failing] = replace(queue[failing], error=ErrorCode.BUS)
            weather, storms = replace(weather, fail_at=any_byte(queue[failing].placed)), False
    await jobs.weather(weather)
    gone = cocotb.triggers.Event()
    jobs.worst = WORST if storms else None
    stormer = cocotb.start_soon(storm(jobs, gone)) if storms else None
    items = []
    for number, planned in enumerate(queue):
        item = await jobs.submit(
            planned.placed,
            core=random.randrange(jobs.config.cores),
            hold=HOLD if number + 1 < len(queue) and random.random() < 1 / 3 else 0,
            watchdog=LAZY_WATCHDOG_CYCLES if random.random() < WATCHDOG else 0,
            changes=planned.changes,
            error=planned.error,
            gap=random.randrange(3),
        )
        items.append(item)
    if aborts:
        await abort(jobs, items)
    else:
        for item in items:
            await jobs.end(item)
    gone.set()
    if stormer is not None:
        await stormer


@scenario
async def anything_at_random_is_right(jobs: JobSequence) -> None:
    for _ in range(ROUNDS):
        await play_round(jobs)
    await jobs.weather(Weather())
    assert (await jobs.run(Wish(3, 5, 7, GEMM, y_place=YPlace.SEPARATE))).exact
