# SPDX-License-Identifier: Apache-2.0
"""IEEE 754 exception flags, in the order of the RESULT_FLAGS register (and of RISC-V without DZ)."""

from __future__ import annotations

from dataclasses import dataclass

NV, OF, UF, NX = 8, 4, 2, 1
"""Bit masks of the flags: invalid, overflow, underflow (tiny after rounding, and inexact), inexact."""


@dataclass(frozen=True, slots=True)
class Flags:
    """A set of raised exceptions; ``a | b`` is their union."""

    nv: bool = False
    of: bool = False
    uf: bool = False
    nx: bool = False

    @classmethod
    def from_bits(cls, bits: int) -> Flags:
        """The set that ``bits`` (0..15, an OR of NV, OF, UF, NX) stands for; anything else is a ValueError."""
        if not 0 <= bits <= NV | OF | UF | NX:
            raise ValueError(f"flag bits {bits!r} are outside 0..15")
        return cls(bool(bits & NV), bool(bits & OF), bool(bits & UF), bool(bits & NX))

    @property
    def bits(self) -> int:
        """The set as an integer: NV=8, OF=4, UF=2, NX=1."""
        return NV * self.nv | OF * self.of | UF * self.uf | NX * self.nx

    def __or__(self, other: Flags) -> Flags:
        return Flags(self.nv or other.nv, self.of or other.of, self.uf or other.uf, self.nx or other.nx)

    def __str__(self) -> str:
        names = [
            name for name, on in zip(("NV", "OF", "UF", "NX"), (self.nv, self.of, self.uf, self.nx), strict=True) if on
        ]
        return " ".join(names) or "-"
