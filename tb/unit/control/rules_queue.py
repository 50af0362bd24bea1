# SPDX-License-Identifier: Apache-2.0
"""The life of a job: trigger, queue, event, results.

`Bench.cycle` checks every cycle against the model besides.
"""

from typing import Any

import cocotb

from redmule.regs import CycleCode, Offset
from tb.unit.control.bench import Bench
from tb.unit.control.jobs import BAD_JOB, BUSY, JOB, elsewhere
from tb.unit.control.model import raised


@cocotb.test()
async def a_job_runs_from_the_cycle_after_its_trigger_to_the_cycle_of_its_event(dut: Any) -> None:
    bench = await Bench.start(dut)
    ctx = await bench.trigger_job(JOB, core=3)
    for cycle in (CycleCode.START, CycleCode.STEP, CycleCode.STEP, CycleCode.STALL_W):
        out = await bench.cycle(cycle=cycle, raised=raised(ctx, 0b0010))
        assert out.job is not None
        assert out.event == 0
    out = await bench.cycle(cycle=CycleCode.DRAIN, raised=raised(ctx, 0b1000), job_done=1)
    assert (out.job is not None, out.event) == (True, bench.line(3))
    assert (await bench.cycle()).job is None
    assert await bench.result(ctx, Offset.RESULT_CYCLES) == 5
    assert [await bench.result(ctx, Offset.RESULT_COUNTER, c) for c in range(8)] == [2, 0, 1, 0, 0, 1, 1, 0]
    assert await bench.result(ctx, Offset.RESULT_FLAGS) == 0b1010
    assert await bench.read(Offset.STICKY) == 0b1010
    assert await bench.read(Offset.FINISHED) == 1


@cocotb.test()
async def a_queued_job_runs_from_the_cycle_after_the_event_before_it(dut: Any) -> None:
    bench = await Bench.start(dut)
    await bench.trigger_job(JOB, core=1)
    if bench.contexts == 1:
        assert await bench.read(Offset.ACQUIRE) == BUSY
        return
    await bench.trigger_job(JOB | {Offset.Z_ADDR: 0x5000}, core=2)
    assert await bench.read(Offset.STATUS) == 0x0101
    assert (await bench.cycle(job_done=1)).event == bench.line(1)
    out = await bench.cycle()
    assert out.job is not None
    assert (out.schedule.head, out.job.z[0]) == (1, 0x5000)
    assert await bench.read(Offset.RUNNING_JOB) == 1
    assert await bench.read(Offset.STATUS) == 0x0100
    assert (await bench.cycle(job_done=1)).event == bench.line(2)


@cocotb.test()
async def the_running_job_is_the_one_whose_first_cycle_it_is(dut: Any) -> None:
    bench = await Bench.start(dut)
    for number in range(bench.contexts):
        await bench.trigger_job(elsewhere(number), core=1)
    for number in range(1, bench.contexts):
        assert (await bench.cycle(job_done=1)).event == bench.line(1)
        assert await bench.read(Offset.RUNNING_JOB) == number


@cocotb.test()
async def a_job_committed_with_hold_waits_for_the_next_release(dut: Any) -> None:
    bench = await Bench.start(dut)
    for _ in range(bench.contexts - 1):
        await bench.trigger_job(JOB, core=1, hold=7)
        assert (await bench.cycle()).job is None
    await bench.trigger_job(JOB, core=2)
    for _ in range(bench.contexts - 1):
        assert (await bench.cycle(job_done=1)).event == bench.line(1)
    assert (await bench.cycle(job_done=1)).event == bench.line(2)


@cocotb.test()
async def a_refused_job_keeps_its_place_in_the_queue(dut: Any) -> None:
    bench = await Bench.start(dut)
    if bench.contexts < 3:
        await bench.trigger_job(BAD_JOB, core=4)
        assert (await bench.cycle()).event == bench.line(4)
        return
    await bench.trigger_job(JOB, core=1, hold=1)
    await bench.trigger_job(BAD_JOB, core=2, hold=1)
    await bench.trigger_job(JOB, core=3)
    assert [(await bench.cycle(job_done=1)).event for _ in range(4)] == [bench.line(1), bench.line(2), bench.line(3), 0]


@cocotb.test()
async def a_sticky_flag_raised_while_it_is_cleared_stays(dut: Any) -> None:
    bench = await Bench.start(dut)
    ctx = await bench.trigger_job(JOB)
    await bench.cycle(raised=raised(ctx, 0b0001))
    await bench.write(Offset.STICKY, 0, raised=raised(ctx, 0b1000))
    assert await bench.read(Offset.STICKY) == 0b1000


@cocotb.test()
async def an_id_without_an_event_line_has_no_event(dut: Any) -> None:
    bench = await Bench.start(dut)
    await bench.trigger_job(JOB, core=15)
    out = await bench.cycle(job_done=1)
    assert out.event == bench.line(15)
    assert await bench.read(Offset.FINISHED) == 1


@cocotb.test()
async def finished_wraps_at_256(dut: Any) -> None:
    bench = await Bench.start(dut)
    for _ in range(257):
        await bench.trigger_job({})
        await bench.cycle()
    assert await bench.read(Offset.FINISHED) == 1


@cocotb.test()
async def every_raiser_adds_to_the_results_of_its_own_job(dut: Any) -> None:
    bench = await Bench.start(dut)
    for number in range(bench.contexts):
        await bench.trigger_job(elsewhere(number), core=1)
    last = bench.contexts - 1
    await bench.cycle(raised=raised(0, 0b0001, 0) | raised(last, 0b0010, 1) | raised(last, 0b1000, 2))
    await bench.cycle(raised=raised(last, 0b0100, 0), job_done=1)
    expected = [0b0001, *[0] * (last - 1), 0b1110] if last else [0b1111]
    assert [await bench.result(ctx, Offset.RESULT_FLAGS) for ctx in range(bench.contexts)] == expected
    assert await bench.read(Offset.STICKY) == 0b1111


@cocotb.test()
async def cycles_belong_to_the_job_at_the_head(dut: Any) -> None:
    bench = await Bench.start(dut)
    for number in range(bench.contexts):
        await bench.trigger_job(elsewhere(number), core=1, hold=int(number < bench.contexts - 1))
    for number in range(bench.contexts):
        await bench.idle(number)
        await bench.cycle(job_done=1)
    cycles = [await bench.result(ctx, Offset.RESULT_CYCLES) for ctx in range(bench.contexts)]
    assert cycles == [number + 1 for number in range(bench.contexts)]
