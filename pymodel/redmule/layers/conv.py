# SPDX-License-Identifier: Apache-2.0
"""Convolutions, channels last."""

from __future__ import annotations

from abc import abstractmethod
from math import prod
from typing import Any

import numpy as np

from redmule.layers.conv_variants import ANY_STRIDE, FORWARD, INPUTS, WEIGHTS
from redmule.layers.engine import Engine
from redmule.layers.linear import accumulate_bias
from redmule.layers.parameter import Parameter, features
from redmule.layers.sliding import Sliding
from redmule.layers.window import Padding, Pair, Window, sides
from redmule.layers.work import Array, Shape, Turn


class _Conv(Sliding):
    """What convolutions have in common: kernel, stride, padding, weight, bias, and the ways their passes go."""

    multiplies = True

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int | Pair,
        *,
        stride: int | Pair = 1,
        padding: Padding = "same",
        bias: bool = True,
        name: str = "",
    ) -> None:
        """Make a layer.

        Args:
            inputs, outputs: channels.
            kernel, stride, padding: see `Sliding`.
            bias: whether there is one.
            name: of the layer.

        Raises:
            ValueError: an argument is wrong.
        """
        super().__init__(kernel, stride, padding, name)
        self.inputs, self.outputs = features("inputs", inputs), features("outputs", outputs)
        self.bias = Parameter((self.outputs,), "output") if bias else None

    def choices(self, turn: Turn) -> tuple[str, ...]:
        inputs = tuple(INPUTS) if self.stride == (1, 1) else ANY_STRIDE
        ways: dict[Turn, tuple[str, ...]] = {"forward": tuple(FORWARD), "weights": tuple(WEIGHTS), "inputs": inputs}
        return ways.get(turn, ())

    @abstractmethod
    def _window(self, x: Shape) -> Window:
        """Return the sliding kernel for an input of this shape, or raise `refuse`."""

    def macs(self, x: Shape) -> int:
        window = self._window(x)
        return window.image[0] * prod(window.out) * window.taps * self.inputs * self.outputs


class Conv2d(_Conv):
    """A convolution: (B, H, W, inputs) -> (B, lines, columns, outputs).

    Parameters: weight (kernel height * kernel width * inputs, outputs), by kernel row, kernel column and channel, drawn
    with variance 2 / rows; bias (outputs,).
    """

    def __init__(self, inputs: int, outputs: int, kernel: int | Pair, **options: Any) -> None:
        """Make a layer; options: stride, padding, bias, name, see `_Conv`."""
        super().__init__(inputs, outputs, kernel, **options)
        seen = prod(self.kernel) * inputs
        self.weight = Parameter((seen, outputs), deviation=(2 / seen) ** 0.5)

    def _window(self, x: Shape) -> Window:
        return self._over(x, self.inputs)

    def _shape(self, x: Shape) -> Shape:
        return x[0], *self._window(x).out, self.outputs

    def _forward(self, x: Array, engine: Engine) -> tuple[Array, Any]:
        bias = None if self.bias is None else self.bias.value(engine)
        way = FORWARD[self.variant("forward")]
        return way(self._window(x.shape), x, self.weight.value(engine), bias, engine), x

    def _weights(self, dy: Array, saved: Any, engine: Engine) -> None:
        way = WEIGHTS[self.variant("weights")]
        self.weight.grad = way(self._window(saved.shape), saved, dy, self.weight.grad, engine)
        if self.bias is not None:
            accumulate_bias(self.bias, dy, engine)

    def _inputs(self, dy: Array, saved: Any, engine: Engine) -> Array:
        return INPUTS[self.variant("inputs")](self._window(saved.shape), dy, self.weight.value(engine), engine)


class Pointwise(Conv2d):
    """A convolution with a kernel of one place: (B, H, W, inputs) -> (B, H / stride, W / stride, outputs).

    With stride 1 its passes are plain products of what is there; then there is only one way for each.
    """

    def __init__(self, inputs: int, outputs: int, **options: Any) -> None:
        """Make a layer; options: stride, bias, name."""
        super().__init__(inputs, outputs, 1, padding="valid", **options)

    def choices(self, turn: Turn) -> tuple[str, ...]:
        return super().choices(turn)[:1] if self.stride == (1, 1) else super().choices(turn)


