# SPDX-License-Identifier: Apache-2.0
"""The engines: on a device, in NumPy's floating point, and without values, as a plan."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.lib.array_utils import byte_bounds
from numpy.typing import DTypeLike

from redmule import checks, law
from redmule.config import Config
from redmule.device import Device
from redmule.job import Job
from redmule.layers.costs import CoreCosts, default_costs
from redmule.layers.engine import Engine
from redmule.layers.recipe import FP32, FP64, Recipe
from redmule.layers.work import Array, Out, Outcome, Product, by_columns
from redmule.plan import plan, strip_shape


class DeviceEngine(Engine):
    """Products are jobs of a device, queued; kernels are computed on the host and cost what the table says.

    Cycles of products are those of the results: None on "golden". The device's memory has to hold the operands of the
    jobs in its queue, and the array they accumulate on.
    """

    def __init__(self, device: Device, recipe: Recipe, costs: CoreCosts | None = None) -> None:
        """Make an engine.

        Args:
            device: runs the products; stays open.
            recipe: formats that the device takes, but for `master`.
            costs: of kernels; default: those of the package.
        """
        super().__init__(recipe, costs or default_costs())
        self.device = device

    def _multiply(self, asked: Sequence[Product]) -> list[Outcome]:
        shared = _Shared(self.device, [product.z for product in asked if product.z is not None])
        jobs = [
            Job(
                shared(product.x),
                shared(product.w),
                None if product.y is None else shared(product.y),
                out_dtype=self.recipe.output,
                z_out=None if product.z is None else shared(product.z),
            )
            for product in asked
        ]
        results = self.device.run(jobs)
        shared.copy_back()
        return [
            Outcome(result.z if product.z is None else product.z, result.cycles, result.flags.of)
            for product, result in zip(asked, results, strict=True)
        ]


class _Shared:
    """Arrays on which jobs accumulate, in device memory while the jobs run."""

    def __init__(self, device: Device, written: Sequence[Array]) -> None:
        self._moved: dict[int, tuple[Array, Array]] = {}
        for view in written:
            whole = _whole(view)
            if id(whole) not in self._moved:
                self._moved[id(whole)] = whole, device.alloc(whole.shape, whole.dtype)
                self._moved[id(whole)][1][...] = whole

    def __call__(self, view: Array) -> Array:
        """Return a view as it lies in device memory, if it is of a shared array; else itself."""
        whole = _whole(view)
        if id(whole) not in self._moved:
            return view
        moved = self._moved[id(whole)][1]
        offset = byte_bounds(view)[0] - byte_bounds(whole)[0]
        return np.ndarray(view.shape, view.dtype, moved.reshape(-1).view(np.uint8).data, offset, view.strides)

    def copy_back(self) -> None:
        """Bring what the jobs wrote to the arrays it belongs to."""
        for whole, moved in self._moved.values():
            whole[...] = moved


def _whole(view: Array) -> Array:
    """Return the array that a view is of."""
    base: object = view
    while base is not None:
        if isinstance(base, np.ndarray):
            view = base
        base = getattr(base, "base", None)  # `as_strided` puts an object of its own between
    return view


class FloatEngine(Engine):
    """Everything in one dtype of NumPy, float32 or float64: the reference. Nothing is counted in cycles."""

    def __init__(self, dtype: DTypeLike) -> None:
        """Make an engine that computes in `dtype`.

        Raises:
            ValueError: another dtype.
        """
        recipes = {recipe.output.name: recipe for recipe in (FP32, FP64)}
        super().__init__(recipes[checks.choice("dtype", np.dtype(dtype).name, recipes)], None)

    def _multiply(self, asked: Sequence[Product]) -> list[Outcome]:
        outcomes = []
        for product in asked:
            exact = product.x @ product.w
            if product.y is not None:
                exact += product.y
            if product.z is not None:
                product.z[...] = exact
            outcomes.append(Outcome(exact if product.z is None else product.z, None, False))
        return outcomes


@dataclass(slots=True)
class _Queue:
    """The hardware jobs of a queue: shapes, and the extents they read and write."""

    shapes: list[law.Shape] = field(default_factory=list)
    read: list[list[tuple[int, int]]] = field(default_factory=list)
    written: list[tuple[int, int]] = field(default_factory=list)


class PlanEngine(Engine):
    """No values: arrays are zeros that nobody reads or writes, cycles come from the plan and the law.

    The operating system gives large arrays of zeros no memory until they are touched.
    """

    has_values = False

    def __init__(self, config: Config | str, recipe: Recipe, costs: CoreCosts | None = None) -> None:
        """Make an engine.

        Args:
            config: the accelerator, or the name of a configuration.
            recipe: formats of an accelerator, but for `master`.
            costs: of kernels; default: those of the package.
        """
        super().__init__(recipe, costs or default_costs())
        self.config = config if isinstance(config, Config) else Config.named(config)

    def _multiply(self, asked: Sequence[Product]) -> list[Outcome]:
        queue, ends, results = _Queue(), [], []
        for product in asked:
            m, _, k = product.sizes
            z = np.zeros((m, k), self.recipe.output) if product.z is None else product.z
            results.append(z)
            self._enqueue(product, z, queue)
            ends.append(len(queue.shapes))
        waits = law.last_writers(queue.read, queue.written)
        totals = [cycles.total for cycles in law.queue_cycles(queue.shapes, self.config, waits=waits)]
        return [
            Outcome(z, sum(totals[begin:end]), False) for z, begin, end in zip(results, [0, *ends], ends, strict=False)
        ]

    def _enqueue(self, product: Product, z: Array, queue: _Queue) -> None:
        """Put the strips of a product into the queue."""
        m, n, k = product.sizes
        y = product.y if product.y is None or product.y.ndim == 2 else np.broadcast_to(product.y, (m, k))
        elem_bytes = (product.x.itemsize, product.w.itemsize, 0 if y is None else y.itemsize, z.itemsize)
        trans = (by_columns(product.x), by_columns(product.w), by_columns(z))
        in_place = y is not None and product.y is not None and _bounds(y) == _bounds(z)
        strips = plan(m, n, k, self.config, elem_bytes, trans, in_place=in_place, most_strips=self.config.contexts)
        for strip in strips:
            rows = slice(strip.row0, strip.row0 + strip.rows)
            cols = slice(strip.col0, strip.col0 + strip.cols)
            operands = (product.x[rows], product.w[:, cols], None if y is None else y[rows, cols])
            queue.shapes.append(strip_shape(strip, m, n, k, elem_bytes, trans))
            queue.read.append([_bounds(operand) for operand in operands if operand is not None])
            queue.written.append(_bounds(z[rows, cols]))

    def _compute(
        self, inputs: Sequence[Array], outs: Sequence[Out], compute: Callable[..., Any]
    ) -> tuple[list[Array], bool]:
        return [np.zeros(shape, dtype) for shape, dtype in outs], False


def _bounds(array: Array) -> tuple[int, int]:
    """Return the first and the last place of an array in memory."""
    first, behind = byte_bounds(array)
    return first, behind - 1
