# SPDX-License-Identifier: Apache-2.0
"""The depthwise convolution: on the cores, or as products with diagonal blocks."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from redmule import checks
from redmule.layers.engine import Engine
from redmule.layers.linear import accumulate_bias
from redmule.layers.parameter import Parameter, features
from redmule.layers.sliding import Sliding
from redmule.layers.window import Padding, Pair, Window
from redmule.layers.work import Array, Product, Shape, Turn


class DepthwiseConv2d(Sliding):
    """A convolution of each channel on its own: (B, H, W, channels) -> (B, lines, columns, channels).

    Ways of each pass: "cores", a kernel; or "block": for each tap and each group of `block` channels a product with a
    diagonal matrix, as the taps of a convolution. Only one in `block` multiply-adds is of use, but the array has many;
    a block of as many channels as the array has rows does best.

    Parameters: weight (kernel height * kernel width, channels), drawn with variance 2 / taps; bias (channels,).
    """

    multiplies = True

    def __init__(
        self,
        channels: int,
        kernel: int | Pair,
        *,
        stride: int | Pair = 1,
        padding: Padding = "same",
        bias: bool = True,
        block: int = 12,
        name: str = "",
    ) -> None:
        """Make a layer; arguments as of `Conv2d`.

        Raises:
            ValueError: an argument is wrong.
        """
        super().__init__(kernel, stride, padding, name)
        self.block = checks.integer("block", block, range(1, 1025))
        taps = prod(self.kernel)
        features("channels", channels)
        self.weight = Parameter((taps, channels), deviation=(2 / taps) ** 0.5)
        self.bias = Parameter((channels,), "output") if bias else None

    def choices(self, turn: Turn) -> tuple[str, ...]:
        return ("cores", "block") if turn in ("forward", "weights", "inputs") else ()

    def _window(self, x: Shape) -> Window:
        return self._over(x, self.weight.shape[1])

    def _shape(self, x: Shape) -> Shape:
        return x[0], *self._window(x).out, x[3]

    def macs(self, x: Shape) -> int:
        return prod(self.shape(x)) * self.weight.shape[0]

    def _forward(self, x: Array, engine: Engine) -> tuple[Array, Any]:
        window, weight = self._window(x.shape), self.weight.value(engine)
        bias = None if self.bias is None else self.bias.value(engine)
        if self.variant("forward") == "block":
            return self._forward_block(window, x, weight, bias, engine), x
        inputs = (x, weight) if bias is None else (x, weight, bias)
        out = (self.shape(x.shape), engine.recipe.output)

        def compute(x: Array, weight: Array, bias: Array | None = None) -> Array:
            padded = np.pad(x, ((0, 0), *window.sides, (0, 0)))
            y = np.zeros(out[0], x.dtype)
            for tap, (i, j) in enumerate(np.ndindex(self.kernel)):
                y += window.visited(padded, i, j) * weight[tap]
            return y if bias is None else y + bias

        return engine.kernel("depthwise", inputs, out, compute, self.macs(x.shape)), x

    def _weights(self, dy: Array, saved: Any, engine: Engine) -> None:
        window = self._window(saved.shape)
        if self.variant("weights") == "block":
            grad = self._weights_block(window, saved, dy, engine)
        else:

            def compute(x: Array, dy: Array) -> Array:
                padded = np.pad(x, ((0, 0), *window.sides, (0, 0)))
                places = np.ndindex(self.kernel)
                return np.stack([(window.visited(padded, i, j) * dy).sum((0, 1, 2)) for i, j in places])

            out = (self.weight.shape, engine.recipe.output)
            grad = engine.kernel("depthwise_weights", (saved, dy), out, compute, self.macs(saved.shape))
        self.weight.accumulate(engine, grad)
        if self.bias is not None:
            accumulate_bias(self.bias, dy, engine)

    def _inputs(self, dy: Array, saved: Any, engine: Engine) -> Array:
        window, weight = self._window(saved.shape), self.weight.value(engine)
        if self.variant("inputs") == "block":
            return self._inputs_block(window, dy, weight, engine)

        def compute(dy: Array, weight: Array) -> Array:
            return window.scattered((dy[:, :, :, None] * weight).reshape(-1, weight.size))

        out = (saved.shape, engine.recipe.output)
        return engine.kernel("depthwise_inputs", (dy, weight), out, compute, self.macs(saved.shape))

    # -------------------------------------------------------------------------------------- as products

    def _blocks(self) -> list[slice]:
        channels = self.weight.shape[1]
        return [slice(first, min(first + self.block, channels)) for first in range(0, channels, self.block)]

    def _diagonals(self, weight: Array, engine: Engine) -> Array:
        """Return (taps, channels, block): row c of a tap has the weight of channel c at its place in the block."""
        taps, channels = weight.shape
        shape = (taps, channels, self.block)

        def compute(wide: Array) -> Array:
            blocks = np.zeros(shape, wide.dtype)
            channel = np.arange(channels)
            blocks[:, channel, channel % self.block] = wide
            return blocks

        return engine.kernel("diagonal", (weight,), (shape, weight.dtype), compute)

    def _block_of(self, diagonals: Array, tap: int, block: slice) -> Array:
        return diagonals[tap, block, : block.stop - block.start]

    def _forward_block(self, window: Window, x: Array, weight: Array, bias: Array | None, engine: Engine) -> Array:
        stored, diagonals = window.store(x, engine), self._diagonals(weight, engine)
        grid = np.zeros((prod(window.grid), x.shape[3]), engine.recipe.output)  # jobs write all that is read
        jobs = []
        for block in self._blocks():
            sums = grid[: window.rows, block]
            so_far = None if bias is None else bias[block]
            for tap, (i, j) in enumerate(np.ndindex(self.kernel)):
                seen = window.tap(stored, i, j)[:, block]
                jobs.append(Product(seen, self._block_of(diagonals, tap, block), so_far, sums))
                so_far = sums
        engine.products(jobs)
        return window.collected(grid)

    def _weights_block(self, window: Window, x: Array, dy: Array, engine: Engine) -> Array:
        stored, spread = window.store(x, engine), window.spread(dy, engine)
        full = np.zeros((*self.weight.shape, self.block), engine.recipe.output)
        engine.products(
            [
                Product(window.tap(stored, i, j)[:, block].T, spread[:, block], None, self._block_of(full, tap, block))
                for block in self._blocks()
                for tap, (i, j) in enumerate(np.ndindex(self.kernel))
            ]
        )

        def compute(wide: Array) -> Array:
            channel = np.arange(x.shape[3])
            return wide[:, channel, channel % self.block]

        return engine.kernel("diagonal", (full,), (self.weight.shape, full.dtype), compute, self.weight.master.size)

    def _inputs_block(self, window: Window, dy: Array, weight: Array, engine: Engine) -> Array:
        spread, diagonals = window.spread(dy, engine), self._diagonals(weight, engine)
        sums = engine.zeros(window.stored, engine.recipe.output)
        jobs = []
        for block in self._blocks():
            for tap, (i, j) in enumerate(np.ndindex(self.kernel)):
                place = window.tap(sums, i, j)[:, block]
                jobs.append(Product(spread[:, block], self._block_of(diagonals, tap, block).T, place, place))
        engine.products(jobs)
        return window.images(sums)
