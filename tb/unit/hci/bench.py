# SPDX-License-Identifier: Apache-2.0
"""Jobs through the wrapper: bits, cycles, events, ids and `busy_o`, with a memory that answers writes or does not."""

from __future__ import annotations

import os
import random
from itertools import product
from typing import Any

import cocotb

from redmule.regs import ErrorCode, Mcfig1, Offset
from tb.accel.bench import Bench
from tb.accel.bus_errors import WISH, check_failing
from tb.accel.data import small
from tb.accel.jobs import any_wish
from tb.agents.memory_port import Weather
from tb.unit.hci.watch import SETTLES, Busy

HOLD = 1
WRITES_ANSWERED = os.environ.get("WRITESANSWERED") == "1"
STORM = Weather(0.4, 6)
NO_LINE = (9, 15)
"""Ids beyond the event lines; a one-hot id of the second has no bit."""


async def keep_answers(bench: Bench, share: float) -> None:
    """Let answers come late and back to back, for ever."""
    while True:
        bench.dut.late_i.value = int(random.random() < share)
        await bench.idle(random.randint(1, 9))


async def start(dut: Any) -> tuple[Bench, Busy]:
    """Return a bench and a watch of `busy_o`, after reset."""
    busy = Busy(dut, WRITES_ANSWERED)
    cocotb.start_soon(busy.run())
    return await Bench.start(dut), busy


def held(dut: Any) -> int:
    """Return how many cycles answers have waited so far."""
    return int(dut.held_o.value)


async def settle(bench: Bench, busy: Busy) -> None:
    """Wait until it must not be busy any more."""
    await bench.idle(SETTLES + 2)
    assert not bench.dut.busy_o.value
    assert not busy.mistakes, busy.mistakes[0]


@cocotb.test()
async def jobs_take_the_cycles_of_the_law_and_no_answer_waits(dut: Any) -> None:
    bench, busy = await start(dut)
    for _ in range(25):
        ticket = await bench.run(any_wish(small(bench)))
        assert ticket.exact
    assert held(dut) == 0
    await settle(bench, busy)
    assert busy.busy_cycles
    assert busy.idle_cycles


@cocotb.test()
async def no_pattern_of_grants_and_delays_changes_a_bit(dut: Any) -> None:
    bench, busy = await start(dut)
    for latency, stall in product((0, 1, 3, 20), (0.0, 0.1, 0.5, 0.9)):
        bench.port.weather = Weather(stall, latency)
        for _ in range(2):
            await bench.run(any_wish(small(bench)))
        assert latency or held(dut) == 0
    await settle(bench, busy)


@cocotb.test()
async def answers_that_come_back_to_back_wait_for_those_of_writes(dut: Any) -> None:
    bench, busy = await start(dut)
    for share, stall in product((0.5, 0.9), (0.0, 0.5)):
        bench.port.weather = Weather(stall, 1)
        keeper = cocotb.start_soon(keep_answers(bench, share))
        for _ in range(12):
            await bench.run(any_wish(small(bench)))
        keeper.cancel()
        dut.late_i.value = 0
    assert (held(dut) > 0) == (not WRITES_ANSWERED)
    await settle(bench, busy)


@cocotb.test()
async def jobs_of_a_queue_are_busy_until_the_last_has_ended(dut: Any) -> None:
    bench, busy = await start(dut)
    for weather in (Weather(), STORM):
        bench.port.weather = weather
        for _ in range(6):
            count = random.randint(1, bench.config.contexts)
            tickets = []
            for number, job in enumerate(bench.place(*(any_wish(small(bench)) for _ in range(count)))):
                core = random.randrange(bench.config.cores)
                tickets.append(await bench.submit(job, core=core, hold=HOLD if number + 1 < count else 0))
                if number + 1 < count:
                    await bench.idle(random.randrange(9))
                    assert dut.busy_o.value, "a job that is held is queued"
            for ticket in tickets:
                await bench.end(ticket)
            await settle(bench, busy)


@cocotb.test()
async def a_clear_is_busy_until_the_port_is_done(dut: Any) -> None:
    bench, busy = await start(dut)
    for _ in range(30):
        bench.port.weather = random.choice([Weather(), STORM, Weather(0.9, 20)])
        [placed] = bench.place(any_wish(small(bench)))
        await bench.submit(placed)
        await bench.idle(random.randrange(60))
        await bench.clear(0)
        while busy.owed or dut.mem_req_o.value:
            await bench.idle(1)
        await settle(bench, busy)


@cocotb.test()
async def cores_that_use_the_registers_all_the_time_change_nothing(dut: Any) -> None:
    bench, busy = await start(dut)

    async def read_all_the_time() -> None:
        while True:
            core = random.randrange(bench.config.cores)
            offset = random.choice([Offset.STATUS, Offset.FINISHED, Offset.INFO])
            value = await bench.regs.read(offset, core)
            assert offset != Offset.INFO or value

    reader = cocotb.start_soon(read_all_the_time())
    for _ in range(8):
        await bench.run(any_wish(small(bench)))
    reader.cancel()
    await settle(bench, busy)


@cocotb.test()
async def a_core_without_an_event_line_can_wait_for_busy(dut: Any) -> None:
    bench = await Bench.start(dut)
    for number, core in enumerate(NO_LINE * 2):
        [placed] = bench.place(any_wish(small(bench)))
        await bench.submit(placed, core=core)
        await bench.idle(1)
        assert dut.busy_o.value
        while dut.busy_o.value:
            await bench.idle(1)
        assert await bench.regs.read(Offset.FINISHED) == number + 1
        assert not bench.events.pulses
        ticket = bench.queue.popleft()
        bench.predict(ticket.job, bench.memory, bench.model)
        assert (bench.memory.bytes == bench.model).all()


@cocotb.test()
async def a_trigger_without_the_lock_is_busy_for_a_moment(dut: Any) -> None:
    bench = await Bench.start(dut)
    await bench.regs.write(Offset.TRIGGER, 0, 3)
    assert dut.busy_o.value
    await bench.idle(SETTLES)
    assert not dut.busy_o.value


@cocotb.test()
async def a_refused_job_is_busy_until_its_event(dut: Any) -> None:
    bench, busy = await start(dut)
    for _ in range(4):
        [placed] = bench.place(WISH)
        ticket = await bench.submit(placed, changes=[Mcfig1(n=0)], error=ErrorCode.SIZE)
        await bench.end(ticket)
        await settle(bench, busy)


@cocotb.test()
async def errors_reach_the_job_those_of_writes_if_they_are_answered(dut: Any) -> None:
    bench, _ = await start(dut)
    for weather, stream in product((Weather(), STORM), "xwyz" if WRITES_ANSWERED else "xwy"):
        bench.port.weather = weather
        await check_failing(bench, [WISH, WISH], random.randrange(2), stream, HOLD)
    if not WRITES_ANSWERED:
        [placed] = bench.place(WISH)
        bench.port.weather = Weather(fail_at=placed.job.z.address)
        bench.port.failures.clear()
        await bench.end(await bench.submit(placed))
        assert bench.port.failures
