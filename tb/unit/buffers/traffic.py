# SPDX-License-Identifier: Apache-2.0
"""What the benches of the buffers share: the parameters of the top, matrices of random codes, beats of a patch."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from dataclasses import dataclass

from tb.pins import join, pack

ELEM_BITS = 16
PLACE = (2, 2, 2, 7, 5, 1, 8, 1)  # context, split, group, row, unit, along, lines, last
GROUPS = (1, 2, 4)
JOBS = int(os.environ["JOBS"])

Matrix = list[list[int]]


@dataclass(frozen=True, slots=True)
class Size:
    """The parameters of the simulated top: rows and columns of a tile, lines of a chunk, chunks, elements of a unit."""

    rows: int
    cols: int
    groups: int
    transposes: bool
    x_lines: int
    x_chunks: int
    w_lines: int
    w_chunks: int
    unit: int

    @classmethod
    def of_the_top(cls) -> Size:
        """Read them from the environment."""
        return cls(
            rows=int(os.environ["NUMROWS"]),
            cols=int(os.environ["TILECOLS"]),
            groups=int(os.environ["ROWGROUPS"]),
            transposes=bool(int(os.environ["TRANSPOSES"])),
            x_lines=int(os.environ["XCHUNKLINES"]),
            x_chunks=int(os.environ["XCHUNKS"]),
            w_lines=int(os.environ["WCHUNKLINES"]),
            w_chunks=int(os.environ["WCHUNKS"]),
            unit=int(os.environ["PORTWIDTH"]) // ELEM_BITS,
        )


@dataclass(frozen=True, slots=True)
class Beat:
    """Neighbouring elements of a stored row, and their place in the patch."""

    split: int
    group: int
    row: int
    unit: int
    along: bool
    values: tuple[int, ...]
    lines: int
    last: bool

    @property
    def place(self) -> int:
        """The place as it is packed; the context means nothing to a buffer."""
        fields = (self.split, self.group, self.row, self.unit, self.along, self.lines, self.last)
        return join((random.getrandbits(PLACE[0]), *fields), PLACE)

    def pins(self, lanes: int) -> dict[str, int]:
        """The inputs that carry it; what lies in the other lanes has no meaning."""
        return {"place": self.place} | lane_pins(self.values, lanes)


def lane_pins(values: Sequence[int], lanes: int) -> dict[str, int]:
    """The elements of a beat; what lies in the other lanes has no meaning."""
    others = matrix(1, lanes - len(values))[0]
    return {"elems": len(values), "elem": pack((*values, *others), ELEM_BITS)}


def matrix(rows: int, cols: int) -> Matrix:
    """Random codes."""
    return [[random.getrandbits(ELEM_BITS) for _ in range(cols)] for _ in range(rows)]


def beats(groups: Sequence[Matrix], along: bool, unit: int, byte_format: bool) -> list[Beat]:
    """The beats of a patch that a buffer holds as these groups of lines.

    Stored along the lines, each line comes in one piece, group by group; else each group has its columns across the
    lines. A beat of bytes carries two units. Marked are the lines that are complete with a beat, and the last beat.
    """
    carried = (2 if byte_format else 1) * unit
    split = GROUPS.index(len(groups))
    if along:
        pieces = [(group, row, lines[row]) for row in range(len(groups[0])) for group, lines in enumerate(groups)]
    else:
        pieces = [
            (group, row, list(column))
            for group, lines in enumerate(groups)
            for row, column in enumerate(zip(*lines, strict=True))
        ]
    found: list[Beat] = []
    for number, (group, row, values) in enumerate(pieces, 1):
        for done in range(0, len(values), carried):
            piece_ends = done + carried >= len(values)
            last = piece_ends and number == len(pieces)
            complete = int(piece_ends and group == len(groups) - 1) if along else len(groups[0]) * last
            beat = tuple(values[done : done + carried])
            found.append(Beat(split, group, row, done // unit, along, beat, complete, last))
    return found
