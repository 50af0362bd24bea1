# SPDX-License-Identifier: Apache-2.0
"""Jobs that must not run or cannot end well: each says why, and the queue goes on."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import cocotb

from redmule.fp.ops import GEMM
from redmule.job import Stored
from redmule.regs import (
    ErrorCode,
    Ext,
    Macfg,
    Mcfig0,
    Mcfig1,
    Offset,
    Sticky,
    WAddr,
    Word,
    WStride,
    XAddr,
    XStride,
    YAddr,
    YStride,
    ZAddr,
    ZStride,
)
from tb.accel.bench import Bench
from tb.accel.jobs import Placed, Wish, YPlace
from tb.agents.memory_port import Weather

WISH = Wish(3, 5, 7, GEMM, y_place=YPlace.SEPARATE)
ROW_BYTES = 2 * WISH.k
TOP_OF_MEMORY = (1 << 32) - 2
FP16_CODE, UNKNOWN_FORMATS = 1, (5, 6, 7)
WATCHDOG_CYCLES = 60


def own_formats(**formats: int) -> Ext:
    """EXT of a job of separate Y in which every matrix is fp16, but for those named."""
    codes = {f"{name}_format": FP16_CODE for name in "xwyz"} | formats
    return Ext(y_separate=1, own_formats=1, **codes)


REFUSED: list[tuple[ErrorCode, Sequence[Word]]] = [
    (ErrorCode.SIZE, [Mcfig0(m=0, k=WISH.k)]),
    (ErrorCode.SIZE, [Mcfig0(m=WISH.m, k=0)]),
    (ErrorCode.SIZE, [Mcfig1(n=0)]),
    *((ErrorCode.FORMAT, [Macfg(format=code, op=GEMM.code)]) for code in UNKNOWN_FORMATS),
    *((ErrorCode.FORMAT, [own_formats(**{f"{name}_format": UNKNOWN_FORMATS[0]})]) for name in "xwyz"),
    (ErrorCode.ALIGN, [XAddr(1)]),
    (ErrorCode.ALIGN, [WAddr(1)]),
    (ErrorCode.ALIGN, [YAddr(1)]),
    (ErrorCode.ALIGN, [ZAddr(1)]),
    (ErrorCode.ALIGN, [XStride(ROW_BYTES + 1)]),
    (ErrorCode.ALIGN, [WStride(ROW_BYTES + 1)]),
    (ErrorCode.ALIGN, [YStride(ROW_BYTES + 1)]),
    (ErrorCode.ALIGN, [ZStride(ROW_BYTES + 1)]),
    (ErrorCode.STRIDE, [ZStride(ROW_BYTES - 2)]),
    (ErrorCode.EXTENT, [XAddr(TOP_OF_MEMORY)]),
    (ErrorCode.EXTENT, [WAddr(TOP_OF_MEMORY)]),
    (ErrorCode.EXTENT, [YAddr(TOP_OF_MEMORY)]),
    (ErrorCode.EXTENT, [ZAddr(TOP_OF_MEMORY)]),
    (ErrorCode.EXTENT, [XStride(1 << 31)]),
    (ErrorCode.IN_PLACE, [replace(own_formats(y_format=0), y_separate=0)]),
    (ErrorCode.IN_PLACE, [Ext(y_broadcast=1)]),
    (ErrorCode.STRIDE, [Ext(y_separate=1, z_trans=1), ZStride(2 * WISH.m - 2)]),
    (ErrorCode.EXTENT, [Ext(y_separate=1, z_trans=1), Mcfig0(m=1, k=3), ZStride(1 << 31)]),
    (ErrorCode.EXTENT, [Ext(y_separate=1, x_trans=1), Mcfig0(m=1, k=1), Mcfig1(n=3), XStride(1 << 31)]),
    (ErrorCode.EXTENT, [Ext(y_separate=1, w_trans=1), Mcfig1(n=1), WStride(1 << 31)]),
]
TRANSPOSES = ("x_trans", "w_trans", "z_trans")


@cocotb.test()
async def refused_jobs_touch_no_memory_and_end_in_order(dut: Any) -> None:
    await check_refused(await Bench.start(dut), REFUSED)


@cocotb.test()
async def transposes_that_were_left_out_are_refused(dut: Any) -> None:
    bench = await Bench.start(dut)
    if not bench.config.transposes:
        flags = [Ext(y_separate=1, **{name: 1}) for name in TRANSPOSES]
        await check_refused(bench, [(ErrorCode.UNSUPPORTED, [ext]) for ext in flags])
    await bench.run(WISH)


async def check_refused(bench: Bench, refused_jobs: Sequence[tuple[ErrorCode, Sequence[Word]]]) -> None:
    """Queue each wrong job between two right ones."""
    for number, (error, changes) in enumerate(refused_jobs):
        before, refused, after = bench.place(WISH, WISH, WISH)
        tickets = [
            await bench.submit(before, core=0),
            await bench.submit(refused, core=1, changes=changes, error=error),
            await bench.submit(after, core=2),
        ]
        for ticket in tickets:
            await bench.end(ticket)
        assert [pulse.core for pulse in bench.events.pulses[-3:]] == [0, 1, 2], refused_jobs[number]


@cocotb.test()
async def any_overlap_of_z_ends(dut: Any) -> None:
    bench = await Bench.start(dut)
    for name, distance in (("x", 0), ("x", 2), ("w", -4), ("y", 2), ("y", -ROW_BYTES)):
        [placed] = bench.place(WISH)
        operand: Stored = getattr(placed.job, name)
        z = replace(placed.job.z, address=operand.address + distance)
        ticket = await bench.submit(Placed(replace(placed.job, z=z), placed.kept))
        await bench.idle(500)
        assert ticket.ended is not None
        assert not bench.port.mistakes
    await bench.run(WISH)


@cocotb.test()
async def the_watchdog_gives_a_dead_memory_up(dut: Any) -> None:
    bench = await Bench.start(dut)
    for dead in (Weather(stall=1), Weather(latency=1000)):
        bench.port.weather = dead
        failing, after = bench.place(WISH, WISH)
        ticket = await bench.submit(failing, watchdog=WATCHDOG_CYCLES, error=ErrorCode.WATCHDOG)
        next_ticket = await bench.submit(after, core=5)
        await bench.end(ticket)
        assert ticket.ended is not None
        assert ticket.released is not None
        waited = ticket.ended.cycle - ticket.released
        assert waited == WATCHDOG_CYCLES if dead.stall else waited > WATCHDOG_CYCLES
        bench.port.weather = Weather()
        next_ticket.exact = False
        await bench.end(next_ticket)


@cocotb.test()
async def the_watchdog_lets_a_slow_memory_be(dut: Any) -> None:
    bench = await Bench.start(dut)
    bench.port.weather = Weather(0.5, 5)
    for _ in range(5):
        [placed] = bench.place(WISH)
        await bench.end(await bench.submit(placed, watchdog=WATCHDOG_CYCLES))


@cocotb.test()
async def writes_without_the_lock_are_ignored_and_noted(dut: Any) -> None:
    bench = await Bench.start(dut)
    regs, holder, intruder = bench.regs, 1, 2
    noted = Sticky(protocol=1).pack()
    assert await regs.read(Offset.ACQUIRE, holder) == 0
    await regs.write(Offset.X_ADDR, 0x1234, holder)
    assert await regs.read(Offset.STICKY) == 0
    for offset in (Offset.X_ADDR, Offset.WATCHDOG, Offset.TRIGGER):
        await regs.write(offset, 0, intruder)
        assert await regs.read(Offset.STICKY) == noted
        await regs.write(Offset.STICKY, 0)
        assert await regs.read(Offset.STICKY) == 0
    assert await regs.read(Offset.X_ADDR) == 0x1234
    assert await regs.read(Offset.STATUS) == 0
    assert not bench.events.pulses
    await bench.clear(0)
    await bench.run(WISH)
