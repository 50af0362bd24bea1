# SPDX-License-Identifier: Apache-2.0
"""Queued jobs: in order, each with the bits it has alone, and the event to whom it belongs."""

import random
from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from typing import Any

import cocotb

from redmule.fp.ops import GEMM, MATMUL
from redmule.regs import Offset, RunningJob, Status
from tb.accel.bench import ALL_BUSY, OTHER_WRITES, Bench
from tb.accel.data import small
from tb.accel.jobs import Placed, Wish, YPlace, any_wish
from tb.agents.memory_port import Weather

HOLD = 1
ROUNDS = 12


@cocotb.test()
async def a_held_queue_starts_with_the_next_zero(dut: Any) -> None:
    bench = await Bench.start(dut)
    placed = bench.place(*(any_wish(small(bench)) for _ in range(bench.config.contexts)))
    held = [await bench.submit(job, core=core, hold=HOLD) for core, job in enumerate(placed[:-1])]
    await bench.idle(50)
    assert bench.port.requests == 0
    assert not bench.events.pulses
    busy = Status.unpack(await bench.regs.read(Offset.STATUS))
    assert [busy.busy0, busy.busy1, busy.busy2, busy.busy3] == [1, 1, 1, 0]
    last = await bench.submit(placed[-1], core=len(held))
    for ticket in (*held, last):
        await bench.end(ticket)
    assert [pulse.core for pulse in bench.events.pulses] == list(range(bench.config.contexts))
    assert await bench.regs.read(Offset.STATUS) == Status().pack()
    assert await bench.regs.read(Offset.RUNNING_JOB) == RunningJob(last.context).pack()


@cocotb.test()
async def a_job_held_while_others_run_waits_for_the_next_zero(dut: Any) -> None:
    bench = await Bench.start(dut)
    first, held, last = bench.place(*(any_wish(small(bench)) for _ in range(3)))
    running = await bench.submit(first)
    waiting = await bench.submit(held, core=1, hold=HOLD)
    await bench.end(running)
    before = bench.port.requests
    await bench.idle(50)
    assert bench.port.requests == before
    await bench.submit(last, core=2)
    for ticket in list(bench.queue):
        await bench.end(ticket)
    assert waiting.ended is not None


@cocotb.test()
async def acquire_says_why_there_is_no_context(dut: Any) -> None:
    bench = await Bench.start(dut)
    placed = bench.place(*(Wish(1, 1, 1, GEMM) for _ in range(bench.config.contexts)))
    for job in placed:
        await bench.submit(job, core=2, hold=HOLD)
    assert await bench.regs.read(Offset.ACQUIRE, 1) == ALL_BUSY
    await bench.clear(0)
    assert await bench.regs.read(Offset.ACQUIRE, 1) == 0
    assert await bench.regs.read(Offset.ACQUIRE, 2) == OTHER_WRITES
    assert await bench.regs.read(Offset.ACQUIRE, 1) == 0


@cocotb.test()
async def random_queues_of_several_cores_give_the_bits_of_each_job_alone(dut: Any) -> None:
    bench = await Bench.start(dut)
    for _ in range(ROUNDS):
        bench.port.weather = random.choice([Weather(), Weather(), Weather(0.3, 2), Weather(0.8, 10)])
        count = random.randint(2, bench.config.contexts)
        placed = bench.place(*(any_wish(small(bench)) for _ in range(count)))
        holds = [random.choice([0, HOLD]) for _ in placed[:-1]] + [0]
        random_core = random.sample(range(bench.config.cores), count)
        for job, hold, core in zip(placed, holds, random_core, strict=True):
            await bench.submit(job, core=core, hold=hold)
        for ticket in list(bench.queue):
            await bench.end(ticket)
        assert bench.finished == len(bench.events.pulses)


async def run_queue(bench: Bench, placed: Sequence[Placed], hold: int = 0) -> None:
    """Queue jobs, all at once or as fast as a core can, and check each."""
    for job in placed[:-1]:
        await bench.submit(job, hold=hold)
    await bench.submit(placed[-1])
    for ticket in list(bench.queue):
        await bench.end(ticket)


@cocotb.test()
async def a_queued_job_reads_what_the_one_before_it_stores(dut: Any) -> None:
    bench = await Bench.start(dut)
    for weather, hold in product((Weather(), Weather(0.5, 8)), (0, HOLD)):
        bench.port.weather = weather
        for trans in ((False, False, False), (True, False, True), (False, True, True)):
            wish = Wish(5, 5, 5, GEMM, offsets=(1, 2, 3, 4), trans=trans)
            first, second, third = bench.place(wish, wish, wish)
            chain = [
                first,
                Placed(replace(second.job, x=first.job.z), first.kept + second.kept),
                Placed(replace(third.job, w=first.job.z, x=second.job.z), first.kept + second.kept + third.kept),
            ]
            await run_queue(bench, chain, hold)


@cocotb.test()
async def a_queued_job_may_overwrite_what_the_one_before_it_reads(dut: Any) -> None:
    bench = await Bench.start(dut)
    for weather, hold, name in product((Weather(), Weather(0.5, 8)), (0, HOLD), "xw"):
        bench.port.weather = weather
        first, second = bench.place(Wish(5, 5, 5, GEMM), Wish(5, 3, 5, MATMUL))
        overwriting = replace(second.job, z=getattr(first.job, name))
        await run_queue(bench, [first, Placed(overwriting, first.kept + second.kept)], hold)


@cocotb.test()
async def queued_jobs_accumulate_upon_one_matrix(dut: Any) -> None:
    bench = await Bench.start(dut)
    for weather, hold in product((Weather(), Weather(0.5, 8)), (0, HOLD)):
        bench.port.weather = weather
        first, *others = bench.place(*[Wish(5, 3, 9, GEMM)] * bench.config.contexts)
        kept = tuple(array for job in (first, *others) for array in job.kept)
        chain = [first, *(Placed(replace(job.job, y=first.job.z, z=first.job.z), kept) for job in others)]
        await run_queue(bench, chain, hold)


@cocotb.test()
async def a_part_of_a_result_is_read_only_when_it_is_stored(dut: Any) -> None:
    bench = await Bench.start(dut)
    first, second = bench.place(Wish(5, 3, 9, GEMM), Wish(2, 4, 3, GEMM))
    z = first.job.z
    part = replace(z, address=z.address + z.stride + 2 * z.format.bytes, rows=2, cols=4, stride=2 * z.stride)
    for hold in (0, HOLD):
        await run_queue(bench, [first, Placed(replace(second.job, x=part), first.kept + second.kept)], hold)


@cocotb.test()
async def the_second_of_two_equal_jobs_costs_its_tiles_only(dut: Any) -> None:
    bench = await Bench.start(dut)
    config = bench.config
    wish = Wish(2 * config.rows, 32 * config.row_len, 2 * config.tile_cols, GEMM, y_place=YPlace.SEPARATE)
    for hold in (0, HOLD):
        first, second = bench.place(wish, wish)
        await run_queue(bench, [first, second], hold)
        counted = bench.batch[1].counted
        assert counted is not None
        assert counted[0] == 2 * 2 * 32 * config.tile_cols
