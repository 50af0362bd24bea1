# SPDX-License-Identifier: Apache-2.0
"""Parameters: what a layer learns, or keeps from step to step."""

from __future__ import annotations

import numpy as np

from redmule import checks
from redmule.layers.engine import Engine
from redmule.layers.recipe import Role
from redmule.layers.work import Array, Shape

MOST_FEATURES = 1 << 24


def features(name: str, count: int) -> int:
    """Return the number of features or channels of a layer.

    Raises:
        ValueError: it is none.
    """
    return checks.integer(name, count, range(1, MOST_FEATURES + 1))


class Parameter:
    """A tensor that a layer keeps.

    Attributes:
        role: what it is for passes: "weight" (operand of products), "output" (bias), or "master" (read by kernels).
        trained: whether passes compute its gradient and optimisers change it.
        grad: gradient in the shape of the value, times the scale of the loss; what accumulates since it was None.
    """

    def __init__(
        self,
        shape: Shape,
        role: Role = "weight",
        *,
        mean: float = 0.0,
        deviation: float = 0.0,
        trained: bool = True,
    ) -> None:
        """Make a parameter, all `mean` until it is drawn (see `draw`), as float32."""
        self.role = role
        self.trained = trained
        self.grad: Array | None = None
        self._mean, self._deviation = mean, deviation
        self.master = np.full(shape, mean, np.float32)

    @property
    def master(self) -> Array:
        """The value that optimisers keep, read-only: float32, or float64 for checks. A new one is assigned."""
        return self._master

    @master.setter
    def master(self, value: Array) -> None:
        self._master = value.view()
        self._master.flags.writeable = False

    @property
    def shape(self) -> Shape:
        """Sizes."""
        return self._master.shape

    def draw(self, rng: np.random.Generator) -> None:
        """Draw the value anew: normal, around the mean, with the deviation the layer named."""
        drawn = self._mean + self._deviation * rng.standard_normal(self.shape)
        self.master = drawn.astype(np.float32)

    def value(self, engine: Engine) -> Array:
        """Return the value in the dtype of its role, cast when it is first asked for after a change."""
        return engine.cast_once(self, self._master, self.role)

    def accumulate(self, engine: Engine, grad: Array) -> None:
        """Add a gradient that a kernel computed; it stays in its dtype if it is the first, else the sum is a master's.

        A gradient that is a product is accumulated by the product, on its Y.
        """
        if self.grad is not None:
            out = (self.shape, engine.recipe.master)
            grad = engine.kernel("add", (self.grad, grad), out, lambda old, new: old + new)
        self.grad = grad
