# SPDX-License-Identifier: Apache-2.0
"""The table of wrong results: places, codes, and the last step of the golden model."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from redmule.config import Config
from redmule.fp import FORMATS, OPS, Format, Op, vector
from redmule.fp.formats import E4M3, FP16
from redmule.fp.ops import GEMM, MATMUL
from redmule.golden import gemm_codes
from tb.env.mismatch import MOST_ROWS, Codes, last_step, mismatches, table

TINY = Config.named("tiny")


def any_codes(op: Op, formats: tuple[Format, Format, Format, Format], m: int, n: int, k: int) -> Codes:
    """Return random operands."""
    random = np.random.default_rng(7)
    x, w, y = (
        random.integers(0, 1 << fmt.width, shape).astype(fmt.raw_dtype)
        for fmt, shape in zip(formats[:3], ((m, n), (n, k), (m, k)), strict=True)
    )
    return Codes(op, x, w, y if op.uses_y else None, formats)


@pytest.mark.parametrize(("op", "fmt"), [(op, FORMATS[place % len(FORMATS)]) for place, op in enumerate(OPS)])
def test_the_last_step_ends_where_the_golden_model_does(op: Op, fmt: Format) -> None:
    codes = any_codes(op, (fmt, FP16, E4M3, fmt), 3, 5, 4)
    z, _ = gemm_codes(codes.x, codes.w, codes.y, op, *codes.formats)
    for row, col in product(range(3), range(4)):
        x, w, before, after = last_step(codes, row, col)
        assert vector.cast_out(np.array([after], np.uint16), fmt)[0][0] == z[row, col]
        stepped, _ = vector.step(op, *(np.array([code], np.uint16) for code in (x, w, before)))
        assert stepped[0] == after


def test_without_y_the_first_accumulator_is_zero() -> None:
    codes = Codes(MATMUL, np.array([[0x3C00]], np.uint16), np.array([[0x4000]], np.uint16), None, (FP16,) * 4)
    assert last_step(codes, 0, 0) == (0x3C00, 0x4000, 0, 0x4000)


def test_every_wrong_element_is_named_with_its_tile() -> None:
    codes = any_codes(GEMM, (FP16, FP16, FP16, E4M3), 5, 3, 9)
    expected, _ = gemm_codes(codes.x, codes.w, codes.y, GEMM, *codes.formats)
    seen = expected.copy()
    seen[4, 8] ^= 1
    seen[1, 3] ^= 0x80
    found = mismatches(codes, seen, expected, TINY)
    assert [(one.tile, one.row, one.col) for one in found] == [((0, 0), 1, 3), ((2, 2), 4, 8)]
    assert (found[1].seen, found[1].expected) == (int(seen[4, 8]), int(expected[4, 8]))
    assert not mismatches(codes, expected, expected, TINY)


def test_a_table_has_both_values_in_hexadecimal_and_decimal() -> None:
    one, two = np.array([[0x3C00]], np.uint16), np.array([[0x4000]], np.uint16)
    codes = Codes(MATMUL, one, two, None, (FP16,) * 4)
    lines = table(mismatches(codes, one, two, TINY)).splitlines()
    assert lines[0].split()[:4] == ["tile", "row", "col", "is"]
    assert " ".join(lines[1].split()) == "0,0 0 0 3c00 1 4000 2 3c00 1 4000 2 0000 0 4000 2"


def test_a_long_table_ends_with_what_it_leaves_out() -> None:
    codes = any_codes(GEMM, (FP16,) * 4, 8, 2, 8)
    expected, _ = gemm_codes(codes.x, codes.w, codes.y, GEMM, *codes.formats)
    text = table(mismatches(codes, expected ^ 1, expected, TINY), expected.size).splitlines()
    assert len(text) == 1 + MOST_ROWS + 1
    assert text[-1] == f"... and {64 - MOST_ROWS} more"
