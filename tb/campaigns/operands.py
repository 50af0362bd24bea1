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

OVERLAP, TRANSPOSE, TURN, BIAS, IN_PLACE, SATURATE = 0.05, 0.1, 0.1, 0.2, 0.25, 0.3
"""Shares: X or W with overlapping rows, each operand transposed, the whole job turned, kinds of Y, saturation."""


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
            limits = zip((self.m, self.n, self.k), given, strict=True)
            m, n, k = (
                int(np.exp(random.uniform(0, np.log(limit + 1)))) if fixed is None else fixed for limit, fixed in limits
            )
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
    random: np.random.Generator, arena: Arena, op: Op, shape: tuple[int, int, int], formats: Sequence[Format]
) -> Job:
    """Return a job on dense matrices with random data."""
    m, n, k = shape
    source = data.SOURCES[int(random.integers(len(data.SOURCES)))]
    x_format, w_format, y_format, z_format = formats
    x, w, y = arena.matrix(m, n, x_format), arena.matrix(n, k, w_format), arena.matrix(m, k, y_format)
    z = arena.matrix(m, k, z_format)
    for matrix in (x, w, y):
        fill(random, matrix, source)
    arena.writable(z)
    return Job(x, w, y if op.uses_y else None, op.name, z_out=z)


def random_job(
    random: np.random.Generator, arena: Arena, config: Config, sizes: Sizes, given: Mapping[str, Array] | None = None
) -> Job:
    """Return a job that is random in every respect.

    Args:
        random: its random numbers.
        arena: where its operands go.
        config: whose sizes are meant.
        sizes: limits of the shape.
        given: operands that are there already, by name (x, w, y, z), full of data.
    """
    given = given or {}
    op = OPS[random.integers(1, len(OPS))] if "y" in given else OPS[random.integers(len(OPS))]
    known = [*NOTHING]
    for name, axes in (("x", (0, 1)), ("w", (1, 2)), ("y", (0, 2)), ("z", (0, 2))):
        if name in given:
            for axis, size in zip(axes, given[name].shape, strict=True):
                known[axis] = size
    m, n, k = sizes.draw(random, config, known)
    formats = draw_formats(random)
    sources = [data.SOURCES[index] for index in random.integers(0, len(data.SOURCES), 3).tolist()]
    if random.random() < SAME_FORMAT:
        sources = sources[:1] * 3
    x_trans, w_trans, z_trans = (bool(flag) for flag in random.random(3) < TRANSPOSE)

    def load(name: str, rows: int, cols: int, trans: bool, which: int) -> tuple[Array, bool]:
        """An operand that is given, or a new one, and whether it is stored transposed."""
        if name in given:
            return given[name], False
        shape = (cols, rows) if trans else (rows, cols)
        if random.random() < OVERLAP and shape[0] > 1:
            skip, stride = int(random.integers(formats[which].bytes, 64)), int(random.integers(1, shape[1] + 1))
            matrix = arena.matrix(*shape, formats[which], skip=skip, stride=stride)
        else:
            matrix = arena.scattered(random, *shape, formats[which])
        fill(random, matrix, sources[which])
        return matrix, trans

    x, x_trans = load("x", m, n, x_trans, 0)
    w, w_trans = load("w", n, k, w_trans, 1)
    z_trans = z_trans and not {"y", "z"} & given.keys()
    z_shape = (k, m) if z_trans else (m, k)
    z = given["z"] if "z" in given else arena.scattered(random, *z_shape, formats[3])
    arena.writable(z)
    y: Array | None = None
    if "y" in given:
        y = given["y"]
    elif op.uses_y and random.random() < IN_PLACE:
        y = z
        if "z" not in given:
            fill(random, y, sources[2])
    elif op.uses_y:
        bias = random.random() < BIAS
        y = arena.scattered(random, *((1, k) if bias else z_shape), formats[2])
        fill(random, y, sources[2])
        y = y[0] if bias else y
    return Job(
        x,
        w,
        y,
        op.name,
        x_trans=x_trans,
        w_trans=w_trans,
        z_trans=z_trans,
        saturate=bool(random.random() < SATURATE),
        orientation="transposed" if random.random() < TURN else "normal",
        z_out=z,
    )
