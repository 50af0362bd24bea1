# SPDX-License-Identifier: Apache-2.0
"""Jobs: what a caller asks for, what the hardware is told, and what comes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from redmule import checks, golden, regs
from redmule.config import Config
from redmule.fp import OPS, Flags, Format, Op

__all__ = ["DeviceError", "Flags", "HangError", "HardwareJob", "Job", "Part", "Result", "Stored"]

ORIENTATIONS = ("auto", "normal", "transposed")
"""How a job may run: as Z = X W, as Z^T = W^T X^T, or as the device decides."""

STALLS: Mapping[str, regs.CycleCode] = {
    "x": regs.CycleCode.STALL_X,
    "w": regs.CycleCode.STALL_W,
    "y": regs.CycleCode.STALL_Y,
    "z": regs.CycleCode.STALL_Z,
    "start": regs.CycleCode.START,
    "drain": regs.CycleCode.DRAIN,
}
"""Reasons for which a cycle of a job is no step, and the hardware counters that count them."""


class HangError(RuntimeError):
    """A simulation did not finish within the predicted cycles times a margin.

    Attributes:
        stalls: cycles by reason of the job that was running, as in `Result.stalls`.
    """

    def __init__(self, message: str, stalls: Mapping[str, int]) -> None:
        super().__init__(message)
        self.stalls = stalls


class DeviceError(RuntimeError):
    """The hardware ended a job with an error code.

    Attributes:
        code: the error code.
        address: byte address of the access that failed; 0 unless the code is BUS.
    """

    def __init__(self, code: regs.ErrorCode, address: int, job: HardwareJob) -> None:
        where = f" at address {address:#x}" if code == regs.ErrorCode.BUS else ""
        super().__init__(f"the accelerator ended job {job} with error {code.name}{where}")
        self.code = code
        self.address = address


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """One operation `z = op(x, w, y)`, checked.

    The dtype of an array is its format: float16, or ml_dtypes' float8_e5m2, float8_e4m3, float8_e4m3fn, bfloat16.

    Attributes:
        x: (M, N), or (N, M) with `x_trans`.
        w: (N, K), or (K, N) with `w_trans`.
        y: (M, K), or (K, M) with `z_trans`; 1-D of length K: a bias for every row; None: a matmul.
        op: name of the operation; "gemm" without y is "matmul".
        out_dtype: dtype of the result; default: that of `z_out`, else that of `x`.
        x_trans, w_trans, z_trans: the matrix is given (z: returned) transposed; z stands for y and the result.
        saturate: results that overflow the output format become its largest finite value.
        orientation: "normal", "transposed" (run as Z^T = W^T X^T: the same bits) or "auto".
        z_out: where the result goes: a view of an array of `Device.alloc`; default: a new array.
        operands: the same without transposes: x (M, N), w (N, K), y (M, K); not an argument.

    Raises:
        ValueError: a shape, dtype, name or combination is wrong; the message names argument, value, what is allowed.
    """

    x: NDArray[Any]
    w: NDArray[Any]
    y: NDArray[Any] | None = None
    op: str = "gemm"
    out_dtype: DTypeLike | None = None
    x_trans: bool = False
    w_trans: bool = False
    z_trans: bool = False
    saturate: bool = False
    orientation: str = "auto"
    z_out: NDArray[Any] | None = None
    operands: golden.Operands = field(init=False, repr=False)

    def __post_init__(self) -> None:
        checks.choice("op", self.op, (op.name for op in OPS))
        checks.choice("orientation", self.orientation, ORIENTATIONS)
        for name in ("x_trans", "w_trans", "z_trans", "saturate"):
            object.__setattr__(self, name, checks.flag(name, getattr(self, name)))
        if self.out_dtype is None and isinstance(self.z_out, np.ndarray):
            object.__setattr__(self, "out_dtype", self.z_out.dtype)
        operands = golden.check_operands(
            self.x,
            self.w,
            self.y,
            self.op,
            self.out_dtype,
            x_trans=self.x_trans,
            w_trans=self.w_trans,
            z_trans=self.z_trans,
        )
        object.__setattr__(self, "operands", operands)
        if self.z_out is not None:
            self._check_z_out(self.z_out)

    def _check_z_out(self, z_out: NDArray[Any]) -> None:
        shape = (self.operands.k, self.operands.m) if self.z_trans else (self.operands.m, self.operands.k)
        dtype = self.operands.z_format.dtype
        if not isinstance(z_out, np.ndarray) or z_out.shape != shape or z_out.dtype != dtype:
            if isinstance(z_out, np.ndarray):
                raise ValueError(f"z_out = {z_out.dtype} {z_out.shape}: allowed is an array {dtype} {shape}")
            raise checks.refused("z_out", z_out, f"is an array {dtype} {shape}")
        if not z_out.flags.writeable:
            raise ValueError("z_out is read-only: allowed is a writeable array")
        if any(size > 1 and stride < width for size, stride, width in _rows_and_width(z_out)):
            raise ValueError(f"z_out has strides {z_out.strides}: allowed are rows that do not overlap")
        for name, operand in (("x", self.x), ("w", self.w), ("y", self.y)):
            if operand is not None and not (name == "y" and self.y_in_place) and np.shares_memory(operand, z_out):
                raise ValueError(f"z_out overlaps {name}: allowed is only y = z_out exactly")

    @property
    def y_in_place(self) -> bool:
        """Whether y is the very memory that the result goes to."""
        y, z = self.y, self.z_out
        return y is not None and z is not None and _same_memory(y, z)


@dataclass(frozen=True, slots=True)
class Stored:
    """A matrix as it lies in device memory: `rows` rows of `cols` elements, `stride` bytes from row to row."""

    address: int
    rows: int
    cols: int
    stride: int
    format: Format

    @property
    def row_bytes(self) -> int:
        """Bytes of one row, without the gap behind it."""
        return self.cols * self.format.bytes


@dataclass(frozen=True, slots=True)
class HardwareJob:
    """One job as the accelerator runs it: everything lies in device memory.

    `y` None is a job without Y. `y_broadcast`: its one stored row serves every stored row of Z. A matrix with its
    `trans` flag is stored by columns: X (N x M), W (K x N), Y and Z (K x M).
    """

    op: Op
    x: Stored
    w: Stored
    y: Stored | None
    z: Stored
    y_broadcast: bool = False
    saturate: bool = False
    x_trans: bool = False
    w_trans: bool = False
    z_trans: bool = False

    @property
    def m(self) -> int:
        """Rows of Z."""
        return self.z.cols if self.z_trans else self.z.rows

    @property
    def n(self) -> int:
        """Inner dimension."""
        return self.x.rows if self.x_trans else self.x.cols

    @property
    def k(self) -> int:
        """Columns of Z."""
        return self.z.rows if self.z_trans else self.z.cols

    def __str__(self) -> str:
        formats = "/".join(matrix.format.name for matrix in (self.x, self.w, self.y, self.z) if matrix is not None)
        return f"{self.op.name} {self.m}x{self.n}x{self.k} {formats}"

    def registers(self) -> list[regs.Word]:
        """Return the job registers that say this; those left out stay 0, as ACQUIRE leaves them."""
        y = self.y
        in_place = y == self.z and not self.y_broadcast
        words: list[regs.Word] = [
            regs.XAddr(self.x.address),
            regs.WAddr(self.w.address),
            regs.ZAddr(self.z.address),
            regs.Mcfig0(m=self.m, k=self.k),
            regs.Mcfig1(n=self.n),
            regs.Macfg(format=self.x.format.code, op=self.op.code),
            regs.XStride(self.x.stride),
            regs.WStride(self.w.stride),
            regs.ZStride(self.z.stride),
        ]
        trans = {name: int(getattr(self, name)) for name in ("x_trans", "w_trans", "z_trans")}
        ext = regs.Ext(saturate=self.saturate, **trans)
        if y is not None and not in_place:
            words += [regs.YAddr(y.address), regs.YStride(0 if self.y_broadcast else y.stride)]
            ext = replace(ext, y_separate=1, y_broadcast=int(self.y_broadcast))
        if {matrix.format for matrix in (self.w, y, self.z) if matrix is not None} != {self.x.format}:
            ext = replace(
                ext,
                own_formats=1,
                x_format=self.x.format.code,
                w_format=self.w.format.code,
                y_format=(y or self.z).format.code,
                z_format=self.z.format.code,
            )
        return [*words, ext] if ext.pack() else words


@dataclass(frozen=True, slots=True)
class Part:
    """A hardware job that a job ran as: its shape, "normal" or "transposed", and the row groups of its last block."""

    m: int
    n: int
    k: int
    orientation: str = "normal"
    groups: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """What a job gave.

    Attributes:
        z: (M, K), or (K, M) with `z_trans`, in the output dtype; `z_out` itself if the job named one.
        flags: exceptions raised anywhere in the job.
        cycles: from the first TRIGGER (queued: from the previous event if later) to the last event; None on "golden".
        steps: those of the cycles in which the array advanced.
        stalls: the other cycles by reason: x, w, y, z, start, drain.
        parts: the hardware jobs it ran as.
        utilisation: multiply-adds done over those possible in `cycles`; None without cycles.
    """

    z: NDArray[Any]
    flags: Flags
    cycles: int | None = None
    steps: int | None = None
    stalls: Mapping[str, int] = field(default_factory=dict)
    parts: tuple[Part, ...] = ()
    utilisation: float | None = None


def utilisation(m: int, n: int, k: int, cycles: int, config: Config) -> float:
    """Return M*N*K / (L*H*cycles): the share of the array's multiply-adds that the job used."""
    return m * n * k / (config.num_ces * cycles)


def _rows_and_width(matrix: NDArray[Any]) -> list[tuple[int, int, int]]:
    """Return (size, stride, least stride without overlap) of each axis of a matrix, the inner one first; in bytes."""
    inner, outer = sorted((0, 1), key=lambda axis: abs(matrix.strides[axis]) if matrix.shape[axis] > 1 else 0)
    width = (matrix.shape[inner] - 1) * abs(matrix.strides[inner]) + matrix.itemsize
    return [
        (matrix.shape[inner], abs(matrix.strides[inner]), matrix.itemsize),
        (matrix.shape[outer], abs(matrix.strides[outer]), width),
    ]


def _same_memory(a: NDArray[Any], b: NDArray[Any]) -> bool:
    """Whether two arrays have one address, shape, dtype and (where it matters) strides."""
    if a.dtype != b.dtype or a.shape != b.shape or a.ctypes.data != b.ctypes.data:
        return False
    return all(sa == sb or size == 1 for size, sa, sb in zip(a.shape, a.strides, b.strides, strict=True))
