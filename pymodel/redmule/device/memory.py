# SPDX-License-Identifier: Apache-2.0
"""Device memory: one byte buffer, arrays allocated in it, and matrices placed in it."""

from __future__ import annotations

import math
import operator
import threading
import weakref
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from redmule import checks
from redmule.fp import Format, format_by_dtype
from redmule.job import Stored

ALIGNMENT = 64
"""Allocated arrays start at multiples of this many bytes."""

GUARD_BYTES = 192
"""Unused bytes on both sides of an allocated array: more than a beat of the widest port."""

MAY_READ, MAY_WRITE = 1, 2
"""Bits of the permission map: the byte belongs to an operand; to a result."""


class MemoryFullError(ValueError):
    """An array does not fit what is free of a memory."""


class Memory:
    """The memory a device works on, addresses `base` to `base + size`.

    An allocated array is freed when the last view of it is gone. `bytes` is the content, zero at first;
    the operating system provides a page when it is first touched.
    """

    def __init__(
        self,
        size: int,
        base: int,
        *,
        poison: bool = False,
        content: NDArray[np.uint8] | None = None,
        name: str = "device memory",
    ) -> None:
        """Make a memory of `size` bytes.

        Args:
            size: bytes.
            base: address of the first byte.
            poison: fill guard bytes and gaps with signalling NaNs of the neighbour's format.
            content: bytes to use, such as those of a simulated memory; default: new ones.
            name: what messages call it.

        Raises:
            ValueError: a size that is not positive or goes beyond 32-bit addresses.
        """
        size = checks.integer("memory_bytes", size, range(1, (1 << 32) - base + 1))
        self.base = base
        self.bytes: NDArray[np.uint8] = np.zeros(size, np.uint8) if content is None else content[:size]
        self._poison = poison
        self._name = name
        self._lock = threading.Lock()  # of what follows
        self._free = [(0, size)]  # offset and length of each free block, by offset
        self._released: deque[tuple[int, int]] = deque()  # blocks to be free again; any thread appends at any time

    def alloc(self, shape: Sequence[int], dtype: DTypeLike, name: str = "alloc") -> NDArray[Any]:
        """Return a new array of zeros in device memory.

        Args:
            shape: any shape.
            dtype: dtype of one of the five formats.
            name: what the error message calls it.

        Raises:
            ValueError: no such format, or the array does not fit.
        """
        fmt = format_by_dtype(dtype)
        try:
            sizes = tuple(operator.index(size) for size in shape)
        except TypeError:
            raise ValueError(f"shape = {shape!r}: allowed is a sequence of whole sizes >= 0") from None
        if any(size < 0 for size in sizes):
            raise ValueError(f"shape = {sizes}: allowed are sizes >= 0")
        flat = self._block(name, math.prod(sizes) * fmt.bytes, fmt)
        flat[:] = 0
        return flat.view(fmt.dtype).reshape(sizes)

    def holds(self, array: NDArray[Any]) -> bool:
        """Whether an array lies in this memory."""
        return 0 <= array.ctypes.data - self.bytes.ctypes.data < self.bytes.size

    @property
    def largest_free(self) -> int:
        """Bytes of the largest array that fits."""
        with self._lock:
            self._reclaim()
            largest = max((length for _, length in self._free), default=0)
        return max(0, largest // ALIGNMENT * ALIGNMENT - 2 * GUARD_BYTES)

    def address(self, array: NDArray[Any]) -> int:
        """Return the address of an array that this memory holds."""
        return self.base + array.ctypes.data - self.bytes.ctypes.data

    def place(self, name: str, matrix: NDArray[Any]) -> tuple[Stored, NDArray[Any]]:
        """Return where a matrix lies in device memory, and the array that keeps it there.

        A matrix that is in this memory already stays where it is; another one is copied, row stride and all.

        Args:
            name: what the error message calls it.
            matrix: 2-D, rows of adjacent elements (see `rowwise`).

        Raises:
            ValueError: it does not fit.
        """
        rows, cols = matrix.shape
        fmt = format_by_dtype(matrix.dtype)
        stride = matrix.strides[0] if rows > 1 else cols * fmt.bytes
        if self.holds(matrix):
            kept = matrix
        else:
            block = self._block(name, (rows - 1) * stride + cols * fmt.bytes, fmt)
            kept = np.ndarray((rows, cols), fmt.dtype, block, strides=(stride, fmt.bytes))
            kept[...] = matrix
        return Stored(self.address(kept), rows, cols, stride, fmt), kept

    def rows_of(self, plane: NDArray[np.uint8], stored: Stored) -> NDArray[np.uint8]:
        """Return the bytes of a stored matrix in a plane with one byte for each byte of memory: (rows, row bytes)."""
        shape, strides = (stored.rows, stored.row_bytes), (stored.stride, 1)
        return np.ndarray(shape, np.uint8, plane, stored.address - self.base, strides)

    def _block(self, name: str, size: int, fmt: Format) -> NDArray[np.uint8]:
        """Return `size` unused bytes between guards."""
        need = -(-(size + 2 * GUARD_BYTES) // ALIGNMENT) * ALIGNMENT
        with self._lock:
            self._reclaim()
            index = next((i for i, (_, length) in enumerate(self._free) if length >= need), None)
            if index is None:
                raise MemoryFullError(f"{name}: {size} bytes do not fit the {self._name} of {self.bytes.size} bytes")
            offset, length = self._free[index]
            self._free[index : index + 1] = [(offset + need, length - need)] if length > need else []
        if self._poison:
            self.bytes[offset : offset + need].view(fmt.raw_dtype)[:] = signalling_nan(fmt)
        # Views of an array made from a buffer keep that array alive, so its end is the end of them all.
        flat = np.frombuffer(memoryview(self.bytes)[offset + GUARD_BYTES :][:size], np.uint8)
        weakref.finalize(flat, self._released.append, (offset, need))
        return flat

    def _reclaim(self) -> None:
        """Make released blocks free, and join them with free neighbours."""
        blocks = list(self._free)
        while self._released:
            blocks.append(self._released.popleft())
        blocks.sort()
        self._free = blocks[:1]
        for start, more in blocks[1:]:
            last, held = self._free[-1]
            if last + held == start:
                self._free[-1] = (last, held + more)
            else:
                self._free.append((start, more))


def rowwise(name: str, matrix: NDArray[Any]) -> tuple[NDArray[Any], bool]:
    """Return a view of a matrix as rows of adjacent elements, and whether that is the transpose of the matrix.

    The rows keep their distance: gaps stay, overlaps as of a sliding window stay, and 0 (a broadcast) stays.

    Args:
        name: what the error message calls it.
        matrix: 2-D.

    Raises:
        ValueError: neither the matrix nor its transpose has rows of adjacent elements at a distance the hardware takes.
    """
    for form in readable(matrix):
        return form
    raise ValueError(
        f"{name} has strides {matrix.strides} bytes: allowed is one stride of {matrix.itemsize} and the other a "
        f"multiple of {matrix.itemsize}, not negative"
    )


def readable(matrix: NDArray[Any]) -> Iterator[tuple[NDArray[Any], bool]]:
    """Yield the views of a matrix as rows the hardware takes, and whether that is the transpose; the best first."""
    forms = ((matrix, False), (matrix.T, True))
    for view, trans in sorted(forms, key=lambda form: form[0].shape[0] != 1):  # a vector is best one row
        rows, cols = view.shape
        stride, step = view.strides
        if (cols == 1 or step == view.itemsize) and (rows == 1 or (stride >= 0 and stride % view.itemsize == 0)):
            yield view, trans


def distinct_rows(matrix: NDArray[Any]) -> NDArray[Any]:
    """Return the first row of a matrix whose rows are all the same memory, as of a bias; else the matrix."""
    return matrix[:1] if matrix.strides[0] == 0 else matrix


def signalling_nan(fmt: Format) -> int:
    """Return the code of a signalling NaN, or of the only NaN if the format has no signalling one."""
    return fmt.exponent_mask | 1 if fmt.has_inf else fmt.canonical_nan
