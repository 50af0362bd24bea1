# SPDX-License-Identifier: Apache-2.0
"""Casts, every code of every format in both directions, against ml_dtypes and against exact fractions."""

from __future__ import annotations

from bisect import bisect_left
from fractions import Fraction
from functools import cache

import numpy as np
import pytest

from redmule.fp import FORMATS, Flags, Format, scalar, vector
from redmule.fp.formats import BF16, E4M3FN, FP16

FP16_CODES = np.arange(1 << FP16.width, dtype=np.uint16)
SMALL = [fmt for fmt in FORMATS if fmt is not FP16]
every_format = pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
every_other_format = pytest.mark.parametrize("fmt", SMALL, ids=lambda fmt: fmt.name)


def by_ml_dtypes(codes: vector.AnyCodes, src: Format, dst: Format) -> vector.AnyCodes:
    """Cast by the library, every NaN made the positive canonical one."""
    with np.errstate(all="ignore"):
        result = codes.view(src.dtype).astype(np.float32).astype(dst.dtype)
    nan = np.isnan(result.astype(np.float32))
    return np.where(nan, np.array(dst.canonical_nan, dst.raw_dtype), result.view(dst.raw_dtype))


# Half a gap of the smallest bf16 numbers and everything larger is an integer in this unit: fractions, but fast.
UNIT = Fraction(1, 1 << 160)


@cache
def finite_values(fmt: Format) -> list[int]:
    """Every value from +0 to the largest finite one, in UNIT; the index is the code."""
    values = [scalar.decode(code, fmt).value for code in range(fmt.max_finite_code + 1)]
    return [int(value / UNIT) for value in values if value is not None]


def by_fractions(code: int, src: Format, dst: Format, saturate: bool) -> tuple[int, Flags]:
    """Cast by searching the nearest value of ``dst``; shares only ``decode`` with the code under test."""
    if src is dst:
        return code, Flags()
    number = scalar.decode(code, src)
    sign = dst.sign_mask * number.sign
    too_large = (
        sign | dst.max_finite_code if saturate else sign | dst.exponent_mask if dst.has_inf else dst.canonical_nan
    )
    if number.is_nan:
        return dst.canonical_nan, Flags(nv=src is not FP16 and number.kind is scalar.Kind.SIGNALLING_NAN)
    if number.kind is scalar.Kind.INF:
        lost = saturate or not dst.has_inf
        return too_large, Flags(of=lost, nx=lost)
    values, wanted = finite_values(dst), finite_values(src)[code & ~src.sign_mask]
    last_gap = values[-1] - values[-2]
    # The largest finite number is odd (its tie goes up) except in e4m3fn, where the NaN took the odd code.
    tie = values[-1] + last_gap // 2
    if wanted > tie or (wanted == tie and dst.max_finite_code & 1):
        return too_large, Flags(of=True, nx=True)
    above = min(bisect_left(values, wanted), len(values) - 1)
    near = min((above, max(above - 1, 0)), key=lambda index: (abs(values[index] - wanted), index & 1))
    inexact = values[near] != wanted
    smallest = values[1 << dst.mantissa_bits]
    # With an unbounded exponent the last number below the smallest normal one is half a gap nearer.
    full_gap = smallest >> (dst.mantissa_bits + 1)
    return sign | near, Flags(uf=inexact and wanted < smallest - full_gap // 2, nx=inexact)


@every_format
def test_cast_in_of_every_code_equals_ml_dtypes(fmt: Format) -> None:
    codes = np.arange(1 << fmt.width, dtype=fmt.raw_dtype)
    wanted = codes if fmt is FP16 else by_ml_dtypes(codes, fmt, FP16)
    assert np.array_equal(vector.cast_in(codes, fmt)[0], wanted)


@every_other_format
def test_cast_out_of_every_code_equals_ml_dtypes(fmt: Format) -> None:
    assert np.array_equal(vector.cast_out(FP16_CODES, fmt)[0], by_ml_dtypes(FP16_CODES, FP16, fmt))


@every_format
def test_every_cast_in_equals_the_nearest_fraction_with_its_flags(fmt: Format) -> None:
    codes = range(1 << fmt.width)
    wanted = [by_fractions(code, fmt, FP16, saturate=False) for code in codes]
    assert [scalar.cast_in(code, fmt) for code in codes] == wanted
    bits, flags = vector.cast_in(np.array(codes, fmt.raw_dtype), fmt)
    assert bits.tolist() == [code for code, _ in wanted]
    assert flags.tolist() == [raised.bits for _, raised in wanted]


@every_format
@pytest.mark.parametrize("saturate", [False, True], ids=["overflowing", "saturating"])
def test_every_cast_out_equals_the_nearest_fraction_with_its_flags(fmt: Format, saturate: bool) -> None:
    wanted = [by_fractions(code, FP16, fmt, saturate) for code in FP16_CODES.tolist()]
    assert [scalar.cast_out(code, fmt, saturate) for code in FP16_CODES.tolist()] == wanted
    bits, flags = vector.cast_out(FP16_CODES, fmt, saturate)
    assert bits.tolist() == [code for code, _ in wanted]
    assert flags.tolist() == [raised.bits for _, raised in wanted]


def test_fp16_storage_keeps_a_signalling_nan_and_raises_nothing() -> None:
    assert scalar.cast_in(0x7C01, FP16) == (0x7C01, Flags())
    assert scalar.cast_out(0x7C00, FP16, saturate=True) == (0x7C00, Flags())


def test_inf_to_e4m3fn_is_nan_and_overflow() -> None:
    assert scalar.cast_out(0xFC00, E4M3FN) == (0x7F, Flags(of=True, nx=True))
    assert scalar.cast_out(0xFC00, E4M3FN, saturate=True) == (0xFE, Flags(of=True, nx=True))


def test_large_bf16_overflows_to_inf_and_small_bf16_underflows() -> None:
    assert scalar.cast_in(0x4780, BF16) == (0x7C00, Flags(of=True, nx=True))
    assert scalar.cast_in(0x8001, BF16) == (0x8000, Flags(uf=True, nx=True))


def test_code_wider_than_its_format_is_refused() -> None:
    with pytest.raises(ValueError, match=r"256.*e4m3fn.*0xff"):
        scalar.decode(0x100, E4M3FN)
