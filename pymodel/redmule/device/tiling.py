# SPDX-License-Identifier: Apache-2.0
"""How a product that does not fit the TCDM is cut into tiles: sizes, order, and what each step reads and writes.

A block of the result is computed in steps along the inner dimension; between them it stays in the TCDM in fp16, which
is what the accumulators hold, so the cuts change no bit. While a step is computed, the next operands are loaded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from redmule import checks
from redmule.config import Config

BUFFERS = 2
"""Copies of each tile: one in use, one being loaded or stored."""

ALIGNMENT = 64
JOB_CYCLES = 24
"""What a queued job costs beyond the steps of the array, about."""

ROW_CYCLES, TRANSFER_CYCLES = 1, 24
"""What the DMA takes for a row and for a transfer beyond the bytes, about."""

ACC_BYTES = 2

SIZE_BITS = 4
"""Leading bits in which the sizes that are tried differ."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A product: sizes, bytes of an element of X, W, Y and Z, and how Y is used.

    Attributes:
        y_bytes: 0 without Y.
        bias: one stored row of Y serves all rows.
        y_is_fp16, z_is_fp16: the format of Y, of Z, is that of the accumulators.
        y_like_z: Y and Z have one format.
    """

    m: int
    n: int
    k: int
    x_bytes: int
    w_bytes: int
    y_bytes: int
    z_bytes: int
    bias: bool = False
    y_is_fp16: bool = True
    z_is_fp16: bool = True
    y_like_z: bool = True


@dataclass(frozen=True, slots=True)
class Tiling:
    """Sizes of the tiles, and whether the blocks of one column of blocks follow each other (else those of one row)."""

    m: int
    n: int
    k: int
    down: bool = False


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


def keeps_accumulators(problem: Problem, tiling: Tiling) -> bool:
    """Whether a block of the result passes through more than one job, so that it is kept in fp16 meanwhile."""
    return tiling.n < problem.n


def y_in_block(problem: Problem, tiling: Tiling) -> bool:
    """Whether Y is loaded to where the result will be."""
    same = problem.y_is_fp16 if keeps_accumulators(problem, tiling) else problem.y_like_z
    return problem.y_bytes > 0 and not problem.bias and same


def _block_bytes(problem: Problem, tiling: Tiling) -> int:
    return ACC_BYTES if keeps_accumulators(problem, tiling) else problem.z_bytes


def slot_bytes(problem: Problem, tiling: Tiling) -> dict[str, int]:
    """Return the bytes of one buffer of each kind: x, w, block, and where they are needed y and z (the last format)."""
    sizes = {
        "x": tiling.m * tiling.n * problem.x_bytes,
        "w": tiling.n * tiling.k * problem.w_bytes,
        "block": tiling.m * tiling.k * _block_bytes(problem, tiling),
    }
    if problem.y_bytes and not y_in_block(problem, tiling):
        sizes["y"] = (1 if problem.bias else tiling.m) * tiling.k * problem.y_bytes
    if keeps_accumulators(problem, tiling) and not problem.z_is_fp16:
        sizes["z"] = tiling.m * tiling.k * problem.z_bytes
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
    units = (config.rows, config.x_chunk, config.tile_cols)
    m, n, k, down = (
        axis.ravel()
        for axis in np.meshgrid(
            *(_sizes(total, unit) for total, unit in zip((problem.m, problem.n, problem.k), units, strict=True)),
            np.array([0, 1]),
            indexing="ij",
        )
    )
    many = n < problem.n
    block = np.where(many, ACC_BYTES, problem.z_bytes)
    need = m * n * problem.x_bytes + n * k * problem.w_bytes + m * k * block + 3 * ALIGNMENT
    if problem.y_bytes:
        apart = problem.bias | np.where(many, not problem.y_is_fp16, not problem.y_like_z)
        need = need + apart * (np.where(problem.bias, 1, m) * k * problem.y_bytes + ALIGNMENT)
    need = need + (many & (not problem.z_is_fp16)) * (m * k * problem.z_bytes + ALIGNMENT)
    fits = need * BUFFERS * accelerators <= free_bytes
    if not fits.any():
        least = int(need.min()) * BUFFERS * accelerators
        raise checks.refused("tcdm_bytes", free_bytes, f"are {least} free ones at least for tiles of this job")
    m, n, k, down, many = m[fits], n[fits], k[fits], down[fits], many[fits]
    blocks = -(-problem.m // m) * -(-problem.k // k)
    jobs = blocks * -(-problem.n // n)
    array = (
        _units(problem.m, m, config.rows)
        * _units(problem.k, k, config.tile_cols)
        * _units(problem.n, n, config.row_len)
        * config.tile_cols
        + jobs * JOB_CYCLES
    ) / accelerators
    x_loads = np.where(many | (down == 1), -(-problem.k // k), 1)
    w_loads = np.where(many | (down == 0), -(-problem.m // m), 1)
    moved = (
        x_loads * (problem.m * problem.n * problem.x_bytes)
        + w_loads * (problem.n * problem.k * problem.w_bytes)
        + problem.m * problem.k * (problem.y_bytes + problem.z_bytes)
    )
    rows = jobs * (m + n) + blocks * 2 * m
    dma = moved / bus_bytes + rows * ROW_CYCLES + (2 * jobs + 2 * blocks) * TRANSFER_CYCLES
    ends = (m * n * problem.x_bytes + n * k * problem.w_bytes + m * k * (problem.y_bytes + problem.z_bytes)) / bus_bytes
    best = int(np.argmin(np.maximum(array, dma) + ends))
    return Tiling(int(m[best]), int(n[best]), int(k[best]), bool(down[best]))


def _sizes(total: int, unit: int) -> NDArray[np.int64]:
    """Return the sizes of a tile worth a try: the whole, and multiples of the unit, the larger the sparser."""
    counts = range(1, -(-total // unit))
    chosen = [count for count in counts if count % (1 << max(0, count.bit_length() - SIZE_BITS)) == 0]
    return np.array([*(count * unit for count in chosen), total])


def _units(total: int, size: NDArray[np.int64], unit: int) -> NDArray[np.int64]:
    """Return the units that the parts of a dimension take, each rounded up."""
    whole, rest = total // size, total % size
    units: NDArray[np.int64] = whole * -(-size // unit) + -(-rest // unit)
    return units
