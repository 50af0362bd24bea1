# SPDX-License-Identifier: Apache-2.0
"""Cocotb tests of the line buffers of X and W: chunks come in by stored rows and leave by lines, at any pace."""

from __future__ import annotations

import itertools
import random
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import cocotb

from tb.pins import Pins, unpack
from tb.unit.buffers.traffic import ELEM_BITS, GROUPS, JOBS, Beat, Matrix, Size, beats, matrix


@dataclass(frozen=True, slots=True)
class Buffer:
    """One of the two: what it is called, what it holds, in which directions it is filled, whether lines may stay."""

    name: str
    line_elems: int
    chunk_lines: int
    chunks: int
    groups: int
    along: tuple[bool, ...]
    keeps: bool
    unit: int

    @classmethod
    def of_x(cls, size: Size) -> Buffer:
        """Lines are columns of X, so rows of X lie across them; they may stay for the next tile of the row block."""
        along = (False, True) if size.transposes else (False,)
        return cls("x", size.rows, size.x_lines, size.x_chunks, 1, along, True, size.unit)

    @classmethod
    def of_w(cls, size: Size) -> Buffer:
        """Lines are rows of W."""
        along = (False, True) if size.transposes else (True,)
        return cls("w", size.cols, size.w_lines, size.w_chunks, size.groups, along, False, size.unit)


@dataclass(frozen=True, slots=True)
class Line:
    """A line in the parts of all groups, in the order of the array.

    With it: N of its tile, the lines that came before it, whether its chunk ends, whether its tile's lines are kept.
    """

    values: Matrix
    n: int
    number: int
    last: bool
    keep: bool


@dataclass(slots=True)
class Stream:
    """The beats to come (each with whether a chunk begins with it) and the lines that they bring, of some jobs."""

    buffer: Buffer
    arriving: deque[tuple[Beat, bool]] = field(default_factory=deque)
    lines: deque[Line] = field(default_factory=deque)
    coming: int = 0  # lines that the beats bring

    def add_job(self) -> None:
        """A job of a few tiles: any N, direction and format; each tile in any number of groups, taken once or more."""
        buffer = self.buffer
        n = random.randint(1, random.choice([1, buffer.chunk_lines, (buffer.chunks + 1) * buffer.chunk_lines]))
        may_stay = buffer.keeps and n <= buffer.chunks * buffer.chunk_lines
        along, byte_format = random.choice(buffer.along), random.random() < 0.5
        for _ in range(random.randint(1, buffer.chunks)):
            times = random.randint(1, 3) if may_stay else 1
            groups = random.choice([groups for groups in GROUPS if groups <= buffer.groups])
            elems = [buffer.line_elems] * (groups - 1) + [random.randint(1, buffer.line_elems)]
            tile: list[tuple[Matrix, bool]] = []  # lines, and whether their chunk ends
            for done in range(0, n, buffer.chunk_lines):
                size = min(buffer.chunk_lines, n - done)
                values = [matrix(size, count) for count in elems]
                patch = beats(values, along, buffer.unit, byte_format)
                self.arriving += [(beat, number == 0) for number, beat in enumerate(patch)]
                tile += [(list(line), number == size) for number, line in enumerate(zip(*values, strict=True), 1)]
            for time in range(1, times + 1):
                self.lines += [
                    Line(line, n, self.coming + number, last, keep=time < times)
                    for number, (line, last) in enumerate(tile)
                ]
            self.coming += n


