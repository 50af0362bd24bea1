# SPDX-License-Identifier: Apache-2.0
"""The linear layer: the plainest example of a layer."""

from __future__ import annotations

from typing import Any

import numpy as np

from redmule.layers.base import Layer
from redmule.layers.engine import Engine
from redmule.layers.parameter import Parameter, features
from redmule.layers.work import Array, Shape


class Linear(Layer):
    """y = x w + b on the last axis: (..., inputs) -> (..., outputs).

    Forward X[B,Ci] W[Ci,Co] on the bias; weights X^T dY on what they have accumulated; inputs dY W^T.

    Parameters: weight (inputs, outputs), drawn with variance 2 / inputs; bias (outputs,).
    """

    multiplies = True

    def __init__(self, inputs: int, outputs: int, *, bias: bool = True, name: str = "") -> None:
        """Make a layer from `inputs` to `outputs` features.

        Raises:
            ValueError: a number of them is wrong.
        """
        super().__init__(name)
        inputs, outputs = features("inputs", inputs), features("outputs", outputs)
        self.weight = Parameter((inputs, outputs), deviation=(2 / inputs) ** 0.5)
        self.bias = Parameter((outputs,), "output") if bias else None

    def _shape(self, x: Shape) -> Shape:
        inputs, outputs = self.weight.shape
        if len(x) < 2 or x[-1] != inputs:
            raise self.refuse(x, f"(B, ..., {inputs})")
        return *x[:-1], outputs

    def macs(self, x: Shape) -> int:
        return int(np.prod(self.shape(x))) * x[-1]

    def _forward(self, x: Array, engine: Engine) -> tuple[Array, Any]:
        bias = None if self.bias is None else self.bias.value(engine)
        y = engine.product(engine.matrix(x), self.weight.value(engine), bias)
        return y.reshape(self.shape(x.shape)), x

    def _weights(self, dy: Array, saved: Any, engine: Engine) -> None:
        x, dy = engine.matrix(saved), engine.matrix(dy)
        self.weight.grad = engine.product(x.T, dy, self.weight.grad)
        if self.bias is not None:
            accumulate_bias(self.bias, dy, engine)

    def _inputs(self, dy: Array, saved: Any, engine: Engine) -> Array:
        dx = engine.product(engine.matrix(dy), self.weight.value(engine).T)
        return dx.reshape(saved.shape)


def accumulate_bias(bias: Parameter, dy: Array, engine: Engine) -> None:
    """Accumulate the gradient of a bias: the sum of dy (..., channels) over all but the last axis."""
    out = (bias.shape, engine.recipe.output)
    over = tuple(range(dy.ndim - 1))
    bias.accumulate(engine, engine.kernel("bias_grad", (dy,), out, lambda wide: wide.sum(over)))
