# SPDX-License-Identifier: Apache-2.0
"""Jobs that do not end well: bus errors, watchdog, clears.

`Bench.cycle` checks every cycle against the model besides.
"""

from typing import Any

import cocotb

from redmule.regs import ErrorCode, Offset
from tb.unit.control.bench import Bench
from tb.unit.control.jobs import BAD_JOB, BUSY, JOB, OTHER_HOLDS, elsewhere
from tb.unit.control.model import raised


@cocotb.test()
async def a_bus_error_ends_the_job_when_the_port_is_idle(dut: Any) -> None:
    bench = await Bench.start(dut)
    ctx = await bench.trigger_job(JOB, core=1)
    await bench.cycle(port_idle=0)
    out = await bench.cycle(port_idle=0, failed=1, failed_ctx=ctx, failed_addr=0xCAFE)
    assert (out.clear, out.event) == (0, 0)
    out = await bench.cycle(port_idle=0, failed=1, failed_ctx=ctx, failed_addr=0xBAD, job_done=1)
    assert (out.clear, out.event) == (1, 0)
    for _ in range(5):
        out = await bench.cycle(port_idle=0)
        assert (out.job, out.clear, out.event) == (None, 0, 0)
    assert await bench.read(Offset.ACQUIRE, port_idle=0) == BUSY
    assert (await bench.cycle(port_idle=1)).event == bench.line(1)
    assert await bench.result(ctx, Offset.RESULT_ERROR) == ErrorCode.BUS
    assert await bench.result(ctx, Offset.RESULT_ERROR_ADDR) == 0xCAFE
    assert await bench.result(ctx, Offset.RESULT_CYCLES) == 3


@cocotb.test()
async def the_watchdog_ends_a_job_even_if_the_port_is_stuck(dut: Any) -> None:
    bench = await Bench.start(dut)
    ctx = await bench.trigger_job(JOB | {Offset.WATCHDOG: 4}, core=1)
    await bench.idle(3, port_idle=0)
    await bench.cycle(port_idle=0, port_transfer=1)
    for _ in range(3):
        assert (await bench.cycle(port_idle=0)).event == 0
    out = await bench.cycle(port_idle=0)
    assert (out.event, out.clear) == (bench.line(1), 1)
    assert await bench.result(ctx, Offset.RESULT_ERROR) == ErrorCode.WATCHDOG
    assert await bench.result(ctx, Offset.RESULT_CYCLES) == 8
    await bench.trigger_job(JOB | {Offset.WATCHDOG: 1}, core=1)
    assert (await bench.cycle(job_done=1)).event == bench.line(1)
    assert await bench.result((ctx + 1) % bench.contexts, Offset.RESULT_ERROR) == ErrorCode.NONE


@cocotb.test()
async def a_bus_error_just_before_the_watchdog_expires_ends_the_job(dut: Any) -> None:
    bench = await Bench.start(dut)
    for silent in (2, 3):
        ctx = await bench.trigger_job(JOB | {Offset.WATCHDOG: 4}, core=1)
        await bench.idle(silent)
        assert (await bench.cycle(port_idle=0, failed=1, failed_ctx=ctx, failed_addr=0xCAFE)).clear == 0
        out = await bench.cycle(port_idle=0)
        assert (out.event, out.clear) == (0, 1)
        assert (await bench.cycle()).event == bench.line(1)
        assert await bench.result(ctx, Offset.RESULT_ERROR) == ErrorCode.BUS
        assert await bench.result(ctx, Offset.RESULT_ERROR_ADDR) == 0xCAFE


@cocotb.test()
async def the_watchdog_ends_a_job_also_while_a_later_one_fails(dut: Any) -> None:
    bench = await Bench.start(dut)
    if bench.contexts == 1:
        assert (await bench.cycle()).jobs == {}
        return
    await bench.trigger_job(elsewhere(0) | {Offset.WATCHDOG: 4}, core=1)
    await bench.trigger_job(elsewhere(1), core=2, port_transfer=1)
    await bench.idle(3)
    out = await bench.cycle(failed=1, failed_ctx=1)
    assert (out.event, out.clear) == (bench.line(1), 1)
    await bench.cycle()
    assert (await bench.cycle(job_done=1)).event == bench.line(2)
    errors = [await bench.result(ctx, Offset.RESULT_ERROR) for ctx in (0, 1)]
    assert errors == [ErrorCode.WATCHDOG, ErrorCode.NONE]


@cocotb.test()
async def the_job_after_a_watchdog_waits_for_the_port(dut: Any) -> None:
    bench = await Bench.start(dut)
    await bench.trigger_job(JOB | {Offset.WATCHDOG: 40}, core=1)
    if bench.contexts > 1:
        await bench.trigger_job(JOB, core=2)
        while not (await bench.cycle(port_idle=0)).event:
            pass
        for _ in range(4):
            assert (await bench.cycle(port_idle=0)).job is None
        assert (await bench.cycle(port_idle=1)).job is None
        assert (await bench.cycle(job_done=1)).event == bench.line(2)


@cocotb.test()
async def soft_clear_0_drops_everything_without_an_event(dut: Any) -> None:
    bench = await Bench.start(dut)
    for _ in range(bench.contexts):
        await bench.trigger_job(JOB, core=1)
    await bench.cycle(raised=raised(0, 0b0100))
    assert (await bench.write(Offset.SOFT_CLEAR, 0, core=6, port_idle=0)).clear == 1
    for _ in range(3):
        out = await bench.cycle(port_idle=0, job_done=1)
        assert (out.job, out.event, out.clear) == (None, 0, 0)
    assert await bench.read(Offset.ACQUIRE, port_idle=0) == BUSY
    assert await bench.read(Offset.ACQUIRE) == 0
    assert await bench.read(Offset.FINISHED) == 0
    assert await bench.read(Offset.STICKY) == 0b0100


