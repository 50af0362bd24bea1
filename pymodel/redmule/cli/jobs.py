# SPDX-License-Identifier: Apache-2.0
"""From names and files to jobs, and from results to lines of output."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from redmule import checks, golden
from redmule.device import Device
from redmule.fp import FORMATS, OPS, Format, format_by_name, op_by_name
from redmule.job import Job, Result

DEFAULT_FORMAT = "fp16"


@dataclass(frozen=True, slots=True)
class JobSpec:
    """A job as the command line or a batch file describes it.

    Either sizes `M`, `N`, `K` and random data, or a file `operands` (.npz) with arrays x, w and optionally y.
    """

    M: int | None = None
    N: int | None = None
    K: int | None = None
    operands: str | None = None
    op: str = "gemm"
    dtype: str | None = None
    out_dtype: str | None = None
    x_trans: bool = False
    w_trans: bool = False
    z_trans: bool = False
    saturate: bool = False
    orientation: str = "auto"
    seed: int = 0

    def job(self) -> Job:
        """Return the job.

        Raises:
            ValueError: a name, a size or an array is wrong.
            OSError: the file cannot be read.
        """
        operation = op_by_name(checks.choice("op", self.op, (op.name for op in OPS)))
        if self.operands is not None:
            if (self.M, self.N, self.K) != (None, None, None):
                raise ValueError("M, N, K are given with operands: allowed is either")
            arrays = load_operands(self.operands, self.dtype)
        else:
            arrays = self._random(needs_y=operation.uses_y)
        return Job(
            arrays["x"],
            arrays["w"],
            arrays.get("y"),
            self.op,
            None if self.out_dtype is None else named_format("out_dtype", self.out_dtype).dtype,
            self.x_trans,
            self.w_trans,
            self.z_trans,
            self.saturate,
            self.orientation,
        )

    def _random(self, *, needs_y: bool) -> dict[str, NDArray[Any]]:
        """Return normally distributed operands."""
        sizes = range(1, golden.MAX_SIZE + 1)
        m, n, k = (checks.integer(name, getattr(self, name), sizes) for name in ("M", "N", "K"))
        dtype = named_format("dtype", self.dtype or DEFAULT_FORMAT).dtype
        random = np.random.default_rng(checks.integer("seed", self.seed, range(1 << 64)))
        shapes = {"x": (n, m) if self.x_trans else (m, n), "w": (k, n) if self.w_trans else (n, k)}
        if needs_y:
            shapes["y"] = (k, m) if self.z_trans else (m, k)
        return {name: random.standard_normal(shape).astype(dtype) for name, shape in shapes.items()}


def named_format(argument: str, name: str) -> Format:
    """Return the format of a name; the error for a wrong one says which argument it was."""
    return format_by_name(checks.choice(argument, name, (fmt.name for fmt in FORMATS)))


def load_operands(path: str, dtype: str | None) -> dict[str, NDArray[Any]]:
    """Return the arrays x, w and, if it is there, y of an .npz file, each with the dtype of its format.

    Raises:
        ValueError: it is no such file, an array is missing, or raw codes do not suit `dtype`.
        OSError: the file cannot be read.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: np.asarray(file[name]) for name in ("x", "w", "y") if name in file.files}
    except (BadZipFile, ValueError, AttributeError, TypeError, KeyError) as error:
        raise ValueError(f"operands = {path!r}: allowed is an .npz file ({error})") from error
    for name in ("x", "w"):
        if name not in arrays:
            raise ValueError(f"operands = {path!r}: array {name!r} is missing")
    fmt = None if dtype is None else named_format("dtype", dtype)
    return {name: _decoded(name, array, fmt) for name, array in arrays.items()}


def _decoded(name: str, array: NDArray[Any], fmt: Format | None) -> NDArray[Any]:
    """Return raw codes as numbers of a format; other arrays as they are. NumPy stores ml_dtypes' types as void."""
    if array.dtype.kind == "S" or array.dtype.hasobject or array.dtype.names:
        raise ValueError(f"operands: {name} is {array.dtype}: allowed are numbers of a format, or raw codes")
    if array.dtype.kind not in "uV":
        return array
    if fmt is None:
        raise ValueError(f"operands: {name} holds raw codes ({array.dtype}): allowed only with a dtype")
    if array.dtype.itemsize != fmt.bytes:
        raise ValueError(f"operands: {name} is {array.dtype}: allowed for {fmt.name} is {fmt.raw_dtype}")
    return array.view(fmt.dtype)


def save_result(path: str, result: Result, job: Job) -> None:
    """Write the result's raw codes as array z of an .npz file."""
    with Path(path).open("wb") as file:
        np.savez(file, z=raw_codes(result.z, job.operands.z_format))


def raw_codes(array: NDArray[Any], fmt: Format) -> NDArray[Any]:
    """Return the codes of an array of a format: uint8 or uint16."""
    return np.ascontiguousarray(array).view(fmt.raw_dtype)


def record(job: Job, result: Result, device: Device) -> dict[str, Any]:
    """Return what there is to say about a job that ran; its values and flags are compared with the golden model's."""
    operands = job.operands
    expected = golden.gemm_op(
        job.x, job.w, job.y, job.op, job.out_dtype, job.x_trans, job.w_trans, job.z_trans, job.saturate
    )
    differs = raw_codes(result.z, operands.z_format) != raw_codes(expected.z, operands.z_format)
    return {
        "M": operands.m,
        "N": operands.n,
        "K": operands.k,
        "op": operands.op.name,
        "formats": [fmt.name for fmt in (operands.x_format, operands.w_format, operands.y_format, operands.z_format)],
        "backend": device.kind,
        "config": device.config.name,
        "cycles": result.cycles,
        "utilisation": result.utilisation,
        "steps": result.steps,
        "stalls": dict(result.stalls),
        "parts": [asdict(part) for part in result.parts],
        "flags": str(result.flags),
        "mismatches": int(np.count_nonzero(differs)),
        "flags_match": result.flags == expected.flags,
    }


def agrees(line: dict[str, Any]) -> bool:
    """Whether a record says that device and golden model gave the same."""
    return line["mismatches"] == 0 and bool(line["flags_match"])
