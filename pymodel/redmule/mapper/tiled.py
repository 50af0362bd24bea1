# SPDX-License-Identifier: Apache-2.0
"""A group of operations in tiles.

A group is cut along one axis: the rows of its products (of the image), the inner dimension, or the columns; kernels
along their elements. Tensors that lie along this axis pass through two buffers of a tile each (*streamed*); the others
are there as a whole while the group runs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from redmule.config import Config
from redmule.layers import CoreCosts
from redmule.mapper.graph import Group
from redmule.mapper.record import Tensor

BUFFERS = 2
"""Places for tiles of a streamed tensor: one in use, one being filled or emptied."""

STREAM_SHARE = 8
"""Tensors of a kernel that are smaller than the largest by this factor are not streamed."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What a step runs on.

    Attributes:
        config: the accelerator.
        costs: of the cores.
        tcdm_bytes: size of the TCDM.
        dma_bytes_per_cycle: what the DMA moves between L2 and TCDM.
    """

    config: Config
    costs: CoreCosts
    tcdm_bytes: int
    dma_bytes_per_cycle: float


@dataclass(frozen=True, slots=True)
class Cost:
    """What an operation takes in a tile: cycles of a resource; `saved`: of those, if it has waited in the queue."""

    resource: str
    cycles: int
    saved: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Tiled:
    """A group in tiles.

    Attributes:
        group: what is cut.
        axis: "m", "n" or "k" of the products, or "elements" of a kernel.
        size: of a tile along the axis; the last may be smaller.
        ends: for each tile, the share of the axis that is done with it.
        streamed: tensors that come and go tile by tile.
        halo: share of a streamed tensor that a tile sees of its neighbours.
        work: for each tile, what its operations take, in order.
    """

    group: Group
    axis: str
    size: int
    ends: tuple[float, ...]
    streamed: frozenset[Tensor]
    halo: float
    work: tuple[tuple[Cost, ...], ...]

    @property
    def count(self) -> int:
        """Tiles."""
        return len(self.ends)

    def of(self, group: Group) -> Tiled:
        """Return another group of the same operations, on other tensors, cut like this one."""
        return replace(self, group=group, streamed=streamed_tensors(group, self.axis))

    def tile_bytes(self, tensor: Tensor) -> int:
        """Return the bytes of a tensor that a tile has to do with."""
        if tensor not in self.streamed or self.count == 1:
            return tensor.bytes
        halo = 0.0 if self._is_gathered(tensor) else self.halo
        return min(tensor.bytes, int(tensor.bytes * (self.ends[0] + halo)) + 1)

    def part_bytes(self, tensor: Tensor, index: int) -> int:
        """Return the bytes of a tensor that are moved for a tile; one that is not streamed is moved as a whole."""
        if tensor not in self.streamed or self.count == 1:
            return tensor.bytes
        share = self.ends[index] - (self.ends[index - 1] if index else 0.0)
        halo = self.halo if tensor in self.group.reads else 0.0
        return min(tensor.bytes, round(tensor.bytes * (share + halo)))

    def _is_gathered(self, tensor: Tensor) -> bool:
        """Whether a tensor is a matrix of what the kernel sees at each place: its rows have no neighbours."""
        return any(
            (op.what == "im2row" and tensor in op.writes) or (op.what == "col2im" and tensor in op.reads)
            for op in self.group.ops
        )

    def stored_rows(self, tensor: Tensor) -> int:
        """Return the pieces of memory that a tile of a tensor consists of: rows, where the cut goes across them."""
        if self.count == 1 or tensor not in self.streamed:
            return 1
        for multiply in (multiply for op in self.group.ops for multiply in op.products):
            x_trans, w_trans, z_trans = multiply.trans
            for operand, rows, cols, trans in (
                (multiply.x, "m", "n", x_trans),
                (multiply.w, "n", "k", w_trans),
                (multiply.z, "m", "k", z_trans),
            ):
                stored = cols if trans else rows
                if operand is tensor and self.axis in (rows, cols) and stored != self.axis:
                    return multiply.sizes[stored]
        return 1

    def buffer_bytes(self, tensor: Tensor) -> int:
        """Return the bytes that a tensor takes in the TCDM while the group runs, if it is not there as a whole."""
        return min(tensor.bytes, self.tile_bytes(tensor) * (BUFFERS if tensor in self.streamed else 1))

    @property
    def buffers(self) -> dict[Tensor, int]:
        """The bytes of all tensors, as `buffer_bytes`."""
        return {tensor: self.buffer_bytes(tensor) for tensor in (*self.group.touched, *self.group.inner)}

    @property
    def bytes(self) -> int:
        """All buffers together."""
        return sum(self.buffers.values())

    @property
    def cycles(self) -> int:
        """All that its operations take, one after the other."""
        return sum(cost.cycles for tile in self.work for cost in tile)


def streamed_tensors(group: Group, axis: str) -> frozenset[Tensor]:
    """Return the tensors that lie along an axis, and those that kernels make of them or make them from."""
    if axis == "elements":
        touched = [tensor for op in group.ops for tensor in (*op.reads, *op.writes)]
        largest = max(tensor.bytes for tensor in touched)
        return frozenset(tensor for tensor in touched if tensor.bytes * STREAM_SHARE >= largest)
    found: set[Tensor] = set()
    for op in group.ops:
        for multiply in op.products:
            operands = {"m": (multiply.x, multiply.z), "n": (multiply.x, multiply.w), "k": (multiply.w, multiply.z)}
            found |= set(operands.get(axis, ()))
            if axis == "m" and multiply.y is not None and multiply.y.bytes >= multiply.m:
                found.add(multiply.y)
    kernels = [op for op in group.ops if not op.products]
    for op in (*kernels, *reversed(kernels)):
        if not found.isdisjoint((*op.reads, *op.writes)):
            found |= {*op.reads, *op.writes}
    return frozenset(found)
