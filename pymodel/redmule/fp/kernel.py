# SPDX-License-Identifier: Apache-2.0
"""Whole jobs, compiled: the arithmetic of ``vector`` in loops that Numba turns into SIMD code.

Numbers are float64 throughout. ``min(a, b)`` is ``-max(-a, -b)``, so two signs and three first terms make all
min/max ops. Import this module only when a job runs: it loads Numba.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from redmule.fp import vector
from redmule.fp.flags import NV, NX, OF, UF
from redmule.fp.formats import FP16
from redmule.fp.ops import GEMM, MATMUL, Op, Term

Doubles = npt.NDArray[np.float64]

_MAX_FINITE = FP16.max_finite
_MIN_NORMAL = 2.0**FP16.min_exponent
# Tiny is what rounds to less than the smallest normal number at full precision: all below the last tie before it.
_TINY_BELOW = _MIN_NORMAL * (1.0 - 2.0 ** -(FP16.mantissa_bits + 2))
# Adding and taking away 1.5 * 2**(52 - 10) times its leading power of two rounds a double to 10 mantissa bits.
_ROUNDER = 1.5 * 2.0 ** (np.finfo(np.float64).nmant - FP16.mantissa_bits)
_DOUBLE_EXPONENT = 0x7FF0_0000_0000_0000
_DOUBLE_SIGN = -0x8000_0000_0000_0000
_BLOCK = 256  # accumulators worked on at a time: they stay in the first-level cache

_ADD, _MUL, _EXTREMUM = 0, 1, 2
_FIRST_TERM = {Term.ADD: _ADD, Term.MUL: _MUL, Term.MAX: _EXTREMUM, Term.MIN: _EXTREMUM}


def compiled[Function: Callable[..., Any]](function: Function) -> Function:
    """``numba.njit`` with its result cached on disk, keeping the Python signature."""
    return cast("Function", njit(cache=True, nogil=True)(function))


def _bits_of_double(_context: Any, _value: Any) -> Any:
    """Numba's typing and code of ``_bits``: the bits of a double as an int64."""
    return types.int64(types.float64), lambda _, builder, _sig, args: builder.bitcast(args[0], ir.IntType(64))


def _double_of_bits(_context: Any, _value: Any) -> Any:
    """Numba's typing and code of ``_double``: the double with the bits of an int64."""
    return types.float64(types.int64), lambda _, builder, _sig, args: builder.bitcast(args[0], ir.DoubleType())


_bits = cast("Callable[[float], int]", intrinsic(_bits_of_double))
_double = cast("Callable[[int], float]", intrinsic(_double_of_bits))


@compiled
def _round(exact: float) -> float:
    """To the precision of fp16 with no upper bound, the sign of a zero kept; Inf and NaN give NaN."""
    rounder = max(_double(_bits(exact) & _DOUBLE_EXPONENT), _MIN_NORMAL) * _ROUNDER
    rounded = (exact + rounder) - rounder
    return _double(_bits(rounded) | (_bits(exact) & _DOUBLE_SIGN))


@compiled
def _sum(product: float, addend: float) -> tuple[float, int]:
    """fp16 result and flags of an exact product plus an fp16 number; an OF without NX means both."""
    exact = product + addend
    rounded = _round(exact)
    # A rounded result minus an addend is exact, so this sees an inexact tail that exact itself has lost.
    inexact = abs((rounded - addend) - product) > 0.0
    overflow = abs(rounded) > _MAX_FINITE
    tiny = abs(exact) < _TINY_BELOW
    invalid = (exact != exact) & (product == product) & (addend == addend)
    result = rounded if abs(rounded) <= _MAX_FINITE else exact * np.inf
    return result, NX * inexact | UF * (inexact & tiny) | OF * overflow | NV * invalid


@compiled
def _product(a: float, b: float) -> tuple[float, int]:
    """The exact product of two fp16 numbers, and NV for Inf * 0."""
    product = a * b
    return product, NV * ((product != product) & (a == a) & (b == b))


@compiled
def _maximum(a: float, b: float) -> float:
    """maximumNumber: NaN loses, -0 < +0."""
    if a == b:
        return _double(_bits(a) & _bits(b))
    return a if (a > b) | (b != b) else b


@compiled
def _fma_row(x: float, w: Doubles, acc: Doubles) -> int:
    """``acc = x * w + acc`` along a row; returns the flags."""
    flags = 0
    for k in range(acc.size):
        product, product_flags = _product(x, w[k])
        acc[k], sum_flags = _sum(product, acc[k])
        flags |= product_flags | sum_flags
    return flags


@compiled
def _add_row(x: float, w: Doubles, acc: Doubles, sign: float) -> int:
    """``acc = max(sign * (x + w), acc)`` along a row; returns the flags."""
    flags = 0
    for k in range(acc.size):
        first, sum_flags = _sum(x, w[k])
        acc[k] = _maximum(sign * first, acc[k])
        flags |= sum_flags
    return flags


