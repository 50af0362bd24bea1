# SPDX-License-Identifier: Apache-2.0
"""Norms: y = z * scale + shift, z = (x - mean) / sqrt(variance + epsilon), channels last; of what, is the difference.

Gradients (arXiv 1502.03167): with g = dy * scale, dx = (g - mean(g) - z mean(g z)) / sqrt(variance + epsilon), dscale =
sum(dy z), dshift = sum(dy).
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

import numpy as np

from redmule.layers.base import Layer
from redmule.layers.engine import Engine
from redmule.layers.parameter import Parameter, features
from redmule.layers.work import Array, Shape

EPSILON = 1e-5


class _Norm(Layer):
    """A norm of (B, ..., channels). What is kept of a forward pass: x, mean and variance.

    Parameters: scale (channels,), 1 at first; shift (channels,), 0 at first.
    """

    least_axes: ClassVar[int] = 2

    def __init__(self, channels: int, *, epsilon: float = EPSILON, name: str = "") -> None:
        super().__init__(name)
        self.epsilon = epsilon
        features("channels", channels)
        self.scale = Parameter((channels,), "master", mean=1)
        self.shift = Parameter((channels,), "master")

    def _shape(self, x: Shape) -> Shape:
        (channels,) = self.scale.shape
        if len(x) < self.least_axes or x[-1] != channels:
            raise self.refuse(x, f"(B, ..., {channels}) of {self.least_axes} axes or more")
        return x

    @abstractmethod
    def _over(self, axes: int) -> tuple[int, ...]:
        """Return the axes, of so many, that mean and variance are taken over."""

    def _statistics(self, shape: Shape) -> Shape:
        """Return the shape of mean and variance, with axes of 1 where they are taken over."""
        over = self._over(len(shape))
        return tuple(1 if axis in over else size for axis, size in enumerate(shape))

    def _forward(self, x: Array, engine: Engine) -> tuple[Array, Any]:
        over, each = self._over(x.ndim), self._statistics(x.shape)

        def compute(x: Array, scale: Array, shift: Array) -> tuple[Array, Array, Array]:
            mean = x.mean(over, keepdims=True)
            variance = np.square(x - mean).mean(over, keepdims=True)
            return (x - mean) * self._inverse(variance) * scale + shift, mean, variance

        recipe = engine.recipe
        outs = [(x.shape, recipe.activation), (each, recipe.master), (each, recipe.master)]
        y, mean, variance = engine.kernels("norm", (x, self.scale.master, self.shift.master), outs, compute)
        return y, (x, mean, variance)

    def _weights(self, dy: Array, saved: Any, engine: Engine) -> None:
        self._accumulate(self._sums(dy, saved, engine), engine)

    def _sums(self, dy: Array, kept: tuple[Array, ...], engine: Engine) -> list[Array]:
        """Return the gradients of scale and shift."""
        over = tuple(range(dy.ndim - 1))

        def compute(dy: Array, x: Array, mean: Array, variance: Array) -> tuple[Array, Array]:
            return (dy * ((x - mean) * self._inverse(variance))).sum(over), dy.sum(over)

        out = (self.scale.shape, engine.recipe.master)
        return engine.kernels("norm_sums", (dy, *kept), [out, out], compute)

    def _accumulate(self, sums: list[Array], engine: Engine) -> None:
        for parameter, grad in zip((self.scale, self.shift), sums, strict=True):
            parameter.accumulate(engine, grad)

    def _inputs(self, dy: Array, saved: Any, engine: Engine) -> Array:
        over = self._over(dy.ndim)

        def compute(dy: Array, x: Array, mean: Array, variance: Array, scale: Array) -> Any:
            inverse = self._inverse(variance)
            z, g = (x - mean) * inverse, dy * scale
            return (g - g.mean(over, keepdims=True) - z * (g * z).mean(over, keepdims=True)) * inverse

        out = (dy.shape, engine.recipe.gradient)
        return engine.kernel("norm_grad", (dy, *saved, self.scale.master), out, compute)

    def _inverse(self, variance: Array) -> Any:
        return 1 / np.sqrt(variance + self.epsilon)


class LayerNorm(_Norm):
    """Normalises over the channels of each place: (B, ..., channels) to the same (arXiv 1607.06450)."""

    def _over(self, axes: int) -> tuple[int, ...]:
        return (axes - 1,)


class InstanceNorm(_Norm):
    """Normalises over the places of each sample and channel: (B, ..., channels) to the same (arXiv 1607.08022)."""

    least_axes = 3

    def _over(self, axes: int) -> tuple[int, ...]:
        return tuple(range(1, axes - 1))


class BatchNorm(_Norm):
    """Normalises over the samples and places of each channel: (B, ..., channels) to the same (arXiv 1502.03167).

    Inference (`Engine.inference`) uses running statistics: after each training pass old + momentum * (new - old), with
    the unbiased variance, as PyTorch has it. Its gradients treat them as constants.

    Parameters, besides scale and shift: mean and variance (channels,), not trained, 0 and 1 at first.
    """

    def __init__(self, channels: int, *, epsilon: float = EPSILON, momentum: float = 0.1, name: str = "") -> None:
        super().__init__(channels, epsilon=epsilon, name=name)
        self.momentum = momentum
        self.mean = Parameter((channels,), "master", trained=False)
        self.variance = Parameter((channels,), "master", mean=1, trained=False)

    def _over(self, axes: int) -> tuple[int, ...]:
        return tuple(range(axes - 1))

    def _forward(self, x: Array, engine: Engine) -> tuple[Array, Any]:
        if engine.training:
            y, saved = super()._forward(x, engine)
            self._track(saved, engine)
            return y, (saved, True)
        saved = x, self.mean.master, self.variance.master

        def compute(x: Array, mean: Array, variance: Array, scale: Array, shift: Array) -> Any:
            return (x - mean) * self._inverse(variance) * scale + shift

        inputs = (*saved, self.scale.master, self.shift.master)
        return engine.kernel("affine", inputs, (x.shape, engine.recipe.activation), compute), (saved, False)

    def _backward(self, dy: Array, saved: Any, engine: Engine, need_dx: bool) -> Array | None:
        kept, trained = saved
        sums = self._sums(dy, kept, engine) if trained or self.learns else []
        if self.learns:
            self._accumulate(sums, engine)
        if not need_dx:
            return None
        with engine.scope(turn="inputs"):
            return self._through(dy, kept, sums, engine) if trained else self._past(dy, kept, engine)

    def _through(self, dy: Array, kept: tuple[Array, ...], sums: list[Array], engine: Engine) -> Array:
        """Return the gradient of the input; its means are those sums, over the places."""
        share = 1 / (dy.size // dy.shape[-1])

        def compute(dy: Array, x: Array, mean: Array, variance: Array, scale: Array, *sums: Array) -> Any:
            inverse = self._inverse(variance)
            of_scale, of_shift = sums
            return (dy - of_shift * share - (x - mean) * inverse * (of_scale * share)) * inverse * scale

        out = (dy.shape, engine.recipe.gradient)
        return engine.kernel("norm_past_sums", (dy, *kept, self.scale.master, *sums), out, compute)

    def _past(self, dy: Array, kept: tuple[Array, ...], engine: Engine) -> Array:
        """Return the gradient of the input when the statistics are constants."""
        _, _, variance = kept

        def compute(dy: Array, variance: Array, scale: Array) -> Any:
            return dy * self._inverse(variance) * scale

        out = (dy.shape, engine.recipe.gradient)
        return engine.kernel("affine", (dy, variance, self.scale.master), out, compute)

    def _track(self, saved: tuple[Array, Array, Array], engine: Engine) -> None:
        """Move the running statistics towards those of a batch."""
        x, mean, variance = saved
        count, momentum, channels = x.size // x.shape[-1], self.momentum, self.scale.shape

        def compute(*pairs: Array) -> tuple[Array, Array]:
            old_mean, old_variance, mean, variance = pairs
            unbiased = variance.reshape(channels) * (count / max(count - 1, 1))
            moved = old_mean + momentum * (mean.reshape(channels) - old_mean)
            return moved, old_variance + momentum * (unbiased - old_variance)

        out = (channels, engine.recipe.master)
        inputs = (self.mean.master, self.variance.master, mean, variance)
        moved = engine.kernels("running", inputs, [out, out], compute)
        if engine.has_values:
            self.mean.master, self.variance.master = moved
