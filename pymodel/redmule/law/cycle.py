# SPDX-License-Identifier: Apache-2.0
"""One clock cycle of the cycle law, compiled: what it does to an accelerator.

Decisions are taken on the state at the beginning of a cycle, as in the RTL, and the state changes at its end. Five
walkers (the streams X, W, Y, Z at the port, R at the array) go through the jobs of the queue, each as soon as it may.
"""

from __future__ import annotations

from typing import Any

from redmule.law.inlined import inlined
from redmule.law.loops import advance, next_job, split_of, take_beat, x_stays
from redmule.law.state import (
    ARRIVING,
    DRAIN,
    FILLED,
    FREE,
    LAST_PLACE,
    LEAVING,
    OPEN_BEATS,
    STALL_W,
    STALL_X,
    STALL_Y,
    STALL_Z,
    START,
    STEP,
    STORED,
    Array,
    R,
    Records,
    W,
    Walk,
    X,
    Y,
    Z,
)

NONE = -1
FAR = 255
"""The most a lead can say."""


@inlined
def cycle(state: Walk, array: Array, granted: bool, answered: bool, placed: bool) -> None:
    """Let one cycle pass.

    Args:
        state: the accelerator; there is a job that has not ended.
        array: its configuration.
        granted: the request at the port, if there is one, is granted in this cycle.
        answered: the oldest beat is answered in this cycle.
        placed: addresses of beats are asked for.
    """
    core, jobs, walkers = state.core[0], state.jobs, state.walkers
    head, now = core.head, core.now
    valid_r = is_valid(walkers[R].job, state)
    step, spent = array_wish(valid_r, core, walkers[R], jobs, array)
    drains = not valid_r and core.finished != 0 and core.y_state == FREE and core.z_state == FREE
    moves = step or drains or (core.draining != 0 and core.z_state == ARRIVING)
    state.counts[head, spent if walkers[R].job == head else DRAIN] += 1

    port_free = core.asks == 0 or granted
    take = NONE
    if port_free and core.open < OPEN_BEATS:
        take = choose(valid_r, state, array)

    # ---- end of the cycle: the port
    if answered:
        _answer(core, state)
    core.due = int(core.asks != 0 and granted)
    core.asks = int(take >= 0 or not port_free)
    if take >= 0:
        state.beats[walkers[take].job, take] += 1
        take_beat(take, walkers[take], core, jobs, array, placed)

    # ---- a column of Z has come
    if core.fresh and core.z_cols > 0:
        core.z_cols -= 1
        if core.z_cols == 0:
            core.z_state = STORED
    core.fresh = int(moves)

    # ---- the array
    core.draining = int(drains or (core.draining != 0 and core.z_state == ARRIVING))
    begins = step and core.phase == 0 and core.turn == 0 and walkers[R].n_left == jobs[walkers[R].job].n
    if drains or (begins and core.finished):
        core.z_state, core.z_cols, core.finished = ARRIVING, core.finished_cols, 0
    if step:
        _step(state, begins, array)
    core.now = now + 1


@inlined
def is_valid(number: int, state: Walk) -> bool:
    """Tell whether a job may be worked on."""
    core = state.core[0]
    if number >= core.count:
        return False
    job = state.jobs[number]
    if job.trigger >= core.now:
        return False
    return bool(job.waits < 0 or 0 <= state.ended[job.waits] < core.now)


@inlined
def array_wish(valid: bool, core: Any, r: Any, jobs: Records, array: Array) -> tuple[bool, int]:
    """Return whether the array steps in this cycle, and what the cycle is spent on."""
    if not valid:
        return False, DRAIN
    spent = STEP
    if core.phase == 0:
        job = jobs[r.job]
        if r.n_left == job.n and core.turn == 0 and core.z_state != FREE:
            spent = STALL_Z
        elif r.n_left == job.n and core.turn == 0 and core.y_state != (FILLED if job.beat[Y] > 0 else FREE):
            spent = STALL_Y
        elif core.turn < min(r.n_left, array.row_len):
            if core.there[X] <= core.kept:
                spent = STALL_X
            elif core.there[W] == 0:
                spent = STALL_W
    step = spent == STEP
    return step, spent if step or core.started else START


