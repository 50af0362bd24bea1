# SPDX-License-Identifier: Apache-2.0
"""Losses: of a result y and its target, the value, and the gradient of y times a scale.

`scale` keeps small gradients within the format: gradients of parameters carry it, and optimisers take it out again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from redmule import checks
from redmule.layers.activation import softmax
from redmule.layers.engine import Engine
from redmule.layers.work import Array

Graded = tuple[float, Array]
"""The value of a loss (0 from engines without values), and the scaled gradient of y."""


def mse(y: Array, target: Array, engine: Engine, scale: float = 1.0) -> Graded:
    """Return mean((y - target)^2) over all elements, and scale * 2 (y - target) / elements.

    Raises:
        ValueError: y and target have different shapes.
    """
    return _of_elements("mse", y, target, engine, scale, np.square, lambda error: 2 * error)


def l1(y: Array, target: Array, engine: Engine, scale: float = 1.0) -> Graded:
    """Return mean(|y - target|) over all elements, and scale * sign(y - target) / elements.

    Raises:
        ValueError: y and target have different shapes.
    """
    return _of_elements("l1", y, target, engine, scale, np.abs, np.sign)


def cross_entropy(y: Array, target: NDArray[Any], engine: Engine, scale: float = 1.0) -> Graded:
    """Return the mean of -log softmax(y)[label], and scale * (softmax(y) - one-hot) / samples.

    Args:
        y: scores (B, classes), any float dtype.
        target: labels (B,), integers from 0 to classes - 1.
        engine: does the work.
        scale: of the gradient.

    Raises:
        ValueError: y or target has another shape.
    """
    if y.ndim != 2 or target.shape != y.shape[:1]:
        raise ValueError(f"cross_entropy of {y.shape} with labels {target.shape}: allowed are (B, classes) and (B,)")
    samples = np.arange(len(y))

    def compute(scores: Array, labels: Array) -> Sequence[Any]:
        shifted = scores - scores.max(1, keepdims=True)
        losses = np.log(np.exp(shifted).sum(1)) - shifted[samples, labels]
        error = softmax(scores)
        error[samples, labels] -= 1
        return losses.mean(), error * (scale / len(scores))

    return _graded("cross_entropy", y, target, engine, compute)


def _of_elements(
    name: str,
    y: Array,
    target: Array,
    engine: Engine,
    scale: float,
    value: Callable[[Array], Array],
    slope: Callable[[Array], Array],
) -> Graded:
    if y.shape != target.shape:
        raise checks.refused(f"target.shape of {name}", target.shape, f"is that of y, {y.shape}")

    def compute(y: Array, target: Array) -> Sequence[Any]:
        return value(y - target).mean(), slope(y - target) * (scale / y.size)

    return _graded(name, y, target, engine, compute)


def _graded(name: str, y: Array, target: Array, engine: Engine, compute: Callable[..., Sequence[Any]]) -> Graded:
    outs = [((), engine.recipe.master), (y.shape, engine.recipe.gradient)]
    with engine.scope(name, "loss"):
        value, dy = engine.kernels(name, (y, target), outs, compute)
    return float(value), dy
