# SPDX-License-Identifier: Apache-2.0
"""fp16 operands that find mistakes: special values, every exponent difference, cancellation, range borders."""

from __future__ import annotations

from itertools import product

import numpy as np

from redmule.fp import vector
from redmule.fp.formats import FP16

Triples = tuple[vector.Codes, vector.Codes, vector.Codes]

_POSITIVE = (
    *(0x0000, 0x0001, 0x0002, 0x0200, 0x03FF),  # zero and subnormal
    *(0x0400, 0x0401, 0x07FF, 0x0BFF),  # the smallest normal ones
    *(0x3800, 0x3BFF, 0x3C00, 0x3C01, 0x4000),  # around one
    *(0x7BFE, 0x7BFF),  # the largest finite
    *(0x7C00, 0x7C01, 0x7DFF, 0x7E00, 0x7E01, 0x7FFF),  # Inf, signalling and quiet NaN
)
SPECIALS: vector.Codes = np.array([sign | code for code in _POSITIVE for sign in (0, FP16.sign_mask)], np.uint16)
"""The codes whose pairs and triples every unit must get right."""

_MANTISSAS = np.array([0x000, 0x001, 0x200, 0x1FF, 0x2AA, 0x3FE, 0x3FF], np.uint16)


def special_triples() -> Triples:
    """Every triple of special values: three uint16 arrays of ``len(SPECIALS) ** 3``."""
    a, b, c = np.array(list(product(SPECIALS, repeat=3)), np.uint16).T
    return a, b, c


def _uniform(rng: np.random.Generator, count: int) -> vector.Codes:
    """Codes with all bits random."""
    return rng.integers(0, 1 << FP16.width, count, np.uint16)


def _with_exponent(rng: np.random.Generator, exponents: vector.AnyCodes) -> vector.Codes:
    """Codes with the given exponent fields (clipped to the finite ones), random signs, mantissas half of them odd."""
    count = exponents.size
    field = np.clip(exponents, 0, 2 * FP16.bias).astype(np.uint16) << FP16.mantissa_bits
    drawn = rng.integers(0, FP16.mantissa_mask + 1, count, np.uint16)
    mantissa = np.where(rng.random(count) < 0.5, rng.choice(_MANTISSAS, count), drawn)
    sign = rng.integers(0, 2, count, np.uint16) * np.uint16(FP16.sign_mask)
    return np.asarray(sign | field | mantissa, np.uint16)


def _exponent_differences(rng: np.random.Generator, count: int) -> Triples:
    """Pairs of exponents of a and b in turn, and c at every distance from their product."""
    fields = 2 * FP16.bias + 1
    turn = rng.integers(0, fields**3) + np.arange(count)
    a, b, c = turn % fields, turn // fields % fields, turn // fields**2 % fields
    return _with_exponent(rng, a), _with_exponent(rng, b), _with_exponent(rng, c)


def _cancellations(rng: np.random.Generator, count: int) -> Triples:
    """c within a few codes of minus the rounded product."""
    a = _with_exponent(rng, rng.integers(0, 2 * FP16.bias + 1, count))
    b = _with_exponent(rng, rng.integers(0, 2 * FP16.bias + 1, count))
    with np.errstate(over="ignore"):
        rounded = (-(vector.to_double(a) * vector.to_double(b))).astype(np.float16).view(np.uint16)
    c = rounded.astype(np.int32) + rng.integers(-2, 3, count)
    return a, b, (c % (1 << FP16.width)).astype(np.uint16)


def _borders(rng: np.random.Generator, count: int) -> Triples:
    """Products around the smallest subnormal, the smallest normal and the largest finite number; c small or special."""
    scale = rng.choice([-FP16.bias - FP16.mantissa_bits, FP16.min_exponent, FP16.bias], count)
    exponent_a = rng.integers(0, 2 * FP16.bias + 1, count)
    exponent_b = scale + rng.integers(-1, 2, count) + 2 * FP16.bias - exponent_a
    small = _with_exponent(rng, rng.integers(0, 2, count))
    c = np.where(rng.random(count) < 0.5, small, rng.choice(SPECIALS, count))
    return _with_exponent(rng, exponent_a), _with_exponent(rng, exponent_b), c


def _with_specials(rng: np.random.Generator, count: int) -> Triples:
    """Two operands special, the third random, its place random as well."""
    codes = rng.choice(SPECIALS, (3, count))
    codes[rng.integers(0, 3, count), np.arange(count)] = _uniform(rng, count)
    return codes[0], codes[1], codes[2]


def fma_triples(count: int, seed: int) -> Triples:
    """``count`` triples, a mixture of all kinds: three uint16 arrays, equal for an equal seed."""
    rng = np.random.default_rng(seed)
    kinds = (_exponent_differences, _cancellations, _borders, _with_specials)
    share = count // (len(kinds) + 1)
    rest = count - share * len(kinds)
    parts = [kind(rng, share) for kind in kinds]
    parts.append((_uniform(rng, rest), _uniform(rng, rest), _uniform(rng, rest)))
    a, b, c = (np.concatenate(column) for column in zip(*parts, strict=True))
    return a, b, c
