# SPDX-License-Identifier: Apache-2.0
"""The register port: lock, contexts, byte enables, errors.

`Bench.cycle` checks every cycle against the model besides.
"""

import os
from typing import Any

import cocotb

from redmule.regs import JOB_OFFSETS, FormatCode, Info2, Offset, Sticky
from tb.unit.control.bench import INFO, Bench
from tb.unit.control.decode import WORD
from tb.unit.control.jobs import BUSY, JOB, OTHER_HOLDS
from tb.unit.control.model import CHECK_CYCLES

JOB_AREA_END = 0x80


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
    for reserved in (0x3C, 0x74, 0x78, 0x7C):
        assert await bench.read(reserved) == 0
    await bench.cycle(job_done=1)


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
async def a_write_to_a_hole_among_the_job_registers_changes_no_job(dut: Any) -> None:
    bench = await Bench.start(dut)
    await bench.write_job(JOB)
    await bench.idle(CHECK_CYCLES)
    for hole in range(JOB_OFFSETS[-1] + 4, JOB_AREA_END, 4):
        await bench.write(hole, 0xFFFF_FFFF)
        assert await bench.read(hole) == 0
        await bench.write(hole, 0)
    assert (await bench.cycle(req=1, wen=0, add=Offset.TRIGGER)).gnt
    assert (await bench.cycle(job_done=1)).event == 1


@cocotb.test()
async def writes_honour_the_byte_enables(dut: Any) -> None:
    bench = await Bench.start(dut)
    await bench.write_job({Offset.X_ADDR: 0x11223344})
    await bench.write(Offset.X_ADDR, 0xAABBCCDD, be=0b0101)
    assert await bench.read(Offset.X_ADDR) == 0x11BB33DD
    await bench.write(Offset.RESULT_SEL, 0x33)
    await bench.write(Offset.RESULT_SEL, 0, be=0b1110)
    assert await bench.read(Offset.RESULT_SEL) == 0x33
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
    assert (info.contexts, 1 << info.log2_groups, info.formats) == (
        bench.contexts,
        int(os.environ["ROWGROUPS"]),
        0b11111,
    )
    more = Info2.unpack(await bench.read(Offset.INFO2))
    assert (more.transposes, more.x_chunks, more.w_ahead) == (int(os.environ["TRANSPOSES"]), 2, 6)
