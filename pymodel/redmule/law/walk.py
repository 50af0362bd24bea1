# SPDX-License-Identifier: Apache-2.0
"""The walk of the cycle law, compiled.

Each turn of the loop is one clock cycle: decisions are taken on the state at its beginning, as in the RTL, and the
state changes at its end. Five walkers (the streams X, W, Y, Z at the port, R at the array) count down what is left of
M, K and N of the job they are at, and go on to the next job of the queue as soon as it may be worked on.

At the start of a chunk, of a tile and of a row block the state, relative to the array's place, is compared with the one
at the start of the chunk, tile or block before. If they are equal, what happened in between will happen again as long
as no walker comes to a smaller remainder: the walk multiplies it.
"""

# mypy: disable-error-code="untyped-decorator"

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from redmule.law.loops import (
    BEAT,
    GROUP,
    JOB,
    K_LEFT,
    M_LEFT,
    N_LEFT,
    ROW,
    TRIGGER,
    WAITS,
    Y_BEAT,
    K,
    M,
    N,
    W,
    X,
    Y,
    Z,
    advance,
    next_job,
    patch_shape,
    split_of,
    stored_by_columns,
)

# Walkers: the streams in the order of their codes, and the array. What a cycle was spent on: the hardware's counters.
NONE, R = -1, 4
STEP, STALL_X, STALL_W, STALL_Y, STALL_Z, START, DRAIN = range(7)
# States of the accumulator buffer (rtl/buffer/redmule_yz_buffer.sv).
FREE, FILLING, FILLED, LEAVING = range(4)
ARRIVING, STORED = 1, 2

FAR = 255


