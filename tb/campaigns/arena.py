# SPDX-License-Identifier: Apache-2.0
"""Device memory of a trial: one block of random bytes that matrices are cut from, at any offset and stride."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import DTypeLike, NDArray

from redmule.device import Memory
from redmule.fp import Format, format_by_name

MAX_SKIP = 80
"""Most bytes left unused before a matrix: more than a beat of most ports."""

MAX_GAP = 40
"""Most elements left unused between two rows."""


class Allocator(Protocol):
    """A device, as far as an arena needs it."""

    memory: Memory

    def alloc(self, shape: Sequence[int], dtype: DTypeLike) -> NDArray[Any]:
        """Return a new array of zeros in device memory."""


class Arena:
    """One array of a device's memory, full of random bytes, and the matrices in it.

    Attributes:
        bytes: the whole block, (size,) uint8.
        results: 1 for each byte of a matrix that a job may write, (size,) uint8.
        address: of the first byte, for the hardware.
    """

    def __init__(self, device: Allocator, size: int, random: np.random.Generator) -> None:
        self.bytes: NDArray[np.uint8] = device.alloc((size,), format_by_name("e5m2").dtype).view(np.uint8)
        self.bytes[:] = random.integers(0, 1 << 8, size, np.uint8)
        self.results = np.zeros(size, np.uint8)
        self.address = device.memory.base + self.bytes.ctypes.data - device.memory.bytes.ctypes.data
        self._used = 0

    def matrix(self, rows: int, cols: int, fmt: Format, *, skip: int = 0, stride: int | None = None) -> NDArray[Any]:
        """Cut out a matrix, (rows, cols) of the format's dtype.

        Args:
            rows: rows.
            cols: columns.
            fmt: the format.
            skip: bytes left unused before it, rounded down to whole elements.
            stride: elements from row to row, also less than `cols`; default: dense.
        """
        step = cols if stride is None else stride
        start = -(-self._used // fmt.bytes) * fmt.bytes + skip // fmt.bytes * fmt.bytes
        end = start + ((rows - 1) * step + cols) * fmt.bytes
        if end > self.bytes.size:
            raise ValueError(f"a matrix of {end - start} bytes does not fit the arena of {self.bytes.size}")
        self._used = end
        return view(self.bytes[start:end], rows, cols, fmt, step)

    def scattered(self, random: np.random.Generator, rows: int, cols: int, fmt: Format) -> NDArray[Any]:
        """Cut out a matrix at a random place, dense or with gaps between its rows."""
        stride = cols + int(random.integers(MAX_GAP)) * int(random.integers(2))
        return self.matrix(rows, cols, fmt, skip=int(random.integers(MAX_SKIP)), stride=stride)

    def writable(self, matrix: NDArray[Any]) -> None:
        """Say that a job may write this matrix."""
        start = matrix.ctypes.data - self.bytes.ctypes.data
        row = np.arange(matrix.shape[1] * matrix.itemsize)
        self.results[start + np.arange(matrix.shape[0])[:, None] * matrix.strides[0] + row] = 1


def view(block: NDArray[np.uint8], rows: int, cols: int, fmt: Format, stride: int) -> NDArray[Any]:
    """Return the bytes of a block as a matrix with `stride` elements from row to row."""
    return np.ndarray((rows, cols), fmt.dtype, block, strides=(stride * fmt.bytes, fmt.bytes))