@dataclass(slots=True)
class Bench:
    """A buffer with its loader and the array: chunks reserved, lines that have come."""

    pins: Pins
    stream: Stream
    reserved: int = 0
    come: int = 0
    full: int = 0  # cycles in which the loader waited for a place
    taken: int = 0
    again: int = 0
    midway: bool = False  # in a chunk that comes

    async def cycle(self, load_pace: float, take_pace: float, clear: bool) -> None:
        """One cycle; the next line is the one that the model has next."""
        buffer, arriving, lines = self.stream.buffer, self.stream.arriving, self.stream.lines
        can_load = bool(arriving) and (self.reserved < buffer.chunks or not arriving[0][1])
        self.full += bool(arriving) and not can_load
        load = can_load and random.random() < load_pace
        line = lines[0]
        there = line.number < self.come
        take = there and random.random() < take_pace
        inputs = {"clear": clear, "n": line.n, f"{buffer.name}_valid": load, f"{buffer.name}_take": take}
        if buffer.keeps:
            inputs[f"{buffer.name}_keep"] = line.keep
        got = await self.pins.cycle(**inputs, **(arriving[0][0].pins(2 * buffer.unit) if load else {}))
        shown = [got[f"{buffer.name}_{name}"] for name in ("line_valid", "line_gone", "chunk_free")]
        assert shown == [there, take and not line.keep, take and line.last and not line.keep]
        if there:
            seen = unpack(got[f"{buffer.name}_line"], ELEM_BITS, buffer.groups * buffer.line_elems)
            for group, values in enumerate(line.values):
                first = group * buffer.line_elems
                assert seen[first : first + len(values)] == values, f"group {group} of {len(line.values)}"
        if buffer.name == "w":
            self._compare_late(got, arriving[0][0] if load else None)
        if load:
            beat, begins = arriving.popleft()
            self.midway = not beat.last
            self.reserved += begins
            self.come += beat.lines
        if take:
            lines.popleft()
            self.reserved -= line.last and not line.keep
            self.taken += 1
            self.again += line.keep

    def _compare_late(self, got: Mapping[str, int], beat: Beat | None) -> None:
        """A beat across the lines shows what it brings to each, and whether it is the chunk being read that comes."""
        unit, lines = self.stream.buffer.unit, self.stream.buffer.chunk_lines
        assert got["w_filling"] == (self.midway and self.reserved == 1)
        brings = dict(enumerate(beat.values, beat.unit * unit)) if beat and not beat.along else {}
        hits = unpack(got["w_late_hit"], 1, lines)
        assert [line for line, hit in enumerate(hits) if hit] == list(brings)
        elems = unpack(got["w_late_elem"], ELEM_BITS, lines)
        assert [elems[line] for line in brings] == list(brings.values())


async def _run(dut: Any, buffer: Buffer) -> None:
    """Streams of jobs that follow each other at once; every third stream is cleared in some cycle."""
    late = ("filling", "late_hit", "late_elem") if buffer.name == "w" else ()
    names = ("line_valid", "line", "line_gone", "chunk_free", *late)
    pins = Pins(dut, tuple(f"{buffer.name}_{name}" for name in names))
    await pins.start()
    cleared = full = taken = again = 0
    for number in range(JOBS):
        stream = Stream(buffer)
        for _ in range(random.randint(1, 3)):
            stream.add_job()
        stop = random.randrange(60) if number % 3 == 1 else None
        load_pace, take_pace = random.choice([(1.0, 1.0), (0.3, 1.0), (1.0, 0.05), (0.6, 0.6)])
        bench = Bench(pins, stream)
        for cycle in itertools.count():
            await bench.cycle(load_pace, take_pace, clear=cycle == stop)
            if cycle == stop or not stream.lines:
                break
        cleared += cycle == stop
        full, taken, again = full + bench.full, taken + bench.taken, again + bench.again
    assert cleared
    assert full
    assert taken > JOBS
    assert again or not buffer.keeps


@cocotb.test()
async def lines_of_x_leave_as_they_came_along_or_across(dut: Any) -> None:
    await _run(dut, Buffer.of_x(Size.of_the_top()))


@cocotb.test()
async def lines_of_w_leave_for_all_groups_at_once(dut: Any) -> None:
    await _run(dut, Buffer.of_w(Size.of_the_top()))
