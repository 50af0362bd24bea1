# SPDX-License-Identifier: Apache-2.0
"""Queued jobs: in order, each with the bits it has alone, and the event to whom it belongs."""

import random
from dataclasses import replace
from itertools import product

from redmule.fp.ops import GEMM, MATMUL
from redmule.regs import Offset, RunningJob, Status
from tb.agents.memory_agent import Weather
from tb.env.driver import ALL_BUSY, OTHER_WRITES
from tb.env.jobs import Placed, Wish, YPlace, any_wish
from tb.env.sequence import HOLD, JobSequence, scenario

ROUNDS = 12


@scenario
async def a_held_queue_starts_with_the_next_zero(jobs: JobSequence) -> None:
    placed = jobs.place(*(any_wish(jobs.small()) for _ in range(jobs.config.contexts)))
    held = [await jobs.submit(job, core=core, hold=HOLD) for core, job in enumerate(placed[:-1])]
    await jobs.idle(50)
    assert jobs.port.requests == 0
    assert not jobs.pulses
    busy = Status.unpack(await jobs.registers.read(Offset.STATUS))
    assert [busy.busy0, busy.busy1, busy.busy2, busy.busy3] == [1, 1, 1, 0]
    last = await jobs.submit(placed[-1], core=len(held))
    for item in (*held, last):
        await jobs.end(item)
    assert [pulse.core for pulse in jobs.pulses] == list(range(jobs.config.contexts))
    assert await jobs.registers.read(Offset.STATUS) == Status().pack()
    assert await jobs.registers.read(Offset.RUNNING_JOB) == RunningJob(last.context).pack()


@scenario
async def a_job_held_while_others_run_waits_for_the_next_zero(jobs: JobSequence) -> None:
    first, held, last = jobs.place(*(any_wish(jobs.small()) for _ in range(3)))
    running = await jobs.submit(first)
    waiting = await jobs.submit(held, core=1, hold=HOLD)
    await jobs.end(running)
    before = jobs.port.requests
    await jobs.idle(50)
    assert jobs.port.requests == before
    releasing = await jobs.submit(last, core=2)
    for item in (waiting, releasing):
        await jobs.end(item)


@scenario
async def acquire_says_why_there_is_no_context(jobs: JobSequence) -> None:
    placed = jobs.place(*(Wish(1, 1, 1, GEMM) for _ in range(jobs.config.contexts)))
    for job in placed:
        await jobs.submit(job, core=2, hold=HOLD)
    assert await jobs.registers.read(Offset.ACQUIRE, 1) == ALL_BUSY
    await jobs.clear(0)
    assert await jobs.registers.read(Offset.ACQUIRE, 1) == 0
    assert await jobs.registers.read(Offset.ACQUIRE, 2) == OTHER_WRITES
    assert await jobs.registers.read(Offset.ACQUIRE, 1) == 0


@scenario
async def random_queues_of_several_cores_give_the_bits_of_each_job_alone(jobs: JobSequence) -> None:
    for _ in range(ROUNDS):
        await jobs.weather(random.choice([Weather(), Weather(), Weather(0.3, latency=2), Weather(0.8, latency=10)]))
        count = random.randint(2, jobs.config.contexts)
        placed = jobs.place(*(any_wish(jobs.small()) for _ in range(count)))
        holds = [random.choice([0, HOLD]) for _ in placed[:-1]] + [0]
        random_core = random.sample(range(jobs.config.cores), count)
        plan = zip(placed, random_core, holds, strict=True)
        items = [await jobs.submit(job, core=core, hold=hold, gap=random.randrange(3)) for job, core, hold in plan]
        for item in items:
            await jobs.end(item)
        assert jobs.env.predictor.finished == len(jobs.pulses)


@scenario
async def a_queued_job_reads_what_the_one_before_it_stores(jobs: JobSequence) -> None:
    for weather, hold in product((Weather(), Weather(0.5, latency=8)), (0, HOLD)):
        await jobs.weather(weather)
        for trans in ((False, False, False), (True, False, True), (False, True, True)):
            wish = Wish(5, 5, 5, GEMM, offsets=(1, 2, 3, 4), trans=trans)
            first, second, third = jobs.place(wish, wish, wish)
            chain = [
                first,
                Placed(replace(second.job, x=first.job.z), first.kept + second.kept),
                Placed(replace(third.job, w=first.job.z, x=second.job.z), first.kept + second.kept + third.kept),
            ]
            await jobs.run_queue(chain, hold)


@scenario
async def a_queued_job_may_overwrite_what_the_one_before_it_reads(jobs: JobSequence) -> None:
    for weather, hold, name in product((Weather(), Weather(0.5, latency=8)), (0, HOLD), "xw"):
        await jobs.weather(weather)
        first, second = jobs.place(Wish(5, 5, 5, GEMM), Wish(5, 3, 5, MATMUL))
        overwriting = replace(second.job, z=getattr(first.job, name))
        await jobs.run_queue([first, Placed(overwriting, first.kept + second.kept)], hold)


@scenario
async def queued_jobs_accumulate_upon_one_matrix(jobs: JobSequence) -> None:
    for weather, hold in product((Weather(), Weather(0.5, latency=8)), (0, HOLD)):
        await jobs.weather(weather)
        first, *others = jobs.place(*[Wish(5, 3, 9, GEMM)] * jobs.config.contexts)
        kept = tuple(array for job in (first, *others) for array in job.kept)
        chain = [first, *(Placed(replace(job.job, y=first.job.z, z=first.job.z), kept) for job in others)]
        await jobs.run_queue(chain, hold)


@scenario
async def a_part_of_a_result_is_read_only_when_it_is_stored(jobs: JobSequence) -> None:
    first, second = jobs.place(Wish(5, 3, 9, GEMM), Wish(2, 4, 3, GEMM))
    z = first.job.z
    part = replace(z, address=z.address + z.stride + 2 * z.format.bytes, rows=2, cols=4, stride=2 * z.stride)
    for hold in (0, HOLD):
        await jobs.run_queue([first, Placed(replace(second.job, x=part), first.kept + second.kept)], hold)


@scenario
async def the_second_of_two_equal_jobs_costs_its_tiles_only(jobs: JobSequence) -> None:
    config = jobs.config
    wish = Wish(2 * config.rows, 32 * config.row_len, 2 * config.tile_cols, GEMM, y_place=YPlace.SEPARATE)
    for hold in (0, HOLD):
        first, second = jobs.place(wish, wish)
        _, behind = await jobs.run_queue([first, second], hold)
        assert behind.result is not None
        tiles = 2 * 2 * 32 * config.tile_cols  # its first column may enter while the first job's results leave
        assert tiles - config.tile_cols < behind.result.cycles <= tiles
