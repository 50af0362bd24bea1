# SPDX-License-Identifier: Apache-2.0
"""The definition of the arithmetic: raw codes in, ``(code, Flags)`` out, nothing but integers in between.

Slow and readable; ``vector`` and ``kernel`` are tested against it. A finite number is an integer significand times a
power of two, so every exact result is one as well, and rounding happens in one place (``round_to``).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

from redmule.fp.flags import Flags
from redmule.fp.formats import FP16, Format
from redmule.fp.ops import GEMM, MATMUL, Op, Term

Result = tuple[int, Flags]

ONE = FP16.bias << FP16.mantissa_bits
MINUS_ZERO = FP16.sign_mask
_NONE = Flags()
_INVALID = (FP16.canonical_nan, Flags(nv=True))


class Kind(Enum):
    """What a code stands for."""

    FINITE = "finite"
    INF = "inf"
    QUIET_NAN = "quiet NaN"
    SIGNALLING_NAN = "signalling NaN"


@dataclass(frozen=True, slots=True)
class Decoded:
    """A code taken apart; a finite one is worth ``(-1)**sign * significand * 2**exponent``."""

    kind: Kind
    sign: int
    significand: int = 0
    exponent: int = 0

    @property
    def is_nan(self) -> bool:
        """Whether it is a NaN of either sort."""
        return self.kind in (Kind.QUIET_NAN, Kind.SIGNALLING_NAN)

    @property
    def is_zero(self) -> bool:
        """Whether it is a zero of either sign."""
        return self.kind is Kind.FINITE and self.significand == 0

    @property
    def value(self) -> Fraction | None:
        """The exact value, None for Inf and NaN."""
        if self.kind is not Kind.FINITE:
            return None
        magnitude = self.significand * Fraction(2) ** self.exponent
        return -magnitude if self.sign else magnitude


def decode(code: int, fmt: Format = FP16) -> Decoded:
    """Take ``code`` of ``fmt`` apart; ValueError if it has more bits than the format."""
    if not 0 <= code < 1 << fmt.width:
        raise ValueError(f"code {code!r} is no {fmt.name} code; allowed: 0..{(1 << fmt.width) - 1:#x}")
    sign = int(code & fmt.sign_mask != 0)
    magnitude = code & ~fmt.sign_mask
    if magnitude > fmt.max_finite_code:
        if fmt.has_inf and magnitude == fmt.exponent_mask:
            return Decoded(Kind.INF, sign)
        return Decoded(Kind.QUIET_NAN if code & fmt.quiet_bit else Kind.SIGNALLING_NAN, sign)
    field, mantissa = magnitude >> fmt.mantissa_bits, magnitude & fmt.mantissa_mask
    hidden = (field > 0) << fmt.mantissa_bits
    return Decoded(Kind.FINITE, sign, hidden | mantissa, max(field, 1) - fmt.bias - fmt.mantissa_bits)


def _round_shift(significand: int, shift: int) -> int:
    """``significand / 2**shift`` to the nearest integer, ties to even; a negative shift is exact."""
    if shift <= 0:
        return significand << -shift
    quotient, remainder = significand >> shift, significand & ((1 << shift) - 1)
    half = 1 << (shift - 1)
    return quotient + (remainder > half or (remainder == half and quotient & 1))


def _overflow(fmt: Format, sign: int, saturate: bool) -> int:
    """The code that stands for a number of this sign above the largest finite one."""
    signed = fmt.sign_mask * sign
    if saturate:
        return signed | fmt.max_finite_code
    return signed | fmt.exponent_mask if fmt.has_inf else fmt.canonical_nan


def round_to(fmt: Format, sign: int, significand: int, exponent: int, saturate: bool = False) -> Result:
    """Round ``(-1)**sign * significand * 2**exponent`` to ``fmt``: nearest, ties to even; tiny after rounding."""
    signed = fmt.sign_mask * sign
    if significand == 0:
        return signed, _NONE
    leading = exponent + significand.bit_length() - 1
    scale = max(leading, fmt.min_exponent)
    shift = scale - fmt.mantissa_bits - exponent
    rounded = _round_shift(significand, shift)
    # The hidden bit adds one to the exponent field, and so does a carry out of the mantissa.
    magnitude = ((scale - fmt.min_exponent) << fmt.mantissa_bits) + rounded
    if magnitude > fmt.max_finite_code:
        return _overflow(fmt, sign, saturate), Flags(of=True, nx=True)
    inexact = shift > 0 and rounded << shift != significand
    # Tiny: below the smallest normal even if rounded to full precision with an unbounded exponent.
    full = _round_shift(significand, leading - fmt.mantissa_bits - exponent)
    tiny = leading < fmt.min_exponent and not (leading == fmt.min_exponent - 1 and full == 1 << (fmt.mantissa_bits + 1))
    return signed | magnitude, Flags(uf=tiny and inexact, nx=inexact)


def cast(code: int, src: Format, dst: Format, saturate: bool = False) -> Result:
    """Convert ``code`` between two formats; equal ones pass bit for bit, a signalling NaN included."""
    if src is dst:
        return code, _NONE
    number = decode(code, src)
    if number.is_nan:
        return dst.canonical_nan, Flags(nv=number.kind is Kind.SIGNALLING_NAN and src is not FP16)
    if number.kind is Kind.INF:
        lost = saturate or not dst.has_inf
        return _overflow(dst, number.sign, saturate), Flags(of=lost, nx=lost)
    return round_to(dst, number.sign, number.significand, number.exponent, saturate)


def cast_in(code: int, fmt: Format) -> Result:
    """Cast a stored ``code`` of ``fmt`` to fp16."""
    return cast(code, fmt, FP16)


def cast_out(code: int, fmt: Format, saturate: bool = False) -> Result:
    """Cast an fp16 ``code`` to ``fmt``; with ``saturate``, overflow and Inf become the largest finite number."""
    return cast(code, FP16, fmt, saturate)


def fma(a: int, b: int, c: int) -> Result:
    """fp16 ``a * b + c``, rounded once."""
    x, y, z = decode(a), decode(b), decode(c)
    sign = x.sign ^ y.sign
    invalid_product = {x.kind, y.kind} == {Kind.INF, Kind.FINITE} and (x.is_zero or y.is_zero)
    if invalid_product or Kind.SIGNALLING_NAN in (x.kind, y.kind, z.kind):
        return _INVALID
    if x.is_nan or y.is_nan or z.is_nan:
        return FP16.canonical_nan, _NONE
    if Kind.INF in (x.kind, y.kind):
        if z.kind is Kind.INF and z.sign != sign:
            return _INVALID
        return FP16.sign_mask * sign | FP16.exponent_mask, _NONE
    if z.kind is Kind.INF:
        return c, _NONE
    product, exponent = x.significand * y.significand, x.exponent + y.exponent
    unit = min(exponent, z.exponent)
    total = (-1) ** sign * (product << (exponent - unit)) + (-1) ** z.sign * (z.significand << (z.exponent - unit))
    # A sum of zeros of one sign keeps it; exact cancellation is +0.
    sum_sign = int(total < 0) if total else sign & z.sign
    return round_to(FP16, sum_sign, abs(total), unit)


def fma_exact(a: int, b: int, c: int) -> Fraction | None:
    """The exact value of fp16 ``a * b + c``; None if an operand is Inf or NaN."""
    x, y, z = decode(a).value, decode(b).value, decode(c).value
    return None if x is None or y is None or z is None else x * y + z


def _order(code: int) -> int:
    """An integer that sorts as the numbers do, with -0 below +0."""
    return ~(code & ~FP16.sign_mask) if code & FP16.sign_mask else code


def _extremum(a: int, b: int, sign: int) -> Result:
    """The number that sorts last (sign 1) or first (sign -1); NaN loses."""
    x, y = decode(a), decode(b)
    flags = Flags(nv=Kind.SIGNALLING_NAN in (x.kind, y.kind))
    numbers = [code for code, decoded in ((a, x), (b, y)) if not decoded.is_nan]
    return max(numbers, key=lambda code: sign * _order(code), default=FP16.canonical_nan), flags


def maximum(a: int, b: int) -> Result:
    """fp16 maximumNumber (RISC-V fmax): a NaN loses, two give the canonical one, -0 < +0."""
    return _extremum(a, b, 1)


def minimum(a: int, b: int) -> Result:
    """fp16 minimumNumber (RISC-V fmin)."""
    return _extremum(a, b, -1)


def apply(term: Term, a: int, b: int) -> Result:
    """One of the four two-operand functions on fp16 codes."""
    match term:
        case Term.MUL:
            return fma(a, b, MINUS_ZERO)
        case Term.ADD:
            return fma(ONE, a, b)
        case Term.MAX:
            return maximum(a, b)
        case Term.MIN:
            return minimum(a, b)


def step(op: Op, x: int, w: int, acc: int) -> Result:
    """One step of a job on fp16 codes: the new accumulator, and the flags of op1 and op2 together."""
    if op in (MATMUL, GEMM):
        return fma(x, w, acc)
    first, first_flags = apply(op.op1, x, w)
    second, second_flags = apply(op.op2, first, acc)
    return second, first_flags | second_flags
