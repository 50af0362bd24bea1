# SPDX-License-Identifier: Apache-2.0
"""Activations: functions of each element, and softmax."""

from __future__ import annotations

from abc import abstractmethod
from math import pi, prod
from typing import Any, ClassVar

import numpy as np

from redmule.layers.base import Layer
from redmule.layers.engine import Engine
from redmule.layers.work import Array, Shape

GELU_CUBIC = 0.044715
"""Of the tanh form of GELU, arXiv 1606.08415."""


class _Elementwise(Layer):
    """A function of each element: any shape to the same. Subclasses say the function and its derivative."""

    of_result: ClassVar[bool] = True
    """Whether the derivative is told from the result, which then is what is kept; else from the input."""

    def _shape(self, x: Shape) -> Shape:
        return x

    def _forward(self, x: Array, engine: Engine) -> tuple[Array, Any]:
        y = engine.kernel(self._kernel, (x,), (x.shape, engine.recipe.activation), self._function)
        return y, y if self.of_result else x

    def _inputs(self, dy: Array, saved: Any, engine: Engine) -> Array:
        out = (dy.shape, engine.recipe.gradient)
        return engine.kernel(f"{self._kernel}_grad", (dy, saved), out, lambda dy, kept: dy * self._derivative(kept))

    @property
    def _kernel(self) -> str:
        return type(self).__name__.lower()

    @abstractmethod
    def _function(self, x: Array) -> Any:
        """Return the function of x."""

    @abstractmethod
    def _derivative(self, kept: Array) -> Any:
        """Return the derivative, from the result or the input."""


class ReLU(_Elementwise):
    """max(x, 0); derivative 0 at 0."""

    def _function(self, x: Array) -> Any:
        return np.maximum(x, 0)

    def _derivative(self, kept: Array) -> Any:
        return kept > 0


class ReLU6(_Elementwise):
    """min(max(x, 0), 6); derivative 0 at 0 and 6."""

    def _function(self, x: Array) -> Any:
        return np.minimum(np.maximum(x, 0), 6)

    def _derivative(self, kept: Array) -> Any:
        return (kept > 0) & (kept < 6)


class LeakyReLU(_Elementwise):
    """x for x > 0, else slope * x; the slope is positive."""

    def __init__(self, slope: float = 0.01, name: str = "") -> None:
        super().__init__(name)
        self.slope = slope

    def _function(self, x: Array) -> Any:
        return np.where(x > 0, x, x * x.dtype.type(self.slope))

    def _derivative(self, kept: Array) -> Any:
        return np.where(kept > 0, kept.dtype.type(1), kept.dtype.type(self.slope))


class Sigmoid(_Elementwise):
    """1 / (1 + exp(-x))."""

    def _function(self, x: Array) -> Any:
        return sigmoid(x)

    def _derivative(self, kept: Array) -> Any:
        return kept * (1 - kept)


class Tanh(_Elementwise):
    """tanh(x)."""

    def _function(self, x: Array) -> Any:
        return np.tanh(x)

    def _derivative(self, kept: Array) -> Any:
        return 1 - kept * kept


class GELU(_Elementwise):
    """0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))): the tanh form of arXiv 1606.08415."""

    of_result = False

    def _function(self, x: Array) -> Any:
        return x * (1 + np.tanh(self._inner(x))) / 2

    def _derivative(self, kept: Array) -> Any:
        tanh = np.tanh(self._inner(kept))
        slope = (2 / pi) ** 0.5 * (1 + 3 * GELU_CUBIC * kept * kept)
        return (1 + tanh) / 2 + kept * (1 - tanh * tanh) * slope / 2

    def _inner(self, x: Array) -> Any:
        return (2 / pi) ** 0.5 * (x + GELU_CUBIC * x * x * x)


class Softmax(Layer):
    """exp(x) / sum(exp(x)) over the last axis: any shape to the same."""

    def _shape(self, x: Shape) -> Shape:
        return x

    def _forward(self, x: Array, engine: Engine) -> tuple[Array, Any]:
        y = engine.kernel("softmax", (x,), (x.shape, engine.recipe.activation), softmax)
        return y, y

    def _inputs(self, dy: Array, saved: Any, engine: Engine) -> Array:
        return engine.kernel("softmax_grad", (dy, saved), (dy.shape, engine.recipe.gradient), softmax_grad)


class Flatten(Layer):
    """(B, ...) -> (B, everything else)."""

    def _shape(self, x: Shape) -> Shape:
        return x[0], prod(x[1:])

    def _forward(self, x: Array, engine: Engine) -> tuple[Array, Any]:
        return engine.reshape(x, self.shape(x.shape)), x.shape

    def _inputs(self, dy: Array, saved: Any, engine: Engine) -> Array:
        return engine.reshape(dy, saved)


def sigmoid(x: Array) -> Array:
    """Return 1 / (1 + exp(-x)) without overflow."""
    small = np.exp(-np.abs(x))
    return np.asarray(np.where(x >= 0, 1, small) / (1 + small))


def softmax(x: Array) -> Array:
    """Return exp(x) / sum(exp(x)) over the last axis."""
    power = np.exp(x - x.max(-1, keepdims=True))
    return np.asarray(power / power.sum(-1, keepdims=True))


def softmax_grad(dy: Array, y: Array) -> Array:
    """Return the gradient of the input of `softmax`, from that of its result and the result."""
    return np.asarray(y * (dy - (dy * y).sum(-1, keepdims=True)))
