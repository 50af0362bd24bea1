# SPDX-License-Identifier: Apache-2.0
"""Comparisons of one arithmetic against another on arrays of operands, and golden fma against Berkeley SoftFloat.

`scripts/fp_campaign.py` plays all shards, and those of the RTL.
"""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from redmule.fp import kernel, stimuli, vector
from redmule.fp.flags import NV, NX, OF, UF
from redmule.fp.formats import FP16

Operands = tuple[vector.AnyCodes, ...]
Results = tuple[vector.AnyCodes, vector.FlagBits]
Function = Callable[..., Results]

BLOCK = 1 << 16
"""Operands compared at once, so few that all arrays stay in the cache."""

PLACES = 3
FIXED_SHARDS = 1 + PLACES * stimuli.SPECIALS.size
"""Shards of `triples` that are the same for every seed."""

RANDOM_TRIPLES = 1_000_000
"""Triples of each further shard."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """How many results were compared, how many of them differ in value or flags.

    Attributes:
        operands: the codes of the first that differs; empty if none does.
        first: what the two sides gave for them.
    """

    compared: int = 0
    differ: int = 0
    operands: tuple[int, ...] = ()
    first: str = ""

    def __add__(self, other: Comparison) -> Comparison:
        shown = self if self.differ else other
        return Comparison(self.compared + other.compared, self.differ + other.differ, shown.operands, shown.first)


@dataclass(frozen=True, slots=True)
class Check:
    """Two functions that have to agree: arrays of raw codes in, codes and flag bits out.

    Attributes:
        name: what they compute.
        sides: what the two are called.
        functions: the one that is checked, and the reference.
    """

    name: str
    sides: tuple[str, str]
    functions: tuple[Function, Function]

    def __call__(self, operands: Operands) -> Comparison:
        """Compare on arrays of one length, block by block."""
        total = Comparison()
        for start in range(0, len(operands[0]), BLOCK):
            block = tuple(codes[start : start + BLOCK] for codes in operands)
            total += compare(self.name, self.sides, block, self.functions[0](*block), self.functions[1](*block))
        return total


def compare(name: str, sides: tuple[str, str], operands: Operands, got: Results, expected: Results) -> Comparison:
    """Compare two results for the same operands, element by element."""
    wrong = (got[0] != expected[0]) | (got[1] != expected[1])
    differ = int(np.count_nonzero(wrong))
    if not differ:
        return Comparison(wrong.size)
    first = int(np.argmax(wrong))
    codes = tuple(int(array[first]) for array in operands)
    shown = (f"{side} {z[first]:#06x} flags {f[first]:#x}" for side, (z, f) in zip(sides, (got, expected), strict=True))
    return Comparison(wrong.size, differ, codes, f"{name}({', '.join(map(hex, codes))}): {', '.join(shown)}")


class SoftFloat:
    """The oracle: round to nearest even, tininess after rounding. Needs the package softfloatpy."""

    def __init__(self) -> None:
        import softfloatpy as soft

        soft.set_rounding_mode(soft.RoundingMode.NEAR_EVEN)
        soft.set_tininess_mode(soft.TininessMode.AFTER_ROUNDING)
        # The package takes a triple a call; a compiled loop calls the C function inside it instead.
        library = ctypes.CDLL(soft._core.__file__)
        mul_add = library.f16_mulAdd
        mul_add.argtypes, mul_add.restype = [ctypes.c_uint16] * 3, ctypes.c_uint16
        self._raised = np.ctypeslib.as_array((ctypes.c_uint8 * 1).in_dll(library, "softfloat_exceptionFlags"))
        self._loop = _loop(mul_add)
        flag = soft.ExceptionFlag
        pairs = ((flag.INVALID, NV), (flag.OVERFLOW, OF), (flag.UNDERFLOW, UF), (flag.INEXACT, NX))
        self._flags = np.array([sum(ours for theirs, ours in pairs if bits & theirs) for bits in range(32)], np.uint8)

    def fma(self, a: vector.Codes, b: vector.Codes, c: vector.Codes) -> tuple[vector.Codes, vector.FlagBits]:
        """fp16 ``a * b + c`` and flag bits of each triple; every NaN made canonical."""
        codes, raised = np.empty(a.shape, np.uint16), np.empty(a.shape, np.uint8)
        self._loop(a, b, c, codes, raised, self._raised)
        codes[vector.is_nan(codes)] = FP16.canonical_nan
        return codes, self._flags[raised]


def _loop(mul_add: Callable[[int, int, int], int]) -> Callable[..., None]:
    """Compile the loop around a C function; ``sticky`` is the variable in which it raises flags."""
    from numba import njit

    def loop(
        a: vector.Codes, b: vector.Codes, c: vector.Codes, z: vector.Codes, flags: vector.FlagBits, sticky: vector.Codes
    ) -> None:
        for i in range(a.size):
            sticky[0] = 0
            z[i] = mul_add(a[i], b[i], c[i])
            flags[i] = sticky[0]

    compiled: Callable[..., None] = njit(nogil=True)(loop)
    return compiled


@functools.cache
def checks() -> tuple[Check, ...]:
    """The compiled kernel and its NumPy twin, against SoftFloat."""
    oracle = SoftFloat()
    return tuple(
        Check("fma", (name, "SoftFloat"), (fma, oracle.fma))
        for name, fma in (("kernel", kernel.fma), ("NumPy twin", vector.fma))
    )


def triples(shard: int, seed: int) -> Iterator[stimuli.Triples]:
    """The triples of a shard, in arrays.

    Shard 0 holds all triples of special values; the next ones, below `FIXED_SHARDS`, each one special value paired with
    all of them, the third operand any code, in one place; every further one a million of directed and random ones,
    all exponent differences among them.
    """
    if shard == 0:
        yield stimuli.special_triples()
    elif shard < FIXED_SHARDS:
        value, place = divmod(shard - 1, PLACES)
        for other in stimuli.SPECIALS:
            codes = [np.full(BLOCK, stimuli.SPECIALS[value]), np.full(BLOCK, other)]
            codes.insert(place, np.arange(BLOCK, dtype=np.uint16))
            yield codes[0], codes[1], codes[2]
    else:
        yield stimuli.fma_triples(RANDOM_TRIPLES, seed << 16 | shard)
