# SPDX-License-Identifier: Apache-2.0
"""Where the work of a pass is done: products on an accelerator, everything else in kernels on cores.

Layers are written once, against `Engine`; what they ask for is done, or only counted, and noted in its log.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import ClassVar
from weakref import WeakKeyDictionary

import numpy as np

from redmule.fp import format_by_dtype
from redmule.golden import MAX_SIZE
from redmule.layers.costs import CoreCosts
from redmule.layers.recipe import DType, Recipe, Role
from redmule.layers.work import PRODUCT, Array, Out, Outcome, Product, Shape, Turn, Work, by_columns, pieces


class Engine(ABC):
    """Does the work of layers, and keeps a log of it.

    Attributes:
        recipe: the formats.
        log: what has been done, in order; whoever reads it may clear it.
        training: whether layers that differ (batch norm) train or infer.
        costs: of kernels; None: their cycles are not counted.
    """

    has_values: ClassVar[bool] = True
    """Whether arrays hold results; else shapes, dtypes and strides are all there is, and no state may be taken."""

    def __init__(self, recipe: Recipe, costs: CoreCosts | None) -> None:
        self.recipe = recipe
        self.costs = costs
        self.log: list[Work] = []
        self.training = True
        self._layer = ""
        self._turn: Turn = "forward"
        self._cast: WeakKeyDictionary[object, tuple[Array, Array]] = WeakKeyDictionary()

    # ------------------------------------------------------------------------------------------------ products

    def product(self, x: Array, w: Array, y: Array | None = None, z: Array | None = None) -> Array:
        """Return x w + y, (M, K), in the recipe's output dtype. The arguments are those of `Product`."""
        return self.products([Product(x, w, y, z)])[0]

    def products(self, asked: Sequence[Product]) -> list[Array]:
        """Return the results of products that are queued together, in order; each sees what those before it wrote.

        Operands go as they are: their dtype is their format.

        Raises:
            ValueError: sizes do not match, or the device does not take a dtype.
        """
        whole = [self._with_place(product) for product in asked]
        parts = [list(pieces(product)) for product in whole]
        outcomes = iter(self._multiply([part for own in parts for part in own]))
        results = []
        for product, own in zip(whole, parts, strict=True):
            done = [(part, next(outcomes)) for part in own]
            for part, outcome in done:
                self._note_product(part, outcome)
            results.append(done[0][1].z if product.z is None else product.z)
        return results

    def _with_place(self, product: Product) -> Product:
        """Return a product that is checked, and that has a place for its result if it is too large for one job."""
        x, w, y, z = product.x, product.w, product.y, product.z
        if x.ndim != 2 or w.ndim != 2 or x.shape[1] != w.shape[0]:
            raise ValueError(f"{self._layer}: x {x.shape} and w {w.shape}: allowed are (M, N) and (N, K)")
        m, _, k = product.sizes
        if y is not None and y.shape not in ((m, k), (k,)):
            raise ValueError(f"{self._layer}: y has shape {y.shape}: allowed are {(m, k)}, or {(k,)} as a bias")
        if z is not None and (z.shape != (m, k) or z.dtype != self.recipe.output):
            raise ValueError(f"{self._layer}: z is {z.dtype} {z.shape}: allowed is {self.recipe.output} {(m, k)}")
        if z is None and max(product.sizes) > MAX_SIZE:
            return Product(x, w, y, np.zeros((m, k), self.recipe.output))
        return product

    @abstractmethod
    def _multiply(self, asked: Sequence[Product]) -> list[Outcome]:
        """Do products, none too large for a job."""

    def _note_product(self, product: Product, outcome: Outcome) -> None:
        m, n, k = product.sizes
        x, w, y, z = product.x, product.w, product.y, outcome.z
        self.log.append(
            Work(
                self._layer,
                self._turn,
                PRODUCT,
                m,
                n,
                k,
                0,
                (x.dtype.name, w.dtype.name, "" if y is None else y.dtype.name, z.dtype.name),
                (by_columns(x), by_columns(w), by_columns(z)),
                outcome.cycles,
                sum(array.size * array.itemsize for array in (x, w, y) if array is not None),
                z.size * z.itemsize,
                outcome.overflow,
            )
        )

    # ------------------------------------------------------------------------------------------------- kernels

    def kernel(
        self,
        name: str,
        inputs: Sequence[Array],
        out: Out,
        compute: Callable[..., Array],
        work: int | None = None,
    ) -> Array:
        """Return the one result of a kernel, C-contiguous; see `kernels`."""
        return self.kernels(name, inputs, [out], lambda *wide: (compute(*wide),), work)[0]

    def kernels(
        self,
        name: str,
        inputs: Sequence[Array],
        outs: Sequence[Out],
        compute: Callable[..., Sequence[Array]],
        work: int | None = None,
    ) -> list[Array]:
        """Return the results of a kernel on the cores.

        Args:
            name: a row of the table of costs.
            inputs: what it reads.
            outs: shapes and dtypes of the results.
            compute: gives the results from the inputs, of which floats come widened to float32 (float64 if one of
                them is that), in a fixed order of operations. Each result is rounded once. Not called without values.
            work: what the table counts for this kernel; default: the elements of the largest input or result.

        Raises:
            ValueError: the table has no such row.
        """
        sizes = [math.prod(shape) for shape, _ in outs]
        elements = max([*sizes, *(array.size for array in inputs)]) if work is None else work
        itemsize = max(dtype.itemsize for _, dtype in outs)
        cycles = None if self.costs is None else self.costs.cycles(name, elements, itemsize)
        results, overflow = self._compute(inputs, outs, compute)
        self.log.append(
            Work(
                self._layer,
                self._turn,
                name,
                0,
                0,
                0,
                elements,
                tuple(array.dtype.name for array in (*inputs, *results)),
                (False, False, False),
                cycles,
                sum(array.size * array.itemsize for array in inputs),
                sum(size * dtype.itemsize for size, (_, dtype) in zip(sizes, outs, strict=True)),
                overflow,
            )
        )
        return results

    def _compute(
        self, inputs: Sequence[Array], outs: Sequence[Out], compute: Callable[..., Sequence[Array]]
    ) -> tuple[list[Array], bool]:
        """Return the rounded results, and whether one overflowed."""
        wide = np.float64 if any(array.dtype == np.float64 for array in inputs) else np.float32
        with np.errstate(all="ignore"):
            exact = compute(*(widened(array, wide) for array in inputs))
            rounded = [
                self._rounded(np.asarray(array), shape, dtype)
                for array, (shape, dtype) in zip(exact, outs, strict=True)
            ]
        return [array for array, _ in rounded], any(overflow for _, overflow in rounded)

    def _rounded(self, exact: Array, shape: Shape, dtype: DType) -> tuple[Array, bool]:
        if exact.shape != shape:
            raise ValueError(f"{self._layer}: a kernel gave shape {exact.shape}: announced was {shape}")
        if dtype == exact.dtype:
            return np.asarray(exact, order="C"), False
        if self.recipe.saturate and dtype.itemsize == 1:
            largest = largest_finite(dtype)
            exact = np.clip(exact, -largest, largest)
        rounded = exact.astype(dtype, order="C")
        if dtype.itemsize >= exact.dtype.itemsize or is_finite(rounded):
            return rounded, False
        return rounded, is_finite(exact)

    def cast(self, array: Array, role: Role) -> Array:
        """Return an array in the dtype of a role: itself, if it has that, else what the kernel "cast" gives."""
        dtype = self.recipe.dtype(role)
        if array.dtype == dtype:
            return array
        return self.kernel("cast", (array,), (array.shape, dtype), lambda wide: wide)

    def cast_once(self, owner: object, array: Array, role: Role) -> Array:
        """Return `array` as `cast` does, and the same one until `owner` comes with another array."""
        held = self._cast.get(owner)
        if held is None or held[0] is not array:
            held = self._cast[owner] = array, self.cast(array, role)
        return held[1]

    def reshape(self, array: Array, shape: Shape) -> Array:
        """Return an array in another shape: a view where its strides allow one, else a copy ("copy")."""
        try:
            return np.reshape(array, shape, copy=False)
        except ValueError:
            return self.kernel("copy", (array,), (shape, array.dtype), lambda wide: wide.reshape(shape))

    def matrix(self, array: Array) -> Array:
        """Return an array (..., C) as a matrix (rows, C), see `reshape`."""
        return self.reshape(array, (math.prod(array.shape[:-1]), array.shape[-1]))

    def zeros(self, shape: Shape, dtype: DType) -> Array:
        """Return a writable array of zeros to accumulate on ("fill")."""
        return self.kernel("fill", (), (shape, dtype), lambda: np.zeros(shape, dtype))

    # --------------------------------------------------------------------------------------------------- scope

    @contextmanager
    def scope(self, name: str = "", turn: Turn | None = None) -> Iterator[None]:
        """Note what is done within as work of the layer `name`, inside that of the scope around, and of this turn."""
        before = self._layer, self._turn
        self._layer = ".".join(filter(None, (self._layer, name)))
        self._turn = turn or self._turn
        try:
            yield
        finally:
            self._layer, self._turn = before

    @contextmanager
    def inference(self) -> Iterator[None]:
        """Let layers infer, not train, within."""
        before, self.training = self.training, False
        try:
            yield
        finally:
            self.training = before


def widened(array: Array, wide: type[np.float32] | type[np.float64]) -> Array:
    """Return floats in the dtype in which kernels compute; integers and booleans stay."""
    return array if array.dtype.kind in "biu" else array.astype(wide, copy=False)


def is_finite(array: Array) -> bool:
    """Whether no element is infinite or NaN."""
    return bool(np.isfinite(array.astype(np.float32, copy=False) if array.dtype.itemsize < 4 else array).all())


def largest_finite(dtype: DType) -> float:
    """Return the largest finite number of a dtype of the formats."""
    return format_by_dtype(dtype).max_finite