@inlined
def choose(valid_r: bool, state: Walk, array: Array) -> int:
    """Return the stream that gets the port: the least lead, equal ones in the order X, Z, Y, W."""
    core, walkers = state.core[0], state.walkers
    r = walkers[R]
    tile_lead = 0
    if valid_r:
        begins = core.phase == 0 and core.turn == 0 and r.n_left == state.jobs[r.job].n
        if not begins and core.turn < r.n_left:
            tile_lead = min(r.n_left - core.turn, FAR)
    take, least = NONE, FAR + 1
    x, w, y, z = walkers[X], walkers[W], walkers[Y], walkers[Z]
    if (x.inside or core.used[X] < array.x_chunks) and is_valid(x.job, state):
        take, least = X, min(core.asked[X], FAR)
    if tile_lead < least:
        y_may = y.inside or (core.y_state == FREE and core.z_state == FREE)
        if core.z_state == STORED and z.job == core.head and is_valid(z.job, state):
            take, least = Z, tile_lead
        elif y_may and is_valid(y.job, state) and state.jobs[y.job].beat[Y] > 0:
            take, least = Y, tile_lead
    w_may = w.inside or core.used[W] < array.w_chunks
    if w_may and min(core.asked[W], FAR) < least and is_valid(w.job, state):
        take = W
    return take


@inlined
def _answer(core: Any, state: Walk) -> None:
    """Let the oldest beat be answered."""
    place = core.oldest
    stream = core.stream[place]
    if stream < Y:
        core.there[stream] += core.lines[place]
    elif core.last[place]:
        if stream == Y:
            core.y_state = FILLED
        else:
            state.ended[core.head] = core.now
            core.head += 1
    core.oldest = (place + 1) & LAST_PLACE
    core.open -= 1


@inlined
def _step(state: Walk, begins: bool, array: Array) -> None:
    """Let the array take in a column of accumulators."""
    core, jobs, walkers = state.core[0], state.jobs, state.walkers
    r = walkers[R]
    job = jobs[r.job]
    left = r.n_left
    if begins:
        r.split = split_of(r, array)
        r.span = min(r.k_left, array.cols << r.split)
        core.started = 1
        if job.beat[Y] > 0:
            core.y_state, core.y_cols = LEAVING, array.cols if r.split > 0 else r.span
        elif walkers[Y].job == r.job and r.m_left <= array.rows and r.k_left <= array.cols << r.split:
            next_job(walkers[Y], jobs, core.count)
    if left == job.n and core.y_state == LEAVING:
        core.y_cols -= 1
        if core.y_cols == 0:
            core.y_state = FREE
    if core.phase == 0 and core.turn < min(left, array.row_len):
        _consume(core, job, job.n - left + core.turn + 1, r.k_left > array.cols << r.split, array)
    core.phase += 1
    if core.phase <= array.pipe:
        return
    core.phase = 0
    core.turn += 1
    if core.turn < array.row_len:
        return
    core.turn = 0
    r.n_left -= min(left, array.row_len)
    if r.n_left > 0:
        if (job.n - r.n_left) % array.x_chunk == 0:
            core.arrived = 0
        return
    core.finished, core.finished_cols = 1, array.cols if r.split > 0 else r.span
    number, m_left = r.job, r.m_left
    core.started = int(not advance(r, jobs, core.count, array.rows, array.cols << r.split))
    core.arrived = 1 if m_left == r.m_left and number == r.job else 2


@inlined
def _consume(core: Any, job: Any, place: int, more_tiles: bool, array: Array) -> None:
    """Let the array take in the lines of X and W of one n, the `place`-th."""
    if more_tiles and x_stays(job, array):
        core.kept = 0 if place == job.n else core.kept + 1
    else:
        core.asked[X] -= 1
        core.there[X] -= 1
        if place % array.x_chunk == 0 or place == job.n:
            core.used[X] -= 1
    core.asked[W] -= 1
    core.there[W] -= 1
    if place % array.w_chunk == 0 or place == job.n:
        core.used[W] -= 1
