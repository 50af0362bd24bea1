# SPDX-License-Identifier: Apache-2.0
"""SOFT_CLEAR and reset in any cycle: no event of what was aborted, and the next job is as if fresh from reset."""

import random
from typing import Any

import cocotb

from redmule.fp.ops import GEMM
from redmule.law import cycles
from redmule.regs import Finished, Offset, Status
from tb.accel.bench import ALL_BUSY, Bench
from tb.accel.data import small
from tb.accel.jobs import Wish, any_wish
from tb.agents.memory_port import Weather

CLEARS, RESETS = 60, 40
KEEP_QUEUE = HOLD = 1


async def begin(bench: Bench, count: int) -> None:
    """Queue some jobs under some weather, start them at once, and let the first run for some cycles."""
    bench.port.weather = random.choice([Weather(), Weather(0.5, 4), Weather(0.8, 12)])
    placed = bench.place(*(any_wish(small(bench)) for _ in range(count)))
    for job in placed[:-1]:
        await bench.submit(job, core=random.randrange(bench.config.cores), hold=HOLD)
    await bench.submit(placed[-1])
    slowness = (1 + bench.weather.latency / 2) / (1 - bench.weather.stall)
    await bench.idle(random.randrange(int(slowness * cycles(placed[0].job, bench.config).total)))


async def check_fresh_job(bench: Bench) -> None:
    """Run a job in fair weather: the bench compares its cycles with the law, which knows no history."""
    bench.port.weather = Weather()
    heard = len(bench.events.pulses)
    ticket = await bench.run(any_wish(small(bench)))
    assert ticket.exact
    assert len(bench.events.pulses) == heard + 1, "an aborted job raised an event"


@cocotb.test()
async def soft_clear_in_any_cycle_empties_the_queue(dut: Any) -> None:
    bench = await Bench.start(dut)
    for _ in range(CLEARS):
        await begin(bench, random.randint(1, bench.config.contexts))
        await bench.clear(0)
        await bench.drained()
        assert await bench.regs.read(Offset.STATUS) == Status().pack()
        await check_fresh_job(bench)


@cocotb.test()
async def soft_clear_of_the_running_job_lets_the_queue_go_on(dut: Any) -> None:
    bench = await Bench.start(dut)
    aborted = 0
    for _ in range(CLEARS):
        await begin(bench, random.randint(2, bench.config.contexts))
        aborted += await bench.clear(KEEP_QUEUE)
        for ticket in list(bench.queue):
            await bench.end(ticket)
        await bench.drained()
        await check_fresh_job(bench)
    assert aborted > CLEARS // 2


@cocotb.test()
async def reset_in_any_cycle_is_like_the_first_one(dut: Any) -> None:
    bench = await Bench.start(dut)
    for _ in range(RESETS):
        await begin(bench, random.randint(1, bench.config.contexts))
        await bench.reset()
        assert await bench.regs.read(Offset.FINISHED) == Finished().pack()
        await check_fresh_job(bench)


@cocotb.test()
async def a_request_that_waits_survives_the_clear_and_takes_effect(dut: Any) -> None:
    bench = await Bench.start(dut)
    bench.port.weather = Weather(stall=1)
    await bench.submit(*bench.place(Wish(3, 5, 7, GEMM)))
    await bench.idle(10)
    assert bench.port.requests > 0
    await bench.clear(0)
    for _ in range(5):
        assert await bench.regs.read(Offset.ACQUIRE) == ALL_BUSY
        assert dut.mem_req_o.value == 1
    assert bench.port.transfers == 0
    bench.port.weather = Weather()
    await bench.drained()
    assert bench.port.transfers == 1
    await check_fresh_job(bench)


@cocotb.test()
async def answers_that_come_after_the_clear_belong_to_nobody(dut: Any) -> None:
    bench = await Bench.start(dut)
    bench.port.weather = Weather(latency=40)
    await bench.submit(*bench.place(Wish(5, 9, 9, GEMM)))
    await bench.idle(12)
    await bench.clear(0)
    assert await bench.regs.read(Offset.ACQUIRE) == ALL_BUSY
    await bench.drained()
    await check_fresh_job(bench)