@cocotb.test()
async def soft_clear_1_drops_the_running_job_only(dut: Any) -> None:
    bench = await Bench.start(dut)
    await bench.trigger_job(JOB, core=1)
    if bench.contexts > 1:
        await bench.trigger_job(JOB, core=2)
    await bench.write(Offset.SOFT_CLEAR, 1)
    assert (await bench.cycle()).job is None
    out = await bench.cycle(job_done=1)
    assert (out.event, list(out.jobs)) == ((bench.line(2), [1]) if bench.contexts > 1 else (0, []))


@cocotb.test()
async def a_reset_waits_for_no_port(dut: Any) -> None:
    bench = await Bench.start(dut)
    await bench.trigger_job(JOB)
    await bench.write(Offset.SOFT_CLEAR, 0, port_idle=0)
    assert (await bench.cycle(port_idle=0)).schedule.restart == 1
    await bench.reset()
    assert (await bench.cycle(port_idle=0)).schedule.restart == 0


@cocotb.test()
async def soft_clear_drops_a_failed_job_that_still_drains(dut: Any) -> None:
    bench = await Bench.start(dut)
    ctx = await bench.trigger_job(JOB)
    await bench.cycle(port_idle=0, failed=1, failed_ctx=ctx)
    await bench.idle(2, port_idle=0)
    assert (await bench.write(Offset.SOFT_CLEAR, 1, port_idle=0)).event == 0
    for _ in range(3):
        assert (await bench.cycle()).event == 0
    assert await bench.read(Offset.STATUS) == 0
    assert await bench.read(Offset.FINISHED) == 0


@cocotb.test()
async def soft_clear_keeps_the_lock_unless_it_clears_all(dut: Any) -> None:
    bench = await Bench.start(dut)
    await bench.write_job(JOB, core=1)
    await bench.write(Offset.SOFT_CLEAR, 1)
    assert await bench.read(Offset.ACQUIRE, core=2) == OTHER_HOLDS
    await bench.write(Offset.SOFT_CLEAR, 0)
    assert await bench.read(Offset.ACQUIRE, core=2) == 0


@cocotb.test()
async def what_ends_a_job_in_the_cycle_of_a_clear_has_ended_it(dut: Any) -> None:
    bench = await Bench.start(dut)
    await bench.trigger_job(JOB, core=1)
    assert (await bench.write(Offset.SOFT_CLEAR, 1, job_done=1)).event == bench.line(1)
    await bench.trigger_job(BAD_JOB, core=1)
    assert (await bench.write(Offset.SOFT_CLEAR, 0)).event == bench.line(1)
    ctx = await bench.trigger_job(JOB, core=1)
    await bench.cycle(failed=1, failed_ctx=ctx)
    await bench.cycle()
    assert (await bench.write(Offset.SOFT_CLEAR, 0)).event == bench.line(1)
    ctx = await bench.trigger_job(JOB, core=1)
    assert (await bench.write(Offset.SOFT_CLEAR, 0, failed=1, failed_ctx=ctx)).event == 0
    assert await bench.read(Offset.FINISHED) == 3


@cocotb.test()
async def a_bus_error_of_a_later_job_waits_until_that_job_is_the_oldest(dut: Any) -> None:
    bench = await Bench.start(dut)
    if bench.contexts == 1:
        assert (await bench.cycle()).jobs == {}
        return
    await bench.trigger_job(elsewhere(0), core=1)
    await bench.trigger_job(elsewhere(1), core=2)
    assert (await bench.cycle(failed=1, failed_ctx=1, failed_addr=0xCAFE)).clear == 0
    for _ in range(3):
        assert (await bench.cycle(port_idle=0)).clear == 0
    out = await bench.cycle(port_idle=0, job_done=1)
    assert (out.event, out.clear) == (bench.line(1), 0)
    out = await bench.cycle(port_idle=0)
    assert (out.event, out.clear) == (0, 1)
    assert (await bench.cycle(port_idle=0)).event == 0
    assert (await bench.cycle()).event == bench.line(2)
    assert [await bench.result(ctx, Offset.RESULT_ERROR) for ctx in (0, 1)] == [ErrorCode.NONE, ErrorCode.BUS]
    assert await bench.result(1, Offset.RESULT_ERROR_ADDR) == 0xCAFE
    assert await bench.result(1, Offset.RESULT_CYCLES) == 1


@cocotb.test()
async def a_clear_makes_the_results_of_the_jobs_behind_begin_again(dut: Any) -> None:
    bench = await Bench.start(dut)
    if bench.contexts == 1:
        assert (await bench.cycle()).jobs == {}
        return
    await bench.trigger_job(elsewhere(0), core=1)
    await bench.trigger_job(elsewhere(1), core=2)
    await bench.cycle(raised=raised(0, 0b0001) | raised(1, 0b0010, 1), failed=1, failed_ctx=1)
    await bench.write(Offset.SOFT_CLEAR, 1, raised=raised(1, 0b1000))
    assert (await bench.cycle()).schedule.restart == 1
    await bench.cycle(raised=raised(1, 0b0100))
    assert (await bench.cycle(job_done=1)).event == bench.line(2)
    assert [await bench.result(ctx, Offset.RESULT_FLAGS) for ctx in (0, 1)] == [0b0001, 0b0100]
    assert await bench.result(1, Offset.RESULT_ERROR) == ErrorCode.NONE
    assert await bench.read(Offset.STICKY) == 0b1111
