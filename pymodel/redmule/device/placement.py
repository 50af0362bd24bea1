# SPDX-License-Identifier: Apache-2.0
"""From a job to the hardware job that does it: operands into device memory, the result out of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from redmule.device.memory import Memory, distinct_rows, rowwise
from redmule.job import HardwareJob, Job, Part

Settle = Callable[[], None]
"""Waits until every queued job has ended, so that software may read device memory."""


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """A job in device memory.

    Attributes:
        hardware: what the accelerator is told.
        z: (rows, columns) of the hardware job's Z, in device memory.
        z_trans: whether that is the transpose of the job's result.
        in_place: whether Z is the caller's `z_out`; else `collect` copies it.
        kept: what has to stay in device memory until the job has ended.
    """

    job: Job
    hardware: HardwareJob
    z: NDArray[Any]
    z_trans: bool
    in_place: bool
    kept: tuple[NDArray[Any] | None, ...]

    @property
    def parts(self) -> tuple[Part, ...]:
        """The hardware job, as results describe it."""
        hardware = self.hardware
        return (Part(hardware.m, hardware.n, hardware.k, _orientation(self.job)),)

    def collect(self) -> NDArray[Any]:
        """Return the result of the ended job in the form its caller asked for."""
        z_out = self.job.z_out
        if self.in_place and z_out is not None:
            return z_out
        z = self.z.T if self.z_trans else self.z
        if z_out is None:
            return z.copy(order="C")
        z_out[...] = z
        return z_out


def place(job: Job, memory: Memory, settle: Settle) -> Placed:
    """Put a job into device memory.

    Z^T = W^T X^T has the same bits and flags, so a job that runs transposed is one with X and W exchanged.

    Raises:
        ValueError: an operand does not fit the memory, or has strides the hardware cannot read.
    """
    operands = job.operands
    x_name, w_name, x, w, y = "x", "w", operands.x, operands.w, operands.y
    z = job.z_out.T if job.z_out is not None and job.z_trans else job.z_out
    turned = _orientation(job) == "transposed"
    if turned:
        x_name, w_name, x, w, y = w_name, x_name, w.T, x.T, None if y is None else y.T
        z = None if z is None else z.T
    x_stored, kept_x = memory.place(x_name, _rows(x_name, x, memory, settle))
    w_stored, kept_w = memory.place(w_name, _rows(w_name, w, memory, settle))
    y_stored, kept_y, broadcast = None, None, False
    if y is not None:
        y_rows = distinct_rows(y)
        broadcast = y_rows.shape != y.shape
        y_stored, kept_y = memory.place("y", _rows("y", y_rows, memory, settle))
    in_place = z is not None and not rowwise("z_out", z)[1]
    if z is None or not in_place:
        z = memory.alloc((x_stored.rows, w_stored.cols), operands.z_format.dtype, "z")
    z_stored, kept_z = memory.place("z", z)
    hardware = HardwareJob(operands.op, x_stored, w_stored, y_stored, z_stored, broadcast, job.saturate)
    return Placed(job, hardware, kept_z, job.z_trans != turned, in_place, (kept_x, kept_w, kept_y))


def _orientation(job: Job) -> str:
    """The orientation a job runs in; what is left to the device runs as it is."""
    return "transposed" if job.orientation == "transposed" else "normal"


def _rows(name: str, matrix: NDArray[Any], memory: Memory, settle: Settle) -> NDArray[Any]:
    """Return an operand as the hardware can read it: as it is, or where it has to be, a copy made by software."""
    view, trans = rowwise(name, matrix)
    if not trans and (view.shape[0] == 1 or view.strides[0] > 0):
        return view
    if memory.holds(matrix):
        settle()
    return np.ascontiguousarray(matrix)
