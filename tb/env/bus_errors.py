# SPDX-License-Identifier: Apache-2.0
"""A memory that answers with an error: the job whose access it was ends with BUS and the address, others are right."""

import random
from dataclasses import replace
from itertools import product

from redmule.fp.ops import GEMM
from redmule.job import Stored
from redmule.regs import ErrorCode
from tb.agents.memory_agent import Weather
from tb.env.jobs import Wish, YPlace, any_wish
from tb.env.sequence import HOLD, JobSequence, scenario

WISH = Wish(3, 5, 7, GEMM, y_place=YPlace.SEPARATE)
WEATHERS = (Weather(), Weather(0.4, latency=6))


async def check_failing(
    jobs: JobSequence, weather: Weather, wishes: list[Wish], failing: int, stream: str, hold: int
) -> None:
    """Queue jobs of which one has a bad byte in a matrix."""
    placed = jobs.place(*wishes)
    operand: Stored = getattr(placed[failing].job, stream)
    address = operand.address + (operand.rows - 1) * operand.stride + random.randrange(operand.row_bytes)
    await jobs.weather(replace(weather, fail_at=address))
    jobs.env.failures.clear()
    items = []
    for number, job in enumerate(placed):
        error = ErrorCode.BUS if number == failing else ErrorCode.NONE
        holds = hold if number + 1 < len(placed) else 0
        items.append(await jobs.submit(job, core=number, hold=holds, error=error))
    for item in items:
        await jobs.end(item)
    result = items[failing].result
    assert result is not None
    assert jobs.env.failures[0] <= result.error_address <= address


@scenario
async def a_bus_error_ends_the_job_and_the_queue_goes_on(jobs: JobSequence) -> None:
    for weather, stream in product(WEATHERS, "xwyz"):
        await check_failing(jobs, weather, [WISH, WISH], 0, stream, 0)


@scenario
async def a_bus_error_of_a_later_job_waits_for_its_turn(jobs: JobSequence) -> None:
    count = jobs.config.contexts
    for weather, stream, hold, failing in product(WEATHERS, "xwyz", (0, HOLD), range(1, count)):
        await check_failing(jobs, weather, [WISH] * count, failing, stream, hold)
    assert jobs.env.predictor.finished == len(jobs.pulses)


@scenario
async def bus_errors_of_random_queues_stay_with_their_jobs(jobs: JobSequence) -> None:
    for _ in range(40):
        wishes = [any_wish(jobs.small()) for _ in range(random.randint(1, jobs.config.contexts))]
        failing, stream, hold = random.randrange(len(wishes)), random.choice("xwz"), random.choice([0, HOLD])
        await check_failing(jobs, random.choice(WEATHERS), wishes, failing, stream, hold)
