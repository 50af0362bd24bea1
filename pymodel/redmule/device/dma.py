# SPDX-License-Identifier: Apache-2.0
"""The DMA of the cluster as its driver sees it: rectangles that go from L2 to TCDM or back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from redmule.cluster import DMA_BASE, DMA_QUEUE, regs_dma
from redmule.cluster.regs_dma import DirectionCode, Offset
from redmule.device.cluster_harness import ClusterHarness
from redmule.device.memory import Memory
from redmule.regs import Word


@dataclass(frozen=True, slots=True)
class Place:
    """Rows of bytes in a memory: `stride` bytes from the begin of one to that of the next."""

    address: int
    rows: int
    row_bytes: int
    stride: int

    @classmethod
    def of(cls, matrix: NDArray[Any], memory: Memory) -> Place:
        """Return where a matrix with rows of adjacent elements lies; a single column counts as rows of one element."""
        rows, cols = matrix.shape
        row_bytes = cols * matrix.itemsize
        return cls(memory.address(matrix), rows, row_bytes, matrix.strides[0] if rows > 1 else row_bytes)


class Dma:
    """The queue of transfers of one core.

    Attributes:
        line: event line that tells the end of a transfer.
        issued: transfers queued so far.
    """

    def __init__(self, harness: ClusterHarness, line: int, core: int = 0) -> None:
        self._harness = harness
        self._core = core
        self.line = line
        self._before = harness.events(line)
        self.issued = 0

    @property
    def done(self) -> int:
        """Transfers that have ended; they end in the order of the queue."""
        return self._harness.events(self.line) - self._before

    @property
    def next_event(self) -> int:
        """The count of events on the line that the end of the oldest transfer makes."""
        return self._before + self.done + 1

    def has_room(self) -> bool:
        """Whether another transfer can be queued."""
        return self.issued - self.done < DMA_QUEUE

    def copy(self, l2: Place, tcdm: Place, direction: DirectionCode) -> int:
        """Queue a transfer of rectangles of one size and return its number: it has ended when `done` reaches that."""
        words: list[Word] = [
            regs_dma.L2Addr(l2.address),
            regs_dma.TcdmAddr(tcdm.address),
            regs_dma.RowBytes(l2.row_bytes),
            regs_dma.Rows(l2.rows),
            regs_dma.L2Stride(l2.stride),
            regs_dma.TcdmStride(tcdm.stride),
            regs_dma.Start(direction),
        ]
        for word in words:
            self._harness.write(DMA_BASE + word.OFFSET, word.pack(), self._core)
        self.issued += 1
        return self.issued

    def errors(self) -> int:
        """Return how many transfers ended with an error since the reset."""
        return self._harness.read(DMA_BASE + Offset.ERRORS, self._core)