class Conv1d(Conv2d):
    """A convolution over time: (B, T, inputs) -> (B, steps, outputs). Parameters as of `Conv2d`."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int, *, stride: int = 1, padding: str | int = "same", **options: Any
    ) -> None:
        """Make a layer; options: bias, name, see `_Conv`."""
        around: Padding = padding if isinstance(padding, str) else (0, padding)
        super().__init__(inputs, outputs, (1, kernel), stride=(1, stride), padding=around, **options)

    def _window(self, x: Shape) -> Window:
        if len(x) == 4:  # with the axis of lines already
            return super()._window(x)
        if len(x) != 3 or x[2] != self.inputs:
            raise self.refuse(x, f"(B, T, {self.inputs})")
        return super()._window((x[0], 1, *x[1:]))

    def _shape(self, x: Shape) -> Shape:
        return x[0], self._window(x).out[1], self.outputs

    def _forward(self, x: Array, engine: Engine) -> tuple[Array, Any]:
        y, saved = super()._forward(x[:, None], engine)
        return y[:, 0], saved

    def _weights(self, dy: Array, saved: Any, engine: Engine) -> None:
        super()._weights(dy[:, None], saved, engine)

    def _inputs(self, dy: Array, saved: Any, engine: Engine) -> Array:
        return super()._inputs(dy[:, None], saved, engine)[:, 0]


class ConvTranspose2d(_Conv):
    """The transpose of a convolution: (B, H, W, inputs) -> (B, lines, columns, outputs).

    Forward is the input gradient of the convolution that has its shapes the other way round, and the input gradient is
    that one's forward pass. Lines: H * stride with padding "same", else (H - 1) * stride + kernel - 2 * padding.

    Parameters: weight (kernel height * kernel width * outputs, inputs), by kernel row, kernel column and channel; bias
    (outputs,).
    """

    def __init__(self, inputs: int, outputs: int, kernel: int | Pair, **options: Any) -> None:
        """Make a layer; options: stride, padding, bias, name, see `_Conv`."""
        super().__init__(inputs, outputs, kernel, **options)
        deviation = (2 * prod(self.stride) / (prod(self.kernel) * inputs)) ** 0.5
        self.weight = Parameter((prod(self.kernel) * outputs, inputs), deviation=deviation)

    def choices(self, turn: Turn) -> tuple[str, ...]:
        mirrored: dict[Turn, Turn] = {"forward": "inputs", "inputs": "forward"}
        return super().choices(mirrored.get(turn, turn))

    def _window(self, x: Shape) -> Window:
        if len(x) != 4 or x[3] != self.inputs:
            raise self.refuse(x, f"(B, H, W, {self.inputs})")
        if self.padding == "same":
            height, width = x[1] * self.stride[0], x[2] * self.stride[1]
            around = sides("same", (height, width), self.kernel, self.stride)
        else:
            around = sides(self.padding, (1, 1), self.kernel, self.stride)
            height, width = (
                (size - 1) * step + reach - sum(side)
                for size, step, reach, side in zip(x[1:3], self.stride, self.kernel, around, strict=True)
            )
        if height < 1 or width < 1:
            raise self.refuse(x, f"images large enough to leave any with padding {self.padding}")
        return Window((x[0], height, width, self.outputs), self.kernel, self.stride, around)

    def _shape(self, x: Shape) -> Shape:
        return self._window(x).image

    def _forward(self, x: Array, engine: Engine) -> tuple[Array, Any]:
        y = INPUTS[self.variant("forward")](self._window(x.shape), x, self.weight.value(engine), engine)
        if self.bias is not None:
            y = engine.kernel("add", (y, self.bias.value(engine)), (y.shape, engine.recipe.output), np.add)
        return y, x

    def _weights(self, dy: Array, saved: Any, engine: Engine) -> None:
        way = WEIGHTS[self.variant("weights")]
        self.weight.grad = way(self._window(saved.shape), dy, saved, self.weight.grad, engine)
        if self.bias is not None:
            accumulate_bias(self.bias, dy, engine)

    def _inputs(self, dy: Array, saved: Any, engine: Engine) -> Array:
        way = FORWARD[self.variant("inputs")]
        return way(self._window(saved.shape), dy, self.weight.value(engine), None, engine)
