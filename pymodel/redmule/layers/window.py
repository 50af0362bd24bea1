# SPDX-License-Identifier: Apache-2.0
"""The geometry of convolutions: a kernel that slides over images, and how images lie so that jobs can follow it.

A job reads a matrix whose rows have one distance. So that the places a tap of the kernel visits have one as well, also
from one line of the image to the next and from image to image, an image is stored with gaps of zeros: as many columns
behind each line as the kernel reaches over its ends (the gap serves the end of one line and the start of the next), as
many lines behind each image, and the padding of the first line in front. Then the output place (image b, line y, column
x) is row number (b * `grid_lines` + y) * `grid_places` + x of every tap; rows between are of no use and cost little.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from redmule import checks
from redmule.layers.engine import Engine
from redmule.layers.work import Array, Shape

Pair = tuple[int, int]
Padding = str | int | Pair
Sides = tuple[Pair, Pair]
"""Padding before and behind, of lines and of columns."""


def pair(name: str, value: int | Pair, least: int = 1) -> Pair:
    """Return (height, width) of something that is given as one number or as two.

    Raises:
        ValueError: another value.
    """
    both = value if isinstance(value, tuple) else (value, value)
    if len(both) != 2:
        raise checks.refused(name, value, "is a number, or (height, width)")
    return checks.integer(name, both[0], range(least, 65536)), checks.integer(name, both[1], range(least, 65536))


def sides(padding: Padding, size: Pair, kernel: Pair, stride: Pair) -> Sides:
    """Return how many zeros stand around images of a size.

    "same" is Keras': ceil(size / stride) outputs, and an odd zero goes behind.

    Raises:
        ValueError: no such padding, or one not smaller than the kernel.
    """
    if padding == "same":
        outs = [-(-length // step) for length, step in zip(size, stride, strict=True)]
        total = [
            max((out - 1) * step + reach - length, 0)
            for out, step, reach, length in zip(outs, stride, kernel, size, strict=True)
        ]
        return (total[0] // 2, total[0] - total[0] // 2), (total[1] // 2, total[1] - total[1] // 2)
    if isinstance(padding, str):
        checks.choice("padding", padding, ("same", "valid"))
        padding = 0
    lines, columns = pair("padding", padding, 0)
    if lines >= kernel[0] or columns >= kernel[1]:
        raise checks.refused("padding", padding, f"is less than the kernel, {kernel}")
    return (lines, lines), (columns, columns)


@dataclass(frozen=True, slots=True)
class Window:
    """A kernel that slides over images (B, H, W, C).

    Attributes:
        image: (B, H, W, C).
        kernel, stride: of lines and columns.
        sides: zeros around each image.
    """

    image: Shape
    kernel: Pair
    stride: Pair
    sides: Sides

    @property
    def out(self) -> Pair:
        """Lines and columns of places the kernel visits; not positive if an image is too small for it."""
        lines, columns = (
            (size + sum(side) - reach) // step + 1
            for size, side, reach, step in zip(self.image[1:3], self.sides, self.kernel, self.stride, strict=True)
        )
        return lines, columns

    @property
    def taps(self) -> int:
        """Places of the kernel."""
        return self.kernel[0] * self.kernel[1]

    @property
    def is_trivial(self) -> bool:
        """Whether the kernel is one place that visits each place of the image."""
        return self.kernel == self.stride == (1, 1) and self.sides == ((0, 0), (0, 0))

    # ------------------------------------------------------------------------------------ columns, for im2row

    def gathered(self, x: Array) -> Array:
        """Return for each place visited what the kernel sees there: (B * lines * columns, taps * C)."""
        padded = np.pad(x, ((0, 0), *self.sides, (0, 0)))
        seen = sliding_window_view(padded, self.kernel, (1, 2))[:, :: self.stride[0], :: self.stride[1]]
        return seen.transpose(0, 1, 2, 4, 5, 3).reshape(-1, self.taps * x.shape[3])

    def scattered(self, columns: Array) -> Array:
        """Return the image in which each place is the sum of what `gathered` takes from it; the transpose of that."""
        batch, height, width, channels = self.image
        (top, bottom), (left, right) = self.sides
        padded = np.zeros((batch, height + top + bottom, width + left + right, channels), columns.dtype)
        seen = columns.reshape(batch, *self.out, *self.kernel, channels)
        for i in range(self.kernel[0]):
            for j in range(self.kernel[1]):
                self.visited(padded, i, j)[...] += seen[:, :, :, i, j]
        return padded[:, top : top + height, left : left + width]

    def visited(self, padded: Array, i: int, j: int) -> Array:
        """Return the places of a padded image that tap (i, j) visits, (B, lines, columns, C): a view."""
        (lines, columns), (down, right) = self.out, self.stride
        return padded[:, i : i + (lines - 1) * down + 1 : down, j : j + (columns - 1) * right + 1 : right]

    # --------------------------------------------------------------------------- the layout with gaps, for taps

    @property
    def pitch(self) -> int:
        """Columns of a stored line: the image's, a gap, and what lets a line of outputs be whole rows."""
        whole = self.stride[1] // gcd(*self.stride)
        return -(-(self.image[2] + max(self.sides[1])) // whole) * whole

    @property
    def stored_lines(self) -> int:
        """Lines of a stored image, gap included."""
        return -(-(self.image[1] + max(self.sides[0])) // self.stride[0]) * self.stride[0]

    @property
    def lead(self) -> int:
        """Places in front of the first image."""
        return self.sides[0][0] * self.pitch + self.sides[1][0]

    @property
    def stored(self) -> Pair:
        """Places and channels of all stored images."""
        return self.lead + self.image[0] * self.stored_lines * self.pitch, self.image[3]

    @property
    def grid(self) -> tuple[int, int, int]:
        """Images, lines and places of the rows of taps."""
        return self.image[0], self.stored_lines // self.stride[0], self.stride[0] * self.pitch // self.stride[1]

    @property
    def rows(self) -> int:
        """Rows up to the last place that is visited."""
        (images, lines, places), (height, width) = self.grid, self.out
        return ((images - 1) * lines + height - 1) * places + width

    def store(self, x: Array, engine: Engine) -> Array:
        """Return images as they have to lie, (places, C); as they are, if that will do."""
        if x.flags.c_contiguous and self.stored == (x.size // x.shape[3], x.shape[3]):
            return x.reshape(self.stored)

        def pad(wide: Array) -> Array:
            stored = np.zeros(self.stored, wide.dtype)
            self.images(stored)[...] = wide
            return stored

        return engine.kernel("pad", (x,), (self.stored, x.dtype), pad)

    def images(self, stored: Array) -> Array:
        """Return the images in what is stored, (B, H, W, C): a view."""
        batch, height, width, channels = self.image
        return stored[self.lead :].reshape(batch, self.stored_lines, self.pitch, channels)[:, :height, :width]

    def tap(self, stored: Array, i: int, j: int, width: int = 1) -> Array:
        """Return what `width` taps from (i, j) on see, (rows, width * C): a view, its rows may overlap."""
        channels, size = self.image[3], stored.itemsize
        start = stored[i * self.pitch + j :].reshape(-1).view(np.uint8)
        shape, strides = (self.rows, width * channels), (self.stride[1] * channels * size, size)
        return np.ndarray(shape, stored.dtype, start, 0, strides)

    def spread(self, dy: Array, engine: Engine) -> Array:
        """Return (B, lines, columns, K) as rows of taps (rows, K), zero where no output is."""
        if dy.flags.c_contiguous and self.grid == dy.shape[:3]:
            return dy.reshape(-1, dy.shape[3])

        def pad(wide: Array) -> Array:
            grid = np.zeros((*self.grid, dy.shape[3]), wide.dtype)
            grid[:, : dy.shape[1], : dy.shape[2]] = wide
            return grid

        grid = engine.kernel("pad", (dy,), ((*self.grid, dy.shape[3]), dy.dtype), pad)
        return grid.reshape(-1, dy.shape[3])[: self.rows]

    def collected(self, grid: Array) -> Array:
        """Return the outputs (B, lines, columns, K) among all rows of the grid: a view."""
        return grid.reshape(*self.grid, grid.shape[1])[:, : self.out[0], : self.out[1]]
