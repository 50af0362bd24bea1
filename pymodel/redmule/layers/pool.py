# SPDX-License-Identifier: Apache-2.0
"""Pools, channels last."""

from __future__ import annotations

from typing import Any

import numpy as np

from redmule.layers.base import Layer
from redmule.layers.engine import Engine
from redmule.layers.sliding import Sliding
from redmule.layers.window import Padding, Pair, Window
from redmule.layers.work import Array, Shape


class _Pool(Sliding):
    """What pools have in common: (B, H, W, C) -> (B, lines, columns, C)."""

    def __init__(
        self, kernel: int | Pair, stride: int | Pair | None = None, padding: Padding = "valid", name: str = ""
    ) -> None:
        """Make a layer; the stride is that of the kernel if nothing is said, the padding as of `Conv2d`.

        Raises:
            ValueError: an argument is wrong.
        """
        super().__init__(kernel, kernel if stride is None else stride, padding, name)

    def _shape(self, x: Shape) -> Shape:
        return x[0], *self._over(x).out, x[3]

    def _seen(self, window: Window, x: Array, frame: float) -> Array:
        """Return what each place of the kernel sees, (taps, B, lines, columns, C); `frame` is the padding."""
        padded = np.pad(x, ((0, 0), *window.sides, (0, 0)), constant_values=frame)
        return np.stack([window.visited(padded, i, j) for i, j in np.ndindex(self.kernel)])

    def _spread(self, window: Window, seen: Array) -> Array:
        """Return the image (B, H, W, C) that sums what each place of the kernel is given: the transpose of `_seen`."""
        columns = np.moveaxis(seen, 0, 3)
        return window.scattered(columns.reshape(-1, columns.shape[3] * columns.shape[4]))


class MaxPool(_Pool):
    """The largest element under the kernel; the first of equals has the gradient. Padding never is the largest."""

    def _forward(self, x: Array, engine: Engine) -> tuple[Array, Any]:
        window, shape = self._over(x.shape), self.shape(x.shape)

        def compute(wide: Array) -> tuple[Array, Array]:
            seen = self._seen(window, wide, -np.inf)
            return seen.max(0), seen.argmax(0).astype(place)

        place = np.dtype(np.uint8 if window.taps <= 256 else np.uint16)
        y, first = engine.kernels("maxpool", (x,), [(shape, x.dtype), (shape, place)], compute)
        return y, (x.shape, first)

    def _inputs(self, dy: Array, saved: Any, engine: Engine) -> Array:
        shape, first = saved
        window = self._over(shape)

        def compute(wide: Array, first: Array) -> Array:
            taps = np.arange(window.taps).reshape(-1, 1, 1, 1, 1)
            return self._spread(window, np.where(taps == first, wide, 0))

        return engine.kernel("maxpool_grad", (dy, first), (shape, engine.recipe.gradient), compute)


class AvgPool(_Pool):
    """The mean under the kernel; padding counts as elements that are 0."""

    def _forward(self, x: Array, engine: Engine) -> tuple[Array, Any]:
        window = self._over(x.shape)
        out = (self.shape(x.shape), engine.recipe.activation)
        y = engine.kernel("avgpool", (x,), out, lambda wide: self._seen(window, wide, 0).sum(0) / window.taps)
        return y, x.shape

    def _inputs(self, dy: Array, saved: Any, engine: Engine) -> Array:
        window = self._over(saved)

        def compute(wide: Array) -> Array:
            return self._spread(window, np.broadcast_to(wide / window.taps, (window.taps, *wide.shape)))

        return engine.kernel("avgpool_grad", (dy,), (saved, engine.recipe.gradient), compute)


class GlobalAvgPool(Layer):
    """The mean of all places: (B, ..., C) -> (B, C)."""

    def _shape(self, x: Shape) -> Shape:
        if len(x) < 3:
            raise self.refuse(x, "(B, ..., C)")
        return x[0], x[-1]

    def _forward(self, x: Array, engine: Engine) -> tuple[Array, Any]:
        places = tuple(range(1, x.ndim - 1))
        out = (self.shape(x.shape), engine.recipe.activation)
        return engine.kernel("avgpool", (x,), out, lambda wide: wide.mean(places)), x.shape

    def _inputs(self, dy: Array, saved: Any, engine: Engine) -> Array:
        places = int(np.prod(saved[1:-1]))

        def compute(wide: Array) -> Array:
            each = wide.reshape(saved[0], *(1 for _ in saved[1:-1]), saved[-1]) / places
            return np.broadcast_to(each, saved)

        return engine.kernel("avgpool_grad", (dy,), (saved, engine.recipe.gradient), compute)
