# SPDX-License-Identifier: Apache-2.0
"""Cocotb test of the X buffer: chunks come in by rows and leave by columns, in order, whatever the pace."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass
from typing import Any

import cocotb

from tb.pins import Pins, unpack
from tb.unit.buffers.traffic import ELEM_BITS, JOBS, Beat, Size, beats, matrix

OUTPUTS = ("x_col_valid", "x_col", "chunk_free", "chunk_left")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of X in the rows of its tile, and the columns left in its chunk."""

    values: tuple[int, ...]
    left: int


def _job(size: Size) -> tuple[int, deque[tuple[Beat, bool]], deque[Column]]:
    """N, the beats (and whether a chunk begins with them), and the columns of a job of a few tiles."""
    n = random.randint(1, random.choice([1, size.chunk, 3 * size.chunk]))
    arriving: deque[tuple[Beat, bool]] = deque()
    columns: deque[Column] = deque()
    byte_format = random.random() < 0.5
    for _ in range(random.randint(1, size.x_chunks + 1)):
        rows = random.randint(1, size.rows)
        for chunk in range(0, n, size.chunk):
            values = matrix(rows, min(size.chunk, n - chunk))
            arriving += [(beat, number == 0) for number, beat in enumerate(beats(values, size.unit, byte_format))]
            columns += [Column(col, len(values[0]) - e) for e, col in enumerate(zip(*values, strict=True))]
    return n, arriving, columns


@cocotb.test()
async def x_chunks_leave_by_columns_as_they_came_by_rows(dut: Any) -> None:
    size = Size.of_the_top()
    pins = Pins(dut, OUTPUTS)
    await pins.start()
    cleared = full = 0
    for number in range(2 * JOBS):
        n, arriving, columns = _job(size)
        stop = random.randrange(40) if number % 3 == 1 else None
        load_pace, take_pace = random.choice([(1.0, 1.0), (0.3, 1.0), (1.0, 0.2), (0.6, 0.6)])
        reserved = complete = cycles = 0
        while columns:
            can_load = bool(arriving) and (reserved < size.x_chunks or not arriving[0][1])
            full += bool(arriving) and not can_load
            load = can_load and random.random() < load_pace
            take = complete > 0 and random.random() < take_pace
            clear = cycles == stop
            beat_inputs = arriving[0][0].pins(2 * size.unit) if load else {}
            got = await pins.cycle(clear=clear, n=n, x_valid=load, x_take=take, **beat_inputs)
            column = columns[0]
            assert got["x_col_valid"] == (complete > 0)
            assert got["chunk_left"] == column.left
            assert got["chunk_free"] == (take and column.left == 1)
            if complete:
                assert tuple(unpack(got["x_col"], ELEM_BITS, len(column.values))) == column.values
            if clear:
                cleared += 1
                break
            if load:
                beat, begins = arriving.popleft()
                reserved += begins
                complete += beat.last
            if take:
                columns.popleft()
                reserved -= column.left == 1
                complete -= column.left == 1
            cycles += 1
    assert cleared
    assert full
