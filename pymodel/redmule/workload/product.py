# SPDX-License-Identifier: Apache-2.0
"""One product of matrices, as a study or a network needs it."""

from __future__ import annotations

from dataclasses import dataclass

from redmule.fp import format_by_name
from redmule.law import Bytes, Trans


@dataclass(frozen=True, slots=True)
class Product:
    """A product: M x N by N x K, all matrices in one format.

    Attributes:
        of: the range or network it belongs to.
        name: of the layer and pass, or the number of the draw.
        batch: samples; 0 outside networks.
        layout: one of `LAYOUTS`; empty outside networks.
        trans: whether X, W, Z are stored transposed.
        y: whether there is a Y, in a place of its own.
        format: name of the format.
    """

    of: str
    name: str
    batch: int
    layout: str
    m: int
    n: int
    k: int
    trans: Trans = (False, False, False)
    y: bool = True
    format: str = "fp16"

    @property
    def elem_bytes(self) -> Bytes:
        """Bytes of an element of X, W, Y (0: none) and Z."""
        size = format_by_name(self.format).bytes
        return (size, size, size if self.y else 0, size)

    @property
    def macs(self) -> int:
        """Steps of the array: multiply-adds, or what the operation has in their place."""
        return self.m * self.n * self.k

    @property
    def bytes_once(self) -> int:
        """Bytes of all matrices, each counted once."""
        counts = (self.m * self.n, self.n * self.k, self.m * self.k, self.m * self.k)
        return sum(size * count for size, count in zip(self.elem_bytes, counts, strict=True))
