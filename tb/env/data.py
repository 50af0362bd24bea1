# SPDX-License-Identifier: Apache-2.0
"""Single jobs: every bit, flag, byte of memory and (with a memory that never stalls) cycle is compared."""

import random
from dataclasses import replace
from itertools import product

from redmule.fp.formats import FORMATS
from redmule.fp.ops import GEMM, MATMUL, OPS
from tb.agents.memory_agent import Weather
from tb.campaigns import data
from tb.env.jobs import MOST_OFFSET, SOURCES, Rows, Wish, YPlace, any_wish
from tb.env.sequence import JobSequence, scenario


@scenario
async def one_job_gives_the_golden_bits_in_the_cycles_of_the_law(jobs: JobSequence) -> None:
    item = await jobs.run(Wish(3, 5, 7, GEMM))
    assert item.exact
    assert len(jobs.pulses) == 1


@scenario
async def every_small_shape_is_right(jobs: JobSequence) -> None:
    for m, n, k in product(*(range(1, size + 1) for size in jobs.small())):
        source = random.choice([data.numbers, data.sprinkled])
        await jobs.run(replace(any_wish((1, 1, 1)), m=m, n=n, k=k, data=source))


@scenario
async def every_op_is_right_on_data_of_every_kind(jobs: JobSequence) -> None:
    for op, source in product(OPS, dict.fromkeys(SOURCES)):
        await jobs.run(replace(any_wish(jobs.small()), op=op, data=source))


@scenario
async def every_format_is_right_in_every_place(jobs: JobSequence) -> None:
    for first, step in product(range(len(FORMATS)), repeat=2):
        x, w, y, z = (FORMATS[(first + place * step) % len(FORMATS)] for place in range(4))
        y_place = random.choice([YPlace.SEPARATE, YPlace.BROADCAST])
        await jobs.run(replace(any_wish(jobs.small()), formats=(x, w, y, z), y_place=y_place))


@scenario
async def every_alignment_is_right(jobs: JobSequence) -> None:
    for offset in range(MOST_OFFSET + 1):
        offsets = tuple((offset * factor) % (MOST_OFFSET + 1) for factor in (1, 3, 7, 9))
        wish = any_wish(jobs.small())
        await jobs.run(replace(wish, offsets=(offsets[0], offsets[1], offsets[2], offsets[3])))


@scenario
async def every_way_to_lay_rows_and_y_is_right(jobs: JobSequence) -> None:
    for loads, stores, y_place, saturate in product(Rows, (Rows.DENSE, Rows.PADDED), YPlace, (False, True)):
        wish = replace(any_wish(jobs.small()), rows=(loads, stores), y_place=y_place, saturate=saturate, op=GEMM)
        await jobs.run(replace(wish, formats=(*wish.formats[:2], wish.formats[3], wish.formats[3])))


@scenario
async def every_way_to_store_the_matrices_is_right(jobs: JobSequence) -> None:
    coin = (False, True)
    for trans, y_place in product(product(coin, coin, coin), YPlace):
        for _ in range(3):
            wish = replace(any_wish(jobs.small()), trans=trans, y_place=y_place, op=GEMM)
            await jobs.run(replace(wish, formats=(*wish.formats[:2], wish.formats[3], wish.formats[3])))


@scenario
async def every_number_of_row_groups_is_right(jobs: JobSequence) -> None:
    config = jobs.config
    for rows, tiles, inner in product(range(1, config.rows + 1), range(1, 7), (1, 2 * config.row_len + 1)):
        for blocks in (0, 1):
            k = random.randint((tiles - 1) * config.tile_cols + 1, tiles * config.tile_cols)
            await jobs.run(replace(any_wish((1, 1, 1)), m=blocks * config.rows + rows, n=inner, k=k))


@scenario
async def saturation_replaces_overflow_only(jobs: JobSequence) -> None:
    for fmt, saturate in product(FORMATS, (False, True)):
        for source in (data.finite, data.specials):
            wish = replace(any_wish(jobs.small()), op=MATMUL, saturate=saturate, data=source)
            await jobs.run(replace(wish, formats=(*wish.formats[:3], fmt), y_place=YPlace.SEPARATE))


@scenario
async def no_pattern_of_grants_and_delays_changes_a_bit(jobs: JobSequence) -> None:
    for stall, burst, latency in product((0.0, 0.1, 0.5, 0.9), (1, 7), (0, 1, 3, 20)):
        if stall or burst == 1:
            await jobs.weather(Weather(stall, burst, latency))
            await jobs.run(any_wish(jobs.small()))


@scenario
async def random_jobs_are_right(jobs: JobSequence) -> None:
    for _ in range(40):
        await jobs.run(any_wish(jobs.small()))
