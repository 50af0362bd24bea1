# SPDX-License-Identifier: Apache-2.0
"""Each rule of the job interface on its own. `Bench.cycle` checks every cycle against the model besides."""

from typing import Any

import cocotb

from redmule.regs import CycleCode, ErrorCode, Ext, FormatCode, Macfg, Mcfig0, Mcfig1, Offset, OpCode, Sticky
from tb.unit.control.bench import INFO, Bench
from tb.unit.control.model import CHECK_CYCLES, WORD

FP16_GEMM = Macfg(format=FormatCode.FP16, op=OpCode.GEMM).pack()
JOB = {
    Offset.X_ADDR: 0x1000,
    Offset.W_ADDR: 0x2000,
    Offset.Z_ADDR: 0x3000,
    Offset.MCFIG0: Mcfig0(m=3, k=5).pack(),
    Offset.MCFIG1: Mcfig1(n=7).pack(),
    Offset.MACFG: FP16_GEMM,
}
BAD_JOB = JOB | {Offset.MCFIG1: 0}
BUSY = -1 & WORD
OTHER_HOLDS = -2 & WORD


@cocotb.test()
async def a_job_runs_from_the_cycle_after_its_trigger_to_the_cycle_of_its_event(dut: Any) -> None:
    bench = await Bench.start(dut)
    ctx = await bench.trigger_job(JOB, core=3)
    for cycle in (CycleCode.START, CycleCode.STEP, CycleCode.STEP, CycleCode.STALL_W):
        out = await bench.cycle(cycle=cycle, flags=0b0010)
        assert out.job is not None
        assert out.event == 0
    out = await bench.cycle(cycle=CycleCode.DRAIN, flags=0b1000, job_done=1)
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
    assert (out.ctx, out.job.z[0]) == (1, 0x5000)
    assert await bench.read(Offset.RUNNING_JOB) == 1
    assert await bench.read(Offset.STATUS) == 0x0100
    assert (await bench.cycle(job_done=1)).event == bench.line(2)


@cocotb.test()
async def acquire_gives_the_ring_in_order_and_refuses_when_full(dut: Any) -> None:
    bench = await Bench.start(dut)
    for ctx in range(bench.contexts):
        assert await bench.trigger_job(JOB, hold=1) == ctx
    assert await bench.read(Offset.ACQUIRE) == BUSY
    await bench.write(Offset.SOFT_CLEAR, 0)
    for turn in range(2 * bench.contexts + 1):
        assert await bench.trigger_job(JOB) == turn % bench.contexts
        await bench.cycle(job_done=1)
        assert await bench.read(Offset.RUNNING_JOB) == turn % bench.contexts


@cocotb.test()
async def only_the_holder_of_the_lock_writes_and_acquiring_again_clears(dut: Any) -> None:
    bench = await Bench.start(dut)
    ctx = await bench.write_job(JOB, core=1)
    assert await bench.read(Offset.ACQUIRE, core=2) == OTHER_HOLDS
    await bench.write(Offset.X_ADDR, 0xBAD0, core=2)
    assert await bench.read(Offset.X_ADDR, core=2) == JOB[Offset.X_ADDR]
    assert await bench.read(Offset.STICKY) == Sticky(protocol=1).pack()
    await bench.write(Offset.STICKY, 0)
    assert await bench.read(Offset.STICKY) == 0
    await bench.write(Offset.TRIGGER, 0, core=2)
    assert await bench.read(Offset.STICKY) == Sticky(protocol=1).pack()
    assert await bench.read(Offset.STATUS) == 0
    assert await bench.read(Offset.ACQUIRE, core=1) == ctx
    assert await bench.read(Offset.X_ADDR) == 0


