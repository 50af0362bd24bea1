# SPDX-License-Identifier: Apache-2.0
"""Cocotb test of the W buffer: every column of the array sees the elements of its rows, one a step."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass
from typing import Any

import cocotb

from tb.pins import Pins, unpack
from tb.unit.buffers.traffic import ELEM_BITS, JOBS, Beat, Size, beats, matrix

OUTPUTS = ("beat_free", "row_ready", "row_done", "loaded", "w")


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the array: the column that turned last, how many steps ago, and its new row (if it has one)."""

    column: int
    phase: int
    row: list[int] | None


def _job(size: Size) -> tuple[deque[Beat], deque[Step]]:
    """The beats and the steps of a job of a few tiles."""
    n = random.randint(1, 2 * size.row_len + 1)
    byte_format = random.random() < 0.5
    phases = size.cols // size.row_len
    arriving: deque[Beat] = deque()
    steps: deque[Step] = deque()
    for _ in range(random.randint(1, 2)):
        rows = matrix(n, random.randint(1, size.cols))
        for row in rows:
            arriving += beats([row], size.unit, byte_format)
        for row_number in range(-(-n // size.row_len) * size.row_len):
            row_or_none = rows[row_number] if row_number < n else None
            steps += [Step(row_number % size.row_len, phase, row_or_none) for phase in range(phases)]
    steps += [Step(0, size.cols, None)] * size.cols  # the array drains: nothing turns, the last row is used up
    return arriving, steps


class Columns:
    """What the columns of the array have to see."""

    def __init__(self, size: Size) -> None:
        self.rows: list[list[int] | None] = [None] * size.row_len
        self.places = [0] * size.row_len

    def compare(self, bits: int) -> int:
        """Every column with a live element sees it; returns how many do."""
        live = 0
        for h, code in enumerate(unpack(bits, ELEM_BITS, len(self.rows))):
            row, place = self.rows[h], self.places[h]
            if row is not None and place < len(row):
                assert code == row[place], f"column {h} sees {code:#06x} as element {place}, not {row[place]:#06x}"
                live += 1
        return live

    def step(self, step: Step) -> None:
        """All columns go to their next elements, and one to its next row."""
        self.places = [place + 1 for place in self.places]
        if step.phase == 0:
            self.rows[step.column], self.places[step.column] = step.row, 0


@cocotb.test()
async def every_column_sees_its_rows_of_w_in_step(dut: Any) -> None:
    size = Size.of_the_top()
    pins = Pins(dut, OUTPUTS)
    await pins.start()
    cleared = compared = partly = 0
    for number in range(JOBS):
        arriving, steps = _job(size)
        columns = Columns(size)
        held: deque[Beat] = deque()
        done, loaded, begun, cycles = True, 0, False, 0
        stop = random.randrange(40) if number % 3 == 1 else None
        load_pace, step_pace = random.choice([(1.0, 1.0), (0.3, 1.0), (1.0, 0.4), (0.6, 0.6)])
        while steps:
            step = steps[0]
            allowed = done and (bool(held) or step.row is None) if step.phase == 0 else done or step.phase < loaded
            go = allowed and random.random() < step_pace
            begin = go and step.phase == 0 and step.row is not None
            load = bool(arriving) and len(held) < size.w_ahead and random.random() < load_pace
            clear = cycles == stop
            got = await pins.cycle(
                clear=clear,
                w_valid=load,
                begin=begin,
                step=go,
                turn=1 << step.column if go and step.phase == 0 else 0,
                **(arriving[0].pins(2 * size.unit) if load else {}),
            )
            beat_free = begin or (not done and bool(held))
            assert (got["row_ready"], got["row_done"]) == (done and bool(held), done)
            assert got["beat_free"] == beat_free
            assert not begun or got["loaded"] == loaded
            compared += columns.compare(got["w"])
            if clear:
                cleared += 1
                break
            if go:
                partly += step.phase > 0 and not done
                columns.step(steps.popleft())
            if beat_free:
                beat = held.popleft()
                begun, done = True, beat.last
                loaded = (0 if begin else loaded) + len(beat.values)
            if load:
                held.append(arriving.popleft())
            cycles += 1
    assert cleared
    assert compared > JOBS * size.cols
    assert partly or size.cols <= 2 * size.unit or size.cols == size.row_len
