# SPDX-License-Identifier: Apache-2.0
"""A memory that answers with an error: the job whose access it was ends with BUS and the address, others are right."""

import random
from dataclasses import replace
from itertools import product
from typing import Any

import cocotb

from redmule.fp.ops import GEMM
from redmule.job import Stored
from redmule.regs import ErrorCode, Offset
from tb.accel.bench import Bench
from tb.accel.data import small
from tb.accel.jobs import Wish, YPlace, any_wish
from tb.agents.memory_port import Weather

WISH = Wish(3, 5, 7, GEMM, y_place=YPlace.SEPARATE)
HOLD = 1
WEATHERS = (Weather(), Weather(0.4, 6))


async def check_failing(bench: Bench, wishes: list[Wish], failing: int, stream: str, hold: int) -> None:
    """Queue jobs of which one has a bad word in a matrix."""
    fair = bench.weather
    placed = bench.place(*wishes)
    operand: Stored = getattr(placed[failing].job, stream)
    address = operand.address + (operand.rows - 1) * operand.stride + random.randrange(operand.row_bytes)
    bench.port.weather = replace(fair, fail_at=address)
    bench.port.failures.clear()
    tickets = []
    for number, job in enumerate(placed):
        error = ErrorCode.BUS if number == failing else ErrorCode.NONE
        holds = hold if number + 1 < len(placed) else 0
        tickets.append(await bench.submit(job, core=number, hold=holds, error=error))
    for ticket in tickets:
        ticket.exact = False
        await bench.end(ticket)
    named = await bench.result(tickets[failing], Offset.RESULT_ERROR_ADDR)
    assert bench.port.failures[0] <= named <= address
    bench.port.weather = fair


@cocotb.test()
async def a_bus_error_ends_the_job_and_the_queue_goes_on(dut: Any) -> None:
    bench = await Bench.start(dut)
    for weather, stream in product(WEATHERS, "xwyz"):
        bench.port.weather = weather
        await check_failing(bench, [WISH, WISH], 0, stream, 0)


@cocotb.test()
async def a_bus_error_of_a_later_job_waits_for_its_turn(dut: Any) -> None:
    bench = await Bench.start(dut)
    count = bench.config.contexts
    for weather, stream, hold, failing in product(WEATHERS, "xwyz", (0, HOLD), range(1, count)):
        bench.port.weather = weather
        await check_failing(bench, [WISH] * count, failing, stream, hold)
    assert bench.finished == len(bench.events.pulses)


@cocotb.test()
async def bus_errors_of_random_queues_stay_with_their_jobs(dut: Any) -> None:
    bench = await Bench.start(dut)
    for _ in range(40):
        bench.port.weather = random.choice(WEATHERS)
        wishes = [any_wish(small(bench)) for _ in range(random.randint(1, bench.config.contexts))]
        await check_failing(
            bench, wishes, random.randrange(len(wishes)), random.choice("xwz"), random.choice([0, HOLD])
        )