@numba.njit(cache=True)
def walk(
    jobs: NDArray[np.int64], array: tuple[int, int, int, int, int, int, int, int], skip: bool
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return for each job the cycles by what they were spent on, and the beats by stream.

    Args:
        jobs: a row for each job, in the order of the queue: M, N, K; elements in a beat of X, W, Y (0: no Y), Z;
            whether X, W, Z are stored transposed; the cycle of its TRIGGER; the job before whose end it waits, or -1.
        array: rows, row length, pipeline registers, row groups, lines of an X chunk, X chunks, lines of a W chunk, W
            chunks.
        skip: multiply what recurs.
    """
    rows, row_len, pipe, groups, x_chunk, x_chunks, w_chunk, w_chunks = array
    count = len(jobs)
    cols = row_len * (pipe + 1)

    counts = np.zeros((count, 7), np.int64)
    beats = np.zeros((count, 4), np.int64)
    ended = np.full(count, -1, np.int64)  # cycle of the event

    at = np.zeros((5, 7), np.int64)
    for s in range(5):
        at[s, M_LEFT], at[s, K_LEFT], at[s, N_LEFT] = jobs[0, M], jobs[0, K], jobs[0, N]
    turn, phase, started = 0, 0, False
    # Buffers of X and W: chunks reserved; lines asked for, and there.
    used = np.zeros(2, np.int64)
    asked = np.zeros(2, np.int64)
    there = np.zeros(2, np.int64)
    kept = 0  # lines of X taken that stay for the next tile
    # Accumulator buffer: state of Y and columns it still has to give, state of Z and columns still to come.
    y_state, y_cols, z_state, z_cols = FREE, 0, FREE, 0
    # Array: a finished tile waits in the ring, and its columns; it drains on its own; it advanced in the cycle before.
    finished, finished_cols, draining, fresh = False, 0, False, False
    # The port, and what is answered in this cycle: stream, lines it completes, whether it is the last beat of a patch.
    port, port_lines, port_last = NONE, 0, False
    answer, answer_lines, answer_last = NONE, 0, False

    # Recurrence, by level (chunk, tile, block): a state seen before, how many arrivals ago, when to replace it (after
    # 1, 2, 4, ... arrivals, so that any period is found), and the counts then.
    seen = np.full((3, 52), -1, np.int64)
    age = np.zeros(3, np.int64)
    limit = np.zeros(3, np.int64)
    seen_counts = np.zeros((3, 7), np.int64)
    seen_beats = np.zeros((3, 4), np.int64)
    seen_now = np.zeros(3, np.int64)
    state = np.zeros(52, np.int64)
    arrived = -1  # the level whose start the array has just come to
    valid = np.zeros(5, np.bool_)

    head = 0
    now = 0
    while True:
        if now <= jobs[head, TRIGGER]:  # idle until then
            now = jobs[head, TRIGGER] + 1
        # ---- what recurs
        if skip and arrived >= 0:
            level = arrived
            limit[:level] = 0  # a new tile (block) begins anew with its chunks (tiles)
            may_recur = False
            j = at[R, JOB]
            whole = jobs[j, N] <= x_chunk * x_chunks  # X stays for all tiles of a block
            x_walks = not (whole and level == 1)
            together = head == j and at[W, JOB] == j and (at[X, JOB] == j or not x_walks)
            use_y = jobs[j, Y_BEAT] > 0
            if level > 0:
                together = together and at[Z, JOB] == j and (not use_y or at[Y, JOB] == j)
            if together:
                state[0:5], state[5:10] = at[:, M_LEFT] - at[R, M_LEFT], at[:, K_LEFT] - at[R, K_LEFT]
                state[10:13] = (at[X, N_LEFT], at[W, N_LEFT], at[R, N_LEFT])
                for s in range(4):
                    state[13 + 3 * s : 16 + 3 * s] = at[s, GROUP:]
                state[25:27], state[27:29], state[29:31] = used, asked, there
                state[31:36] = (y_state, y_cols, z_state, z_cols, finished_cols)
                state[36:42] = (port, port_lines, int(port_last), answer, answer_lines, int(answer_last))
                state[42:45] = (int(finished), int(draining), kept)
                state[48:50] = int(fresh), at[X, JOB]
                state[45:47] = at[Y, JOB], at[Z, JOB]
                state[47] = split_of(at[R], jobs[j], rows, cols, groups)
                if level > 0 and not use_y:
                    state[Y], state[5 + Y], state[45] = 0, 0, 0
                if not x_walks:
                    state[5 + X] = 0
                same_block = at[W, M_LEFT] == at[R, M_LEFT] and (at[X, M_LEFT] == at[R, M_LEFT] or not x_walks)
                ahead = 0  # what every walker has left, in units that recur
                if level == 0:  # chunks of one tile
                    length = x_chunk
                    state[10:12] -= at[R, N_LEFT]
                    state[12] = 0
                    same_tile = at[X, K_LEFT] == at[R, K_LEFT] and at[W, K_LEFT] == at[R, K_LEFT]
                    y_asks = at[Y, JOB] < count and jobs[min(at[Y, JOB], count - 1), Y_BEAT] > 0 and y_state == FREE
                    rest = not (y_asks and z_state == FREE) and z_state != STORED and at[Y, GROUP:].sum() == 0
                    if same_block and same_tile:
                        ahead = min(at[X, N_LEFT], at[W, N_LEFT], at[R, N_LEFT]) // length
                        if not rest:  # then as long as the end of the tile is far for Y and Z
                            ahead = min(ahead, (at[R, N_LEFT] - FAR - row_len) // length)
                elif level == 1:
                    length = cols << state[47]
                    same_block = same_block and at[Z, M_LEFT] == at[R, M_LEFT]
                    if same_block and (not use_y or at[Y, M_LEFT] == at[R, M_LEFT]):
                        ahead = _least(at[:, K_LEFT], x_walks, use_y) // length
                else:
                    length = rows
                    ahead = _least(at[:, M_LEFT], x_walks, use_y) // length
                age[level] += 1
                may_recur = ahead > 1
                if may_recur and limit[level] > 0 and (state == seen[level]).all():
                    period = now - seen_now[level]
                    times = ahead // age[level] - 1
                    for job in range(count):  # a TRIGGER on the way may change something
                        if jobs[job, TRIGGER] >= now:
                            times = min(times, (jobs[job, TRIGGER] - now) // period)
                    if times > 0:
                        counts[j] += times * (counts[j] - seen_counts[level])
                        beats[j] += times * (beats[j] - seen_beats[level])
                        now += times * period
                        column = (N_LEFT, K_LEFT, M_LEFT)[level]
                        for s in range(5):
                            if s in (W, R) or (s == X and x_walks) or (level > 0 and (s == Z or (s == Y and use_y))):
                                at[s, column] -= times * age[level] * length
                    may_recur = False
                elif may_recur and age[level] >= limit[level]:
                    seen[level] = state
                    seen_counts[level] = counts[j]
                    seen_beats[level] = beats[j]
                    seen_now[level] = now
                    age[level] = 0
                    limit[level] = max(1, 2 * limit[level])
            if not may_recur:
                limit[level] = 0
        arrived = -1

        # ---- which walkers have a job that they may work on
        for s in range(5):
            j = at[s, JOB]
            valid[s] = j < count
            if valid[s]:
                waits = jobs[j, WAITS]
                valid[s] = jobs[j, TRIGGER] < now and (waits < 0 or 0 <= ended[waits] < now)
        valid[Z] = valid[Z] and at[Z, JOB] == head

        # ---- may the array step?
        r = at[R]
        job = jobs[min(r[JOB], count - 1)]
        use_y = job[Y_BEAT] > 0
        left = r[N_LEFT]
        tile_begins = left == job[N] and turn == 0 and phase == 0
        live = turn < min(left, row_len)
        step = False
        if not valid[R]:
            spent = DRAIN
        elif tile_begins and z_state != FREE:
            spent = STALL_Z
        elif tile_begins and y_state != (FILLED if use_y else FREE):
            spent = STALL_Y
        elif phase == 0 and live and there[X] <= kept:
            spent = STALL_X
        elif phase == 0 and live and there[W] == 0:
            spent = STALL_W
        else:
            step, spent = True, STEP
        if valid[R] and not (started or step):
            spent = START
        drain_begins = not valid[R] and finished and y_state == FREE and z_state == FREE
        moves = step or drain_begins or (draining and z_state == ARRIVING)
        counts[head, spent if r[JOB] == head else DRAIN] += 1

        # ---- which stream gets the port: the least lead, equal ones in the order X, Z, Y, W
        tile_lead = 0 if not valid[R] or tile_begins or turn >= left else min(left - turn, FAR)
        take, least = NONE, FAR + 1
        if valid[X] and (at[X, GROUP:].sum() > 0 or used[X] < x_chunks):
            take, least = X, min(asked[X], FAR)
        if valid[Z] and z_state == STORED and tile_lead < least:
            take, least = Z, tile_lead
        y_may = at[Y, GROUP:].sum() > 0 or (y_state == FREE and z_state == FREE)
        if valid[Y] and jobs[at[Y, JOB], Y_BEAT] > 0 and y_may and tile_lead < least:
            take, least = Y, tile_lead
        w_may = at[W, GROUP:].sum() > 0 or used[W] < w_chunks
        if valid[W] and w_may and min(asked[W], FAR) < least:
            take = W

        # ---- end of the cycle: answers
        if 0 <= answer <= W:
            there[answer] += answer_lines
        elif answer == Y and answer_last:
            y_state = FILLED
        elif answer == Z and answer_last:
            ended[head] = now
            head += 1
            if head == count:
                break
        answer, answer_lines, answer_last = port, port_lines, port_last
        port, port_lines, port_last = take, 0, False

        # ---- the beat taken
        if take >= 0:
            w = at[take]
            job = jobs[w[JOB]]
            beats[w[JOB], take] += 1
            split = split_of(w, job, rows, cols, groups)
            if take < 2:
                chunk = min(w[N_LEFT], x_chunk if take == X else w_chunk)
                if w[GROUP:].sum() == 0:
                    used[take] += 1
            else:
                chunk = 0
                if take == Y:
                    y_state = FILLING
            stored, along, beat = patch_shape(take, w, job, chunk, rows, cols, split)
            last_group = take == X or (w[GROUP] + 1) * cols >= min(w[K_LEFT], cols << split)
            w[BEAT] += 1
            line = w[BEAT] * beat >= along
            if line:
                w[BEAT] = 0
                if stored_by_columns(take, job):
                    w[ROW] += 1
                    if w[ROW] == stored:
                        w[ROW] = 0
                        w[GROUP] += 1
                        port_last = last_group
                else:
                    w[GROUP] += 1
                    if last_group:
                        w[GROUP] = 0
                        w[ROW] += 1
                        port_last = w[ROW] == stored
                if port_last:
                    w[GROUP] = w[ROW] = 0
            if take < 2:
                if stored_by_columns(take, job) == (take == X):
                    port_lines = int(line and last_group)
                else:
                    port_lines = chunk if port_last else 0
                asked[take] += port_lines
            if port_last:
                if take < 2:
                    w[N_LEFT] -= chunk
                if take == Z:
                    z_state = FREE
                if take > 1 or w[N_LEFT] == 0:
                    whole = take == X and job[N] <= x_chunk * x_chunks
                    done = advance(w, jobs, rows, w[K_LEFT] if whole else cols << split)
                    port_last = done or take != Z

        # ---- a column of Z has come
        if fresh and z_cols > 0:
            z_cols -= 1
            if z_cols == 0:
                z_state = STORED
        fresh = moves

        # ---- the array
        draining = drain_begins or (draining and z_state == ARRIVING)
        if drain_begins or (step and tile_begins and finished):
            z_state, z_cols, finished = ARRIVING, finished_cols, False
        if step:
            job = jobs[r[JOB]]
            split = split_of(r, job, rows, cols, groups)
            tile_cols = min(r[K_LEFT], cols << split)
            full_cols = cols if split > 0 else tile_cols
            started = True
            if tile_begins:
                if use_y:
                    y_state, y_cols = LEAVING, full_cols
                elif at[Y, JOB] == r[JOB] and r[M_LEFT] <= rows and r[K_LEFT] <= cols << split:
                    next_job(at[Y], jobs)
            if left == job[N] and y_state == LEAVING:
                y_cols -= 1
                if y_cols == 0:
                    y_state = FREE
            if phase == 0 and live:
                place = job[N] - left + turn + 1
                if job[N] <= x_chunk * x_chunks and r[K_LEFT] > cols << split:  # X stays for the next tile
                    kept = 0 if place == job[N] else kept + 1
                else:
                    asked[X], there[X] = asked[X] - 1, there[X] - 1
                    used[X] -= place % x_chunk == 0 or place == job[N]
                asked[W], there[W] = asked[W] - 1, there[W] - 1
                used[W] -= place % w_chunk == 0 or place == job[N]
            phase += 1
            if phase > pipe:
                phase = 0
                turn += 1
                if turn == row_len:
                    turn = 0
                    r[N_LEFT] -= min(left, row_len)
                    if r[N_LEFT] > 0 and (job[N] - r[N_LEFT]) % x_chunk == 0:
                        arrived = 0
                    if r[N_LEFT] == 0:
                        finished, finished_cols = True, full_cols
                        before = r[JOB], r[M_LEFT]
                        started = not advance(r, jobs, rows, cols << split)
                        arrived = 1 if before[1] == r[M_LEFT] and before[0] == r[JOB] else 2
        now += 1
    return counts, beats


@numba.njit(cache=True)
def _least(left: NDArray[np.int64], x_walks: bool, use_y: bool) -> int:
    """The least of what is left to the walkers; X and Y count only if they walk."""
    least = min(left[W], left[Z], left[R])
    if x_walks:
        least = min(least, left[X])
    if use_y:
        least = min(least, left[Y])
    return int(least)
