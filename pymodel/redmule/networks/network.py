# SPDX-License-Identifier: Apache-2.0
"""A network: layers, what they take, what they are trained for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from redmule import checks
from redmule.golden import MAX_SIZE
from redmule.layers import Layer, Residual, Sequential
from redmule.layers.work import Shape

Loss = Literal["cross_entropy", "mse"]

LOSSES: tuple[Loss, ...] = ("cross_entropy", "mse")
"""Of the labels of classes; of the input, which the network is to reproduce."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A layer without layers inside, where it stands in a network: its path, and the shape of its input."""

    path: str
    layer: Layer
    x: Shape

    @property
    def macs(self) -> int:
        """Multiply-adds of the forward pass; each gradient has as many."""
        return self.layer.macs(self.x)


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """A network.

    Attributes:
        name: of `NETWORKS`.
        layers: in their order; parameters are zero until `layers.initialise`.
        sample: shape of one input, without the batch.
        loss: of `LOSSES`.
    """

    name: str
    layers: Sequential
    sample: Shape
    loss: Loss = "cross_entropy"

    def shape(self, batch: int) -> Shape:
        """Return the shape of the input of a batch.

        Raises:
            ValueError: no batch of that size.
        """
        return checks.integer("batch", batch, range(1, MAX_SIZE + 1)), *self.sample

    @property
    def outputs(self) -> int:
        """Numbers that come out for a sample: classes, or what is reproduced."""
        return self.layers.shape(self.shape(1))[-1]

    def placed(self, batch: int) -> list[Placed]:
        """Return the layers without layers inside, in their order, for a batch."""
        return list(placed(self.layers, self.shape(batch)))

    def forward_macs(self, batch: int = 1) -> int:
        """Return the multiply-adds of a forward pass."""
        return self.layers.macs(self.shape(batch))

    def step_macs(self, batch: int = 1) -> int:
        """Return those of a training step: three passes of each layer, but no input gradient of the first."""
        first = next(place for place in self.placed(batch) if place.macs)
        return 3 * self.forward_macs(batch) - first.macs

    def weights(self) -> int:
        """Return the number of weights: without biases, and what batch norms learn."""
        return sum(p.master.size for path, p in self.layers.parameters().items() if path.endswith(".weight"))


def placed(layer: Layer, x: Shape, prefix: str = "") -> Iterator[Placed]:
    """Yield the layers inside that have none inside, with paths as logs have them, for an input of shape `x`."""
    path = ".".join(filter(None, (prefix, layer.name)))
    if isinstance(layer, Sequential):
        for child in layer.layers:
            yield from placed(child, x, path)
            x = child.shape(x)
    elif isinstance(layer, Residual):
        for child in layer.children():
            yield from placed(child, x, path)
    else:
        yield Placed(path, layer, x)
