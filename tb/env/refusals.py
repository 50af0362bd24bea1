# SPDX-License-Identifier: Apache-2.0
"""Jobs that must not run or cannot end well: each says why, and the queue goes on."""

from collections.abc import Sequence
from dataclasses import replace

from redmule.config import Config
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
from tb.agents.memory_agent import Weather
from tb.env.jobs import Placed, Wish, YPlace
from tb.env.sequence import JobSequence, scenario

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


def refused(config: Config) -> list[tuple[ErrorCode, Sequence[Word]]]:
    """Return registers that make WISH wrong on an accelerator, and the error that each gives."""

    def turned(changes: Sequence[Word]) -> bool:
        return any(isinstance(word, Ext) and any(getattr(word, name) for name in TRANSPOSES) for word in changes)

    return [(error, changes) for error, changes in REFUSED if config.transposes or not turned(changes)]


@scenario
async def refused_jobs_touch_no_memory_and_end_in_order(jobs: JobSequence) -> None:
    await check_refused(jobs, refused(jobs.config))


@scenario
async def transposes_that_were_left_out_are_refused(jobs: JobSequence) -> None:
    if not jobs.config.transposes:
        flags = [Ext(y_separate=1, **{name: 1}) for name in TRANSPOSES]
        await check_refused(jobs, [(ErrorCode.UNSUPPORTED, [ext]) for ext in flags])
    await jobs.run(WISH)


async def check_refused(jobs: JobSequence, refused_jobs: Sequence[tuple[ErrorCode, Sequence[Word]]]) -> None:
    """Queue each wrong job between two right ones."""
    for number, (error, changes) in enumerate(refused_jobs):
        before, refused, after = jobs.place(WISH, WISH, WISH)
        items = [
            await jobs.submit(before, core=0),
            await jobs.submit(refused, core=1, changes=changes, error=error),
            await jobs.submit(after, core=2),
        ]
        for item in items:
            await jobs.end(item)
        assert [pulse.core for pulse in jobs.pulses[-3:]] == [0, 1, 2], refused_jobs[number]


@scenario
async def any_overlap_of_z_ends(jobs: JobSequence) -> None:
    jobs.env.scoreboard.tolerated = "results of"  # what Z is depends on the order of the accesses
    for name, distance in (("x", 0), ("x", 2), ("w", -4), ("y", 2), ("y", -ROW_BYTES)):
        [placed] = jobs.place(WISH)
        operand: Stored = getattr(placed.job, name)
        z = replace(placed.job.z, address=operand.address + distance)
        item = await jobs.submit(Placed(replace(placed.job, z=z), placed.kept))
        await jobs.idle(500)
        assert item.ended is not None, "it hangs"
        jobs.env.judge()
    jobs.env.scoreboard.tolerated = None
    await jobs.run(WISH)


@scenario
async def the_watchdog_gives_a_dead_memory_up(jobs: JobSequence) -> None:
    for dead in (Weather(stall=1), Weather(latency=1000)):
        await jobs.weather(dead)
        failing, after = jobs.place(WISH, WISH)
        item = await jobs.submit(failing, watchdog=WATCHDOG_CYCLES, error=ErrorCode.WATCHDOG)
        next_item = await jobs.submit(after, core=5)
        await jobs.end(item)
        assert item.ended is not None
        assert item.released is not None
        waited = item.ended.cycle - item.released
        assert waited == WATCHDOG_CYCLES if dead.stall else waited > WATCHDOG_CYCLES
        await jobs.weather(Weather())
        await jobs.end(next_item)


@scenario
async def the_watchdog_lets_a_slow_memory_be(jobs: JobSequence) -> None:
    await jobs.weather(Weather(0.5, latency=5))
    for _ in range(5):
        [placed] = jobs.place(WISH)
        await jobs.end(await jobs.submit(placed, watchdog=WATCHDOG_CYCLES))


@scenario
async def writes_without_the_lock_are_ignored_and_noted(jobs: JobSequence) -> None:
    regs, holder, intruder = jobs.registers, 1, 2
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
    assert not jobs.pulses
    await jobs.clear(0)
    await jobs.run(WISH)
