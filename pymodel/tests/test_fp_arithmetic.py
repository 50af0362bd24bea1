# SPDX-License-Identifier: Apache-2.0
"""fma, min and max: the scalar definition, its NumPy twin, the compiled kernel, and independent oracles."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from redmule.fp import OPS, Flags, Op, campaign, kernel, scalar, stimuli, vector
from redmule.fp.formats import FP16

SEED = 20
ONE, INF, QNAN, SNAN = 0x3C00, 0x7C00, 0x7E00, 0x7C01


def scalar_arrays(results: list[scalar.Result]) -> tuple[list[int], list[int]]:
    """Codes and flag bits of a list of scalar results."""
    return [code for code, _ in results], [flags.bits for _, flags in results]


SHARDS = {
    "all special": 0,
    "a special one, another, any": 17,
    "directed and random": campaign.FIXED_SHARDS,
}


@pytest.mark.parametrize("shard", SHARDS.values(), ids=SHARDS)
def test_fma_equals_softfloat_in_a_shard_of_the_long_campaign(shard: int) -> None:
    drawn = list(campaign.triples(shard, SEED))
    for check in campaign.checks():
        found = sum(map(check, drawn), campaign.Comparison())
        assert found == campaign.Comparison(sum(a.size for a, _, _ in drawn)), found.first


def test_random_triples_of_a_shard_have_all_exponent_differences() -> None:
    fields = np.array(next(campaign.triples(campaign.FIXED_SHARDS, SEED))) >> FP16.mantissa_bits & 0x1F
    assert np.unique(fields[0] << 10 | fields[1] << 5 | fields[2]).size >= 31**3


def test_special_values_are_paired_in_all_places_with_any_third_code() -> None:
    pairs = set()
    for shard in range(1, campaign.FIXED_SHARDS):
        for triple in campaign.triples(shard, SEED):
            (place,) = (i for i, codes in enumerate(triple) if codes[0] != codes[-1])
            assert np.array_equal(triple[place], np.arange(1 << 16))
            pairs.add((place, *(int(codes[0]) for i, codes in enumerate(triple) if i != place)))
    assert pairs == {(place, *pair) for place in range(3) for pair in product(stimuli.SPECIALS.tolist(), repeat=2)}


@pytest.mark.parametrize(
    "triples", [stimuli.special_triples(), stimuli.fma_triples(50_000, SEED)], ids=["special", "any"]
)
def test_scalar_vector_and_kernel_fma_agree(triples: stimuli.Triples) -> None:
    a, b, c = (codes.tolist() for codes in triples)
    wanted = scalar_arrays([scalar.fma(*triple) for triple in zip(a, b, c, strict=True)])
    for fma in (vector.fma, kernel.fma):
        codes, flags = fma(*triples)
        assert (codes.tolist(), flags.tolist()) == wanted


def test_fma_value_is_the_float64_sum_rounded_to_fp16() -> None:
    a, b, c = stimuli.fma_triples(200_000, SEED + 1)
    with np.errstate(all="ignore"):
        wanted = (vector.to_double(a) * vector.to_double(b) + vector.to_double(c)).astype(np.float16)
    codes, _ = kernel.fma(a, b, c)
    assert np.array_equal(np.isnan(wanted), vector.is_nan(codes))
    assert np.array_equal(codes, np.where(np.isnan(wanted), QNAN, wanted.view(np.uint16)))


def test_fma_of_two_subnormals_rounds_to_even() -> None:
    assert scalar.fma(0x0001, 0x0001, 0x0001) == (0x0001, Flags(uf=True, nx=True))
    assert scalar.fma(0x0001, 0x3800, 0x0001) == (0x0002, Flags(uf=True, nx=True))
    assert scalar.fma(0x0001, 0x3800, 0x0002) == (0x0002, Flags(uf=True, nx=True))


def test_tail_that_float64_loses_still_raises_inexact() -> None:
    triple = (0x0001, 0x0001, 0x6400)
    assert scalar.fma(*triple) == (0x6400, Flags(nx=True))
    a, b, c = (np.array([code], np.uint16) for code in triple)
    assert kernel.fma(a, b, c)[1].tolist() == vector.fma(a, b, c)[1].tolist() == [1]


def test_rounding_up_to_the_smallest_normal_number_is_not_tiny_if_full_precision_reaches_it() -> None:
    largest, unit, smallest_normal = 0x03FF, 0x0001, Fraction(1, 1 << 14)
    three_quarters, eleven_sixteenths = 0x3A00, 0x3980
    assert scalar.fma_exact(unit, three_quarters, largest) == smallest_normal - Fraction(1, 1 << 26)
    assert scalar.fma(unit, three_quarters, largest) == (0x0400, Flags(nx=True))
    assert scalar.fma(unit, eleven_sixteenths, largest) == (0x0400, Flags(uf=True, nx=True))
    assert scalar.fma(0x0001, 0x8001, 0x0400) == (0x0400, Flags(nx=True))


def test_exact_cancellation_is_plus_zero_and_minus_zeros_add_to_minus_zero() -> None:
    assert scalar.fma(ONE, ONE, 0xBC00) == (0x0000, Flags())
    assert scalar.fma(0x8000, ONE, 0x8000) == (0x8000, Flags())
    assert scalar.fma(0x8000, ONE, 0x0000) == (0x0000, Flags())


def test_invalid_operations_raise_nv_even_with_a_quiet_nan_addend() -> None:
    invalid = (QNAN, Flags(nv=True))
    assert scalar.fma(INF, 0, QNAN) == invalid
    assert scalar.fma(INF, ONE, 0xFC00) == invalid
    assert scalar.fma(SNAN, ONE, ONE) == invalid
    assert scalar.fma(QNAN, ONE, ONE) == (QNAN, Flags())


def extremum_by_fractions(a: int, b: int, largest: bool) -> tuple[int, Flags]:
    """max or min by comparing values; infinities are numbers beyond all others, -0 is just below 0."""
    flags = Flags(nv=any(code & 0x7C00 == 0x7C00 and code & 0x3FF and not code & 0x200 for code in (a, b)))
    keys: dict[int, tuple[Fraction, int]] = {}
    for code in (a, b):
        value = scalar.decode(code).value
        if value is None and code & 0x3FF == 0:
            value = Fraction(-(1 << 20) if code & 0x8000 else 1 << 20)
        if value is not None:
            keys[code] = (value, -(code >> 15))
    if not keys:
        return QNAN, flags
    return (max if largest else min)(keys, key=lambda code: keys[code]), flags


def test_max_and_min_equal_an_independent_comparison_of_fractions() -> None:
    rng = np.random.default_rng(SEED)
    pairs = list(product(stimuli.SPECIALS.tolist(), repeat=2)) + rng.integers(0, 1 << 16, (10_000, 2)).tolist()
    a, b = np.array(pairs, np.uint16).T
    for largest, by_scalar, by_vector in (
        (True, scalar.maximum, vector.maximum),
        (False, scalar.minimum, vector.minimum),
    ):
        wanted = [extremum_by_fractions(x, y, largest) for x, y in pairs]
        assert [by_scalar(x, y) for x, y in pairs] == wanted
        codes, flags = by_vector(a, b)
        assert (codes.tolist(), flags.tolist()) == scalar_arrays(wanted)


@pytest.mark.parametrize("op", OPS, ids=lambda op: op.name)
def test_scalar_vector_and_kernel_step_agree_and_x_and_w_commute(op: Op) -> None:
    special = stimuli.special_triples()
    chosen = np.random.default_rng(SEED).choice(special[0].size, 8_000, replace=False)
    directed = stimuli.fma_triples(4_000, SEED)
    x, w, acc = (np.concatenate([s[chosen], d]) for s, d in zip(special, directed, strict=True))
    wanted = scalar_arrays([scalar.step(op, *t) for t in zip(x.tolist(), w.tolist(), acc.tolist(), strict=True)])
    for codes, flags in (vector.step(op, x, w, acc), vector.step(op, w, x, acc)):
        assert (codes.tolist(), flags.tolist()) == wanted
    triples = list(zip(x, w, acc, strict=True))[::10]
    one_by_one = [kernel.chain(op, *(np.array([[code]], np.uint16) for code in triple)) for triple in triples]
    assert [int(codes[0, 0]) for codes, _ in one_by_one] == wanted[0][::10]
    assert [flags for _, flags in one_by_one] == wanted[1][::10]
