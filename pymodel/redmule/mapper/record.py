# SPDX-License-Identifier: Apache-2.0
"""A training step as operations on tensors: what the layers ask for, and which arrays each reads and writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from redmule.config import Config
from redmule.law import Bytes, Trans
from redmule.layers import SGD, CoreCosts, PlanEngine, Product, Recipe, Turn, cross_entropy, mse
from redmule.layers.work import PRODUCT, Array, Out, Outcome, by_columns
from redmule.networks import Network


@dataclass(slots=True, eq=False)
class Tensor:
    """A piece of memory that operations share.

    Attributes:
        name: of the layer and operation that first touches it.
        bytes: its size.
        survives: whether it is wanted after the step.
    """

    name: str
    bytes: int
    survives: bool = False


@dataclass(frozen=True, slots=True)
class Multiply:
    """A product: sizes and storage as of `redmule.plan`, and its tensors.

    Attributes:
        in_place: Y lies where Z does.
        z_start, z_strides: where Z begins in its tensor, and bytes from row to row and from column to column.
    """

    m: int
    n: int
    k: int
    elem_bytes: Bytes
    trans: Trans
    x: Tensor
    w: Tensor
    y: Tensor | None
    z: Tensor
    in_place: bool
    z_start: int
    z_strides: tuple[int, ...]

    @property
    def sizes(self) -> Mapping[str, int]:
        """The sizes by the names of their axes."""
        return {"m": self.m, "n": self.n, "k": self.k}


@dataclass(frozen=True, slots=True, eq=False)
class Op:
    """A kernel, or products that are queued together.

    Attributes:
        layer, turn, what: as of `redmule.layers.Work`.
        reads, writes: the tensors.
        products: none for a kernel.
        elements, itemsize: of a kernel, as the table of costs counts them.
        share: the part of the kernel's cost that this is, where a kernel goes over its data more than once.
    """

    layer: str
    turn: Turn
    what: str
    reads: tuple[Tensor, ...]
    writes: tuple[Tensor, ...]
    products: tuple[Multiply, ...] = ()
    elements: int = 0
    itemsize: int = 0
    share: float = 1.0


class Recorder(PlanEngine):
    """An engine without values that notes operations instead of asking the law."""

    def __init__(self, config: Config, recipe: Recipe, costs: CoreCosts | None = None) -> None:
        super().__init__(config, recipe, costs)
        self.ops: list[Op] = []
        self._tensors: dict[int, tuple[Array, Tensor]] = {}  # with the arrays, so that no other gets their addresses

    def _multiply(self, asked: Sequence[Product]) -> list[Outcome]:
        results = [
            np.zeros((product.x.shape[0], product.w.shape[1]), self.recipe.output) if product.z is None else product.z
            for product in asked
        ]
        products = tuple(self._product(product, z) for product, z in zip(asked, results, strict=True))
        operands = (t for p in products for t in (p.x, p.w, p.y) if t is not None)
        reads, writes = dict.fromkeys(operands), dict.fromkeys(p.z for p in products)
        self.ops.append(Op(self._layer, self._turn, PRODUCT, tuple(reads), tuple(writes), products))
        return [Outcome(z, None, False) for z in results]

    def kernels(
        self,
        name: str,
        inputs: Sequence[Array],
        outs: Sequence[Out],
        compute: Callable[..., Sequence[Array]],
        work: int | None = None,
    ) -> list[Array]:
        results = super().kernels(name, inputs, outs, compute, work)
        reads = dict.fromkeys(self._tensor(array, "in") for array in inputs)
        writes = dict.fromkeys(self._tensor(array, name) for array in results)
        for tensor in writes:
            tensor.survives |= self._turn == "update" or name == "running"
        itemsize = max(array.itemsize for array in results)
        elements = self.log[-1].elements
        self.ops.append(
            Op(self._layer, self._turn, name, tuple(reads), tuple(writes), elements=elements, itemsize=itemsize)
        )
        return results

    def _product(self, product: Product, z: Array) -> Multiply:
        x, w, y = product.x, product.w, product.y
        elem_bytes = (x.itemsize, w.itemsize, 0 if y is None else y.itemsize, z.itemsize)
        trans = (by_columns(x), by_columns(w), by_columns(z))
        in_place = y is not None and y.ndim == 2 and y.ctypes.data == z.ctypes.data
        return Multiply(
            *product.sizes,
            elem_bytes,
            trans,
            self._tensor(x, "x"),
            self._tensor(w, "w"),
            None if y is None else self._tensor(y, "y"),
            self._tensor(z, "z"),
            in_place,
            z.ctypes.data - _whole(z).ctypes.data,
            z.strides,
        )

    def _tensor(self, view: Array, what: str) -> Tensor:
        """Return the tensor that a view is of."""
        whole = _whole(view)
        if id(whole) not in self._tensors:
            self._tensors[id(whole)] = whole, Tensor(f"{self._layer} {self._turn} {what}", whole.nbytes)
        return self._tensors[id(whole)][1]


def _whole(view: Array) -> Array:
    """Return the array that a view is of, through NumPy's helpers for strided views too."""
    whole: Any = view
    while getattr(whole, "base", None) is not None:
        whole = whole.base
    array: Array = whole
    return array


def record(network: Network, batch: int, config: Config, recipe: Recipe, costs: CoreCosts | None = None) -> list[Op]:
    """Return the operations of a training step: forward, loss, backward, and a step of plain gradient descent."""
    engine = Recorder(config, recipe, costs)
    x = np.zeros(network.shape(batch), recipe.activation)
    network.layers.clear_grads()
    y, saved = network.layers.forward(x, engine)
    if network.loss == "mse":
        _, dy = mse(y, x, engine)
    else:
        _, dy = cross_entropy(y, np.zeros(batch, np.int64), engine)
    network.layers.backward(dy, saved, engine, need_dx=False)
    SGD(0.1).step(network.layers.parameters(), engine)
    network.layers.clear_grads()
    return engine.ops
