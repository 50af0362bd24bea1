# SPDX-License-Identifier: Apache-2.0
"""The loops that the walkers of the cycle law share, compiled: tiles, and the patches of each stream.

They follow `rtl/control/redmule_tile_walk.sv` and `rtl/port/redmule_patch_walk.sv`.
"""

# mypy: disable-error-code="untyped-decorator"

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

# Streams; columns of the table of jobs; columns of a walker (see walk.py).
X, W, Y, Z = 0, 1, 2, 3
M, N, K, X_BEAT, W_BEAT, Y_BEAT, Z_BEAT, X_TRANS, W_TRANS, Z_TRANS, TRIGGER, WAITS = range(12)
JOB, M_LEFT, K_LEFT, N_LEFT, GROUP, ROW, BEAT = range(7)


@numba.njit(cache=True)
def split_of(walker: NDArray[np.int64], job: NDArray[np.int64], rows: int, cols: int, groups: int) -> int:
    """Return log2 of the groups that the rows of the array are split into for the tile a walker is at."""
    block = min(walker[M_LEFT], rows)
    split, g = 0, 2
    while g <= groups:
        if block <= rows // g and walker[K_LEFT] > (g - 1) * cols:
            split += 1
        g *= 2
    return split


@numba.njit(cache=True)
def next_job(walker: NDArray[np.int64], jobs: NDArray[np.int64]) -> None:
    """Bring a walker to the start of the next job."""
    walker[JOB] += 1
    if walker[JOB] < len(jobs):
        job = jobs[walker[JOB]]
        walker[M_LEFT], walker[K_LEFT], walker[N_LEFT] = job[M], job[K], job[N]


@numba.njit(cache=True)
def advance(walker: NDArray[np.int64], jobs: NDArray[np.int64], rows: int, width: int) -> bool:
    """Bring a walker to the next tiles, `width` columns further on; tell whether these begin a new job."""
    job = jobs[walker[JOB]]
    walker[N_LEFT] = job[N]
    walker[K_LEFT] -= min(walker[K_LEFT], width)
    if walker[K_LEFT] > 0:
        return False
    walker[K_LEFT] = job[K]
    walker[M_LEFT] -= min(walker[M_LEFT], rows)
    if walker[M_LEFT] > 0:
        return False
    next_job(walker, jobs)
    return True


@numba.njit(cache=True)
def stored_by_columns(stream: int, job: NDArray[np.int64]) -> bool:
    """Tell whether the matrix of a stream is stored transposed."""
    return bool(job[X_TRANS + min(stream, 2)])


@numba.njit(cache=True)
def patch_shape(
    stream: int, walker: NDArray[np.int64], job: NDArray[np.int64], chunk: int, rows: int, cols: int, split: int
) -> tuple[int, int, int]:
    """Return the stored rows of the group at hand, their elements, and the elements of a beat."""
    group_cols = min(min(walker[K_LEFT], cols << split) - walker[GROUP] * cols, cols)
    block = min(walker[M_LEFT], rows)
    if stream == X:
        down, along, beat = block, chunk, job[X_BEAT]
    elif stream == W:
        down, along, beat = chunk, group_cols, job[W_BEAT]
    else:
        down, along, beat = block, group_cols, job[Y_BEAT] if stream == Y else job[Z_BEAT]
    if stored_by_columns(stream, job):
        return along, down, beat
    return down, along, beat
