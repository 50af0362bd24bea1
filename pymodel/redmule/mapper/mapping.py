# SPDX-License-Identifier: Apache-2.0
"""What the mapper says about a training step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from redmule.layers import Recipe, Turn
from redmule.mapper.schedule import RESOURCES, Timeline
from redmule.mapper.tiled import Machine, Tiled
from redmule.networks import Network

ASSUMPTIONS = (
    "Parameters (FP32 masters), inputs and whatever does not stay in the TCDM lie in L2; the TCDM holds nothing else.",
    "Cycles of jobs are those of the cycle law: of a tile's jobs behind those of the tile before if they had waited in "
    "the queue, else on an idle accelerator. Cores write the registers of a job while others run; banks are free when "
    "wanted.",
    "Cycles of kernels are those of the table of costs (which counts 15 % for waits), with the start of the cores for "
    "every tile; all cores work on one kernel at a time.",
    "The DMA moves the bytes per cycle of the cluster, plus a constant for each transfer and row; one transfer at a "
    "time.",
    "A tile waits for its loads, for the part of tensors it sees (halo included), and for a free buffer of two; norms "
    "that need sums of all data go over it twice, the second time after the last of the first.",
    "Each parameter is updated (plain gradient descent, FP32) as soon as its gradient is there; its cast to the weight "
    "format is part of the next forward pass, and counted. The loss scale is constant within a step.",
    "MAC/cycle counts the multiply-adds of the network, not those of rows between images or of blocks around "
    "diagonals.",
    "Bytes in the TCDM are added up; that free ones may lie apart is not looked at.",
)
"""What the figures rest on."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way to do a pass, on its own: all tensors come from L2 and go there.

    Attributes:
        variant: of the layer; "" where there is one way.
        axis, tiles: how the most expensive group is cut.
        cycles: of all groups of the pass, one after the other.
        score: what it was judged by: these, and the cycles it takes of accelerator and cores at their prices.
    """

    variant: str
    axis: str
    tiles: int
    cycles: int
    score: int


@dataclass(frozen=True, slots=True)
class PassMap:
    """A pass of a layer.

    Attributes:
        layer, turn: as in logs.
        macs: multiply-adds of the network in it.
        way: how it is done.
        runners_up: the other ways that were looked at, best first.
        groups: what is done tile by tile together.
        accelerator, cores, dma: cycles that it takes of each, within the step.
        moved_bytes: by the DMA.
        span: the cycles in which its first group is admitted and its last one has ended.
    """

    layer: str
    turn: Turn
    macs: int
    way: Way
    runners_up: tuple[Way, ...]
    groups: tuple[Tiled, ...]
    accelerator: int
    cores: int
    dma: int
    moved_bytes: int
    span: tuple[int, int]

    @property
    def has_products(self) -> bool:
        """Whether the accelerator has to do with it."""
        return any(tiled.group.has_products for tiled in self.groups)

    @property
    def main(self) -> Tiled:
        """The group that takes most."""
        return max(self.groups, key=lambda tiled: (tiled.group.has_products, tiled.cycles))


@dataclass(frozen=True, slots=True)
class Buffer:
    """A piece of the TCDM: what it holds, its bytes, and the cycles from when to when it is taken."""

    name: str
    bytes: int
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Mapping:
    """How a training step runs.

    Attributes:
        network, batch, recipe, machine: what runs where.
        passes: in the order in which they begin.
        timeline: when things run.
        buffers: of the TCDM, by their begin.
    """

    network: Network
    batch: int
    recipe: Recipe
    machine: Machine
    passes: tuple[PassMap, ...]
    timeline: Timeline
    buffers: tuple[Buffer, ...]

    @property
    def cycles(self) -> int:
        """Of the whole step."""
        return self.timeline.cycles

    @property
    def macs(self) -> int:
        """Multiply-adds of the step, as the network counts them."""
        return self.network.step_macs(self.batch)

    @property
    def mac_per_cycle(self) -> float:
        """Of the whole step."""
        return self.macs / self.cycles

    @property
    def product_macs(self) -> int:
        """Multiply-adds of the network that the accelerator does."""
        return sum(each.macs for each in self.passes if each.has_products)

    @property
    def product_mac_per_cycle(self) -> float:
        """Of the products: their multiply-adds for the cycles in which the accelerator works."""
        return self.product_macs / self.timeline.busy[0]

    @property
    def moved_bytes(self) -> int:
        """By the DMA."""
        return sum(each.moved_bytes for each in self.passes)

    @property
    def most_bytes(self) -> int:
        """Of the TCDM that are taken at once."""
        return self.timeline.most_bytes

    def share(self, resource: str) -> float:
        """Return the share of the cycles in which a resource works."""
        return self.timeline.busy[RESOURCES.index(resource)] / self.cycles

    def find(self, layer: str) -> Sequence[PassMap]:
        """Return the passes of a layer, or of the layers inside it.

        Raises:
            ValueError: there is no such layer.
        """
        found = [each for each in self.passes if each.layer == layer or each.layer.startswith(f"{layer}.")]
        if not found:
            names = ", ".join(dict.fromkeys(each.layer for each in self.passes))
            raise ValueError(f"layer = {layer!r}: allowed are {names}")
        return found
