# SPDX-License-Identifier: Apache-2.0
"""The five number formats as data. Arithmetic is always fp16; the others exist in memory only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ml_dtypes
import numpy as np


@dataclass(frozen=True, slots=True)
class Format:
    """A binary floating-point format: one sign bit, then exponent, then mantissa.

    ``code`` is what the register MACFG holds; ``canonical_nan`` and ``max_finite_code`` are raw codes without sign.
    """

    name: str
    code: int
    exponent_bits: int
    mantissa_bits: int
    has_inf: bool
    canonical_nan: int
    max_finite_code: int
    dtype: np.dtype[Any]

    @property
    def width(self) -> int:
        """Bits of a code."""
        return 1 + self.exponent_bits + self.mantissa_bits

    @property
    def bytes(self) -> int:
        """Bytes of a code in memory."""
        return self.width // 8

    @property
    def raw_dtype(self) -> np.dtype[Any]:
        """NumPy type of raw codes as memory holds them: uint8 or uint16."""
        return np.dtype(f"u{self.bytes}")

    @property
    def bias(self) -> int:
        """Exponent field of 1.0."""
        return (1 << (self.exponent_bits - 1)) - 1

    @property
    def min_exponent(self) -> int:
        """Exponent of the smallest normal number, as a power of two; subnormals share it."""
        return 1 - self.bias

    @property
    def sign_mask(self) -> int:
        """The sign bit of a code."""
        return 1 << (self.width - 1)

    @property
    def exponent_mask(self) -> int:
        """The exponent bits of a code; with ``has_inf`` also the code of +Inf."""
        return ((1 << self.exponent_bits) - 1) << self.mantissa_bits

    @property
    def mantissa_mask(self) -> int:
        """The mantissa bits of a code."""
        return (1 << self.mantissa_bits) - 1

    @property
    def quiet_bit(self) -> int:
        """Mantissa MSB: set in a quiet NaN, clear in a signalling one."""
        return 1 << (self.mantissa_bits - 1)

    @property
    def max_finite(self) -> float:
        """The largest finite number."""
        significand = (1 << self.mantissa_bits) | (self.max_finite_code & self.mantissa_mask)
        exponent = (self.max_finite_code >> self.mantissa_bits) - self.bias
        return float(significand) * 2.0 ** (exponent - self.mantissa_bits)


E5M2 = Format("e5m2", 0, 5, 2, True, 0x7E, 0x7B, np.dtype(ml_dtypes.float8_e5m2))
FP16 = Format("fp16", 1, 5, 10, True, 0x7E00, 0x7BFF, np.dtype(np.float16))
E4M3 = Format("e4m3", 2, 4, 3, True, 0x7C, 0x77, np.dtype(ml_dtypes.float8_e4m3))
BF16 = Format("bf16", 3, 8, 7, True, 0x7FC0, 0x7F7F, np.dtype(ml_dtypes.bfloat16))
E4M3FN = Format("e4m3fn", 4, 4, 3, False, 0x7F, 0x7E, np.dtype(ml_dtypes.float8_e4m3fn))

FORMATS = (E5M2, FP16, E4M3, BF16, E4M3FN)
"""Every format, in the order of their codes."""

_BY_NAME = {fmt.name: fmt for fmt in FORMATS}
_BY_DTYPE = {fmt.dtype: fmt for fmt in FORMATS}


def format_by_name(name: str) -> Format:
    """The format called ``name``; ValueError for an unknown one."""
    if name not in _BY_NAME:
        raise ValueError(f"format name {name!r} is unknown; allowed: {', '.join(_BY_NAME)}")
    return _BY_NAME[name]


def format_by_code(code: int) -> Format:
    """The format with the register code ``code``; ValueError for an unknown one."""
    if not 0 <= code < len(FORMATS):
        raise ValueError(f"format code {code!r} is unknown; allowed: 0..{len(FORMATS) - 1}")
    return FORMATS[code]


def format_by_dtype(dtype: object) -> Format:
    """The format of arrays of ``dtype`` (a NumPy or ml_dtypes type); ValueError for one that is no format."""
    try:
        key = np.dtype(dtype)  # type: ignore[call-overload]
    except TypeError:
        key = None
    if key not in _BY_DTYPE:
        raise ValueError(f"dtype {dtype!r} is no format; allowed: {', '.join(str(d) for d in _BY_DTYPE)}")
    return _BY_DTYPE[key]
