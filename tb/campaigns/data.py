# SPDX-License-Identifier: Apache-2.0
"""Random codes of a format: numbers as networks have them, and everything that breaks arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from redmule.fp import Format

Array = NDArray[Any]
Source = Callable[[np.random.Generator, Format, tuple[int, int]], Array]
"""Makes raw codes (uint8 or uint16) of a format in a shape."""


def numbers(random: np.random.Generator, fmt: Format, shape: tuple[int, int]) -> Array:
    """Normally distributed numbers."""
    return random.standard_normal(shape).astype(fmt.dtype).view(fmt.raw_dtype)


def all_codes(random: np.random.Generator, fmt: Format, shape: tuple[int, int]) -> Array:
    """Every code is as likely as any other, NaNs among them."""
    return random.integers(0, 1 << fmt.width, shape).astype(fmt.raw_dtype)


def specials(random: np.random.Generator, fmt: Format, shape: tuple[int, int]) -> Array:
    """Zeros, subnormals, the ends of the normal numbers, infinities, NaNs of both kinds, all with either sign."""
    one = fmt.bias << fmt.mantissa_bits
    pool = [0, 1, fmt.mantissa_mask, fmt.mantissa_mask + 1, one - 1, one, one + 1, fmt.max_finite_code]
    pool += [fmt.exponent_mask, fmt.exponent_mask | 1, fmt.exponent_mask | fmt.quiet_bit, fmt.canonical_nan]
    signed = np.array([code | sign for code in pool for sign in (0, fmt.sign_mask)], fmt.raw_dtype)
    return signed[random.integers(0, signed.size, shape)]


def sprinkled(random: np.random.Generator, fmt: Format, shape: tuple[int, int]) -> Array:
    """Numbers with a special one here and there, so that many results stay numbers for long."""
    chosen = random.random(shape) < 1 / 64
    return np.where(chosen, specials(random, fmt, shape), numbers(random, fmt, shape))


def tiny(random: np.random.Generator, fmt: Format, shape: tuple[int, int]) -> Array:
    """Subnormal numbers, zeros and the smallest normal ones."""
    magnitude = random.integers(0, 2 * (fmt.mantissa_mask + 1), shape)
    return (magnitude | random.integers(0, 2, shape) * fmt.sign_mask).astype(fmt.raw_dtype)


def finite(random: np.random.Generator, fmt: Format, shape: tuple[int, int]) -> Array:
    """Finite numbers of all magnitudes: sums overflow, products underflow."""
    magnitude = random.integers(0, fmt.max_finite_code + 1, shape)
    return (magnitude | random.integers(0, 2, shape) * fmt.sign_mask).astype(fmt.raw_dtype)


def zeros(random: np.random.Generator, fmt: Format, shape: tuple[int, int]) -> Array:
    """Zeros of both signs."""
    return (random.integers(0, 2, shape) * fmt.sign_mask).astype(fmt.raw_dtype)


SOURCES: Sequence[Source] = (numbers, numbers, sprinkled, sprinkled, all_codes, specials, tiny, finite, zeros)
"""What a random job draws the data of an operand from; some more often than others."""