@cocotb.test()
async def the_last_written_job_reads_back_after_its_trigger(dut: Any) -> None:
    bench = await Bench.start(dut)
    words = JOB | {Offset.MACFG: WORD & ~(7 << 7) | FormatCode.FP16 << 7, Offset.WATCHDOG: 0x89ABCDEF}
    await bench.trigger_job(words)
    for offset, word in words.items():
        assert await bench.read(offset, core=5) == word
    for reserved in (0x1C, 0x3C, 0x74, 0x78, 0x7C):
        assert await bench.read(reserved) == 0
    await bench.cycle(job_done=1)


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
async def trigger_is_granted_when_the_job_is_checked(dut: Any) -> None:
    bench = await Bench.start(dut)
    await bench.write_job(JOB)
    for _ in range(CHECK_CYCLES):
        assert not (await bench.cycle(req=1, wen=0, add=Offset.TRIGGER)).gnt
    assert (await bench.cycle(req=1, wen=0, add=Offset.TRIGGER)).gnt
    assert (await bench.cycle(job_done=1)).event == 1
    await bench.write_job(JOB)
    await bench.idle(CHECK_CYCLES)
    assert (await bench.cycle(req=1, wen=0, add=Offset.TRIGGER)).gnt
    assert (await bench.cycle(job_done=1)).event == 1


@cocotb.test()
async def writes_honour_the_byte_enables(dut: Any) -> None:
    bench = await Bench.start(dut)
    await bench.write_job({Offset.X_ADDR: 0x11223344})
    await bench.write(Offset.X_ADDR, 0xAABBCCDD, be=0b0101)
    assert await bench.read(Offset.X_ADDR) == 0x11BB33DD
    await bench.write(Offset.TRIGGER, 0, be=0)
    assert await bench.read(Offset.STATUS) == 0
    await bench.write(Offset.TRIGGER, 0xFF00, be=0b1101)
    await bench.cycle()
    assert await bench.read(Offset.FINISHED) == 1


@cocotb.test()
async def an_unmapped_access_is_answered_with_an_error_and_does_nothing(dut: Any) -> None:
    bench = await Bench.start(dut)
    await bench.write_job(JOB)
    for offset in (0x01, 0x16, 0x43, 0x80, 0x94, 0xFC):
        for wen in (0, 1):
            await bench.cycle(req=1, add=offset, wen=wen, id=9)
            out = await bench.cycle()
            assert out.response is not None
            assert out.response[1:] == (9, 1)
    assert await bench.read(Offset.X_ADDR) == JOB[Offset.X_ADDR]
    assert await bench.read(Offset.STICKY) == 0


@cocotb.test()
async def info_tells_the_parameters(dut: Any) -> None:
    bench = await Bench.start(dut)
    info = INFO.unpack(await bench.read(Offset.INFO))
    assert (info.rows, info.row_len, info.pipe_regs, 1 << info.log2_port) == (12, 4, 3, 256)
    assert (info.contexts, 1 << info.log2_groups, info.formats) == (bench.contexts, 1, 0b11111)


def formats(x: int = 1, w: int = 1, y: int = 1, z: int = 1, **ext: int) -> dict[Offset, int]:
    """The registers that give each matrix its own format."""
    return {Offset.EXT: Ext(own_formats=1, x_format=x, w_format=w, y_format=y, z_format=z, **ext).pack()}


