# SPDX-License-Identifier: Apache-2.0
"""Jobs through the wrapper: bits, cycles, events, ids and `busy_o`, with a memory that answers writes or does not."""

from __future__ import annotations

import os
import random
from itertools import product

import cocotb

from redmule.regs import ErrorCode, Mcfig1, Offset
from tb.agents.memory_agent import Weather
from tb.env.bus_errors import WISH, check_failing
from tb.env.jobs import any_wish
from tb.env.sequence import HOLD, JobSequence, scenario

WRITES_ANSWERED = os.environ.get("WRITESANSWERED") == "1"
STORM = Weather(0.4, latency=6)
NO_LINE = (9, 15)
"""Ids beyond the event lines; a one-hot id of the second has no bit."""

SETTLES = 3
"""Cycles without a reason to be busy after which it is idle."""


async def keep_answers(jobs: JobSequence, share: float) -> None:
    """Let answers come late and back to back, for ever."""
    while True:
        jobs.top.late_i.value = int(random.random() < share)
        await jobs.idle(random.randint(1, 9))


def watch(jobs: JobSequence, on: bool = True) -> None:
    """From now on the rules of `busy_o` are checked, or not."""
    jobs.top.watch_i.value = int(on)


def busy(jobs: JobSequence) -> bool:
    """Return `busy_o`."""
    return bool(jobs.top.busy_o.value)


def held(jobs: JobSequence) -> int:
    """Return how many cycles answers have waited so far."""
    return int(jobs.top.held_o.value)


async def settle(jobs: JobSequence) -> None:
    """Wait until it must not be busy any more."""
    await jobs.idle(SETTLES + 2)
    assert not busy(jobs)


@scenario
async def jobs_take_the_cycles_of_the_law_and_no_answer_waits(jobs: JobSequence) -> None:
    watch(jobs)
    for _ in range(25):
        item = await jobs.run(any_wish(jobs.small()))
        assert item.exact
    assert held(jobs) == 0
    await settle(jobs)
    assert jobs.top.seen_busy_o.value
    assert jobs.top.seen_idle_o.value


@scenario
async def no_pattern_of_grants_and_delays_changes_a_bit(jobs: JobSequence) -> None:
    watch(jobs)
    for latency, stall in product((0, 1, 3, 20), (0.0, 0.1, 0.5, 0.9)):
        await jobs.weather(Weather(stall, latency=latency))
        for _ in range(2):
            await jobs.run(any_wish(jobs.small()))
        assert latency or held(jobs) == 0
    await settle(jobs)


@scenario
async def answers_that_come_back_to_back_wait_for_those_of_writes(jobs: JobSequence) -> None:
    watch(jobs)
    for share, stall in product((0.5, 0.9), (0.0, 0.5)):
        await jobs.weather(Weather(stall, latency=1))
        keeper = cocotb.start_soon(keep_answers(jobs, share))
        for _ in range(12):
            await jobs.run(any_wish(jobs.small()))
        keeper.cancel()
        jobs.top.late_i.value = 0
    assert (held(jobs) > 0) == (not WRITES_ANSWERED)
    await settle(jobs)


@scenario
async def jobs_of_a_queue_are_busy_until_the_last_has_ended(jobs: JobSequence) -> None:
    watch(jobs)
    for weather in (Weather(), STORM):
        await jobs.weather(weather)
        for _ in range(6):
            count = random.randint(1, jobs.config.contexts)
            items = []
            for number, job in enumerate(jobs.place(*(any_wish(jobs.small()) for _ in range(count)))):
                core = random.randrange(jobs.config.cores)
                items.append(await jobs.submit(job, core=core, hold=HOLD if number + 1 < count else 0))
                if number + 1 < count:
                    await jobs.idle(random.randrange(9))
                    assert busy(jobs), "a job that is held is queued"
            for item in items:
                await jobs.end(item)
            await settle(jobs)


@scenario
async def a_clear_is_busy_until_the_port_is_done(jobs: JobSequence) -> None:
    watch(jobs)
    for _ in range(30):
        await jobs.weather(random.choice([Weather(), STORM, Weather(0.9, latency=20)]))
        [placed] = jobs.place(any_wish(jobs.small()))
        await jobs.submit(placed)
        await jobs.idle(random.randrange(60))
        await jobs.clear(0)
        while jobs.top.owed_o.value or jobs.top.mem_req_o.value:
            await jobs.idle(1)
        await settle(jobs)


@scenario
async def cores_that_use_the_registers_all_the_time_change_nothing(jobs: JobSequence) -> None:
    watch(jobs)

    async def read_all_the_time() -> None:
        while True:
            core = random.randrange(jobs.config.cores)
            offset = random.choice([Offset.STATUS, Offset.FINISHED, Offset.INFO])
            value = await jobs.registers.read(offset, core)
            assert offset != Offset.INFO or value

    reader = cocotb.start_soon(read_all_the_time())
    for _ in range(8):
        await jobs.run(any_wish(jobs.small()))
    reader.cancel()
    await settle(jobs)


@scenario
async def a_core_without_an_event_line_can_wait_for_busy(jobs: JobSequence) -> None:
    watch(jobs, False)
    predictor = jobs.env.predictor
    for number, core in enumerate(NO_LINE * 2):
        [placed] = jobs.place(any_wish(jobs.small()))
        await jobs.submit(placed, core=core)
        await jobs.idle(1)
        assert busy(jobs)
        while busy(jobs):
            await jobs.idle(1)
        assert await jobs.registers.read(Offset.FINISHED) == number + 1
        assert not jobs.pulses
        item = predictor.queue.popleft()
        predictor.golden(item.job, predictor.memory, predictor.model)
        assert (predictor.memory.bytes == predictor.model).all()


@scenario
async def a_trigger_without_the_lock_is_busy_for_a_moment(jobs: JobSequence) -> None:
    watch(jobs, False)
    granted = await jobs.registers.write(Offset.TRIGGER, 0, 3)
    assert granted
    assert busy(jobs)
    await jobs.idle(SETTLES)
    assert not busy(jobs)


@scenario
async def a_refused_job_is_busy_until_its_event(jobs: JobSequence) -> None:
    watch(jobs)
    for _ in range(4):
        [placed] = jobs.place(WISH)
        item = await jobs.submit(placed, changes=[Mcfig1(n=0)], error=ErrorCode.SIZE)
        await jobs.end(item)
        await settle(jobs)


@scenario
async def errors_reach_the_job_those_of_writes_if_they_are_answered(jobs: JobSequence) -> None:
    watch(jobs, False)
    for weather, stream in product((Weather(), STORM), "xwyz" if WRITES_ANSWERED else "xwy"):
        await check_failing(jobs, weather, [WISH, WISH], random.randrange(2), stream, HOLD)
    if not WRITES_ANSWERED:
        [placed] = jobs.place(WISH)
        await jobs.weather(Weather(fail_at=placed.job.z.address))
        jobs.env.failures.clear()
        await jobs.end(await jobs.submit(placed))
        assert jobs.env.failures
