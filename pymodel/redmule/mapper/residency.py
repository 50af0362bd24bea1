# SPDX-License-Identifier: Apache-2.0
"""Which tensors stay in the TCDM from one group that touches them to the next, so that the DMA need not move them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, product

from redmule.mapper.graph import POINTWISE, SUMS
from redmule.mapper.record import Tensor
from redmule.mapper.tiled import Tiled


@dataclass(frozen=True, slots=True, eq=False)
class Stay:
    """A place in the TCDM, from the first to the last of the groups that touch it.

    Attributes:
        tensor: what is there, at first; kernels may replace it in place.
        groups: those that touch it.
    """

    tensor: Tensor
    groups: tuple[int, ...]


class Residency:
    """What stays, for groups in their order."""

    def __init__(self, tileds: Sequence[Tiled], capacity: int, ahead: int) -> None:
        """Choose what stays.

        Short stays come first, of equal ones the larger tensor; one is refused where a group would not fit any more.

        Args:
            tileds: the groups.
            capacity: bytes of the TCDM.
            ahead: leave room for the buffers of so many of the next groups, so that they can begin early.
        """
        self._touched: dict[Tensor, list[int]] = defaultdict(list)
        for place, tiled in enumerate(tileds):
            for tensor in tiled.group.touched:
                self._touched[tensor].append(place)
        self._root = self._in_place(tileds)
        chains: dict[Tensor, set[int]] = defaultdict(set)
        for tensor, places in self._touched.items():
            chains[self._root[tensor]] |= set(places)
        self._chains = {tensor: sorted(places) for tensor, places in chains.items()}
        self._buffers = [tiled.buffers for tiled in tileds]
        self._taken = [sum(buffers.values()) for buffers in self._buffers]
        self._limit = [capacity - sum(self._taken[place + 1 : place + 1 + ahead]) for place in range(len(tileds))]
        self._covering: list[set[Tensor]] = [set() for _ in tileds]
        self._joined: set[tuple[Tensor, int]] = set()  # the tensor is there when this group begins
        segments = [
            (last - first, -tensor.bytes, number, tensor, first, last)
            for number, (tensor, places) in enumerate(self._chains.items())
            for first, last in pairwise(places)
        ]
        for _, _, _, tensor, first, last in sorted(segments, key=lambda segment: segment[:3]):
            self._try(tensor, first, last)
        self.stays = [stay for tensor in self._chains for stay in self._stays_of(tensor)]

    def comes(self, tensor: Tensor, place: int) -> bool:
        """Whether a tensor is in the TCDM when a group begins."""
        return (self._root[tensor], place) in self._joined

    def covers(self, tensor: Tensor, place: int) -> bool:
        """Whether a tensor is there as a whole while a group runs."""
        return self._root.get(tensor) in self._covering[place]

    def must_be_stored(self, tensor: Tensor, place: int) -> bool:
        """Whether a tensor that a group writes has to go to L2: somebody loads it, or it survives the step."""
        later = [other for other in self._touched[tensor] if other > place]
        return tensor.survives or any((self._root[tensor], other) not in self._joined for other in later)

    def own_bytes(self, place: int) -> int:
        """Return the bytes of the buffers of a group, without what stays."""
        return sum(
            size for tensor, size in self._buffers[place].items() if self._root.get(tensor) not in self._covering[place]
        )

    def _in_place(self, tileds: Sequence[Tiled]) -> dict[Tensor, Tensor]:
        """Return for each tensor the one in whose place it is: a kernel overwrites an input that nobody wants any more.

        Whoever else touched that input must have ended: the kernel reads what they made.
        """
        root = {tensor: tensor for tensor in self._touched}
        for place, tiled in enumerate(tileds):
            group = tiled.group
            if not all(op.what in POINTWISE or op.what == SUMS for op in group.ops):
                continue
            wanted = set(group.reads)
            for tensor, read in product(group.writes, group.reads):
                *before, last = self._touched[read]
                over = last == place and before and all(wanted & set(tileds[other].group.writes) for other in before)
                if over and read.bytes == tensor.bytes and read in tiled.streamed and root[tensor] is tensor:
                    root[tensor] = root[read]
        return root

    def _try(self, tensor: Tensor, first: int, last: int) -> None:
        more = {
            place: tensor.bytes - sum(size for t, size in self._buffers[place].items() if self._root.get(t) is tensor)
            for place in range(first, last + 1)
            if tensor not in self._covering[place]
        }
        if all(self._taken[place] + size <= self._limit[place] for place, size in more.items()):
            for place, size in more.items():
                self._taken[place] += size
                self._covering[place].add(tensor)
            self._joined.add((tensor, last))

    def _stays_of(self, tensor: Tensor) -> list[Stay]:
        runs: list[list[int]] = []
        for before, place in pairwise(self._chains[tensor]):
            if (tensor, place) in self._joined:
                if runs and runs[-1][-1] == before:
                    runs[-1].append(place)
                else:
                    runs.append([before, place])
        return [Stay(tensor, tuple(run)) for run in runs]
