# SPDX-License-Identifier: Apache-2.0
"""What layers have in common whose kernel slides over images."""

from __future__ import annotations

from redmule.layers.base import Layer
from redmule.layers.window import Padding, Pair, Window, pair, sides
from redmule.layers.work import Shape


class Sliding(Layer):
    """A layer with a kernel that slides over images.

    Attributes:
        kernel, stride: of lines and columns.
        padding: "same" (Keras': outputs of size / stride, rounded up), "valid" (none), or zeros on each side.
    """

    def __init__(self, kernel: int | Pair, stride: int | Pair, padding: Padding, name: str) -> None:
        """Make a layer; kernel, stride and padding are each a number, or (height, width).

        Raises:
            ValueError: an argument is wrong.
        """
        super().__init__(name)
        self.kernel, self.stride, self.padding = pair("kernel", kernel), pair("stride", stride), padding
        sides(padding, (1, 1), self.kernel, self.stride)  # or it is refused

    def _over(self, x: Shape, channels: int | None = None) -> Window:
        """Return the kernel over images of this shape, or raise `refuse`; `channels` None: any number."""
        if len(x) != 4 or channels not in (None, x[3]):
            raise self.refuse(x, f"(B, H, W, {channels or 'C'})")
        window = Window(x, self.kernel, self.stride, sides(self.padding, (x[1], x[2]), self.kernel, self.stride))
        if min(window.out) < 1:
            raise self.refuse(x, f"images of at least the kernel, {self.kernel}, with padding {self.padding}")
        return window
