# SPDX-License-Identifier: Apache-2.0
"""From a job to the hardware jobs that do it: operands into device memory, the result out of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from redmule.config import Config
from redmule.device.memory import Memory, distinct_rows, readable, rowwise
from redmule.job import HardwareJob, Job, Part
from redmule.law import Trans
from redmule.plan import Strip, plan

Array = NDArray[Any]

Settle = Callable[[], None]
"""Waits until every queued job has ended, so that software may read device memory."""


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """A job in device memory.

    Attributes:
        strips: the rectangles of the result that hardware jobs compute.
        hardware: these jobs, in the order in which they are queued.
        z: the job's result in device memory, in the shape its caller asked for.
        in_place: whether that is the caller's `z_out`; else `collect` copies it.
        kept: what has to stay in device memory until the job has ended.
    """

    job: Job
    config: Config
    strips: tuple[Strip, ...]
    hardware: tuple[HardwareJob, ...]
    z: Array
    in_place: bool
    kept: tuple[Array | None, ...]

    @property
    def parts(self) -> tuple[Part, ...]:
        """The hardware jobs, as results describe them."""
        return tuple(
            Part(job.m, job.n, job.k, strip.orientation, _groups(job.m, job.k, self.config))
            for strip, job in zip(self.strips, self.hardware, strict=True)
        )

    def collect(self) -> Array:
        """Return the result of the ended job in the form its caller asked for."""
        z_out = self.job.z_out
        if self.in_place and z_out is not None:
            return z_out
        if z_out is None:
            return self.z.copy(order="C")
        z_out[...] = self.z
        return z_out


def place(job: Job, memory: Memory, settle: Settle, config: Config) -> Placed:
    """Put a job into device memory, and cut it into the hardware jobs that the plan says.

    A matrix is read as it lies in memory, by rows or by columns; software copies only what the hardware cannot read:
    distances it has no stride for, columns if it was built without transposes, and a Y that lies in the other direction
    than Z.

    Raises:
        ValueError: an operand does not fit the memory, or has strides the hardware cannot read.
    """
    operands = job.operands
    # Without transposes in hardware, every matrix has to lie in the direction in which the job runs.
    directions = (False, True) if config.transposes else (job.orientation == "transposed",)
    x = _held("x", operands.x, memory, settle, directions)
    w = _held("w", operands.w, memory, settle, directions)
    result, z = _result(job, memory, directions)
    y = None if operands.y is None else _held_y(operands.y, z, memory, settle, directions)
    trans: Trans = (_lies_by_columns(x, directions), _lies_by_columns(w, directions), _lies_by_columns(z, directions))
    y_bytes = 0 if y is None else operands.y_format.bytes
    elem_bytes = (operands.x_format.bytes, operands.w_format.bytes, y_bytes, operands.z_format.bytes)
    strips = plan(
        operands.m,
        operands.n,
        operands.k,
        config,
        elem_bytes,
        trans,
        job.orientation,
        in_place=job.y_in_place,
        most_strips=config.contexts,
    )
    hardware = tuple(_hardware(job, strip, x, w, y, z, memory, config) for strip in strips)
    return Placed(job, config, strips, hardware, result, result is job.z_out, (x, w, y, z))


def _hardware(
    job: Job, strip: Strip, x: Array, w: Array, y: Array | None, z: Array, memory: Memory, config: Config
) -> HardwareJob:
    """Return the job that computes a strip, of matrices in device memory."""
    rows = slice(strip.row0, strip.row0 + strip.rows)
    cols = slice(strip.col0, strip.col0 + strip.cols)
    x, w, y, z = x[rows], w[:, cols], None if y is None else y[rows, cols], z[rows, cols]
    if strip.orientation == "transposed":
        x, w, y, z = w.T, x.T, None if y is None else y.T, z.T
    directions = (False, True) if config.transposes else (False,)
    x_rows, x_trans = _form(x, directions)
    w_rows, w_trans = _form(w, directions)
    z_rows, z_trans = next(form for form in _forms(z, directions) if y is None or _lies(y, form[1]))
    y_rows = None if y is None else distinct_rows(y.T if z_trans else y)
    return HardwareJob(
        job.operands.op,
        memory.place("x", x_rows)[0],
        memory.place("w", w_rows)[0],
        None if y_rows is None else memory.place("y", y_rows)[0],
        memory.place("z", z_rows)[0],
        y_rows is not None and len(y_rows) != len(z_rows),
        job.saturate,
        x_trans,
        w_trans,
        z_trans,
    )


def _lies(y: Array, trans: bool) -> bool:
    """Whether Y can be read in the direction in which Z is stored."""
    rows = distinct_rows(y.T if trans else y)
    return any(not turned for _, turned in readable(rows))


def _forms(matrix: Array, directions: tuple[bool, ...]) -> list[tuple[Array, bool]]:
    """Return the views of a matrix as rows, and whether these are its columns, in directions the hardware reads."""
    return [form for form in readable(matrix) if form[1] in directions]


def _form(matrix: Array, directions: tuple[bool, ...]) -> tuple[Array, bool]:
    """Return the best of these views."""
    return _forms(matrix, directions)[0]


def _lies_by_columns(matrix: Array, directions: tuple[bool, ...]) -> bool:
    """Whether the hardware reads a matrix by columns."""
    return _form(matrix, directions)[1]


def _held(name: str, matrix: Array, memory: Memory, settle: Settle, directions: tuple[bool, ...]) -> Array:
    """Return a matrix in device memory, where the hardware can read it."""
    rowwise(name, distinct_rows(matrix))  # or it is refused
    forms = [(view, trans) for view, trans in _forms(matrix, directions) if len(view) == 1 or view.strides[0] > 0]
    if forms:
        view, trans = forms[0]
    else:
        trans = directions[0]
        view = _copied(matrix.T if trans else matrix, memory, settle)
    _, kept = memory.place(name, view)
    return kept.T if trans else kept


def _held_y(y: Array, z: Array, memory: Memory, settle: Settle, directions: tuple[bool, ...]) -> Array:
    """Return Y in device memory, in the direction in which Z lies; a bias keeps its one row."""
    forms = _forms(z, directions)
    trans = next((trans for _, trans in forms if _lies(y, trans)), None)
    if trans is None:
        trans = forms[0][1]
        rows = _copied(distinct_rows(y.T if trans else y), memory, settle)
    else:
        rows = distinct_rows(y.T if trans else y)
    _, kept = memory.place("y", rows)
    kept = np.broadcast_to(kept, y.T.shape if trans else y.shape)
    return kept.T if trans else kept


def _result(job: Job, memory: Memory, directions: tuple[bool, ...]) -> tuple[Array, Array]:
    """Return where the result goes, in the shape the caller asked for, and the same as M x K."""
    operands, result = job.operands, job.z_out
    if result is not None:
        z = result.T if job.z_trans else result
        rowwise("z_out", z)  # or it is refused
        if _forms(z, directions):
            return result, z
    by_columns = job.z_trans if len(directions) > 1 else directions[0]
    shape = (operands.k, operands.m) if by_columns else (operands.m, operands.k)
    z = memory.alloc(shape, operands.z_format.dtype, "z")
    z = z.T if by_columns else z
    return z.T if job.z_trans else z, z


def _copied(matrix: Array, memory: Memory, settle: Settle) -> Array:
    """Return a copy made by software, when nothing is queued that could still write to what it copies."""
    if memory.holds(matrix):
        settle()
    return np.ascontiguousarray(matrix)


def _groups(m: int, k: int, config: Config) -> int:
    """Return the row groups of the first tiles of the last row block of a job (rtl/control/redmule_tile_walk.sv)."""
    rows, tiles = (m - 1) % config.rows + 1, -(-k // config.tile_cols)
    fitting = (g for g in (1, 2, 4) if g <= config.row_groups and rows <= config.rows // g and g <= tiles)
    return max(fitting)
