# SPDX-License-Identifier: Apache-2.0
"""One training step, and what a network is worth."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from redmule import checks
from redmule.layers import Engine, Layer, Work
from redmule.layers.loss import Graded
from redmule.layers.optimiser import Optimiser
from redmule.train.data import Dataset
from redmule.train.scaling import LossScale

Loss = Callable[[NDArray[Any], NDArray[Any], Engine, float], Graded]
"""As `redmule.layers.cross_entropy`: result, target, engine, scale -> value, scaled gradient."""

EVALUATION_BATCH = 120


@dataclass(frozen=True, slots=True)
class Step:
    """What happened in a step.

    Attributes:
        loss: mean over the batch, before the step.
        scale: of the loss.
        skipped: whether gradients overflowed, so that parameters stayed as they were.
        accelerator_cycles: of all products; None where the engine does not count them.
        core_cycles: of all kernels, by the table of costs; None likewise.
    """

    loss: float
    scale: float
    skipped: bool
    accelerator_cycles: int | None
    core_cycles: int | None


@dataclass(frozen=True, slots=True)
class Score:
    """How well a network does: mean loss, and the share of labels it names (None: there are none)."""

    loss: float
    accuracy: float | None


@dataclass(slots=True)
class Trainer:
    """Trains a network.

    Attributes:
        network: the layers.
        loss: what is made small.
        optimiser: steps the parameters.
        engine: does the work; its log holds that of the last step.
        scale: of the loss.
        accumulate: parts that a batch is cut into; their gradients are added before the step.
        steps: how many there have been, skipped ones included.
    """

    network: Layer
    loss: Loss
    optimiser: Optimiser
    engine: Engine
    scale: LossScale = field(default_factory=LossScale)
    accumulate: int = 1
    steps: int = 0

    def step(self, batch: Dataset) -> Step:
        """Learn from a batch.

        Raises:
            ValueError: the batch is no multiple of `accumulate`, or does not suit the network.
            RuntimeError: the loss is not finite.
        """
        if len(batch) % self.accumulate or not len(batch):
            raise checks.refused("batch", len(batch), f"is a multiple of accumulate = {self.accumulate}")
        network, engine, scale = self.network, self.engine, self.scale.value
        engine.log.clear()
        network.clear_grads()
        network.load(network.state())  # weights are cast anew: no step is cheaper for what came before it
        loss = 0.0
        for part in batch.parts(len(batch) // self.accumulate):
            y, saved = network.forward(part.inputs, engine)
            value, dy = self.loss(y, part.targets, engine, scale)
            network.backward(dy, saved, engine, need_dx=False)
            loss += value / self.accumulate
        self.steps += 1
        if not math.isfinite(loss):
            raise RuntimeError(f"loss = {loss} in step {self.steps}: training diverged; a smaller rate may help")
        overflow = gradients_overflowed(engine.log)
        if not overflow:
            self.optimiser.step(network.parameters(), engine, scale * self.accumulate)
        self.scale.update(overflow)
        accelerator, cores = cycles(engine.log)
        return Step(loss, scale, overflow, accelerator, cores)

    def evaluate(self, data: Dataset, engine: Engine | None = None) -> Score:
        """Return how well the network does, by inference.

        Args:
            data: samples.
            engine: does the work instead of that of the trainer; its log stays as it is.
        """
        return evaluate(self.network, self.loss, data, engine or self.engine)

    def state(self) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        """Return all that the next steps depend on, besides their batches: arrays by name, and plain values."""
        arrays = {f"network/{name}": array for name, array in self.network.state().items()}
        arrays |= {f"optimiser/{name}": array for name, array in self.optimiser.state().items()}
        return arrays, {"steps": self.steps, "scale": asdict(self.scale)}

    def load(self, arrays: Mapping[str, NDArray[Any]], facts: Mapping[str, Any]) -> None:
        """Take what `state` returned.

        Raises:
            ValueError: it is of another network.
        """
        self.network.load(_within("network/", arrays))
        self.optimiser.load(_within("optimiser/", arrays))
        self.steps, self.scale = facts["steps"], LossScale(**facts["scale"])


def evaluate(network: Layer, loss: Loss, data: Dataset, engine: Engine) -> Score:
    """Return how well a network does on data, by inference; the log of the engine stays as it is."""
    noted, loss_sum, right = len(engine.log), 0.0, 0
    with engine.inference():
        for part in data.parts(EVALUATION_BATCH):
            y, _ = network.forward(part.inputs, engine)
            loss_sum += loss(y, part.targets, engine, 1.0)[0] * len(part)
            if data.has_labels:
                right += int((y.astype(np.float32).argmax(1) == part.targets).sum())
    del engine.log[noted:]
    return Score(loss_sum / len(data), right / len(data) if data.has_labels else None)


def gradients_overflowed(log: Iterable[Work]) -> bool:
    """Whether a gradient became infinite: a job raised its OF flag, or a kernel that rounds would have."""
    return any(work.overflow for work in log if work.turn != "forward")


def cycles(log: Iterable[Work]) -> tuple[int | None, int | None]:
    """Return the cycles of all products and of all kernels of a log; None for either if one of them is not known."""
    products: list[int | None] = []
    kernels: list[int | None] = []
    for work in log:
        (kernels if work.on_cores else products).append(work.cycles)
    return total(products), total(kernels)


def total(counts: Sequence[int | None]) -> int | None:
    """Return a sum; None if one of the counts is not known."""
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None


def _within(prefix: str, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
