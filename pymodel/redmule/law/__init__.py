# SPDX-License-Identifier: Apache-2.0
"""The cycle law: what the accelerator will take for jobs, exactly, without simulating their data.

The law walks the loops of the sequencers (row blocks, column tiles, chunks, patches, beats) cycle by cycle, on a memory
that always grants and answers one cycle later, and skips what recurs. It is not a fit: cycles, stall cycles and
beats equal those of the RTL for every job, alone or in a queue. See `rtl/control/redmule_run.sv` and
`rtl/port/redmule_arbiter.sv` for the rules it follows.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from redmule.config import Config
from redmule.job import HardwareJob, Stored

__all__ = [
    "Cycles",
    "Shape",
    "cycles",
    "ideal_cycles",
    "last_writers",
    "queue",
    "queue_cycles",
    "shape_cycles",
    "waits_for",
]

STREAMS = ("x", "w", "y", "z")
REASONS = ("x", "w", "y", "z", "start", "drain")

Bytes = tuple[int, int, int, int]
"""Bytes of an element of X, W, Y and Z; 0 for Y means that the job reads no Y."""

Trans = tuple[bool, bool, bool]
"""Whether X, W, and Y and Z are stored transposed."""

Extent = tuple[int, int]
"""The first and the last place of a matrix, gaps between its rows included."""


@dataclass(frozen=True, slots=True)
class Cycles:
    """What a job takes.

    Attributes:
        total: cycles from the TRIGGER write taken, or from the event before if that is later, to the event.
        steps: those of them in which the array took in a column of accumulators of this job. Steps during the drain of
            the job before are cycles of that one.
        reasons: the other cycles by reason, in the order of `REASONS`.
        transfers: of the memory port, by stream, in the order of `STREAMS`.
    """

    total: int
    steps: int
    reasons: tuple[int, ...]
    transfers: tuple[int, ...]

    @property
    def beats(self) -> dict[str, int]:
        """The transfers of the memory port by stream: x, w, y, z."""
        return dict(zip(STREAMS, self.transfers, strict=True))

    @property
    def stalls(self) -> dict[str, int]:
        """The cycles that are no steps, by reason: x, w, y, z (the array waits for it), start, drain."""
        return dict(zip(REASONS, self.reasons, strict=True))


@dataclass(frozen=True, slots=True)
class Shape:
    """What the cycles of a job depend on: M, N, K, bytes of an element of each matrix, what is stored transposed."""

    m: int
    n: int
    k: int
    elem_bytes: Bytes = (2, 2, 2, 2)
    trans: Trans = (False, False, False)

    @classmethod
    def of(cls, job: HardwareJob) -> Shape:
        """Return the shape of a job."""
        y_bytes = 0 if job.y is None else job.y.format.bytes
        elem_bytes = (job.x.format.bytes, job.w.format.bytes, y_bytes, job.z.format.bytes)
        return cls(job.m, job.n, job.k, elem_bytes, (job.x_trans, job.w_trans, job.z_trans))


def cycles(job: HardwareJob, config: Config) -> Cycles:
    """Return what `job` takes on an accelerator of `config` that has nothing else to do."""
    return shape_cycles(*_fields(Shape.of(job), config))


@functools.lru_cache(maxsize=65536)
def shape_cycles(
    m: int,
    n: int,
    k: int,
    config: Config,
    elem_bytes: Bytes = (2, 2, 2, 2),
    trans: Trans = (False, False, False),
    *,
    skip: bool = True,
) -> Cycles:
    """Return what an M x N by N x K job takes on an accelerator that has nothing else to do.

    Args:
        m: rows of X, Y and Z.
        n: inner dimension.
        k: columns of W, Y and Z.
        config: the accelerator.
        elem_bytes: bytes of an element of X, W, Y and Z; 0 for Y means that the job reads no Y.
        trans: whether X, W, and Y and Z are stored transposed.
        skip: multiply recurring states instead of walking through them (the result is the same).
    """
    return queue_cycles([Shape(m, n, k, elem_bytes, trans)], config, skip=skip)[0]


def queue_cycles(
    shapes: Sequence[Shape],
    config: Config,
    *,
    triggers: Sequence[int] | None = None,
    waits: Sequence[int] | None = None,
    skip: bool = True,
) -> tuple[Cycles, ...]:
    """Return what each job of a queue takes, in order.

    Jobs follow each other without a gap, so the totals add up to the time from the first TRIGGER to the last event.

    Args:
        shapes: the jobs.
        config: the accelerator. The queue may be longer than its contexts if `triggers` says when they were free.
        triggers: the cycle in which the TRIGGER of each job is taken, not decreasing; default: all in the same.
        waits: for each job the last one before it that writes what it reads, or -1; default: none.
        skip: multiply recurring states instead of walking through them (the result is the same).
    """
    from redmule.law.walk import walk  # compiled when first needed

    def beat(size: int) -> int:
        return config.beat_elems(size) if size else 0

    table = np.array(
        [
            (s.m, s.n, s.k, *(beat(size) for size in s.elem_bytes), *s.trans, trigger, wait)
            for s, trigger, wait in zip(shapes, triggers or [0] * len(shapes), waits or [-1] * len(shapes), strict=True)
        ],
        np.int64,
    )
    array = (config.rows, config.row_len, config.pipe_regs, config.row_groups)
    counts, beats = walk(table, (*array, config.x_chunk, config.x_chunks, config.w_chunk, config.w_chunks), skip)
    return tuple(
        Cycles(sum(spent), spent[0], tuple(spent[1:]), tuple(transfers))
        for spent, transfers in zip(counts.tolist(), beats.tolist(), strict=True)
    )


def queue(jobs: Sequence[HardwareJob], config: Config, triggers: Sequence[int] | None = None) -> tuple[Cycles, ...]:
    """Return what each of these queued jobs takes; see `queue_cycles`."""
    return queue_cycles([Shape.of(job) for job in jobs], config, triggers=triggers, waits=waits_for(jobs))


def waits_for(jobs: Sequence[HardwareJob]) -> list[int]:
    """Return for each job the last one before it that writes, by its extent, where the job reads; -1: none."""
    read = [[_extent(s) for s in (job.x, job.w, job.y) if s is not None] for job in jobs]
    return last_writers(read, [_extent(job.z) for job in jobs])


def last_writers(read: Sequence[Sequence[Extent]], written: Sequence[Extent]) -> list[int]:
    """Return for each job the last one before it whose written extent meets one that the job reads; -1: none."""

    def conflict(late: int, early: int) -> bool:
        first, last = written[early]
        return any(start <= last and first <= end for start, end in read[late])

    return [max((e for e in range(late) if conflict(late, e)), default=-1) for late in range(len(written))]


def _extent(stored: Stored) -> Extent:
    """Return the addresses of the first and the last byte of a matrix, gaps between its rows included."""
    return stored.address, stored.address + (stored.rows - 1) * stored.stride + stored.row_bytes - 1


def _fields(shape: Shape, config: Config) -> tuple[int, int, int, Config, Bytes, Trans]:
    return shape.m, shape.n, shape.k, config, shape.elem_bytes, shape.trans


def ideal_cycles(m: int, n: int, k: int, config: Config, elem_bytes: Bytes = (2, 2, 2, 2)) -> int:
    """Return the least cycles any machine with this array and this port could take.

    max(ceil(M N K / CEs), ceil(bytes of X, W, Y and Z each moved once / payload bytes of the port)).
    """
    moved = sum(size * count for size, count in zip(elem_bytes, (m * n, n * k, m * k, m * k), strict=True))
    return max(-(-m * n * k // config.num_ces), -(-moved // config.port_bytes))
