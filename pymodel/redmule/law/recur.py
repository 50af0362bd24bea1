# SPDX-License-Identifier: Apache-2.0
"""What recurs in the walk of the cycle law, and is multiplied instead of walked through, compiled.

At the start of a chunk, of a tile and of a row block the state, relative to the array's place, is compared with the one
at a start before. If they are equal, what happened in between will happen again as long as no walker comes to a smaller
remainder, or to the last row of a patch that it gets on in meanwhile.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from redmule.law.cycle import FAR
from redmule.law.inlined import apart, inlined
from redmule.law.loops import split_of, stored_rows, x_stays
from redmule.law.state import FREE, LAST_PLACE, SPENT, STORED, STREAMS, Array, R, W, Walk, X, Y, Z

CHUNK, TILE, BLOCK = range(3)
LEVELS = 3
STATE = 64
BEFORE, OLDER = range(2)
KEPT = 2
"""The states kept of a level: the last one, which shows what recurs at once and is by far the most frequent, and one
that is replaced after 1, 2, 4, ... arrivals, so that any period is found."""


class Seen(NamedTuple):
    """By level, states seen before and what was counted until then.

    Attributes:
        state: the states, each with the rows that the streams are at; behind those of the levels the one at hand.
        age, limit: arrivals since, and after how many it is replaced (0: there is none).
        counts, beats, now: what was counted for the oldest job, and for those that the streams work for, and the clock
            then.
    """

    state: NDArray[np.int64]
    age: NDArray[np.int64]
    limit: NDArray[np.int64]
    counts: NDArray[np.int64]
    beats: NDArray[np.int64]
    now: NDArray[np.int64]


def nothing_seen() -> Seen:
    """Return what is known before the first cycle."""
    return Seen(
        np.zeros((LEVELS + 1, KEPT, STATE + STREAMS), np.int64),
        np.zeros((LEVELS, KEPT), np.int64),
        np.zeros((LEVELS, KEPT), np.int64),
        np.zeros((LEVELS, KEPT, SPENT), np.int64),
        np.zeros((LEVELS, KEPT, STREAMS), np.int64),
        np.zeros((LEVELS, KEPT), np.int64),
    )


@apart
def recur(state: Walk, array: Array, seen: Seen, until: int) -> None:
    """Multiply what happened since a state like the one at which the array has just arrived."""
    core = state.core[0]
    level = core.arrived
    core.arrived = -1
    for lower in range(level):  # a new tile (block) begins anew with its chunks (tiles)
        forget(seen, lower)
    length, ahead = _ahead(state, array, level)
    if ahead <= 1:
        forget(seen, level)
        return
    vector = seen.state[LEVELS, 0]
    _describe(vector, state, array, level)
    for which in range(KEPT):
        seen.age[level, which] += 1
        if seen.limit[level, which] > 0 and _equal(vector, seen.state[level, which]):
            _multiply(state, array, seen, level, which, length, ahead, until)
            forget(seen, level)
            return
    for which in range(KEPT):
        if seen.age[level, which] >= seen.limit[level, which]:
            _keep(seen, level, which, state, array)


@inlined
def forget(seen: Seen, level: int) -> None:
    """Keep no state of a level."""
    for which in range(KEPT):
        seen.limit[level, which] = 0


@inlined
def _keep(seen: Seen, level: int, which: int, state: Walk, array: Array) -> None:
    """Keep the state at hand."""
    core = state.core[0]
    for i in range(STATE + STREAMS):
        seen.state[level, which, i] = seen.state[LEVELS, 0, i]
    for i in range(SPENT):
        seen.counts[level, which, i] = state.counts[core.head, i]
    for s in range(STREAMS):
        seen.beats[level, which, s] = state.beats[_working_for(s, state, array, level), s]
    seen.now[level, which] = core.now
    seen.age[level, which] = 0
    seen.limit[level, which] = 1 if which == BEFORE else max(1, 2 * seen.limit[level, which])


@inlined
def _equal(one: NDArray[np.int64], other: NDArray[np.int64]) -> bool:
    for i in range(STATE):  # noqa: SIM110 - `all` would need memory
        if one[i] != other[i]:
            return False
    return True


@inlined
def _x_walks(job: Any, array: Array, level: int) -> bool:
    """Tell whether X goes on from one start of this level to the next."""
    return not (level == TILE and x_stays(job, array))


@inlined
def _drifts(stream: int, state: Walk, array: Array, level: int) -> bool:
    """Tell whether a stream may get on in a patch, all else being equal: none of its rows but the last matters."""
    walkers, jobs = state.walkers, state.jobs
    number = walkers[stream].job
    if number >= state.core[0].count:
        return False
    if stream == X:
        return not _x_walks(jobs[walkers[R].job], array, level) and jobs[number].trans[X] == 0
    return stream >= Y and level == CHUNK


@inlined
def _working_for(stream: int, state: Walk, array: Array, level: int) -> int:
    """Return the job whose beats of a stream recur: that of the array, or one that is fetched ahead."""
    return int(state.walkers[stream if _drifts(stream, state, array, level) else R].job)


@inlined
def _ahead(state: Walk, array: Array, level: int) -> tuple[int, int]:
    """Return the length of what recurs, in values of n, columns or rows, and how many of it every walker has left."""
    core, walkers = state.core[0], state.walkers
    x, w, y, z, r = walkers[X], walkers[W], walkers[Y], walkers[Z], walkers[R]
    number = r.job
    if number >= core.count:
        return 1, 0
    job = state.jobs[number]
    use_y, x_walks = job.beat[Y] > 0, _x_walks(job, array, level)
    together = w.job == number and (x.job == number or not x_walks)
    if level > CHUNK:
        together = together and core.head == number and z.job == number and (y.job == number or not use_y)
    if not together:
        return 1, 0
    same_block = w.m_left == r.m_left and (x.m_left == r.m_left or not x_walks)
    if level == CHUNK:
        length = array.x_chunk
        if not same_block or x.k_left != r.k_left or w.k_left != r.k_left:
            return length, 0
        return length, min(x.n_left, w.n_left, r.n_left) // length
    if level == TILE:
        length = array.cols << split_of(r, array)
        if not same_block or z.m_left != r.m_left or (use_y and y.m_left != r.m_left):
            return length, 0
        least = min(w.k_left, z.k_left, r.k_left)
        if x_walks:
            least = min(least, x.k_left)
        return length, (min(least, y.k_left) if use_y else least) // length
    least = min(x.m_left, w.m_left, z.m_left, r.m_left)
    return array.rows, (min(least, y.m_left) if use_y else least) // array.rows


@inlined
def _describe(vector: NDArray[np.int64], state: Walk, array: Array, level: int) -> None:
    """Write down the state at the start of a chunk, tile or block, relative to the place of the array."""
    core, walkers, r = state.core[0], state.walkers, state.walkers[R]
    job = state.jobs[r.job]
    use_y, x_walks = job.beat[Y] > 0, _x_walks(job, array, level)
    base_n = r.n_left if level == CHUNK else 0
    for s in range(4):
        walker = walkers[s]
        counts = s != Y or use_y or level == CHUNK
        vector[10 * s] = walker.m_left - r.m_left if counts else 0
        vector[10 * s + 1] = walker.k_left - r.k_left if counts and (s != X or x_walks) else 0
        vector[10 * s + 2] = walker.n_left - base_n if s < Y else 0
        vector[10 * s + 3] = walker.job if counts else 0
        vector[10 * s + 4] = walker.inside
        vector[10 * s + 5] = walker.group
        vector[10 * s + 6] = 0 if _drifts(s, state, array, level) else walker.row
        vector[10 * s + 7] = walker.beat
        if s < 2:
            vector[10 * s + 8] = core.asked[s]
            vector[10 * s + 9] = core.there[s]
        else:
            vector[10 * s + 8] = core.used[s - 2]
        vector[STATE + s] = walker.row
    vector[40] = core.y_state
    vector[41] = core.y_cols
    vector[42] = core.z_state
    vector[43] = core.z_cols
    vector[44] = core.finished
    vector[45] = core.finished_cols
    vector[46] = core.draining
    vector[47] = core.fresh
    vector[48] = core.kept
    vector[49] = split_of(r, array)
    vector[50] = core.asks
    vector[51] = core.due
    vector[52] = core.open
    vector[62] = core.head
    for number in range(3):  # on a memory that always grants there are no more
        place, there = (core.oldest + number) & LAST_PLACE, number < core.open
        vector[53 + 3 * number] = core.stream[place] if there else 0
        vector[54 + 3 * number] = core.lines[place] if there else 0
        vector[55 + 3 * number] = core.last[place] if there else 0


@inlined
def _yz_rest(state: Walk) -> bool:
    """Tell whether neither Y nor Z asks for the port."""
    core, y = state.core[0], state.walkers[Y]
    if y.inside or core.z_state == STORED:
        return False
    y_may = core.y_state == FREE and core.z_state == FREE
    return not (y_may and y.job < core.count and state.jobs[y.job].beat[Y] > 0)


@inlined
def _multiply(
    state: Walk, array: Array, seen: Seen, level: int, which: int, length: int, ahead: int, until: int
) -> None:
    """Let what happened since the state seen happen as often again as may be."""
    core = state.core[0]
    job = state.jobs[state.walkers[R].job]
    period = core.now - seen.now[level, which]
    gone = seen.age[level, which] * length
    times = min((ahead - 1) // seen.age[level, which], (until - core.now) // period)
    if level == CHUNK and not _yz_rest(state):  # then their lead, which falls, has to stay above those of X and W
        lead = min(max(core.asked[X], core.asked[W]) + gone, FAR)
        times = min(times, (state.walkers[R].n_left - array.row_len - lead) // gone)
    for later in range(core.count):  # a TRIGGER may change something, since then or on the way
        trigger = state.jobs[later].trigger
        if trigger >= seen.now[level, which]:
            times = min(times, (trigger - core.now) // period)
    kept = seen.state[level, which]
    for s in range(STREAMS):
        walker = state.walkers[s]
        rows = walker.row - kept[STATE + s]
        if _drifts(s, state, array, level) and rows > 0:
            down, _ = stored_rows(s, walker, state.jobs[walker.job].trans[s] != 0, array)
            times = min(times, (down - 1 - walker.row) // rows)
    if times <= 0:
        return
    for s in range(STREAMS):
        number = _working_for(s, state, array, level)
        state.beats[number, s] += times * (state.beats[number, s] - seen.beats[level, which, s])
        if _drifts(s, state, array, level):
            walker = state.walkers[s]
            walker.row += times * (walker.row - kept[STATE + s])
    for i in range(SPENT):
        state.counts[core.head, i] += times * (state.counts[core.head, i] - seen.counts[level, which, i])
    core.now += times * period
    gone *= times
    for s in range(5):
        if level == CHUNK:
            walks = s != Y and s != Z
        else:
            walks = (s != X or _x_walks(job, array, level)) and (s != Y or job.beat[Y] > 0)
        if walks:
            walker = state.walkers[s]
            if level == CHUNK:
                walker.n_left -= gone
            elif level == TILE:
                walker.k_left -= gone
            else:
                walker.m_left -= gone
