# SPDX-License-Identifier: Apache-2.0
"""The tables of formats, operations and flags."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest

from redmule.fp import FORMATS, OPS, Flags, Format, format_by_code, format_by_dtype, format_by_name, op_by_code
from redmule.fp.ops import op_by_name


@pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
def test_format_is_found_by_name_code_and_dtype(fmt: Format) -> None:
    assert format_by_name(fmt.name) is fmt
    assert format_by_code(fmt.code) is fmt
    assert format_by_dtype(fmt.dtype) is fmt
    assert fmt.bytes == fmt.dtype.itemsize


@pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
def test_format_parameters_equal_those_of_its_dtype(fmt: Format) -> None:
    info: Any = ml_dtypes.finfo(fmt.dtype)  # type: ignore[no-untyped-call]
    assert fmt.max_finite == float(info.max)
    assert fmt.mantissa_bits == info.nmant
    assert fmt.min_exponent == info.minexp
    assert np.array(fmt.max_finite_code, fmt.raw_dtype).view(fmt.dtype) == info.max
    assert np.isnan(np.array(fmt.canonical_nan, fmt.raw_dtype).view(fmt.dtype).astype(np.float32))


def test_codes_count_up_from_zero() -> None:
    assert [fmt.code for fmt in FORMATS] == list(range(5))
    assert [op.code for op in OPS] == list(range(8))
    assert [op_by_name(op.name) for op in OPS] == [op_by_code(code) for code in range(8)]


def test_unknown_format_or_op_names_value_and_what_is_allowed() -> None:
    with pytest.raises(ValueError, match=r"'fp12'.*e5m2, fp16, e4m3, bf16, e4m3fn"):
        format_by_name("fp12")
    with pytest.raises(ValueError, match=r"5.*0\.\.4"):
        format_by_code(5)
    with pytest.raises(ValueError, match=r"float32.*float16"):
        format_by_dtype(np.float32)
    with pytest.raises(ValueError, match=r"'maxmax'.*matmul.*minmax"):
        op_by_name("maxmax")
    with pytest.raises(ValueError, match=r"8.*0\.\.7"):
        op_by_code(8)


def test_flags_round_trip_through_bits_and_unite() -> None:
    assert [Flags.from_bits(bits).bits for bits in range(16)] == list(range(16))
    assert Flags(nv=True) | Flags(of=True, nx=True) == Flags.from_bits(0b1101)
    assert str(Flags.from_bits(0b0011)) == "UF NX"
    with pytest.raises(ValueError, match="16"):
        Flags.from_bits(16)
