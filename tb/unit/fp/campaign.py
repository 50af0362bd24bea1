# SPDX-License-Identifier: Apache-2.0
"""Arithmetic units against the golden model: any number of operands, values and flags.

Every function returns how many results it compared and raises AssertionError at the first difference, with operands.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

import numpy as np
import numpy.typing as npt

from redmule.fp import vector
from redmule.fp.formats import FP16, Format
from tb.unit.fp.unit import Codes, FlagBits, Model, Results, Unit, control

AnyCodes = npt.NDArray[np.unsignedinteger]

CHUNK = 1 << 20
EXPONENTS = 1 << FP16.exponent_bits
MANTISSAS = 1 << FP16.mantissa_bits

SPECIAL = np.array(
    [
        sign | magnitude
        for sign in (0x0000, 0x8000)
        for magnitude in (
            *(0x0000, 0x0001, 0x0002, 0x01FF, 0x0200, 0x03FE, 0x03FF),  # zero, subnormals
            *(0x0400, 0x0401, 0x07FF, 0x0800, 0x1000, 0x13FF, 0x1400, 0x2400),  # small normals
            *(0x3800, 0x3BFF, 0x3C00, 0x3C01, 0x4000),  # around one
            *(0x77FF, 0x7800, 0x7BFE, 0x7BFF),  # large normals
            *(0x7C00, 0x7C01, 0x7DFF, 0x7E00, 0x7E01, 0x7FFF),  # infinity, signalling and quiet NaNs
        )
    ],
    np.uint16,
)


def tuples_of_special(size: int) -> list[Codes]:
    """All tuples of special codes, as `size` arrays."""
    return [grid.ravel() for grid in np.meshgrid(*[SPECIAL] * size)]


def operands(count: int, size: int, rng: np.random.Generator) -> Iterator[list[Codes]]:
    """Chunks of `size` arrays, `count` tuples in all, which run through all tuples of exponents again and again.

    Mantissas are zero, all ones, a power of two, or anything.
    """
    for start in range(0, count, CHUNK):
        index = np.arange(start, min(start + CHUNK, count))
        yield [_codes(index // EXPONENTS**place % EXPONENTS, rng) for place in range(size)]


def _codes(exponents: npt.NDArray[np.int64], rng: np.random.Generator) -> Codes:
    """Codes with these exponents, of either sign."""
    count = exponents.size
    mantissas = np.choose(
        rng.integers(0, 4, count),
        [
            np.zeros(count, np.int64),
            np.full(count, MANTISSAS - 1),
            1 << rng.integers(0, FP16.mantissa_bits, count),
            rng.integers(0, MANTISSAS, count),
        ],
    )
    signs = rng.integers(0, 2, count) * FP16.sign_mask
    return np.asarray(signs | exponents << FP16.mantissa_bits | mantissas, np.uint16)


def assert_equal(name: str, inputs: list[Codes], got: Results, expected: tuple[AnyCodes, FlagBits]) -> int:
    """Compare values and flags; the message shows the first difference."""
    wrong = (got[0] != expected[0]) | (got[1] != expected[1])
    if wrong.any():
        first = int(np.argmax(wrong))
        shown = ", ".join(f"{int(array[first]):#06x}" for array in inputs)
        raise AssertionError(
            f"{name}({shown}): RTL {got[0][first]:#06x} flags {got[1][first]:#x}, "
            f"golden {expected[0][first]:#06x} flags {expected[1][first]:#x}; {int(wrong.sum())} of {wrong.size} differ"
        )
    return len(wrong)


def check_fma(count: int, seed: int) -> int:
    """All triples of special codes, then `count` triples over all exponents."""
    model, rng = Model(Unit.FMA), np.random.default_rng(seed)
    triples = chain([tuples_of_special(3)], operands(count, 3, rng))
    return sum(assert_equal("fma", abc, model(*abc), vector.fma(*abc)) for abc in triples)


def check_minmax(count: int, seed: int) -> int:
    """All pairs of special codes, then `count` pairs over all exponents, for minimum and maximum each."""
    model, rng = Model(Unit.MINMAX), np.random.default_rng(seed)
    compared = 0
    for is_max, golden in enumerate((vector.minimum, vector.maximum)):
        for ab in chain([tuples_of_special(2)], operands(count, 2, rng)):
            compared += assert_equal(golden.__name__, ab, model(*ab, control=control(bool(is_max))), golden(*ab))
    return compared


def check_cast_in(fmt: Format) -> int:
    """Every code of a format; the upper byte of an 8-bit one is noise."""
    codes = np.arange(1 << 16, dtype=np.uint16)
    stored = (codes & ((1 << fmt.width) - 1)).astype(fmt.raw_dtype)
    got = Model(Unit.CAST_IN)(codes, control=control(a_format=fmt))
    return assert_equal(f"cast from {fmt.name}", [codes], got, vector.cast_in(stored, fmt))


def check_cast_out(fmt: Format, saturate: bool) -> int:
    """Every fp16 code."""
    codes = np.arange(1 << 16, dtype=np.uint16)
    got = Model(Unit.CAST_OUT)(codes, control=control(saturate, fmt))
    return assert_equal(f"cast to {fmt.name}", [codes], got, vector.cast_out(codes, fmt, saturate))


def check_cast_fma(a_format: Format, b_format: Format, shard: int, shards: int) -> int:
    """All triples of two 8-bit codes and an fp16 addend whose pair (a, b) falls into a shard (0 .. shards - 1)."""
    model = Model(Unit.CAST_FMA)
    c = np.arange(1 << 16, dtype=np.uint16)
    compared = 0
    for pair in range(shard, 1 << (a_format.width + b_format.width), shards):
        stored = (np.uint8(pair >> b_format.width), np.uint8(pair & ((1 << b_format.width) - 1)))
        (a, a_flags), (b, b_flags) = (
            vector.cast_in(np.array([code]), fmt) for code, fmt in zip(stored, (a_format, b_format), strict=True)
        )
        z, flags = vector.fma(a.astype(np.uint16), b.astype(np.uint16), c)
        got = model(*stored, c, control=control(False, a_format, b_format))
        inputs = [np.broadcast_to(np.uint16(code), c.shape) for code in stored]
        name = f"{a_format.name} x {b_format.name} + fp16"
        compared += assert_equal(name, [*inputs, c], got, (z, flags | a_flags | b_flags))
    return compared