MATMUL = {Offset.MACFG: Macfg(format=FormatCode.FP16, op=OpCode.MATMUL).pack()}
OWN_Y = {Offset.EXT: Ext(y_separate=1).pack()}
RESERVED_EXT = 0xFFE0_0088
LAST_ROWS = (1 << 32) - 2 * 0x100 - 10  # 3 rows of 5 fp16, 0x100 bytes apart, end here at exactly 2^32
EDGES: list[tuple[dict[Offset, int], ErrorCode]] = [
    ({Offset.MCFIG0: Mcfig0(m=0, k=5).pack()}, ErrorCode.SIZE),
    ({Offset.MCFIG0: Mcfig0(m=3, k=0).pack()}, ErrorCode.SIZE),
    ({Offset.MCFIG1: 0}, ErrorCode.SIZE),
    ({Offset.MCFIG1: 0x10000}, ErrorCode.SIZE),
    ({Offset.MCFIG1: 0, Offset.MACFG: Macfg(format=6).pack()}, ErrorCode.SIZE),
    *(({Offset.MACFG: Macfg(format=code, op=1).pack()}, ErrorCode.FORMAT) for code in (5, 6, 7)),
    (formats(x=5), ErrorCode.FORMAT),
    (formats(w=6), ErrorCode.FORMAT),
    (formats(y=7, y_separate=1), ErrorCode.FORMAT),
    (formats(z=5), ErrorCode.FORMAT),
    (MATMUL | formats(y=7), ErrorCode.NONE),
    ({Offset.X_ADDR: 0x1001}, ErrorCode.ALIGN),
    ({Offset.W_ADDR: 0x2001}, ErrorCode.ALIGN),
    ({Offset.Z_ADDR: 0x3001}, ErrorCode.ALIGN),
    (OWN_Y | {Offset.Y_ADDR: 0x4001}, ErrorCode.ALIGN),
    ({Offset.Y_ADDR: 0x4001}, ErrorCode.NONE),
    (MATMUL | OWN_Y | {Offset.Y_ADDR: 0x4001}, ErrorCode.NONE),
    ({Offset.X_STRIDE: 15}, ErrorCode.ALIGN),
    ({Offset.W_STRIDE: 15}, ErrorCode.ALIGN),
    ({Offset.Z_STRIDE: 11}, ErrorCode.ALIGN),
    (OWN_Y | {Offset.Y_STRIDE: 11}, ErrorCode.ALIGN),
    ({Offset.EXT: Ext(y_separate=1, y_broadcast=1).pack(), Offset.Y_STRIDE: 11}, ErrorCode.NONE),
    (formats(x=0) | {Offset.X_ADDR: 0x1001, Offset.X_STRIDE: 9}, ErrorCode.NONE),
    ({Offset.Z_STRIDE: 8}, ErrorCode.STRIDE),
    ({Offset.Z_STRIDE: 10}, ErrorCode.NONE),
    ({Offset.X_STRIDE: 2, Offset.W_STRIDE: 2}, ErrorCode.NONE),
    ({Offset.Z_STRIDE: 0x100, Offset.Z_ADDR: LAST_ROWS}, ErrorCode.NONE),
    ({Offset.Z_STRIDE: 0x100, Offset.Z_ADDR: LAST_ROWS + 2}, ErrorCode.EXTENT),
    ({Offset.X_ADDR: WORD - 1}, ErrorCode.EXTENT),
    ({Offset.W_ADDR: WORD - 1}, ErrorCode.EXTENT),
    (OWN_Y | {Offset.Y_ADDR: WORD - 1}, ErrorCode.EXTENT),
    (MATMUL | OWN_Y | {Offset.Y_ADDR: WORD - 1}, ErrorCode.NONE),
    ({Offset.X_STRIDE: 1 << 31}, ErrorCode.EXTENT),
    ({Offset.MCFIG0: Mcfig0(m=65535, k=1).pack(), Offset.X_STRIDE: 1 << 16, Offset.X_ADDR: 0}, ErrorCode.NONE),
    ({Offset.MCFIG0: Mcfig0(m=65535, k=1).pack(), Offset.X_STRIDE: 65540}, ErrorCode.EXTENT),
    (formats(y=0), ErrorCode.IN_PLACE),
    ({Offset.EXT: Ext(y_broadcast=1).pack()}, ErrorCode.IN_PLACE),
    (MATMUL | {Offset.EXT: Ext(y_broadcast=1).pack()}, ErrorCode.NONE),
    (MATMUL | formats(y=0), ErrorCode.NONE),
    ({Offset.EXT: Ext(x_trans=1).pack()}, ErrorCode.UNSUPPORTED),
    ({Offset.EXT: Ext(w_trans=1).pack()}, ErrorCode.UNSUPPORTED),
    ({Offset.EXT: Ext(z_trans=1).pack()}, ErrorCode.UNSUPPORTED),
    ({Offset.EXT: Ext(z_trans=1, y_broadcast=1).pack()}, ErrorCode.IN_PLACE),
    ({Offset.EXT: RESERVED_EXT}, ErrorCode.NONE),
]


