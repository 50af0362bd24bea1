# SPDX-License-Identifier: Apache-2.0
"""What each stream of a job asks for, as Python loops over the matrices; and the order of the streams."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

X, W, Y, Z = range(4)
FP16, BF16 = 1, 3
ADDRESS_SPACE = 1 << 32


@dataclass(frozen=True, slots=True)
class Size:
    """The parameters of the accelerator that the sequencers see."""

    rows: int
    tile_cols: int
    chunk_elems: int
    x_chunks: int
    w_ahead: int
    port_bytes: int


@dataclass(frozen=True, slots=True)
class Operand:
    """A matrix in memory; `stride` in bytes, `code` of its format."""

    addr: int
    stride: int
    code: int

    @property
    def elem_bytes(self) -> int:
        """Bytes of an element."""
        return 2 if self.code in (FP16, BF16) else 1

    def place(self, row: int, col: int) -> int:
        """The address of an element."""
        return (self.addr + row * self.stride + col * self.elem_bytes) % ADDRESS_SPACE


@dataclass(frozen=True, slots=True)
class Job:
    """Sizes, and the operands in the order of the streams."""

    m: int
    n: int
    k: int
    operands: tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class Beat:
    """One beat: what it asks for, where it belongs, and whether it is the first or last of its group.

    A group is what a place of the buffer is needed for: a chunk of X, a beat of W, a tile of Y or Z.
    """

    addr: int
    elems: int
    code: int
    row: int
    unit: int
    last: bool
    begins: bool
    ends: bool


def beats(stream: int, job: Job, size: Size) -> list[Beat]:
    """All beats of a stream, in the order of asking."""
    found: list[Beat] = []
    for block in range(0, job.m, size.rows):
        rows = min(size.rows, job.m - block)
        for tile in range(0, job.k, size.tile_cols):
            cols = min(size.tile_cols, job.k - tile)
            match stream:
                case stream if stream == X:
                    for chunk in range(0, job.n, size.chunk_elems):
                        elems = min(size.chunk_elems, job.n - chunk)
                        found += _group(job.operands[X], size, range(block, block + rows), chunk, elems)
                case stream if stream == W:
                    for n in range(job.n):
                        found += _row_of_w(job.operands[W], size, n, tile, cols)
                case _:
                    found += _group(job.operands[stream], size, range(block, block + rows), tile, cols)
    if stream == Z:
        found = [_with_last(beat, number == len(found)) for number, beat in enumerate(found, 1)]
    return found


def _row(operand: Operand, size: Size, row: int, col: int, elems: int) -> Iterator[tuple[int, int, int]]:
    """The beats of a part of a stored row: address, elements, unit."""
    carried = size.port_bytes // operand.elem_bytes
    for number, done in enumerate(range(0, elems, carried)):
        yield operand.place(row, col + done), min(carried, elems - done), number * 2 // operand.elem_bytes


def _group(operand: Operand, size: Size, rows: range, col: int, elems: int) -> Iterator[Beat]:
    """The beats of neighbouring rows that wait for one place of the buffer."""
    places = [(row - rows.start, *beat) for row in rows for beat in _row(operand, size, row, col, elems)]
    for number, (row, addr, count, unit) in enumerate(places, 1):
        ends = number == len(places)
        yield Beat(addr, count, operand.code, row, unit, ends, begins=number == 1, ends=ends)


def _row_of_w(operand: Operand, size: Size, n: int, col: int, elems: int) -> Iterator[Beat]:
    """The beats of a row of W, each of which needs a place of its own."""
    for beat in _group(operand, size, range(n, n + 1), col, elems):
        yield Beat(beat.addr, beat.elems, beat.code, 0, beat.unit, beat.last, begins=True, ends=True)


def _with_last(beat: Beat, last: bool) -> Beat:
    return Beat(beat.addr, beat.elems, beat.code, beat.row, beat.unit, last, beat.begins, beat.ends)
