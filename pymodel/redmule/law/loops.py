# SPDX-License-Identifier: Apache-2.0
"""The loops that the walkers of the cycle law share, compiled: tiles, and the patches of each stream.

They follow `rtl/control/redmule_tile_walk.sv` and `rtl/port/redmule_patch_walk.sv`.
"""

from __future__ import annotations

from typing import Any

from redmule.law.inlined import inlined
from redmule.law.state import FILLING, FREE, LAST_PLACE, WALKERS, Array, Records, W, X, Y, Z


@inlined
def split_of(walker: Any, array: Array) -> int:
    """Return log2 of the groups that the rows of the array are split into for the tile a walker is at."""
    block = min(walker.m_left, array.rows)
    split, g = 0, 2
    while g <= array.groups:
        if block <= array.rows // g and walker.k_left > (g - 1) * array.cols:
            split += 1
        g *= 2
    return split


@inlined
def next_job(walker: Any, jobs: Records, count: int) -> None:
    """Bring a walker to the start of the next job; with nothing left it waits for one that is not known yet."""
    walker.job += 1
    walker.m_left = 0
    if walker.job < count:
        enter(walker, jobs[walker.job])


@inlined
def enter(walker: Any, job: Any) -> None:
    """Bring a walker to the start of a job."""
    walker.m_left = job.m
    walker.k_left = job.k
    walker.n_left = job.n


@inlined
def wake(walkers: Records, jobs: Records, count: int) -> None:
    """Bring walkers to the start of the jobs that they have waited for, if these are known now."""
    for number in range(WALKERS):
        walker = walkers[number]
        if walker.m_left == 0 and walker.job < count:
            enter(walker, jobs[walker.job])


@inlined
def advance(walker: Any, jobs: Records, count: int, rows: int, width: int) -> bool:
    """Bring a walker to the next tiles, `width` columns further on; tell whether these begin a new job."""
    job = jobs[walker.job]
    walker.n_left = job.n
    walker.k_left -= min(walker.k_left, width)
    if walker.k_left > 0:
        return False
    walker.k_left = job.k
    walker.m_left -= min(walker.m_left, rows)
    if walker.m_left > 0:
        return False
    next_job(walker, jobs, count)
    return True


@inlined
def x_stays(job: Any, array: Array) -> bool:
    """Tell whether all of N fits the X buffer, so that X stays there for all tiles of its row block."""
    return bool(job.n <= array.x_chunk * array.x_chunks)


@inlined
def open_patch(stream: int, walker: Any, core: Any, array: Array) -> None:
    """Bring a walker into its next patch: its place in the buffer is reserved."""
    walker.inside = 1
    walker.split = split_of(walker, array)
    walker.span = min(walker.k_left, array.cols << walker.split)
    walker.chunk = 0
    if stream < Y:
        core.used[stream] += 1
        walker.chunk = min(walker.n_left, array.x_chunk if stream == X else array.w_chunk)
    elif stream == Y:
        core.y_state = FILLING


@inlined
def stored_rows(stream: int, walker: Any, trans: bool, array: Array) -> tuple[int, int]:
    """Return how many stored rows there are in the group of the patch that a walker is in, and their elements."""
    group_cols = min(walker.span - walker.group * array.cols, array.cols)
    block = min(walker.m_left, array.rows)
    if stream == X:
        down, along = block, walker.chunk
    elif stream == W:
        down, along = walker.chunk, group_cols
    else:
        down, along = block, group_cols
    return (along, down) if trans else (down, along)


@inlined
def beats_alike(stream: int, walker: Any, jobs: Records, array: Array) -> tuple[int, int]:
    """Return how many of the next beats of a patch surely complete nothing, and those of a stored row."""
    if walker.inside == 0:
        return 0, 1
    job = jobs[walker.job]
    trans = job.trans[stream] != 0
    down, along = stored_rows(stream, walker, trans, array)
    of_row = -(-along // job.beat[stream])
    if stream == W and trans and (walker.group + 1) * array.cols >= walker.span:
        rows = min(array.pipe + 1 - walker.row % (array.pipe + 1), down - walker.row)
        return rows * of_row - walker.beat - 1, of_row
    if (stream >= Y or trans != (stream == X)) and (trans or stream == X or walker.span <= array.cols):
        return (down - walker.row) * of_row - walker.beat - 1, of_row
    return of_row - walker.beat - 1, of_row


@inlined
def take_beat(stream: int, walker: Any, core: Any, jobs: Records, array: Array, placed: bool) -> None:
    """Take the next beat of a stream: its answer is awaited, and the walker goes on.

    A stored row, or the part of it in the patch, ends with a line of the buffer if lines are stored as rows; else it
    takes the whole patch to complete any. But the array may take line l of a pass of W once the (l + 1) * (P + 1)
    columns are there that it works on before it asks for the next one.
    """
    job = jobs[walker.job]
    if walker.inside == 0:
        open_patch(stream, walker, core, array)
    trans = job.trans[stream] != 0
    down, along = stored_rows(stream, walker, trans, array)
    last_group = stream == X or (walker.group + 1) * array.cols >= walker.span
    beat = job.beat[stream]
    if placed:
        _place(stream, walker, core, job, trans, array.cols, min(beat, along - walker.beat * beat))

    stored, turn_cols = walker.row, array.pipe + 1
    early = min(stored // turn_cols, walker.chunk - 1) if stream == W else 0
    walker.beat += 1
    line = walker.beat * beat >= along
    last = False
    if line:
        walker.beat = 0
        if trans:
            walker.row += 1
            if walker.row == down:
                walker.row = 0
                walker.group += 1
                last = last_group
        else:
            walker.group += 1
            if last_group:
                walker.group = 0
                walker.row += 1
                last = walker.row == down
    lines = 0
    if stream < Y:
        if trans == (stream == X):
            lines = int(line and last_group)
        elif last:
            lines = walker.chunk - early
        elif line and last_group and stream == W:
            lines = int((early + 1) * turn_cols == stored + 1 and early + 1 < walker.chunk)
        core.asked[stream] += lines
    if last:
        last = _end_patch(stream, walker, core, jobs, array)

    place = (core.oldest + core.open) & LAST_PLACE
    core.stream[place] = stream
    core.lines[place] = lines
    core.last[place] = int(last)
    core.open += 1


@inlined
def _end_patch(stream: int, walker: Any, core: Any, jobs: Records, array: Array) -> bool:
    """Bring a walker behind its patch; tell whether its last answer changes the state of the buffer, or ends a job."""
    walker.inside = 0
    walker.group = 0
    walker.row = 0
    job = jobs[walker.job]
    if stream < Y:
        walker.n_left -= walker.chunk
        if walker.n_left > 0:
            return True
    elif stream == Z:
        core.z_state = FREE
    width = walker.k_left if stream == X and x_stays(job, array) else array.cols << walker.split
    done = advance(walker, jobs, core.count, array.rows, width)
    return bool(done or stream != Z)


@inlined
def _place(stream: int, walker: Any, core: Any, job: Any, trans: bool, cols: int, elems: int) -> None:
    """Note where a beat lies in memory: the address of its first byte, and its bytes."""
    m, n = job.m - walker.m_left, job.n - walker.n_left
    k = job.k - walker.k_left + walker.group * cols
    if stream == X:
        row, col = m, n
    elif stream == W:
        row, col = n, k
    else:
        row, col = m, k
    if trans:
        row, col = col, row
    col += walker.beat * job.beat[stream]
    core.address = job.address[stream] + (row + walker.row) * job.stride[stream] + col * job.size[stream]
    core.bytes = elems * job.size[stream]
