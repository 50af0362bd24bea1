# SPDX-License-Identifier: Apache-2.0
"""How a product that does not fit the TCDM is cut into tiles: sizes, order, and what each step reads and writes.

A block of the result is computed in steps along the inner dimension; between them it stays in the TCDM in fp16, which
is what the accumulators hold, so the cuts change no bit. While a step is computed, the next operands are loaded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from redmule import checks
from redmule.config import Config
from redmule.device.memory import ALIGNMENT
from redmule.fp import Format, format_by_name
from redmule.golden import MAX_SIZE

BUFFERS = 2
"""Copies of each tile: one in use, one being loaded or stored."""

ACC = format_by_name("fp16")
"""The format of the accumulators."""

JOB_CYCLES = 24
"""What a queued job costs beyond the steps of the array, about."""

ROW_CYCLES, TRANSFER_CYCLES = 1, 24
"""What the DMA takes for a row and for a transfer beyond the bytes, about."""

SIZE_BITS = 4
"""Leading bits in which the sizes that are tried differ."""

Sizes = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Problem:
    """A product: sizes and formats; `y` None: without Y; `bias`: one stored row of Y serves all rows."""

    m: int
    n: int
    k: int
    x: Format
    w: Format
    y: Format | None
    z: Format
    bias: bool = False


@dataclass(frozen=True, slots=True)
class Tiling:
    """Sizes of the tiles, and whether the blocks of one column of blocks follow each other (else those of one row)."""

    m: int
    n: int
    k: int
    down: bool = False

    def __post_init__(self) -> None:
        for name in ("m", "n", "k"):
            checks.integer(f"size {name} of a tile", getattr(self, name), range(1, MAX_SIZE + 1))


@dataclass(frozen=True, slots=True)
class Step:
    """One job of a tiling: the ranges of the three dimensions and the number of its block of the result."""

    rows: slice
    inner: slice
    cols: slice
    block: int
    first: bool
    last: bool


def steps(problem: Problem, tiling: Tiling) -> Iterator[Step]:
    """Yield the jobs of a tiling in their order."""
    rows, inner, cols = (
        [slice(start, min(start + size, total)) for start in range(0, total, size)]
        for total, size in ((problem.m, tiling.m), (problem.n, tiling.n), (problem.k, tiling.k))
    )
    blocks = [(row, col) for col in cols for row in rows] if tiling.down else list(product(rows, cols))
    for number, (row, col) in enumerate(blocks):
        for part in inner:
            yield Step(row, part, col, number, part is inner[0], part is inner[-1])


def block_format(problem: Problem, tiling: Tiling) -> Format:
    """Return the format of a block of the result in the TCDM: that of Z unless it passes through more than one job."""
    return ACC if tiling.n < problem.n else problem.z


def y_in_block(problem: Problem, tiling: Tiling) -> bool:
    """Whether Y is loaded to where the result will be."""
    return not problem.bias and problem.y == block_format(problem, tiling)


def slot_bytes(problem: Problem, tiling: Tiling) -> dict[str, int]:
    """Return the bytes of one buffer of each kind: x, w, block, and where they are needed y and z (the last format)."""
    sizes = _slot_bytes(problem, *(np.array([size]) for size in (tiling.m, tiling.n, tiling.k)))
    return {name: int(size[0]) for name, size in sizes.items() if size[0] > 0}


def _slot_bytes(problem: Problem, m: Sizes, n: Sizes, k: Sizes) -> dict[str, Sizes]:
    """Return the same for many tilings; 0 where a buffer is not needed."""
    many = n < problem.n
    y_bytes = 0 if problem.y is None else problem.y.bytes
    y_apart = problem.bias | np.where(many, problem.y != ACC, problem.y != problem.z)
    sizes = {
        "x": m * n * problem.x.bytes,
        "w": n * k * problem.w.bytes,
        "block": m * k * np.where(many, ACC.bytes, problem.z.bytes),
        "y": np.where(problem.bias, 1, m) * k * y_bytes * y_apart,
        "z": m * k * problem.z.bytes * (many & (problem.z != ACC)),
    }
    return {name: -(-size // ALIGNMENT) * ALIGNMENT for name, size in sizes.items()}


def choose(problem: Problem, config: Config, free_bytes: int, bus_bytes: float, accelerators: int = 1) -> Tiling:
    """Return the tiling that promises the fewest cycles.

    The cycles of a tiling are the larger of those of the array and those of the DMA, and the first loads and the last
    store, which nothing hides.

    Args:
        problem: what is computed.
        config: the accelerator.
        free_bytes: of the TCDM.
        bus_bytes: that the DMA moves in a cycle.
        accelerators: that work at once, each with its own buffers.

    Raises:
        ValueError: not even the smallest tiles fit.
    """
    totals, units = (problem.m, problem.n, problem.k), (config.rows, config.x_chunk, config.tile_cols)
    sizes = [_sizes(total, unit) for total, unit in zip(totals, units, strict=True)]
    m, n, k, down = (axis.ravel() for axis in np.meshgrid(*sizes, np.array([0, 1]), indexing="ij"))
    need: Any = sum(_slot_bytes(problem, m, n, k).values()) * BUFFERS * accelerators
    fits = need <= free_bytes
    if not fits.any():
        raise checks.refused("tcdm_bytes", free_bytes, f"are {need.min()} free ones at least for tiles of this job")
    m, n, k, down = m[fits], n[fits], k[fits], down[fits]
    blocks = -(-problem.m // m) * -(-problem.k // k)
    jobs = blocks * -(-problem.n // n)
    array = (
        _units(problem.m, m, config.rows)
        * _units(problem.k, k, config.tile_cols)
        * _units(problem.n, n, config.row_len)
        * config.tile_cols
        + jobs * JOB_CYCLES
    ) / accelerators
    x_loads = np.where((n < problem.n) | (down == 1), -(-problem.k // k), 1)
    w_loads = np.where((n < problem.n) | (down == 0), -(-problem.m // m), 1)
    z_bytes = problem.z.bytes + (0 if problem.y is None else problem.y.bytes)
    moved = (
        x_loads * (problem.m * problem.n * problem.x.bytes)
        + w_loads * (problem.n * problem.k * problem.w.bytes)
        + problem.m * problem.k * z_bytes
    )
    rows = jobs * (m + n) + blocks * 2 * m
    dma = moved / bus_bytes + rows * ROW_CYCLES + 2 * (jobs + blocks) * TRANSFER_CYCLES
    ends = (m * n * problem.x.bytes + n * k * problem.w.bytes + m * k * z_bytes) / bus_bytes
    best = int(np.argmin(np.maximum(array, dma) + ends))
    return Tiling(int(m[best]), int(n[best]), int(k[best]), bool(down[best]))


def _sizes(total: int, unit: int) -> Sizes:
    """Return the sizes of a tile worth a try: the whole, and multiples of the unit, the larger the sparser."""
    counts = range(1, -(-total // unit))
    chosen = [count for count in counts if count % (1 << max(0, count.bit_length() - SIZE_BITS)) == 0]
    return np.array([*(count * unit for count in chosen), total])


def _units(total: int, size: Sizes, unit: int) -> Sizes:
    """Return the units that the parts of a dimension take, each rounded up."""
    whole, rest = total // size, total % size
    units: Sizes = whole * -(-size // unit) + -(-rest // unit)
    return units