@compiled
def _mul_row(x: float, w: Doubles, acc: Doubles, sign: float) -> int:
    """``acc = max(sign * (x * w), acc)`` along a row; returns the flags."""
    flags = 0
    for k in range(acc.size):
        product, product_flags = _product(x, w[k])
        first, sum_flags = _sum(product, -0.0)
        acc[k] = _maximum(sign * first, acc[k])
        flags |= product_flags | sum_flags
    return flags


@compiled
def _extremum_row(x: float, w: Doubles, acc: Doubles, inner: float, sign: float) -> int:
    """``acc = max(sign * inner * max(inner * x, inner * w), acc)`` along a row; raises no flags."""
    for k in range(acc.size):
        acc[k] = _maximum(sign * inner * _maximum(inner * x, inner * w[k]), acc[k])
    return 0


@compiled
def _fma_chain(x: Doubles, w: Doubles, acc: Doubles) -> int:
    """gemm of x (M, N) and w (N, K) into acc (M, K); returns the flags."""
    flags = 0
    for start in range(0, w.shape[1], _BLOCK):
        for m in range(x.shape[0]):
            row = acc[m, start : start + _BLOCK]
            for n in range(x.shape[1]):
                flags |= _fma_row(x[m, n], w[n, start : start + _BLOCK], row)
    return flags


@compiled
def _extremum_chain(x: Doubles, w: Doubles, acc: Doubles, first: int, inner: float, sign: float) -> int:
    """A min/max op into acc, which holds ``sign`` times the accumulators; returns the flags."""
    flags = 0
    for start in range(0, w.shape[1], _BLOCK):
        for m in range(x.shape[0]):
            row = acc[m, start : start + _BLOCK]
            for n in range(x.shape[1]):
                w_row = w[n, start : start + _BLOCK]
                if first == _ADD:
                    flags |= _add_row(x[m, n], w_row, row, sign)
                elif first == _MUL:
                    flags |= _mul_row(x[m, n], w_row, row, sign)
                else:
                    flags |= _extremum_row(x[m, n], w_row, row, inner, sign)
    return flags


@compiled
def _fma_elements(x: Doubles, y: Doubles, z: Doubles, result: Doubles, flags: vector.FlagBits) -> None:
    """Element by element ``result = x * y + z``, its flags added to ``flags``."""
    for i in range(x.size):
        product, product_flags = _product(x[i], y[i])
        result[i], sum_flags = _sum(product, z[i])
        raised = product_flags | sum_flags
        flags[i] |= raised | (NX if raised & OF else 0)


_VALUES = vector.to_double(np.arange(1 << FP16.width, dtype=np.uint16))
_SIGNALLING = vector.is_signalling(np.arange(1 << FP16.width, dtype=np.uint16))


def fma(a: vector.Codes, b: vector.Codes, c: vector.Codes) -> tuple[vector.Codes, vector.FlagBits]:
    """fp16 ``a * b + c`` and flags of each triple, for campaigns: three uint16 arrays of one length."""
    flags = ((_SIGNALLING[a] | _SIGNALLING[b] | _SIGNALLING[c]) * NV).astype(np.uint8)
    result = np.empty(a.shape)
    _fma_elements(_VALUES[a], _VALUES[b], _VALUES[c], result, flags)
    return vector.from_double(result), flags


def chain(op: Op, x: vector.AnyCodes, w: vector.AnyCodes, acc: vector.AnyCodes) -> tuple[vector.Codes, int]:
    """A whole job on fp16 codes: x (M, N), w (N, K), acc (M, K) -> new acc (M, K), OR of all flags."""
    # x and w commute, so the longer side of acc may always be the inner loop.
    if acc.shape[0] > acc.shape[1]:
        codes, flags = chain(op, w.T, x.T, acc.T)
        return codes.T, flags
    x_values, w_values, acc_values = (_VALUES[np.ascontiguousarray(codes)] for codes in (x, w, acc))
    # Every element is an operand of some step, so a signalling NaN anywhere raises NV.
    flags = NV * int(_SIGNALLING[x].any() or _SIGNALLING[w].any() or _SIGNALLING[acc].any())
    if op in (MATMUL, GEMM):
        flags |= _fma_chain(x_values, w_values, acc_values)
    else:
        inner = -1.0 if op.op1 is Term.MIN else 1.0
        sign = -1.0 if op.op2 is Term.MIN else 1.0
        acc_values *= sign
        flags |= _extremum_chain(x_values, w_values, acc_values, _FIRST_TERM[op.op1], inner, sign)
        acc_values *= sign
    if flags & OF:
        flags |= NX
    return vector.from_double(acc_values), flags
