# SPDX-License-Identifier: Apache-2.0
"""What the cycle law is asked about, and what it answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from redmule.job import HardwareJob, Stored

WORD_BYTES = 4

STREAMS = ("x", "w", "y", "z")
REASONS = ("x", "w", "y", "z", "start", "drain")

Bytes = tuple[int, int, int, int]
"""Bytes of an element of X, W, Y and Z; 0 for Y means that the job reads no Y."""

Trans = tuple[bool, bool, bool]
"""Whether X, W, and Y and Z are stored transposed."""

Places = tuple[tuple[int, int], ...]
"""Address of X, W, Y and Z, and bytes from one stored row to the next."""

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


def places_of(job: HardwareJob) -> Places:
    """Return where the matrices of a job lie; an absent Y as Z."""
    y = job.z if job.y is None else job.y
    y_stride = 0 if job.y_broadcast else y.stride
    x, w, z = ((matrix.address, matrix.stride) for matrix in (job.x, job.w, job.z))
    return x, w, (y.address, y_stride), z


def dense_places(shape: Shape, address: int = 0) -> Places:
    """Return places for the matrices of a job one behind the other, without gaps, each from a whole word on."""
    sizes = ((shape.m, shape.n), (shape.n, shape.k), (shape.m, shape.k), (shape.m, shape.k))
    places = []
    for (rows, cols), size, trans in zip(sizes, shape.elem_bytes, (*shape.trans, shape.trans[2]), strict=True):
        stride = (rows if trans else cols) * size
        places.append((address, stride))
        address += -(-stride * (cols if trans else rows) // WORD_BYTES) * WORD_BYTES
    return tuple(places)


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
