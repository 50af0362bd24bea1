# SPDX-License-Identifier: Apache-2.0
"""SOFT_CLEAR and reset in any cycle: no event of what was aborted, and the next job is as if fresh from reset."""

import random

from redmule.fp.ops import GEMM
from redmule.law import cycles
from redmule.regs import Finished, Offset, Status
from tb.agents.memory_agent import Weather
from tb.env.driver import ALL_BUSY
from tb.env.jobs import Wish, any_wish
from tb.env.sequence import HOLD, KEEP_QUEUE, JobSequence, scenario

CLEARS, RESETS = 60, 40


async def begin(jobs: JobSequence, count: int) -> None:
    """Queue some jobs under some weather, start them at once, and let the first run for some cycles."""
    weather = random.choice([Weather(), Weather(0.5, latency=4), Weather(0.8, latency=12)])
    await jobs.weather(weather)
    placed = jobs.place(*(any_wish(jobs.small()) for _ in range(count)))
    for job in placed[:-1]:
        await jobs.submit(job, core=random.randrange(jobs.config.cores), hold=HOLD)
    await jobs.submit(placed[-1])
    slowness = (1 + weather.latency / 2) / (1 - weather.stall)
    await jobs.idle(random.randrange(int(slowness * cycles(placed[0].job, jobs.config).total)))


async def check_fresh_job(jobs: JobSequence) -> None:
    """Run a job in fair weather: the bench compares its cycles with the law, which knows no history."""
    await jobs.weather(Weather())
    heard = len(jobs.pulses)
    item = await jobs.run(any_wish(jobs.small()))
    assert item.exact
    assert len(jobs.pulses) == heard + 1, "an aborted job raised an event"


@scenario
async def soft_clear_in_any_cycle_empties_the_queue(jobs: JobSequence) -> None:
    for _ in range(CLEARS):
        await begin(jobs, random.randint(1, jobs.config.contexts))
        await jobs.clear(0)
        await jobs.drained()
        assert await jobs.registers.read(Offset.STATUS) == Status().pack()
        await check_fresh_job(jobs)


@scenario
async def soft_clear_of_the_running_job_lets_the_queue_go_on(jobs: JobSequence) -> None:
    aborted = 0
    for _ in range(CLEARS):
        await begin(jobs, random.randint(2, jobs.config.contexts))
        aborted += await jobs.clear(KEEP_QUEUE)
        for item in jobs.queue:
            await jobs.end(item)
        await jobs.drained()
        await check_fresh_job(jobs)
    assert aborted > CLEARS // 2


@scenario
async def reset_in_any_cycle_is_like_the_first_one(jobs: JobSequence) -> None:
    for _ in range(RESETS):
        await begin(jobs, random.randint(1, jobs.config.contexts))
        await jobs.reset()
        assert await jobs.registers.read(Offset.FINISHED) == Finished().pack()
        await check_fresh_job(jobs)


@scenario
async def a_request_that_waits_survives_the_clear_and_takes_effect(jobs: JobSequence) -> None:
    await jobs.weather(Weather(stall=1))
    await jobs.submit(*jobs.place(Wish(3, 5, 7, GEMM)))
    await jobs.idle(10)
    assert jobs.port.requests > 0
    await jobs.clear(0)
    for _ in range(5):
        assert await jobs.registers.read(Offset.ACQUIRE) == ALL_BUSY
        assert jobs.top.mem_req_o.value == 1
    assert jobs.port.transfers == 0
    await jobs.weather(Weather())
    await jobs.drained()
    assert jobs.port.transfers == 1
    await check_fresh_job(jobs)


@scenario
async def answers_that_come_after_the_clear_belong_to_nobody(jobs: JobSequence) -> None:
    await jobs.weather(Weather(latency=40))
    await jobs.submit(*jobs.place(Wish(5, 9, 9, GEMM)))
    await jobs.idle(12)
    await jobs.clear(0)
    assert await jobs.registers.read(Offset.ACQUIRE) == ALL_BUSY
    await jobs.drained()
    await check_fresh_job(jobs)