@cocotb.test()
async def every_edge_of_the_configuration_gives_its_error_and_the_queue_goes_on(dut: Any) -> None:
    bench = await Bench.start(dut)
    for count, (words, error) in enumerate(EDGES):
        ctx = await bench.trigger_job(JOB | words, core=2)
        out = await bench.cycle(job_done=int(error == ErrorCode.NONE))
        assert (out.job is None, out.event) == (error != ErrorCode.NONE, bench.line(2)), (words, error)
        assert await bench.result(ctx, Offset.RESULT_ERROR) == error, words
        assert await bench.result(ctx, Offset.RESULT_CYCLES) == int(error == ErrorCode.NONE)
        assert await bench.read(Offset.FINISHED) == count + 1


@cocotb.test()
async def strides_and_y_are_resolved(dut: Any) -> None:
    bench = await Bench.start(dut)
    fp16 = FormatCode.FP16
    await bench.trigger_job(JOB | {Offset.Z_STRIDE: 0x40, Offset.Y_ADDR: 0x9000})
    job = (await bench.cycle(job_done=1)).job
    assert job is not None
    assert (job.x, job.w) == ((0x1000, 14, fp16), (0x2000, 10, fp16))
    assert job.y == job.z == (0x3000, 0x40, fp16)
    words = JOB | formats(x=0, w=2, y=4, z=3, y_separate=1, y_broadcast=1, saturate=1) | {Offset.Y_ADDR: 0x9001}
    await bench.trigger_job(words | {Offset.X_STRIDE: 99})
    job = (await bench.cycle(job_done=1)).job
    assert job is not None
    assert (job.x, job.w, job.y, job.z) == ((0x1000, 99, 0), (0x2000, 5, 2), (0x9001, 0, 4), (0x3000, 10, 3))
    assert (job.m, job.n, job.k, job.op, job.use_y, job.saturate) == (3, 7, 5, OpCode.GEMM, 1, 1)


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
async def a_bus_error_ends_the_job_when_the_port_is_idle(dut: Any) -> None:
    bench = await Bench.start(dut)
    ctx = await bench.trigger_job(JOB, core=1)
    await bench.cycle(port_idle=0)
    out = await bench.cycle(port_idle=0, bus_error=1, bus_error_addr=0xCAFE, job_done=1)
    assert (out.clear, out.event) == (1, 0)
    for _ in range(5):
        out = await bench.cycle(port_idle=0, bus_error=1, bus_error_addr=0xBAD)
        assert (out.job, out.clear, out.event) == (None, 0, 0)
    assert await bench.read(Offset.ACQUIRE, port_idle=0) == BUSY
    assert (await bench.cycle(port_idle=1)).event == bench.line(1)
    assert await bench.result(ctx, Offset.RESULT_ERROR) == ErrorCode.BUS
    assert await bench.result(ctx, Offset.RESULT_ERROR_ADDR) == 0xCAFE
    assert await bench.result(ctx, Offset.RESULT_CYCLES) == 2


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
    await bench.cycle(flags=0b0100)
    assert (await bench.write(Offset.SOFT_CLEAR, 0, core=6, port_idle=0)).clear == 1
    for _ in range(3):
        out = await bench.cycle(port_idle=0, job_done=1, bus_error=1)
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
    assert (out.event, out.ctx) == ((bench.line(2), 1) if bench.contexts > 1 else (0, None))


@cocotb.test()
async def soft_clear_drops_a_failed_job_that_still_drains(dut: Any) -> None:
    bench = await Bench.start(dut)
    await bench.trigger_job(JOB)
    await bench.cycle(port_idle=0, bus_error=1)
    await bench.cycle(port_idle=0)
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
    await bench.trigger_job(JOB, core=1)
    await bench.cycle(bus_error=1)
    assert (await bench.write(Offset.SOFT_CLEAR, 0)).event == bench.line(1)
    await bench.trigger_job(JOB, core=1)
    assert (await bench.write(Offset.SOFT_CLEAR, 0, job_done=1, bus_error=1)).event == 0
    assert await bench.read(Offset.FINISHED) == 3


@cocotb.test()
async def a_sticky_flag_raised_while_it_is_cleared_stays(dut: Any) -> None:
    bench = await Bench.start(dut)
    await bench.trigger_job(JOB)
    await bench.cycle(flags=0b0001)
    await bench.write(Offset.STICKY, 0, flags=0b1000)
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
