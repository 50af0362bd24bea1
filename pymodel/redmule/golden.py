# SPDX-License-Identifier: Apache-2.0
"""The golden model: a whole GEMM-op on NumPy arrays, bit-exact in values and flags, as fast as the machine allows.

An array's dtype is its format. ``check_operands`` is the one place that says which operands make a job.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from redmule.fp import vector
from redmule.fp.flags import Flags
from redmule.fp.formats import FP16, Format, format_by_dtype
from redmule.fp.ops import GEMM, MATMUL, Op, op_by_name

Array = npt.NDArray[Any]

MAX_SIZE = 65535
"""The largest M, N or K: the sizes are 16-bit registers."""


@dataclass(frozen=True, slots=True)
class GoldenResult:
    """``z``: (M, K) or with z_trans (K, M), its dtype the output format; ``flags``: all that the job raised."""

    z: Array
    flags: Flags


@dataclass(frozen=True, slots=True)
class Operands:
    """Checked operands as the job sees them: x (M, N), w (N, K), y (M, K) or None, all views of what was given."""

    op: Op
    x: Array
    w: Array
    y: Array | None
    x_format: Format
    w_format: Format
    y_format: Format
    z_format: Format

    @property
    def m(self) -> int:
        """Rows of X and Z."""
        return int(self.x.shape[0])

    @property
    def n(self) -> int:
        """The inner dimension."""
        return int(self.x.shape[1])

    @property
    def k(self) -> int:
        """Columns of W and Z."""
        return int(self.w.shape[1])


def _format_of(argument: str, dtype: object) -> Format:
    """The format of a dtype; the ValueError names the argument."""
    try:
        return format_by_dtype(dtype)
    except ValueError as error:
        raise ValueError(f"{argument}: {error}") from None


def _check_array(argument: str, array: object, ranks: tuple[int, ...]) -> Format:
    """The format of an operand that has one of ``ranks`` dimensions, each of a legal size."""
    if not isinstance(array, np.ndarray):
        raise ValueError(f"{argument} is a {type(array).__name__}; allowed: a NumPy array")
    fmt = _format_of(f"{argument}.dtype", array.dtype)
    if array.ndim not in ranks:
        allowed = " or ".join(str(rank) for rank in ranks)
        raise ValueError(f"{argument} has shape {array.shape}; allowed: {allowed} dimensions")
    if not all(1 <= size <= MAX_SIZE for size in array.shape):
        raise ValueError(f"{argument} has shape {array.shape}; allowed: sizes 1..{MAX_SIZE}")
    return fmt


def check_operands(
    x: Array,
    w: Array,
    y: Array | None = None,
    op: str = "gemm",
    out_dtype: object = None,
    *,
    x_trans: bool = False,
    w_trans: bool = False,
    z_trans: bool = False,
) -> Operands:
    """Check the operands of ``gemm_op`` (same arguments) and bring them into the order of the job, without copying.

    Raises ValueError naming the argument, its value and what is allowed. The op of a gemm without y is matmul.
    """
    operation = op_by_name(op)
    if operation is GEMM and y is None:
        operation = MATMUL
    if operation.uses_y and y is None:
        raise ValueError(f"y is None; op {op!r} needs a y")
    if op == MATMUL.name and y is not None:
        raise ValueError("y is given; op 'matmul' takes none (use 'gemm')")
    x_format, w_format = _check_array("x", x, (2,)), _check_array("w", w, (2,))
    z_format = x_format if out_dtype is None else _format_of("out_dtype", out_dtype)
    x, w = (x.T if x_trans else x), (w.T if w_trans else w)
    (m, n), k = x.shape, w.shape[1]
    if w.shape[0] != n:
        raise ValueError(f"w has {w.shape[0]} rows (after w_trans); allowed: N = {n}, the columns of x (after x_trans)")
    y_format = z_format
    if y is not None:
        y_format = _check_array("y", y, (1, 2))
        allowed = (k, m) if z_trans else (m, k)
        if y.shape not in (allowed, (k,)):
            raise ValueError(f"y has shape {y.shape}; allowed: {allowed}, or ({k},) as a bias of every row")
        y = np.broadcast_to(y, (m, k)) if y.ndim == 1 else y.T if z_trans else y
    return Operands(operation, x, w, y, x_format, w_format, y_format, z_format)


def _cast(codes: Array, src: Format, dst: Format, saturate: bool = False) -> tuple[Array, int]:
    """Cast an array of codes by table; returns the OR of the flags as well."""
    if src is dst:
        return codes, 0
    table, flags = vector.cast_table(src, dst, saturate)
    return table[codes], int(np.bitwise_or.reduce(flags[codes], axis=None))


def gemm_codes(
    x_codes: Array,
    w_codes: Array,
    y_codes: Array | None,
    op: Op,
    x_format: Format,
    w_format: Format,
    y_format: Format,
    z_format: Format,
    saturate: bool = False,
) -> tuple[Array, Flags]:
    """A job on raw codes: x (M, N), w (N, K), y (M, K) or None for matmul -> z (M, K) codes (uint8/uint16), flags."""
    from redmule.fp import kernel  # loads Numba

    if (y_codes is None) == op.uses_y:
        raise ValueError(f"y_codes is {'None' if y_codes is None else 'given'}; op {op.name!r} wants the opposite")
    x, x_flags = _cast(x_codes, x_format, FP16)
    w, w_flags = _cast(w_codes, w_format, FP16)
    if y_codes is None:
        y, y_flags = np.zeros((x.shape[0], w.shape[1]), np.uint16), 0
    else:
        y, y_flags = _cast(y_codes, y_format, FP16)
    acc, step_flags = kernel.chain(op, x, w, y)
    z, z_flags = _cast(acc, FP16, z_format, saturate)
    return np.ascontiguousarray(z), Flags.from_bits(x_flags | w_flags | y_flags | step_flags | z_flags)


def gemm_op(
    x: Array,
    w: Array,
    y: Array | None = None,
    op: str = "gemm",
    out_dtype: object = None,
    x_trans: bool = False,
    w_trans: bool = False,
    z_trans: bool = False,
    saturate: bool = False,
) -> GoldenResult:
    """``z = op2(op1(x, w), ...y)`` over the inner dimension, exactly as the accelerator computes it.

    Shapes: x (M, N), with x_trans (N, M); w (N, K), with w_trans (K, N); y and z (M, K), with z_trans (K, M); a y of
    length K is a bias of every row. Dtypes: float16, or ml_dtypes' bfloat16, float8_e5m2, float8_e4m3, float8_e4m3fn,
    each its own; z has ``out_dtype``, by default that of x. ``saturate``: cast-out overflow gives the largest finite
    number. A gemm without y is a matmul. Raises ValueError naming the argument, its value and what is allowed.
    """
    job = check_operands(x, w, y, op, out_dtype, x_trans=x_trans, w_trans=w_trans, z_trans=z_trans)
    formats = (job.x_format, job.w_format, job.y_format, job.z_format)
    y_codes = None if job.y is None else _codes(job.y, job.y_format)
    x_codes, w_codes = _codes(job.x, job.x_format), _codes(job.w, job.w_format)
    z_codes, flags = gemm_codes(x_codes, w_codes, y_codes, job.op, *formats, saturate)
    z = z_codes.view(job.z_format.dtype)
    return GoldenResult(np.ascontiguousarray(z.T) if z_trans else z, flags)


def _codes(array: Array, fmt: Format) -> Array:
    """The raw codes of an array: the same shape, and the same memory where it is contiguous."""
    return np.ascontiguousarray(array).view(fmt.raw_dtype)
