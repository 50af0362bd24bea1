# SPDX-License-Identifier: Apache-2.0
"""What layers ask of an engine, and the lines of its log."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from numpy.typing import NDArray

from redmule.golden import MAX_SIZE
from redmule.layers.recipe import DType

Array = NDArray[Any]
Shape = tuple[int, ...]

Turn = Literal["forward", "weights", "inputs", "loss", "update"]
"""Passes of a training step: forward, gradients of weights, gradients of inputs, loss, optimiser."""

Out = tuple[Shape, DType]
"""Shape and dtype of a result of a kernel."""


@dataclass(frozen=True, slots=True, eq=False)
class Product:
    """A product z = x w + y.

    Attributes:
        x: (M, N); like the others a view at any offset and row stride. A matrix that lies by columns is a `.T`.
        w: (N, K).
        y: (M, K), or (K,) as a bias of every row; None: nothing is added.
        z: where the result goes, in the recipe's output dtype: a view of an array of `Engine.zeros`, possibly y itself;
            None: a new array.
    """

    x: Array
    w: Array
    y: Array | None = None
    z: Array | None = None

    @property
    def sizes(self) -> tuple[int, int, int]:
        """M, N, K."""
        (m, n), k = self.x.shape, self.w.shape[1]
        return m, n, k


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a product: its result, its cycles if known, whether a finite value overflowed."""

    z: Array
    cycles: int | None
    overflow: bool


@dataclass(frozen=True, slots=True)
class Work:
    """A line of the log: a product or a kernel.

    Attributes:
        layer: path of the layer's names, joined by dots.
        turn: the pass.
        what: "product", or the kernel's name in the table of costs.
        m, n, k: sizes of a product; 0 for kernels.
        elements: what a kernel works on: elements, or what the table counts for it; 0 for products.
        dtypes: names of the dtypes of x, w, y ("" without) and z; of inputs and results of a kernel.
        trans: whether x, w and z lie by columns.
        cycles: None where nobody knows.
        bytes_read, bytes_written: operands and results, each counted once.
        overflow: whether a finite value became infinite (a product: its OF flag).
    """

    layer: str
    turn: Turn
    what: str
    m: int
    n: int
    k: int
    elements: int
    dtypes: tuple[str, ...]
    trans: tuple[bool, bool, bool]
    cycles: int | None
    bytes_read: int
    bytes_written: int
    overflow: bool = False

    @property
    def on_cores(self) -> bool:
        """Whether it is a kernel."""
        return self.what != PRODUCT

    @property
    def macs(self) -> int:
        """Multiply-adds of a product."""
        return self.m * self.n * self.k


PRODUCT = "product"


def pieces(product: Product) -> Iterator[Product]:
    """Yield products that do the same, each of sizes a job can have: a long inner dimension goes in steps on Z."""
    m, n, k = product.sizes
    if max(m, n, k) <= MAX_SIZE:
        yield product
        return
    x, w, y, z = product.x, product.w, product.y, product.z
    assert z is not None
    for row in range(0, m, MAX_SIZE):
        rows = slice(row, row + MAX_SIZE)
        for col in range(0, k, MAX_SIZE):
            cols = slice(col, col + MAX_SIZE)
            place = z[rows, cols]
            sums = y if y is None else y[cols] if y.ndim == 1 else y[rows, cols]
            for first in range(0, n, MAX_SIZE):
                inner = slice(first, first + MAX_SIZE)
                yield Product(x[rows, inner], w[inner, cols], sums, place)
                sums = place


def by_columns(matrix: Array) -> bool:
    """Whether a matrix lies by columns, so that its transpose has rows of adjacent elements."""
    rows, cols = matrix.shape
    row_step, col_step = matrix.strides
    return rows > 1 and cols > 1 and row_step == matrix.itemsize and col_step != matrix.itemsize
