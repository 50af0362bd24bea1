# SPDX-License-Identifier: Apache-2.0
"""Arithmetic units against the golden model: any number of operands, values and flags.

Every function `check_...` returns how many results it compared and raises AssertionError with operands that differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from itertools import chain

import numpy as np
import numpy.typing as npt

from redmule.fp import kernel, vector
from redmule.fp.campaign import Check, Comparison, Operands, Results
from redmule.fp.formats import FP16, Format
from tb.unit.fp.unit import Codes, Model, Unit, control

CHUNK = 1 << 20
EXPONENTS = 1 << FP16.exponent_bits
MANTISSAS = 1 << FP16.mantissa_bits
SIDES = ("RTL", "golden")

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


def tuples_of_special(size: int) -> tuple[Codes, ...]:
    """All tuples of special codes, as `size` arrays."""
    return tuple(grid.ravel() for grid in np.meshgrid(*[SPECIAL] * size))


def operands(count: int, size: int, rng: np.random.Generator) -> Iterator[tuple[Codes, ...]]:
    """Chunks of `size` arrays, `count` tuples in all, which run through all tuples of exponents again and again.

    Mantissas are zero, all ones, a power of two, or anything.
    """
    for start in range(0, count, CHUNK):
        index = np.arange(start, min(start + CHUNK, count))
        yield tuple(_codes(index // EXPONENTS**place % EXPONENTS, rng) for place in range(size))


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


def fma(waves: str | None = None) -> Check:
    """The multiply-add."""
    return Check("fma", SIDES, (Model(Unit.FMA, waves=waves), kernel.fma))


def minmax(waves: str | None = None) -> tuple[Check, Check]:
    """Minimum and maximum."""
    model = Model(Unit.MINMAX, waves=waves)
    return (
        Check("minimum", SIDES, (partial(model, control=control(False)), vector.minimum)),
        Check("maximum", SIDES, (partial(model, control=control(True)), vector.maximum)),
    )


def cast_in(fmt: Format, waves: str | None = None) -> Check:
    """The cast from a format to fp16; the upper byte of an 8-bit code does not count."""
    model = Model(Unit.CAST_IN, waves=waves)

    def golden(codes: Codes) -> Results:
        return vector.cast_in(codes.astype(fmt.raw_dtype), fmt)

    return Check(f"cast from {fmt.name}", SIDES, (partial(model, control=control(a_format=fmt)), golden))


def cast_out(fmt: Format, saturate: bool, waves: str | None = None) -> Check:
    """The cast from fp16 to a format."""
    model = Model(Unit.CAST_OUT, waves=waves)
    name = f"{'saturating ' if saturate else ''}cast to {fmt.name}"
    golden = partial(vector.cast_out, fmt=fmt, saturate=saturate)
    return Check(name, SIDES, (partial(model, control=control(saturate, fmt)), golden))


def cast_fma(a_format: Format, b_format: Format, waves: str | None = None) -> Check:
    """The multiply-add of two operands that come through casts, and an fp16 addend."""
    model = Model(Unit.CAST_FMA, waves=waves)
    tables = [vector.cast_table(fmt, FP16) for fmt in (a_format, b_format)]

    def golden(a: Codes, b: Codes, c: Codes) -> Results:
        (a_fp16, a_flags), (b_fp16, b_flags) = (
            (z[codes], f[codes]) for codes, (z, f) in zip((a, b), tables, strict=True)
        )
        z, flags = kernel.fma(a_fp16, b_fp16, c)
        return z, flags | a_flags | b_flags

    name = f"{a_format.name} x {b_format.name} + fp16"
    return Check(name, SIDES, (partial(model, control=control(False, a_format, b_format)), golden))


def every_code() -> Codes:
    """All codes of 16 bits."""
    return np.arange(1 << FP16.width, dtype=np.uint16)


def fp8_triples(shard: int, shards: int) -> Iterator[tuple[Codes, Codes, Codes]]:
    """For each pair of 8-bit codes of a shard (0 .. shards - 1) all fp16 addends."""
    c = every_code()
    for pair in range(shard, 1 << 16, shards):
        a, b = divmod(pair, 1 << 8)
        yield np.full_like(c, a), np.full_like(c, b), c


def require(check: Check, drawn: Iterable[Operands]) -> int:
    """Return how many results were compared; AssertionError, with operands, if any differ."""
    total = sum((check(some) for some in drawn), Comparison())
    assert total.differ == 0, f"{total.first}; {total.differ} of {total.compared} differ"
    return total.compared


def check_fma(count: int, seed: int) -> int:
    """All triples of special codes, then `count` triples over all exponents."""
    return require(fma(), chain([tuples_of_special(3)], operands(count, 3, np.random.default_rng(seed))))


def check_minmax(count: int, seed: int) -> int:
    """All pairs of special codes, then `count` pairs over all exponents, for minimum and maximum each."""
    rng = np.random.default_rng(seed)
    return sum(require(check, chain([tuples_of_special(2)], operands(count, 2, rng))) for check in minmax())


def check_cast_in(fmt: Format) -> int:
    """Every code of a format; the upper byte of an 8-bit one is noise."""
    return require(cast_in(fmt), [(every_code(),)])


def check_cast_out(fmt: Format, saturate: bool) -> int:
    """Every fp16 code."""
    return require(cast_out(fmt, saturate), [(every_code(),)])


def check_cast_fma(a_format: Format, b_format: Format, shard: int, shards: int) -> int:
    """All triples of two 8-bit codes and an fp16 addend whose pair (a, b) falls into a shard (0 .. shards - 1)."""
    return require(cast_fma(a_format, b_format), fp8_triples(shard, shards))
