# SPDX-License-Identifier: Apache-2.0
"""Single jobs: every bit, flag, byte of memory and (with a memory that never stalls) cycle is compared."""

import random
from dataclasses import replace
from itertools import product
from typing import Any

import cocotb

from redmule.fp.formats import FORMATS
from redmule.fp.ops import GEMM, MATMUL, OPS
from tb.accel.bench import Bench
from tb.accel.jobs import MOST_OFFSET, Rows, Wish, YPlace, any_wish
from tb.agents.memory_port import Weather


def small(bench: Bench) -> tuple[int, int, int]:
    """Sizes up to which every leftover of a row block, a pass, an X chunk and a tile occurs."""
    config = bench.config
    return 2 * config.rows + 1, 2 * max(config.row_len, config.port_elems) + 1, 2 * config.tile_cols + 1


@cocotb.test()
async def one_job_gives_the_golden_bits_in_the_cycles_of_the_law(dut: Any) -> None:
    bench = await Bench.start(dut)
    ticket = await bench.run(Wish(3, 5, 7, GEMM))
    assert ticket.ended is not None
    assert len(bench.events.pulses) == 1


@cocotb.test()
async def every_small_shape_is_right(dut: Any) -> None:
    bench = await Bench.start(dut)
    for m, n, k in product(*(range(1, size + 1) for size in small(bench))):
        await bench.run(replace(any_wish((1, 1, 1)), m=m, n=n, k=k, wild=random.choice([0, 0.02])))


@cocotb.test()
async def every_op_is_right_on_any_codes(dut: Any) -> None:
    bench = await Bench.start(dut)
    for op, wild in product(OPS, (0.0, 0.1, 1.0)):
        await bench.run(replace(any_wish(small(bench)), op=op, wild=wild))


@cocotb.test()
async def every_format_is_right_in_every_place(dut: Any) -> None:
    bench = await Bench.start(dut)
    for first, step in product(range(len(FORMATS)), repeat=2):
        x, w, y, z = (FORMATS[(first + place * step) % len(FORMATS)] for place in range(4))
        y_place = random.choice([YPlace.SEPARATE, YPlace.BROADCAST])
        await bench.run(replace(any_wish(small(bench)), formats=(x, w, y, z), y_place=y_place))


@cocotb.test()
async def every_alignment_is_right(dut: Any) -> None:
    bench = await Bench.start(dut)
    for offset in range(MOST_OFFSET + 1):
        offsets = tuple((offset * factor) % (MOST_OFFSET + 1) for factor in (1, 3, 7, 9))
        wish = any_wish(small(bench))
        await bench.run(replace(wish, offsets=(offsets[0], offsets[1], offsets[2], offsets[3])))


@cocotb.test()
async def every_way_to_lay_rows_and_y_is_right(dut: Any) -> None:
    bench = await Bench.start(dut)
    for loads, stores, y_place, saturate in product(Rows, (Rows.DENSE, Rows.PADDED), YPlace, (False, True)):
        wish = replace(any_wish(small(bench)), rows=(loads, stores), y_place=y_place, saturate=saturate, op=GEMM)
        await bench.run(replace(wish, formats=(*wish.formats[:2], wish.formats[3], wish.formats[3])))


@cocotb.test()
async def every_way_to_store_the_matrices_is_right(dut: Any) -> None:
    bench = await Bench.start(dut)
    coin = (False, True)
    for trans, y_place in product(product(coin, coin, coin), YPlace):
        for _ in range(3):
            wish = replace(any_wish(small(bench)), trans=trans, y_place=y_place, op=GEMM)
            await bench.run(replace(wish, formats=(*wish.formats[:2], wish.formats[3], wish.formats[3])))


@cocotb.test()
async def every_number_of_row_groups_is_right(dut: Any) -> None:
    bench = await Bench.start(dut)
    config = bench.config
    for rows, tiles, inner in product(range(1, config.rows + 1), range(1, 7), (1, 2 * config.row_len + 1)):
        for blocks in (0, 1):
            k = random.randint((tiles - 1) * config.tile_cols + 1, tiles * config.tile_cols)
            await bench.run(replace(any_wish((1, 1, 1)), m=blocks * config.rows + rows, n=inner, k=k))


@cocotb.test()
async def saturation_replaces_overflow_only(dut: Any) -> None:
    bench = await Bench.start(dut)
    for fmt, saturate in product(FORMATS, (False, True)):
        wish = replace(any_wish(small(bench)), op=MATMUL, saturate=saturate, wild=0.5)
        await bench.run(replace(wish, formats=(*wish.formats[:3], fmt), y_place=YPlace.SEPARATE))


@cocotb.test()
async def no_pattern_of_grants_and_delays_changes_a_bit(dut: Any) -> None:
    bench = await Bench.start(dut)
    for stall, latency in product((0.0, 0.1, 0.5, 0.9), (0, 1, 3, 20)):
        bench.port.weather = Weather(stall, latency)
        for _ in range(2):
            await bench.run(any_wish(small(bench)))


@cocotb.test()
async def random_jobs_are_right(dut: Any) -> None:
    bench = await Bench.start(dut)
    for _ in range(40):
        await bench.run(any_wish(small(bench)))
