# SPDX-License-Identifier: Apache-2.0
"""The cycle law: what the accelerator will take for jobs, exactly, without simulating their data.

The law walks the loops of the sequencers (row blocks, column tiles, chunks, patches, beats) cycle by cycle, on a memory
that always grants and answers one cycle later, and skips what recurs. It is not a fit: cycles, stall cycles and
beats equal those of the RTL for every job, alone or in a queue. See `rtl/control/redmule_run.sv` and
`rtl/port/redmule_arbiter.sv` for the rules it follows.

On a memory that does not always grant (`stalled`, `shared`) the same walk meets the same memory, with random numbers
of its own: an expectation with its spread.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

from redmule.config import Config
from redmule.job import HardwareJob
from redmule.law.around import Sharing
from redmule.law.contended import Estimate, shared, stalled
from redmule.law.shape import Bytes, Cycles, Extent, Shape, Trans, last_writers, places_of, waits_for
from redmule.law.state import NEVER, array_of, enqueue, fresh_walk, taken

__all__ = [
    "Bytes",
    "Cycles",
    "Estimate",
    "Extent",
    "Shape",
    "Sharing",
    "Trans",
    "cycles",
    "ideal_cycles",
    "last_writers",
    "places_of",
    "queue",
    "queue_cycles",
    "shape_cycles",
    "shared",
    "stalled",
    "waits_for",
]


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
    from redmule.law.entries import walk_on  # compiled when first needed
    from redmule.law.recur import nothing_seen

    state = fresh_walk(len(shapes))
    for shape, trigger, wait in zip(shapes, triggers or [0] * len(shapes), waits or [-1] * len(shapes), strict=True):
        enqueue(state, shape, config, trigger, wait)
    array, seen = array_of(config), nothing_seen()
    for _ in shapes:
        walk_on(state, array, seen, skip, NEVER)
    return taken(state)


def queue(jobs: Sequence[HardwareJob], config: Config, triggers: Sequence[int] | None = None) -> tuple[Cycles, ...]:
    """Return what each of these queued jobs takes; see `queue_cycles`."""
    return queue_cycles([Shape.of(job) for job in jobs], config, triggers=triggers, waits=waits_for(jobs))


def _fields(shape: Shape, config: Config) -> tuple[int, int, int, Config, Bytes, Trans]:
    return shape.m, shape.n, shape.k, config, shape.elem_bytes, shape.trans


def ideal_cycles(m: int, n: int, k: int, config: Config, elem_bytes: Bytes = (2, 2, 2, 2)) -> int:
    """Return the least cycles any machine with this array and this port could take.

    max(ceil(M N K / CEs), ceil(bytes of X, W, Y and Z each moved once / payload bytes of the port)).
    """
    moved = sum(size * count for size, count in zip(elem_bytes, (m * n, n * k, m * k, m * k), strict=True))
    return max(-(-m * n * k // config.num_ces), -(-moved // config.port_bytes))
