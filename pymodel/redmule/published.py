# SPDX-License-Identifier: Apache-2.0
"""The published RedMulE RTL as a yardstick: its measured cycles, and the law that reproduces them.

`published_cycles.csv` holds jobs measured on that RTL in Verilator: paper configuration (12 rows, 4 elements a row,
3 pipeline registers), FP16 gemm, ideal memory, from the accepted TRIGGER write to the event.
"""

from __future__ import annotations

import csv
import functools
from dataclasses import dataclass
from math import ceil
from pathlib import Path

from redmule.config import Config

FIXED_CYCLES = 108
"""What a job costs there beyond its tiles."""

_ROWS = Path(__file__).with_name("published_cycles.csv")


@dataclass(frozen=True, slots=True)
class PublishedRow:
    """A measured job of the published RTL: sizes, and cycles from TRIGGER to event."""

    m: int
    n: int
    k: int
    cycles: int


def tile_cycles(m: int, n: int, k: int, config: Config) -> int:
    """Return the cycles in which the array works on the tiles of a job: ceil(M/L) ceil(N/H) ceil(K/D) D."""
    return ceil(m / config.rows) * ceil(n / config.row_len) * ceil(k / config.tile_cols) * config.tile_cols


def published_cycles(m: int, n: int, k: int) -> int:
    """Return what the published RTL takes for an FP16 gemm of M x N by N x K in its paper configuration.

    ceil(M/12) ceil(K/16) ceil(N/4) 16 + 108: a fit, within 23 cycles of every measured row and exact for full tiles.
    """
    return tile_cycles(m, n, k, Config.named("paper")) + FIXED_CYCLES


@functools.cache
def published_rows() -> tuple[PublishedRow, ...]:
    """Return the measured jobs, in the order of the file."""
    with _ROWS.open(encoding="utf-8", newline="") as file:
        lines = csv.DictReader(line for line in file if not line.startswith("#"))
        return tuple(PublishedRow(*(int(line[column]) for column in ("M", "N", "K", "cycles"))) for line in lines)
