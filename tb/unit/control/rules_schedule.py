# SPDX-License-Identifier: Apache-2.0
"""What the sequencers may work on, and when.

`Bench.cycle` checks every cycle against the model besides.
"""

from typing import Any

import cocotb

from redmule.regs import Ext, FormatCode, Macfg, Offset, OpCode
from tb.unit.control.bench import Bench
from tb.unit.control.jobs import BAD_JOB, JOB, MATMUL, Z_BYTES, Words, elsewhere, formats

AWAY: Words = {Offset.X_ADDR: 0x8000, Offset.W_ADDR: 0x9000, Offset.Y_ADDR: 0xA000, Offset.Z_ADDR: 0xB000}
OWN_Y: Words = {Offset.EXT: Ext(y_separate=1).pack()}
ROW_OF_Y: Words = {Offset.EXT: Ext(y_separate=1, y_broadcast=1).pack()}
FP8: Words = {Offset.MACFG: Macfg(format=FormatCode.E5M2, op=OpCode.GEMM).pack()}
Z = JOB[Offset.Z_ADDR]
AFTER_Z = Z + Z_BYTES
X_BYTES, W_BYTES = 42, 70

# What a job has other than AWAY, and whether it waits for JOB before it, whose Z has the bytes from Z up to AFTER_Z.
OVERLAPS: list[tuple[Words, bool]] = [
    ({}, False),
    ({Offset.X_ADDR: AFTER_Z - 2}, True),
    ({Offset.X_ADDR: AFTER_Z}, False),
    ({Offset.X_ADDR: Z - X_BYTES}, False),
    ({Offset.X_ADDR: Z - X_BYTES + 2}, True),
    ({Offset.X_ADDR: Z - 0x1000, Offset.X_STRIDE: 0x1000}, True),
    ({Offset.W_ADDR: AFTER_Z - 2}, True),
    ({Offset.W_ADDR: AFTER_Z}, False),
    ({Offset.W_ADDR: Z - W_BYTES}, False),
    ({Offset.W_ADDR: Z - W_BYTES + 2}, True),
    (FP8 | {Offset.W_ADDR: Z - W_BYTES // 2}, False),
    (FP8 | {Offset.W_ADDR: Z - W_BYTES // 2 + 1}, True),
    (OWN_Y | {Offset.Y_ADDR: AFTER_Z - 2}, True),
    (OWN_Y | {Offset.Y_ADDR: AFTER_Z}, False),
    (OWN_Y | {Offset.Y_ADDR: Z - Z_BYTES}, False),
    (OWN_Y | {Offset.Y_ADDR: Z - Z_BYTES + 2}, True),
    (OWN_Y | MATMUL | {Offset.Y_ADDR: Z}, False),
    (ROW_OF_Y | {Offset.Y_ADDR: Z - 10, Offset.Y_STRIDE: 0x100}, False),
    (ROW_OF_Y | {Offset.Y_ADDR: Z - 8}, True),
    (formats(y=0, y_separate=1) | {Offset.Y_ADDR: Z - 15}, False),
    (formats(y=0, y_separate=1) | {Offset.Y_ADDR: Z - 14}, True),
    ({Offset.Y_ADDR: Z}, False),
    ({Offset.Z_ADDR: Z}, True),
    ({Offset.Z_ADDR: AFTER_Z - 2}, True),
    ({Offset.Z_ADDR: AFTER_Z}, False),
    (OWN_Y | {Offset.Z_ADDR: Z}, False),
    (MATMUL | {Offset.Z_ADDR: Z}, False),
]


@cocotb.test()
async def a_job_waits_for_an_earlier_one_that_may_write_what_it_reads(dut: Any) -> None:
    bench = await Bench.start(dut)
    if bench.contexts == 1:
        assert (await bench.cycle()).jobs == {}
        return
    for words, waits in OVERLAPS:
        first = await bench.trigger_job(JOB, core=1)
        second = await bench.trigger_job(JOB | AWAY | words, core=2)
        out = await bench.cycle(taken=0)
        assert set(out.jobs) == {first} | ({second} if not waits else set()), words
        out = await bench.cycle(job_done=1)
        assert (second in out.jobs) == (not waits)
        assert list((await bench.cycle(job_done=1)).jobs) == [second]


@cocotb.test()
async def a_job_that_is_dropped_is_waited_for_no_more(dut: Any) -> None:
    bench = await Bench.start(dut)
    await bench.trigger_job(JOB, core=1)
    if bench.contexts > 1:
        await bench.trigger_job(JOB | AWAY | {Offset.X_ADDR: Z}, core=2)
    await bench.write(Offset.SOFT_CLEAR, 1)
    await bench.cycle()
    assert list((await bench.cycle()).jobs) == ([1] if bench.contexts > 1 else [])


@cocotb.test()
async def a_job_waits_for_every_earlier_one_that_it_depends_on(dut: Any) -> None:
    bench = await Bench.start(dut)
    if bench.contexts < 3:
        assert (await bench.cycle()).jobs == {}
        return
    await bench.trigger_job(elsewhere(0), core=1)
    await bench.trigger_job(elsewhere(1), core=1)
    await bench.trigger_job(JOB | AWAY | {Offset.X_ADDR: Z, Offset.W_ADDR: Z + 0x100}, core=1)
    assert list((await bench.cycle(job_done=1)).jobs) == [0, 1]
    assert list((await bench.cycle(job_done=1)).jobs) == [1]
    assert list((await bench.cycle(job_done=1)).jobs) == [2]


@cocotb.test()
async def the_sequencers_see_all_started_jobs_and_nothing_before_the_trigger(dut: Any) -> None:
    bench = await Bench.start(dut)
    for number in range(bench.contexts - 1):
        await bench.trigger_job(elsewhere(number), hold=1)
        assert (await bench.cycle(taken=0)).jobs == {}
    await bench.trigger_job(elsewhere(bench.contexts - 1))
    feeds = [await bench.cycle() for _ in range(bench.contexts + 1)]
    assert all(list(out.jobs) == list(range(bench.contexts)) for out in feeds)
    assert [out.feed for out in feeds] == [*range(bench.contexts), None]
    for ctx in range(bench.contexts):
        assert (await bench.cycle(job_done=1)).schedule.ended == 1 << ctx


@cocotb.test()
async def a_refused_job_is_passed_over_before_its_turn(dut: Any) -> None:
    bench = await Bench.start(dut)
    if bench.contexts < 3:
        assert (await bench.cycle()).jobs == {}
        return
    await bench.trigger_job(elsewhere(0), core=1, hold=1)
    await bench.trigger_job(BAD_JOB | AWAY, core=2, hold=1)
    await bench.trigger_job(elsewhere(2), core=3)
    seen = [await bench.cycle() for _ in range(4)]
    assert [out.feed for out in seen] == [0, None, 2, None]
    assert all((list(out.jobs), out.schedule.refused) == ([0, 2], 0b010) for out in seen)
    events = [(await bench.cycle(job_done=1)).event for _ in range(3)]
    assert events == [bench.line(core) for core in (1, 2, 3)]


@cocotb.test()
async def after_a_clear_the_sequencers_begin_again_with_the_oldest_job(dut: Any) -> None:
    bench = await Bench.start(dut)
    for number in range(bench.contexts):
        await bench.trigger_job(elsewhere(number), core=1)
    await bench.idle(bench.contexts)
    left = list(range(1, bench.contexts))
    out = await bench.write(Offset.SOFT_CLEAR, 1, port_idle=0)
    assert (out.schedule.restart, out.schedule.ended) == (0, 1)
    for port_idle in (0, 0, 1):
        out = await bench.cycle(port_idle=port_idle)
        assert (out.jobs, out.feed) == ({}, None)
        assert (out.schedule.restart, out.schedule.head) == (1, 1 % bench.contexts)
    assert [(await bench.cycle()).feed for _ in left] == left
    for _ in left:
        assert (await bench.cycle(job_done=1)).event == bench.line(1)
    assert (await bench.cycle()).jobs == {}
