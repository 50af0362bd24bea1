# SPDX-License-Identifier: Apache-2.0
"""Results that differ from the golden model's, as a table: where, what, and the last step that gave the right value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from redmule.config import Config
from redmule.fp import Format, Op, scalar
from redmule.fp.formats import FP16

MOST_ROWS = 16
"""Differences that a table shows."""


@dataclass(frozen=True, slots=True, eq=False)
class Codes:
    """The operands of a job as raw codes (uint8 or uint16): x (M, N), w (N, K), y (M, K) or None.

    `formats` are those of X, W, Y and Z.
    """

    op: Op
    x: NDArray[Any]
    w: NDArray[Any]
    y: NDArray[Any] | None
    formats: tuple[Format, Format, Format, Format]
    saturate: bool = False


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One element that is wrong.

    Attributes:
        tile: row block and column tile of the array.
        row, col: in Z (M x K).
        seen, expected: raw codes of the format of Z.
        fmt: this format.
        step: fp16 codes of the last step of the golden model: x, w, accumulator before, after; the cast to Z follows.
    """

    tile: tuple[int, int]
    row: int
    col: int
    seen: int
    expected: int
    fmt: Format
    step: tuple[int, int, int, int]


def last_step(codes: Codes, row: int, col: int) -> tuple[int, int, int, int]:
    """Return the operands x, w and the accumulator of the last step of an element, and what it gives: fp16 codes."""
    x_format, w_format, y_format, _ = codes.formats
    acc = 0 if codes.y is None else scalar.cast_in(int(codes.y[row, col]), y_format)[0]
    x = w = before = 0
    for x_code, w_code in zip(codes.x[row].tolist(), codes.w[:, col].tolist(), strict=True):
        x, w = scalar.cast_in(x_code, x_format)[0], scalar.cast_in(w_code, w_format)[0]
        before, acc = acc, scalar.step(codes.op, x, w, acc)[0]
    return x, w, before, acc


def mismatches(codes: Codes, seen: NDArray[Any], expected: NDArray[Any], config: Config) -> list[Mismatch]:
    """Return the first elements of Z that differ, row by row.

    Args:
        codes: operands of the job.
        seen: (M, K) raw codes of what is in memory.
        expected: the same of the golden model.
        config: the accelerator, for the tiles.
    """
    return [
        Mismatch(
            (row // config.rows, col // config.tile_cols),
            *(row, col, int(seen[row, col]), int(expected[row, col])),
            codes.formats[3],
            last_step(codes, row, col),
        )
        for row, col in np.argwhere(seen != expected)[:MOST_ROWS].tolist()
    ]


def table(found: Sequence[Mismatch], total: int | None = None) -> str:
    """Return differences as lines of text.

    Args:
        found: what `mismatches` returned.
        total: how many there are altogether.
    """
    head = ("tile", "row", "col", "is", "", "should be", "", "last step: x", "", "w", "", "acc", "", "result", "")
    rows = [head, *(_row(one) for one in found)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    if total is not None and total > len(found):
        lines.append(f"... and {total - len(found)} more")
    return "\n".join(lines)


def _row(one: Mismatch) -> tuple[str, ...]:
    values = [text for code in (one.seen, one.expected) for text in _code(code, one.fmt)]
    step = [text for code in one.step for text in _code(code, FP16)]
    return (f"{one.tile[0]},{one.tile[1]}", str(one.row), str(one.col), *values, *step)


def _code(code: int, fmt: Format) -> tuple[str, str]:
    """Return a code in hexadecimal and in decimal."""
    value = np.array([code], fmt.raw_dtype).view(fmt.dtype).astype(np.float64)[0]
    return f"{code:0{2 * fmt.bytes}x}", f"{value:.6g}"
