# SPDX-License-Identifier: Apache-2.0
"""The tasks of a step: for each tile of each group loads, kernels, products, and stores, and what each waits for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from math import ceil

from redmule.device.tiling import ROW_CYCLES, TRANSFER_CYCLES
from redmule.mapper.record import Tensor
from redmule.mapper.residency import Residency
from redmule.mapper.schedule import Program
from redmule.mapper.tiled import BUFFERS, Machine, Tiled

Progress = list[tuple[float, int]]
"""How far a tensor is done after which task, front to back."""


class Builder:
    """Makes the program of groups in their order.

    Attributes:
        program: the tasks.
        moved_bytes: by the DMA, for each group.
    """

    def __init__(self, tileds: Sequence[Tiled], residency: Residency, machine: Machine) -> None:
        self.program = Program()
        self.moved_bytes = [0] * len(tileds)
        self._residency, self._machine = residency, machine
        self._there: dict[Tensor, Progress] = {}  # in the TCDM
        self._stored: dict[Tensor, Progress] = {}  # in L2
        held: dict[int, list[int]] = defaultdict(list)
        first: dict[int, int] = defaultdict(int)
        for stay in residency.stays:
            piece = self.program.hold(stay.tensor.bytes, len(stay.groups))
            first[stay.groups[0]] += stay.tensor.bytes
            for place in stay.groups:
                held[place].append(piece)
        for place, tiled in enumerate(tileds):
            own = residency.own_bytes(place)
            self.program.begin(own + first[place], [*held[place], self.program.hold(own, 1)])
            self._group(place, tiled)

    def _group(self, place: int, tiled: Tiled) -> None:
        group, residency = tiled.group, self._residency
        loaded = [tensor for tensor in group.reads if not residency.comes(tensor, place)]
        kept = [tensor for tensor in loaded if residency.covers(tensor, place)]
        stored = [tensor for tensor in group.writes if residency.must_be_stored(tensor, place)]
        for tensor in (*kept, *group.writes):
            self._there[tensor] = []
        for tensor in stored:
            self._stored[tensor] = []
        done: list[int] = []  # the last operation of each tile
        left: list[int | None] = []  # the transfer that takes its results away
        for index, end in enumerate(tiled.ends):
            seen = min(end + tiled.halo, 1.0) if index + 1 < tiled.count else 1.0
            waits = [done[index - BUFFERS]] if index >= BUFFERS else []
            now = [tensor for tensor in loaded if tensor in tiled.streamed or index == 0]
            load = self._transfer(place, tiled, now, index, waits, self._stored, seen)
            needs = [*waits, *self._waits(tiled, [t for t in group.reads if t not in loaded], self._there, seen)]
            if load is not None:
                needs.append(load)
                for tensor in set(kept) & set(now):
                    self._there[tensor].append((end if tensor in tiled.streamed else 1.0, load))
            if index >= BUFFERS and (before := left[index - BUFFERS]) is not None:
                needs.append(before)
            for cost in tiled.work[index]:
                needs = [self.program.add(cost.resource, cost.cycles, needs, cost.saved)]
            done.append(needs[0])
            finished = [t for t in group.writes if t in tiled.streamed or index + 1 == tiled.count]
            for tensor in finished:
                self._there[tensor].append((end, done[index]))
            leaving = [tensor for tensor in finished if tensor in stored]
            left.append(self._transfer(place, tiled, leaving, index, [done[index]], {}, 1.0))
            store = left[index]
            if store is not None:
                for tensor in leaving:
                    self._stored[tensor].append((end, store))

    def _transfer(
        self,
        place: int,
        tiled: Tiled,
        tensors: Sequence[Tensor],
        index: int,
        waits: Sequence[int],
        progress: dict[Tensor, Progress],
        seen: float,
    ) -> int | None:
        """Add the task that moves a tile of tensors, and return its number; None if there is nothing to move."""
        if not tensors:
            return None
        size = sum(tiled.part_bytes(tensor, index) for tensor in tensors)
        rows = sum(tiled.stored_rows(tensor) for tensor in tensors)
        cycles = ceil(size / self._machine.dma_bytes_per_cycle) + rows * ROW_CYCLES + len(tensors) * TRANSFER_CYCLES
        self.moved_bytes[place] += size
        return self.program.add("dma", cycles, [*waits, *self._waits(tiled, tensors, progress, seen)])

    @staticmethod
    def _waits(tiled: Tiled, tensors: Sequence[Tensor], progress: dict[Tensor, Progress], seen: float) -> list[int]:
        """Return the tasks after which tensors are done as far as a tile sees them; others are there from the start."""
        found = []
        for tensor in tensors:
            if progress.get(tensor):
                share = seen if tensor in tiled.streamed else 1.0
                steps = progress[tensor]
                found.append(next((task for done, task in steps if done >= share), steps[-1][1]))
        return found
