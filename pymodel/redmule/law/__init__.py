# SPDX-License-Identifier: Apache-2.0
"""The cycle law: what the accelerator will take for a job, exactly, without simulating its data.

The law walks the loops of the sequencers (row blocks, column tiles, passes, beats) cycle by cycle, on a memory
that always grants and answers one cycle later, and skips what recurs. It is not a fit: cycles, stall cycles and
beats equal those of the RTL for every job. See `rtl/control/redmule_run.sv` and `rtl/port/redmule_arbiter.sv` for the
rules it follows.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

from redmule.config import Config
from redmule.job import HardwareJob

__all__ = ["Cycles", "cycles", "ideal_cycles", "shape_cycles"]

STREAMS = ("x", "w", "y", "z")
REASONS = ("x", "w", "y", "z", "start", "drain")


@dataclass(frozen=True, slots=True)
class Cycles:
    """What a job takes.

    Attributes:
        total: cycles from the TRIGGER write taken to the event (of a queued job: from the event before).
        steps: cycles in which the array took in a column of accumulators.
        stalls: the other cycles by reason, keys x, w, y, z (the array waits for it), start, drain.
        beats: transfers of the memory port by stream, keys x, w, y, z.
    """

    total: int
    steps: int
    stalls: dict[str, int]
    beats: dict[str, int]


def cycles(job: HardwareJob, config: Config) -> Cycles:
    """Return what `job` takes on an accelerator of `config`, alone or in its turn in a queue."""
    y_bytes = 0 if job.y is None else job.y.format.bytes
    formats = (job.x.format.bytes, job.w.format.bytes, y_bytes, job.z.format.bytes)
    return shape_cycles(job.m, job.n, job.k, config, formats)


@functools.lru_cache(maxsize=65536)
def shape_cycles(
    m: int, n: int, k: int, config: Config, elem_bytes: tuple[int, int, int, int] = (2, 2, 2, 2), *, skip: bool = True
) -> Cycles:
    """Return what an M x N by N x K job takes.

    Args:
        m: rows of X, Y and Z.
        n: inner dimension.
        k: columns of W, Y and Z.
        config: the accelerator.
        elem_bytes: bytes of an element of X, W, Y and Z; 0 for Y means that the job reads no Y.
        skip: multiply recurring states instead of walking through them (the result is the same).
    """
    from redmule.law.walk import walk  # compiled when first needed

    def beat_elems(size: int) -> int:
        return config.beat_elems(size) if size else 0

    x_bytes, w_bytes, y_bytes, z_bytes = elem_bytes
    counts, beats = walk(
        (m, n, k),
        (config.rows, config.row_len, config.pipe_regs, config.x_chunk, config.x_chunks, config.w_ahead),
        (beat_elems(x_bytes), beat_elems(w_bytes), beat_elems(y_bytes), beat_elems(z_bytes)),
        skip,
    )
    steps, *reasons = (int(count) for count in counts)
    return Cycles(
        total=int(counts.sum()),
        steps=steps,
        stalls=dict(zip(REASONS, reasons, strict=True)),
        beats=dict(zip(STREAMS, (int(count) for count in beats), strict=True)),
    )


def ideal_cycles(m: int, n: int, k: int, config: Config, elem_bytes: tuple[int, int, int, int] = (2, 2, 2, 2)) -> int:
    """Return the least cycles any machine with this array and this port could take.

    max(ceil(M N K / CEs), ceil(bytes of X, W, Y and Z each moved once / payload bytes of the port)).
    """
    moved = sum(size * count for size, count in zip(elem_bytes, (m * n, n * k, m * k, m * k), strict=True))
    return max(-(-m * n * k // config.num_ces), -(-moved // config.port_bytes))
