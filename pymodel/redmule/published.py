# SPDX-License-Identifier: Apache-2.0
"""The published RedMulE RTL as a yardstick: its measured cycles, the law that reproduces them, the published figures.

`published_cycles.csv` holds jobs measured on that RTL in Verilator: paper configuration (12 rows, 4 elements a row,
3 pipeline registers), FP16 gemm, ideal memory, from the accepted TRIGGER write to the event.

The papers (arXiv 2204.11192 and 2301.03904) say what share of the array was used, but not for which product. `POINTS`
names the one cube of whole tiles for which the law gives each figure to its digits.
"""

from __future__ import annotations

import csv
import functools
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path

from redmule.config import Config

FIXED_CYCLES = 108
"""What a job costs there beyond its tiles."""

BEATS_OF_A_ROW = 3

_ROWS = Path(__file__).with_name("published_cycles.csv")


@dataclass(frozen=True, slots=True)
class PublishedRow:
    """A measured job of the published RTL: sizes, and cycles from TRIGGER to event."""

    m: int
    n: int
    k: int
    cycles: int


def plain(config: Config) -> Config:
    """Return a configuration without what the published accelerator does not have."""
    return replace(config, row_groups=1, transposes=False, contexts=1)


def tile_cycles(m: int, n: int, k: int, config: Config) -> int:
    """Return the cycles in which the array works on the tiles of a job: ceil(M/L) ceil(N/H) ceil(K/D) D."""
    return ceil(m / config.rows) * ceil(n / config.row_len) * ceil(k / config.tile_cols) * config.tile_cols


def fixed_cycles(config: Config) -> int:
    """Return what a job costs there beyond its tiles, for an array of any size.

    FIXED_CYCLES is that of 12 rows and tiles of 16 columns. A row more takes a beat more of X, Y and Z each, and a
    column more a cycle more until the last tile has left the ring.
    """
    paper = Config.named("paper")
    return FIXED_CYCLES + BEATS_OF_A_ROW * (config.rows - paper.rows) + config.tile_cols - paper.tile_cols


def cycles(m: int, n: int, k: int, config: Config) -> int:
    """Return what the published RTL takes by its law for a gemm of M x N by N x K on an array of any size.

    ceil(M/L) ceil(N/H) ceil(K/D) D + `fixed_cycles`.
    """
    return tile_cycles(m, n, k, config) + fixed_cycles(config)


def published_cycles(m: int, n: int, k: int) -> int:
    """Return what the published RTL takes for an FP16 gemm of M x N by N x K in its paper configuration.

    ceil(M/12) ceil(K/16) ceil(N/4) 16 + 108: a fit, within 23 cycles of every measured row and exact for full tiles.
    """
    return cycles(m, n, k, Config.named("paper"))


@dataclass(frozen=True, slots=True)
class Point:
    """A published figure of an array that was used well.

    Attributes:
        config: name of the configuration.
        size: M = N = K of the product for which the law gives the figure.
        elem_bytes: bytes of an element.
        unit: "%", "MAC/cycle" or "GFLOPS" (two operations a MAC, at `f_mhz`).
        figure: as published, all its digits.
    """

    config: str
    size: int
    elem_bytes: int
    unit: str
    figure: str
    f_mhz: float = 0.0

    def value(self, cycles_taken: float) -> float:
        """Return the figure, in its unit, of a machine that takes so many cycles."""
        mac_per_cycle = self.size**3 / cycles_taken
        if self.unit == "GFLOPS":
            return 2 * mac_per_cycle * self.f_mhz / 1e3
        return mac_per_cycle if self.unit == "MAC/cycle" else 100 * mac_per_cycle / Config.named(self.config).num_ces

    def digits(self, value: float) -> str:
        """Return a value with as many decimals as the published figure has."""
        return f"{value:.{len(self.figure.partition('.')[2])}f}"


POINTS = (
    Point("date22", 64, 2, "%", "98.8"),
    Point("date22", 64, 2, "MAC/cycle", "31.6"),
    Point("paper", 96, 2, "%", "99.4"),
    Point("paper", 96, 2, "GFLOPS", "58.5", 613),
    Point("paper_fp8", 192, 1, "GFLOPS", "117", 613),
)
"""8 x 4 in FP16; 12 x 4 in FP16; 12 x 8 in FP8, where 117 GFLOPS are 99.4 % of what 96 elements can do."""


@functools.cache
def published_rows() -> tuple[PublishedRow, ...]:
    """Return the measured jobs, in the order of the file."""
    with _ROWS.open(encoding="utf-8", newline="") as file:
        lines = csv.DictReader(line for line in file if not line.startswith("#"))
        return tuple(PublishedRow(*(int(line[column]) for column in ("M", "N", "K", "cycles"))) for line in lines)
