# SPDX-License-Identifier: Apache-2.0
"""The NumPy twin of ``scalar``: arrays of raw codes (any integer type, broadcast) in, ``(codes, flag bits)`` out.

fp16 codes are uint16, flag bits uint8 (NV=8, OF=4, UF=2, NX=1). Everything is computed in float64: the product of two
fp16 numbers is exact there, and where the sum with a third is not, its float64 rounding cannot change the fp16 one.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from redmule.fp.flags import NV, NX, OF, UF
from redmule.fp.formats import FP16, Format
from redmule.fp.ops import GEMM, MATMUL, Op, Term

Codes = npt.NDArray[np.uint16]
FlagBits = npt.NDArray[np.uint8]
Doubles = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
AnyCodes = npt.NDArray[Any]

_ONE = np.array(FP16.bias << FP16.mantissa_bits, np.uint16)
_MINUS_ZERO = np.array(FP16.sign_mask, np.uint16)


def _flag_bits(nv: Any = False, of: Any = False, uf: Any = False, nx: Any = False) -> FlagBits:
    """Pack boolean arrays into flag bits."""
    return np.asarray(NV * np.asarray(nv) | OF * np.asarray(of) | UF * np.asarray(uf) | NX * np.asarray(nx), np.uint8)


def is_nan(codes: AnyCodes, fmt: Format = FP16) -> Bools:
    """Which codes are a NaN."""
    magnitude = codes & ~np.array(fmt.sign_mask, codes.dtype)
    return np.asarray(magnitude > (fmt.exponent_mask if fmt.has_inf else fmt.max_finite_code))


def is_signalling(codes: AnyCodes, fmt: Format = FP16) -> Bools:
    """Which codes are a signalling NaN."""
    return np.asarray(is_nan(codes, fmt) & (codes & fmt.quiet_bit == 0))


def to_double(codes: AnyCodes, fmt: Format = FP16) -> Doubles:
    """The value of each code, exactly; every NaN quiet."""
    raw = np.ascontiguousarray(codes).astype(fmt.raw_dtype)
    quiet = np.where(is_nan(raw, fmt), np.array(fmt.canonical_nan, raw.dtype), raw)
    return np.asarray(quiet.view(fmt.dtype).astype(np.float64))


def from_double(values: Doubles) -> Codes:
    """The codes of doubles that are fp16 numbers, Inf or NaN."""
    codes = values.astype(np.float16).view(np.uint16)
    return np.where(np.isnan(values), np.uint16(FP16.canonical_nan), codes)


def _round(values: Doubles, fmt: Format, full_precision: bool = False) -> Doubles:
    """Round to the precision of ``fmt`` with no largest exponent; with ``full_precision`` no smallest one either."""
    exponent = np.frexp(values)[1] - 1
    if not full_precision:
        exponent = np.maximum(exponent, fmt.min_exponent)
    quantum = np.ldexp(1.0, exponent - fmt.mantissa_bits)
    return np.asarray(np.copysign(np.rint(values / quantum) * quantum, values))


def _tiny(values: Doubles, fmt: Format) -> Bools:
    """Which values stay below the smallest normal number when rounded with an unbounded exponent."""
    return np.asarray(np.abs(_round(values, fmt, full_precision=True)) < 2.0**fmt.min_exponent)


def fma(a: AnyCodes, b: AnyCodes, c: AnyCodes) -> tuple[Codes, FlagBits]:
    """fp16 ``a * b + c`` of each triple, rounded once."""
    signalling = is_signalling(a) | is_signalling(b) | is_signalling(c)
    x, y, z = np.broadcast_arrays(to_double(a), to_double(b), to_double(c))
    with np.errstate(all="ignore"):
        product = x * y
        total = product + z
        finite = np.isfinite(total)
        rounded = np.where(finite, _round(np.where(finite, total, 0.0), FP16), total)
        # An fp16 result minus an fp16 addend is exact in float64, so the residual is exact where total is not.
        overflow = finite & (np.abs(rounded) > FP16.max_finite)
        inexact = overflow | (finite & (rounded - z != product))
        result = np.where(overflow, np.copysign(np.inf, rounded), rounded)
        tiny = finite & _tiny(np.where(finite, total, 0.0), FP16)
    bad_product = np.isnan(product) & ~np.isnan(x) & ~np.isnan(y)
    bad_sum = np.isnan(total) & ~np.isnan(product) & ~np.isnan(z)
    flags = _flag_bits(signalling | bad_product | bad_sum, overflow, tiny & inexact, inexact)
    return from_double(result), flags


def _extremum(a: AnyCodes, b: AnyCodes, sign: int) -> tuple[Codes, FlagBits]:
    """The number that sorts last (sign 1) or first (sign -1); NaN loses."""
    x, y = np.broadcast_arrays(np.asarray(a, np.uint16), np.asarray(b, np.uint16))
    lost = np.int32(-FP16.sign_mask - 1)  # below the key of every number

    def key(codes: Codes) -> npt.NDArray[np.int32]:
        magnitude = (codes & ~_MINUS_ZERO).astype(np.int32)
        order = sign * np.where(codes & _MINUS_ZERO, ~magnitude, magnitude)
        return np.where(is_nan(codes), lost, order)

    winner = np.where(key(x) > key(y), x, y)
    result = np.where(is_nan(winner), np.uint16(FP16.canonical_nan), winner)
    return result, _flag_bits(is_signalling(x) | is_signalling(y))


def maximum(a: AnyCodes, b: AnyCodes) -> tuple[Codes, FlagBits]:
    """fp16 maximumNumber of each pair: a NaN loses, two give the canonical one, -0 < +0."""
    return _extremum(a, b, 1)


def minimum(a: AnyCodes, b: AnyCodes) -> tuple[Codes, FlagBits]:
    """fp16 minimumNumber of each pair."""
    return _extremum(a, b, -1)


def apply(term: Term, a: AnyCodes, b: AnyCodes) -> tuple[Codes, FlagBits]:
    """One of the four two-operand functions on fp16 codes."""
    match term:
        case Term.MUL:
            return fma(a, b, _MINUS_ZERO)
        case Term.ADD:
            return fma(_ONE, a, b)
        case Term.MAX:
            return maximum(a, b)
        case Term.MIN:
            return minimum(a, b)


def step(op: Op, x: AnyCodes, w: AnyCodes, acc: AnyCodes) -> tuple[Codes, FlagBits]:
    """One step of a job on fp16 codes: new accumulators, and the flags of op1 and op2 together."""
    if op in (MATMUL, GEMM):
        return fma(x, w, acc)
    first, first_flags = apply(op.op1, x, w)
    second, second_flags = apply(op.op2, first, acc)
    return second, first_flags | second_flags


def chain(op: Op, x: AnyCodes, w: AnyCodes, acc: AnyCodes) -> tuple[Codes, int]:
    """A whole job on fp16 codes: x (M, N), w (N, K), acc (M, K) -> new acc (M, K), OR of all flags."""
    flags = 0
    for n in range(x.shape[1]):
        acc, step_flags = step(op, x[:, n, None], w[n], acc)
        flags |= int(np.bitwise_or.reduce(step_flags, axis=None))
    return acc, flags


def cast(codes: AnyCodes, src: Format, dst: Format, saturate: bool = False) -> tuple[AnyCodes, FlagBits]:
    """Convert each code between two formats; equal ones pass bit for bit, a signalling NaN included."""
    codes = np.asarray(codes, src.raw_dtype)
    if src is dst:
        return codes, _flag_bits(np.zeros(codes.shape, np.bool_))
    nan, values = is_nan(codes, src), to_double(codes, src)
    finite = np.isfinite(values)
    exact = np.where(finite, values, 0.0)
    rounded = _round(exact, dst)
    too_large = finite & (np.abs(rounded) > dst.max_finite)
    infinite = np.isinf(values)
    lost = infinite & (saturate or not dst.has_inf)
    limit = dst.max_finite if saturate else np.inf if dst.has_inf else np.nan
    with np.errstate(invalid="ignore"):
        result = np.where(too_large | infinite, np.copysign(limit, values), rounded).astype(dst.dtype)
    nan = nan | np.isnan(result.astype(np.float64))
    bits = np.where(nan, np.array(dst.canonical_nan, dst.raw_dtype), result.view(dst.raw_dtype))
    inexact = too_large | (rounded != exact)
    invalid = is_signalling(codes, src) & (src is not FP16)
    return bits, _flag_bits(invalid, too_large | lost, _tiny(exact, dst) & inexact, inexact | lost)


@cache
def cast_table(src: Format, dst: Format, saturate: bool = False) -> tuple[AnyCodes, FlagBits]:
    """``cast`` of every code of ``src``, read-only: tables to index with raw codes."""
    tables = cast(np.arange(1 << src.width, dtype=src.raw_dtype), src, dst, saturate)
    for table in tables:
        table.flags.writeable = False
    return tables


def cast_in(codes: AnyCodes, fmt: Format) -> tuple[AnyCodes, FlagBits]:
    """Cast stored codes of ``fmt`` to fp16."""
    return cast(codes, fmt, FP16)


def cast_out(codes: AnyCodes, fmt: Format, saturate: bool = False) -> tuple[AnyCodes, FlagBits]:
    """Cast fp16 codes to ``fmt``; with ``saturate``, overflow and Inf become the largest finite number."""
    return cast(codes, FP16, fmt, saturate)
