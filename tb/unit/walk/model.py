# SPDX-License-Identifier: Apache-2.0
"""What each stream of a job asks for, as Python loops over the matrices; and the order of the streams."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

X, W, Y, Z = range(4)
FP16, BF16 = 1, 3
ADDRESS_SPACE = 1 << 32
GROUPS = (1, 2, 4)


@dataclass(frozen=True, slots=True)
class Size:
    """The parameters of the accelerator that the sequencers see."""

    rows: int
    row_len: int
    tile_cols: int
    groups: int
    x_lines: int
    x_chunks: int
    w_lines: int
    w_chunks: int
    port_bytes: int
    contexts: int


@dataclass(frozen=True, slots=True)
class Operand:
    """A matrix in memory; `stride` in bytes, `code` of its format, `trans` if it is stored by columns."""

    addr: int
    stride: int
    code: int
    trans: bool

    @property
    def elem_bytes(self) -> int:
        """Bytes of an element."""
        return 2 if self.code in (FP16, BF16) else 1

    def place(self, row: int, col: int) -> int:
        """The address of an element."""
        outer, inner = (col, row) if self.trans else (row, col)
        return (self.addr + outer * self.stride + inner * self.elem_bytes) % ADDRESS_SPACE


@dataclass(frozen=True, slots=True)
class Job:
    """Sizes, and the operands in the order of the streams."""

    m: int
    n: int
    k: int
    operands: tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class Tiles:
    """Neighbouring tiles that the array works on at once, one in each group of its rows."""

    row: int
    rows: int
    col: int
    cols: int
    groups: int


@dataclass(frozen=True, slots=True)
class Beat:
    """One beat: what it asks for, where it belongs, and whether it is the first or last of its patch."""

    addr: int
    elems: int
    code: int
    split: int
    group: int
    row: int
    unit: int
    along: bool
    lines: int
    last: bool
    begins: bool
    ends: bool
    patch_lines: int  # lines of X or W that the patch brings


def tiles(m: int, k: int, rows: int, tile_cols: int, row_groups: int) -> Iterator[Tiles]:
    """The tiles of a job: blocks of rows, and in each the columns, in as many groups as the rule allows.

    The groups are the most of 1, 2 and 4 that the hardware has, that leave each the rows of the block, and for which
    there are tiles left.
    """
    for row in range(0, m, rows):
        live = min(rows, m - row)
        col = 0
        while col < k:
            left = -(-(k - col) // tile_cols)
            groups = max(g for g in GROUPS if g == 1 or (g <= row_groups and live <= rows // g and g <= left))
            cols = min(groups * tile_cols, k - col)
            yield Tiles(row, live, col, cols, groups)
            col += cols


def beats(stream: int, job: Job, size: Size) -> list[Beat]:
    """All beats of a stream, in the order of asking."""
    found: list[Beat] = []
    operand = job.operands[stream]
    x_stays = stream == X and job.n <= size.x_lines * size.x_chunks  # for all tiles of its row block
    for tile in tiles(job.m, 1 if x_stays else job.k, size.rows, size.tile_cols, size.groups):
        rows, cols = range(tile.row, tile.row + tile.rows), range(tile.col, tile.col + tile.cols)
        match stream:
            case 0:
                for n in _chunks(job.n, size.x_lines):
                    found += _patch(operand, size, rows, [n], along=operand.trans, lines=len(n))
            case 1:
                for n in _chunks(job.n, size.w_lines):
                    groups = _chunks(tile.cols, size.tile_cols, tile.col)
                    lines = list(_patch(operand, size, n, groups, along=not operand.trans, lines=len(n)))
                    found += _early(lines, size, len(n)) if operand.trans else lines
            case _:
                groups = _chunks(len(cols), size.tile_cols, tile.col)
                patch = _patch(operand, size, rows, groups, along=not operand.trans, lines=0)
                found += [replace(beat, lines=0) for beat in patch]
    if stream == Z:
        found = [replace(beat, last=number == len(found)) for number, beat in enumerate(found, 1)]
    return found


def _early(patch: list[Beat], size: Size, lines: int) -> list[Beat]:
    """Count lines of a W stored by columns as soon as what follows comes in time for the array.

    Of the lines of a pass, line l may be taken when the columns before (l + 1) * (P + 1) of the last group are there,
    if another line comes behind it, which waits for the next P + 1.
    """
    turn = size.tile_cols // size.row_len
    ends = {beat.row: number for number, beat in enumerate(patch) if beat.group == patch[-1].group}
    marks = [ends[(line + 1) * turn - 1] for line in range(lines - 1) if (line + 1) * turn - 1 in ends]
    early = [mark for mark in marks if mark < len(patch) - 1]
    counts = Counter(early) + Counter({len(patch) - 1: lines - len(early)})
    return [replace(beat, lines=counts[number]) for number, beat in enumerate(patch)]


def _chunks(total: int, step: int, first: int = 0) -> list[range]:
    """A range in parts of `step`, the last one with what is left."""
    return [range(first + done, first + min(done + step, total)) for done in range(0, total, step)]


def _patch(
    operand: Operand, size: Size, rows: range, groups: list[range], *, along: bool, lines: int
) -> Iterator[Beat]:
    """The beats of a part of a matrix, in groups of columns.

    Stored by rows: for each row, its groups. Stored by columns: for each group, its columns.
    """
    if operand.trans:
        pieces = [
            (g, c, operand.place(rows.start, col), len(rows)) for g, cs in enumerate(groups) for c, col in enumerate(cs)
        ]
    else:
        pieces = [
            (g, r, operand.place(row, cs.start), len(cs)) for r, row in enumerate(rows) for g, cs in enumerate(groups)
        ]
    carried = size.port_bytes // operand.elem_bytes
    for number, (group, row, addr, elems) in enumerate(pieces, 1):
        for unit, done in enumerate(range(0, elems, carried)):
            piece_ends = done + carried >= elems
            ends = piece_ends and number == len(pieces)
            yield Beat(
                addr=(addr + done * operand.elem_bytes) % ADDRESS_SPACE,
                elems=min(carried, elems - done),
                code=operand.code,
                split=GROUPS.index(len(groups)),
                group=group,
                row=row,
                unit=unit * 2 // operand.elem_bytes,
                along=along,
                lines=int(piece_ends and group == len(groups) - 1) if along else lines * ends,
                last=ends,
                begins=number == 1 and done == 0,
                ends=ends,
                patch_lines=lines,
            )
