# SPDX-License-Identifier: Apache-2.0
"""Optimisers: kernels that step the master values of parameters along their gradients."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

import numpy as np

from redmule import checks
from redmule.layers.engine import Engine
from redmule.layers.parameter import Parameter
from redmule.layers.work import Array


class Optimiser(ABC):
    """Steps parameters; keeps what it needs from step to step by their paths.

    Attributes:
        rate: of learning; may be changed between steps.
        decay: of weights: times the weight, added to its gradient. Biases and the parameters of norms do not decay.
    """

    kernel: str
    slots: tuple[str, ...] = ()
    """What is kept for each parameter, each of its shape, zero at first."""

    def __init__(self, rate: float, decay: float = 0.0) -> None:
        self.rate, self.decay = checks.number("rate", rate, 0, 1e6), checks.number("decay", decay, 0, 1)
        self.steps = 0
        self._kept: dict[str, Array] = {}

    def step(self, parameters: Mapping[str, Parameter], engine: Engine, scale: float = 1.0) -> None:
        """Step all trained parameters that have a gradient.

        Args:
            parameters: by path, as `Layer.parameters` gives them.
            engine: does the work; without values nothing changes.
            scale: what the gradients carry: that of the loss, times the mini-batches that they are the sum of.
        """
        self.steps += engine.has_values
        for path, parameter in parameters.items():
            if parameter.trained and parameter.grad is not None:
                with engine.scope(path.rpartition(".")[0], "update"):
                    self._step(path, parameter, parameter.grad, engine, scale)

    def _step(self, path: str, parameter: Parameter, grad: Array, engine: Engine, scale: float) -> None:
        keys = [f"{path}.{slot}" for slot in self.slots]
        kept = [self._kept.get(key, np.zeros(parameter.shape, parameter.master.dtype)) for key in keys]
        decay = self.decay if parameter.role == "weight" else 0.0

        def compute(master: Array, grad: Array, *kept: Array) -> Sequence[Array]:
            return self._stepped(master, grad * (1 / scale) + decay * master, kept)

        outs = [(parameter.shape, parameter.master.dtype)] * (1 + len(kept))
        master, *kept = engine.kernels(self.kernel, (parameter.master, grad, *kept), outs, compute)
        if engine.has_values:
            parameter.master = master
            self._kept |= dict(zip(keys, kept, strict=True))

    @abstractmethod
    def _stepped(self, master: Array, grad: Array, kept: Sequence[Array]) -> Sequence[Array]:
        """Return the new master and what is to be kept, in float32 (float64)."""

    def state(self) -> dict[str, Array]:
        """Return what is kept, and the number of steps, as arrays by name."""
        return {**self._kept, "steps": np.array(self.steps)}

    def load(self, state: Mapping[str, Array]) -> None:
        """Take what `state` returned."""
        self._kept = {name: np.array(array) for name, array in state.items() if name != "steps"}
        self.steps = int(state["steps"])


class SGD(Optimiser):
    """v = momentum v + g; w = w - rate v (without momentum v = g)."""

    def __init__(self, rate: float, *, momentum: float = 0.0, decay: float = 0.0) -> None:
        super().__init__(rate, decay)
        self.momentum = checks.number("momentum", momentum, 0, 1)
        self.kernel, self.slots = ("momentum", ("velocity",)) if momentum else ("sgd", ())

    def _stepped(self, master: Array, grad: Array, kept: Sequence[Array]) -> Sequence[Array]:
        if not kept:
            return [master - self.rate * grad]
        velocity = self.momentum * kept[0] + grad
        return master - self.rate * velocity, velocity


class Adam(Optimiser):
    """Adam (arXiv 1412.6980, algorithm 1); the decay is part of the gradient."""

    kernel = "adam"
    slots = ("mean", "square")

    def __init__(
        self,
        rate: float = 1e-3,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        epsilon: float = 1e-8,
        decay: float = 0.0,
    ) -> None:
        super().__init__(rate, decay)
        self.betas, self.epsilon = betas, epsilon

    def _stepped(self, master: Array, grad: Array, kept: Sequence[Array]) -> Sequence[Array]:
        (first, second), (mean, square) = self.betas, kept
        mean = first * mean + (1 - first) * grad
        square = second * square + (1 - second) * grad * grad
        step = self.rate / (1 - first**self.steps)
        root = np.sqrt(square * (1 / (1 - second**self.steps))) + self.epsilon
        return master - step * mean / root, mean, square
