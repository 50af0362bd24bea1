# SPDX-License-Identifier: Apache-2.0
"""Random jobs: operations, formats, shapes, layouts and data in every mixture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from redmule.config import Config
from redmule.fp import FORMATS, OPS, Format, Op, format_by_dtype
from redmule.job import Job
from tb.campaigns import data
from tb.campaigns.arena import Arena

Array = NDArray[Any]

SAME_FORMAT = 0.4
"""Share of jobs with one format for all operands."""

OVERLAP, BIAS, IN_PLACE, SATURATE = 0.05, 0.2, 0.25, 0.3
"""Shares: X or W with overlapping rows, kinds of Y, saturation."""

TRANSPOSED = 0.4
"""Share of X, of W, and of Y and Z that are stored by columns."""

ORIENTATIONS = ("normal", "normal", "normal", "transposed", "auto")
"""What a job says about its orientation; some more often than others."""

FEW_ROWS = 0.3
"""Share of shapes whose last block has few rows, and enough tiles for row groups."""

REUSED = 0.4
"""Share of operands, and of results, that lie where a matrix of an earlier job does, if there is one."""


AXES: Mapping[str, tuple[int, int]] = {"x": (0, 1), "w": (1, 2), "y": (0, 2), "z": (0, 2)}
"""The rows and columns of each matrix: M, N or K."""

NOTHING: Sequence[int | None] = [None, None, None]
"""No size of a shape is given."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """The largest M, N, K and number of array steps that a job may have."""

    m: int
    n: int
    k: int
    steps: int

    @classmethod
    def of(cls, config: Config, steps: int) -> Sizes:
        """Several blocks, chunks and tiles in each dimension, on any configuration."""
        return cls(8 * config.rows, 8 * max(config.row_len, config.port_elems), 6 * config.tile_cols, steps)

    def draw(self, random: np.random.Generator, config: Config, given: Sequence[int | None]) -> tuple[int, int, int]:
        """Return log-uniform M, N, K, but for those that are given. The number of steps then follows from them."""
        while True:
            drawn = [int(np.exp(random.uniform(0, np.log(limit + 1)))) for limit in (self.m, self.n, self.k)]
            if random.random() < FEW_ROWS:
                few = max(config.rows // int(random.choice((2, 4))), 1)
                drawn[0] = config.rows * int(random.integers(3)) + int(random.integers(1, few + 1))
                drawn[2] = int(random.integers(config.tile_cols + 1, self.k + 1))
            m, n, k = (size if fixed is None else fixed for size, fixed in zip(drawn, given, strict=True))
            tiles = -(-m // config.rows) * -(-k // config.tile_cols)
            if tiles * -(-n // config.row_len) * config.tile_cols <= self.steps or given != NOTHING:
                return m, n, k


def fill(random: np.random.Generator, matrix: Array, source: data.Source) -> None:
    """Put random data into a matrix."""
    fmt = format_by_dtype(matrix.dtype)
    matrix[...] = source(random, fmt, matrix.shape).view(fmt.dtype)


def draw_formats(random: np.random.Generator) -> list[Format]:
    """Return the formats of X, W, Y, Z."""
    one = FORMATS[int(random.integers(len(FORMATS)))]
    if random.random() < SAME_FORMAT:
        return [one] * 4
    return [FORMATS[code] for code in random.integers(0, len(FORMATS), 4)]


def plain_job(
    random: np.random.Generator,
    arena: Arena,
    op: Op,
    shape: tuple[int, int, int],
    formats: Sequence[Format],
    trans: Sequence[bool] = (False, False, False),
) -> Job:
    """Return a job on dense matrices with random data, stored by columns where `trans` (X; W; Y and Z) says so."""
    m, n, k = shape
    source = data.SOURCES[int(random.integers(len(data.SOURCES)))]
    sizes = [
        (cols, rows) if turned else (rows, cols)
        for (rows, cols), turned in zip(((m, n), (n, k), (m, k)), trans, strict=True)
    ]
    x, w, y, z = (arena.matrix(*size, fmt) for size, fmt in zip((*sizes, sizes[2]), formats, strict=True))
    for matrix in (x, w, y):
        fill(random, matrix, source)
    arena.writable(z)
    return Job(
        x,
        w,
        y if op.uses_y else None,
        op.name,
        x_trans=trans[0],
        w_trans=trans[1],
        z_trans=trans[2],
        orientation="normal",
        z_out=z,
    )


def distinct(matrix: Array) -> bool:
    """Whether the rows of a matrix do not overlap."""
    return len(matrix) == 1 or bool(matrix.strides[0] >= matrix.shape[1] * matrix.itemsize)


def part(random: np.random.Generator, pool: Sequence[Array], shape: tuple[int, int]) -> Array | None:
    """Return a part of this shape of a matrix of the pool, perhaps of every second row only; None: there is none."""
    large = [matrix for matrix in pool if matrix.shape[0] >= shape[0] and matrix.shape[1] >= shape[1]]
    if not large:
        return None
    matrix = large[int(random.integers(len(large)))]
    step = int(random.integers(1, 3)) if len(matrix) >= 2 * shape[0] else 1
    row = int(random.integers(len(matrix) - step * (shape[0] - 1)))
    col = int(random.integers(matrix.shape[1] - shape[1] + 1))
    return matrix[row : row + step * (shape[0] - 1) + 1 : step, col : col + shape[1]]


def random_job(
    random: np.random.Generator,
    arena: Arena,
    config: Config,
    sizes: Sizes,
    given: Mapping[str, Array] | None = None,
    pool: Sequence[Array] = (),
) -> Job:
    """Return a job that is random in every respect.

    Args:
        random: its random numbers.
        arena: where its operands go.
        config: whose sizes are meant.
        sizes: limits of the shape.
        given: operands that are there already, by name (x, w, y, z), full of data.
        pool: matrices of earlier jobs; some operands and results are parts of these.
    """
    given = dict(given or {})
    op = OPS[random.integers(1, len(OPS))] if "y" in given else OPS[random.integers(len(OPS))]
    trans = {name: bool(random.random() < TRANSPOSED) for name in "xwz"}
    trans["y"] = trans["z"]
    known = [*NOTHING]
    for name, axes in AXES.items():
        if name in given:
            for axis, size in zip(axes[:: -1 if trans[name] else 1], given[name].shape, strict=True):
                known[axis] = size
    shape = sizes.draw(random, config, known)
    rows_and_cols = {name: (shape[axes[0]], shape[axes[1]]) for name, axes in AXES.items()}
    stored = {name: (size[1], size[0]) if trans[name] else size for name, size in rows_and_cols.items()}
    formats = dict(zip("xwyz", draw_formats(random), strict=True))
    sources = [data.SOURCES[index] for index in random.integers(0, len(data.SOURCES), 3).tolist()]
    source = dict(zip("xwy", sources[:1] * 3 if random.random() < SAME_FORMAT else sources, strict=True))

    def reuse(name: str, found: Array | None) -> None:
        if name not in given and found is not None and random.random() < REUSED:
            given[name] = found

    def load(name: str, rows: int, cols: int) -> Array:
        """An operand that is given, or a new one."""
        reuse(name, part(random, pool, (rows, cols)))
        if name in given:
            return given[name]
        if name != "y" and random.random() < OVERLAP and rows > 1:
            skip, stride = int(random.integers(formats[name].bytes, 64)), int(random.integers(1, cols + 1))
            matrix = arena.matrix(rows, cols, formats[name], skip=skip, stride=stride)
        else:
            matrix = arena.scattered(random, rows, cols, formats[name])
        fill(random, matrix, source[name])
        return matrix

    x, w = load("x", *stored["x"]), load("w", *stored["w"])
    target = part(random, [matrix for matrix in pool if distinct(matrix)], stored["z"])
    read = [x, w, *([given["y"]] if "y" in given else [])]
    reuse("z", None if target is None or any(np.shares_memory(target, matrix) for matrix in read) else target)
    z = given["z"] if "z" in given else arena.scattered(random, *stored["z"], formats["z"])
    arena.writable(z)
    y: Array | None = None
    if "y" in given:
        y = given["y"]
    elif op.uses_y and random.random() < IN_PLACE:
        y = z
        if "z" not in given:
            fill(random, y, source["y"])
    elif op.uses_y:
        bias = random.random() < BIAS
        y = load("y", *((1, shape[2]) if bias else stored["z"]))
        if np.shares_memory(y, z):
            y = z
        elif bias:
            y = y[0]
    return Job(
        x,
        w,
        y,
        op.name,
        x_trans=trans["x"],
        w_trans=trans["w"],
        z_trans=trans["z"],
        saturate=bool(random.random() < SATURATE),
        orientation=str(random.choice(ORIENTATIONS)),
        z_out=z,
    )
