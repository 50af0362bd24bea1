# SPDX-License-Identifier: Apache-2.0
"""What the benches of the buffers share: the parameters of the top, matrices of random codes, beats of a row."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from dataclasses import dataclass

from tb.pins import pack

ELEM_BITS = 16
JOBS = int(os.environ["JOBS"])


@dataclass(frozen=True, slots=True)
class Size:
    """The parameters of the simulated top."""

    rows: int
    row_len: int
    cols: int
    chunk: int
    x_chunks: int
    w_ahead: int
    unit: int

    @classmethod
    def of_the_top(cls) -> Size:
        """Read them from the environment."""
        return cls(
            rows=int(os.environ["NUMROWS"]),
            row_len=int(os.environ["ROWLEN"]),
            cols=int(os.environ["TILECOLS"]),
            chunk=int(os.environ["CHUNKELEMS"]),
            x_chunks=int(os.environ["XCHUNKS"]),
            w_ahead=int(os.environ["WAHEAD"]),
            unit=int(os.environ["PORTWIDTH"]) // ELEM_BITS,
        )


@dataclass(frozen=True, slots=True)
class Beat:
    """Neighbouring elements of a row, as the port hands them on."""

    row: int
    unit: int
    values: tuple[int, ...]
    last: bool

    def pins(self, lanes: int) -> dict[str, int]:
        """The inputs that carry it; what lies in the other lanes has no meaning."""
        others = matrix(1, lanes - len(self.values))[0]
        elem = pack((*self.values, *others), ELEM_BITS)
        return {
            "row": self.row,
            "unit": self.unit,
            "last": self.last,
            "elems": len(self.values),
            "elem": elem,
        }


def matrix(rows: int, cols: int) -> list[list[int]]:
    """Random codes."""
    return [[random.getrandbits(ELEM_BITS) for _ in range(cols)] for _ in range(rows)]


def beats(rows: Sequence[Sequence[int]], unit: int, byte_format: bool) -> list[Beat]:
    """The beats of some rows, the last one marked; a beat of bytes carries two units."""
    units = 2 if byte_format else 1
    found = [
        (row, done // unit, tuple(values[done : done + units * unit]))
        for row, values in enumerate(rows)
        for done in range(0, len(values), units * unit)
    ]
    return [Beat(*beat, last=number == len(found)) for number, beat in enumerate(found, 1)]
