# SPDX-License-Identifier: Apache-2.0
"""The golden model: whole jobs against the scalar definition and the published RTL, and the checks on operands."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from redmule import golden
from redmule.fp import FORMATS, OPS, Flags, Op, format_by_name, kernel, op_by_name, scalar, stimuli, vector
from redmule.fp.formats import BF16, E4M3, E4M3FN, E5M2, FP16, Format

UPSTREAM = np.load(Path(__file__).parent / "data" / "upstream_vectors.npz")
JOBS: list[dict[str, Any]] = json.loads(str(UPSTREAM["jobs"]))
MIXTURES = [
    (FP16, FP16, FP16, FP16),
    (E5M2, E4M3, FP16, E5M2),
    (BF16, E4M3FN, BF16, E4M3FN),
    (E4M3, BF16, E5M2, E4M3),
    (FP16, E4M3FN, E4M3, BF16),
]


def random_codes(rng: np.random.Generator, fmt: Format, shape: tuple[int, int], wild: bool) -> vector.AnyCodes:
    """All bits random (NaN and Inf included), or ordinary numbers."""
    if wild:
        return rng.integers(0, 1 << fmt.width, shape).astype(fmt.raw_dtype)
    return np.asarray(rng.standard_normal(shape).astype(fmt.dtype).view(fmt.raw_dtype))


def job_by_scalars(
    x: vector.AnyCodes, w: vector.AnyCodes, y: vector.AnyCodes | None, op: Op, formats: tuple[Format, ...], sat: bool
) -> tuple[list[list[int]], Flags]:
    """The chain of the specification, one element and one step at a time."""
    flags = Flags()

    def cast_in(codes: vector.AnyCodes, fmt: Format) -> list[list[int]]:
        nonlocal flags
        rows = [[scalar.cast_in(code, fmt) for code in row] for row in codes.tolist()]
        for _, raised in (pair for row in rows for pair in row):
            flags |= raised
        return [[code for code, _ in row] for row in rows]

    x_in, w_in = cast_in(x, formats[0]), cast_in(w, formats[1])
    z = [[0] * w.shape[1] for _ in range(x.shape[0])] if y is None else cast_in(y, formats[2])
    for m, k in product(range(x.shape[0]), range(w.shape[1])):
        for n in range(x.shape[1]):
            z[m][k], raised = scalar.step(op, x_in[m][n], w_in[n][k], z[m][k])
            flags |= raised
        z[m][k], raised = scalar.cast_out(z[m][k], formats[3], sat)
        flags |= raised
    return z, flags


@pytest.mark.parametrize("job", JOBS, ids=lambda job: f"{job['name']}-{job['op']}-{job['fmt']}-{job['kind']}")
def test_job_equals_the_published_rtl(job: dict[str, Any]) -> None:
    fmt, name = format_by_name(job["fmt"]), job["name"]
    y = UPSTREAM[f"{name}_y"] if job["y_used"] else None
    z, _ = golden.gemm_codes(UPSTREAM[f"{name}_x"], UPSTREAM[f"{name}_w"], y, op_by_name(job["op"]), fmt, fmt, fmt, fmt)
    assert z.shape == (job["M"], job["K"])
    assert np.array_equal(z, UPSTREAM[f"{name}_z"])


def test_all_published_jobs_are_there() -> None:
    assert len(JOBS) == 26
    assert {job["op"] for job in JOBS} == {op.name for op in OPS}


@pytest.mark.parametrize("wild", [False, True], ids=["numbers", "all-bits"])
@pytest.mark.parametrize("op", OPS, ids=lambda op: op.name)
def test_job_equals_the_scalar_definition_in_bits_and_flags(op: Op, wild: bool) -> None:
    rng = np.random.default_rng([op.code, wild])
    for formats, saturate in product(MIXTURES, (False, True)):
        m, n, k = (int(size) for size in rng.integers(1, 7, 3))
        x, w, y = (
            random_codes(rng, fmt, shape, wild) for fmt, shape in zip(formats, ((m, n), (n, k), (m, k)), strict=False)
        )
        given_y = y if op.uses_y else None
        z, flags = golden.gemm_codes(x, w, given_y, op, *formats, saturate)
        assert (z.tolist(), flags) == job_by_scalars(x, w, given_y, op, formats, saturate)


@pytest.mark.parametrize("op", OPS, ids=lambda op: op.name)
def test_kernel_equals_its_numpy_twin_on_every_shape_and_kind_of_data(op: Op) -> None:
    rng = np.random.default_rng(op.code)
    pools = (
        stimuli.SPECIALS,
        np.arange(1 << 16, dtype=np.uint16),
        np.arange(0x0000, 0x0900, dtype=np.uint16),
        np.arange(0x7000, 0x7C00, dtype=np.uint16),
        np.arange(0x3000, 0x4400, dtype=np.uint16),
    )
    for pool, (m, n, k) in product(pools, ((1, 9, 300), (70, 3, 5), (17, 1, 16), (8, 40, 33))):
        x, w, acc = (rng.choice(pool, shape) for shape in ((m, n), (n, k), (m, k)))
        signs = rng.integers(0, 2, (m, n)).astype(np.uint16) << 15
        codes, flags = kernel.chain(op, x ^ signs, w, acc)
        wanted, wanted_flags = vector.chain(op, x ^ signs, w, acc)
        assert np.array_equal(codes, wanted)
        assert flags == wanted_flags


@pytest.mark.parametrize("flag", ["nv", "of", "uf", "nx"])
def test_a_single_raising_element_raises_its_job_flag(flag: str) -> None:
    x, w = np.full((5, 40), 0x3C00, np.uint16), np.full((40, 300), 0x3C00, np.uint16)
    y = np.zeros((5, 300), np.uint16)
    quiet = golden.gemm_codes(x, w, y, op_by_name("gemm"), FP16, FP16, FP16, FP16)[1]
    x[3, 39], w[39, 299], y[3, 299] = {
        "nv": (0x7C00, 0x0000, 0x0000),
        "of": (0x7BFF, 0x4000, 0x0000),
        "uf": (0x0001, 0x3800, 0xD0E0),
        "nx": (0x3C01, 0x3C01, 0x0000),
    }[flag]
    if flag == "uf":  # the sum of the 39 ones before is cancelled, so the last step meets a zero
        assert scalar.decode(0xD0E0).value == -39
    if flag == "nv":
        w[39, :299] = 0x3C00
    raised = golden.gemm_codes(x, w, y, op_by_name("gemm"), FP16, FP16, FP16, FP16)[1]
    assert quiet == Flags()
    assert getattr(raised, flag)


def test_minus_zero_survives_a_gemm_whatever_n_is() -> None:
    for n in range(1, 6):
        x = np.full((1, n), -0.0, np.float16)
        z = golden.gemm_op(x, np.ones((n, 1), np.float16), np.array([[-0.0]], np.float16)).z
        assert np.signbit(z[0, 0])


def test_transposed_and_strided_operands_give_the_same_result() -> None:
    rng = np.random.default_rng(5)
    x, w, y = (rng.standard_normal(shape).astype(np.float16) for shape in ((6, 9), (9, 4), (6, 4)))
    plain = golden.gemm_op(x, w, y)
    turned = golden.gemm_op(x.T.copy(), w.T.copy(), y.T.copy(), x_trans=True, w_trans=True, z_trans=True)
    assert turned.z.shape == (4, 6)
    assert np.array_equal(turned.z.T, plain.z)
    assert turned.flags == plain.flags
    wide = np.repeat(x, 2, axis=1)
    assert np.array_equal(golden.gemm_op(wide[:, ::2], w, y).z, plain.z)


def test_bias_is_added_to_every_row() -> None:
    x, w, bias = np.ones((3, 2), np.float16), np.ones((2, 4), np.float16), np.arange(4, dtype=np.float16)
    assert np.array_equal(golden.gemm_op(x, w, bias).z, np.tile(bias + 2, (3, 1)))
    assert np.array_equal(golden.gemm_op(x, w, bias, z_trans=True).z, np.tile(bias + 2, (3, 1)).T)


def test_gemm_without_y_is_matmul_and_the_result_takes_the_dtype_of_x_or_the_one_asked_for() -> None:
    x, w = np.ones((2, 3), ml_dtypes.float8_e4m3), np.ones((3, 2), ml_dtypes.float8_e5m2)
    assert golden.gemm_op(x, w).z.dtype == ml_dtypes.float8_e4m3
    for fmt in FORMATS:
        z = golden.gemm_op(x, w, op="matmul", out_dtype=fmt.dtype).z
        assert z.dtype == fmt.dtype
        assert np.array_equal(z.astype(np.float32), np.full((2, 2), 3, np.float32))


def test_saturation_keeps_sign_and_raises_overflow() -> None:
    x, w = np.full((1, 1), -20, ml_dtypes.float8_e4m3), np.full((1, 1), 20, ml_dtypes.float8_e4m3)
    assert golden.gemm_op(x, w).z == -np.inf
    assert golden.gemm_op(x, w, saturate=True) == golden.GoldenResult(
        np.array([[-240]], ml_dtypes.float8_e4m3), Flags(of=True, nx=True)
    )


HALF = np.float16
X, W, Y = np.zeros((2, 3), HALF), np.zeros((3, 4), HALF), np.zeros((2, 4), HALF)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"op": "maxmax"}, "'maxmax'.*allowed"),
        ({"op": "matmul", "y": Y}, "y is given.*'matmul'"),
        ({"op": "addmax"}, "y is None.*'addmax'"),
        ({"x": X.astype(np.float32)}, "x.dtype.*float32.*float16"),
        ({"y": Y.astype(np.int8)}, "y.dtype.*int8"),
        ({"out_dtype": np.float64}, "out_dtype.*float64"),
        ({"x": X[0]}, r"x has shape \(3,\).*2 dimensions"),
        ({"x": [[1.0]]}, "x is a list.*NumPy"),
        ({"w": X}, "w has 2 rows.*N = 3"),
        ({"x_trans": True}, "w has 3 rows.*N = 2"),
        ({"y": Y.T}, r"y has shape \(4, 2\).*\(2, 4\).*\(4,\)"),
        ({"y": Y, "z_trans": True}, r"y has shape \(2, 4\).*\(4, 2\)"),
        ({"x": np.zeros((0, 3), HALF)}, r"x has shape \(0, 3\).*1\.\.65535"),
        ({"x": np.zeros((65536, 3), HALF)}, r"x has shape \(65536, 3\).*1\.\.65535"),
    ],
)
def test_wrong_operand_is_refused_by_name_value_and_what_is_allowed(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        golden.gemm_op(**({"x": X, "w": W} | arguments))


def test_raw_code_entry_refuses_a_y_that_the_op_does_not_take() -> None:
    codes = np.zeros((1, 1), np.uint16)
    with pytest.raises(ValueError, match="'matmul'"):
        golden.gemm_codes(codes, codes, codes, op_by_name("matmul"), FP16, FP16, FP16, FP16)
