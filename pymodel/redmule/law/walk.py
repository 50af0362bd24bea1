# SPDX-License-Identifier: Apache-2.0
"""The walk of the cycle law, compiled.

Each turn of the loop is one clock cycle: decisions are taken on the state at its beginning, as in the RTL, and the
state changes at its end. Five walkers (x, w, y, z at the port, r at the array) count down what is left of M, K and N.

At the start of a chunk, of a tile and of a row block the state, relative to the array's place, is compared with the one
at the start of the chunk, tile or block before. If they are equal, what happened in between will happen again as long
as no walker comes to a smaller remainder: the walk multiplies it.
"""

# mypy: disable-error-code="untyped-decorator"

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

# Streams, and what a cycle was spent on (the codes of the hardware's counters).
NONE, X, W, Y, Z = -1, 0, 1, 2, 3
STEP, STALL_X, STALL_W, STALL_Y, STALL_Z, START, DRAIN = range(7)
# States of the accumulator buffer (rtl/buffer/redmule_yz_buffer.sv).
FREE, FILLING, FILLED, LEAVING = range(4)
ARRIVING, STORED = 1, 2

FAR = 255


@numba.njit(cache=True)
def _beats(elems: int, beat: int) -> int:
    return (elems + beat - 1) // beat


@numba.njit(cache=True)
def walk(
    shape: tuple[int, int, int],
    array: tuple[int, int, int, int, int, int],
    beat_elems: tuple[int, int, int, int],
    skip: bool,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the cycles by what they were spent on, and the beats by stream.

    Args:
        shape: M, N, K.
        array: rows, row length, pipeline registers, elements of an X chunk, X chunks, W beats ahead.
        beat_elems: elements in a beat of X, W, Y, Z; 0 for Y: no Y.
        skip: multiply what recurs.
    """
    m, n, k = shape
    rows, row_len, pipe, chunk, x_chunks, w_ahead = array
    x_beat, w_beat, y_beat, z_beat = beat_elems
    cols = row_len * (pipe + 1)
    use_y = y_beat > 0

    counts = np.zeros(7, np.int64)
    beats = np.zeros(4, np.int64)

    # Walkers: what is left of M, K, N, and the row and beat within the rows at hand.
    xm, xk, xn, x_row, x_part, x_done = m, k, n, 0, 0, False
    wm, wk, wn, w_part, w_done = m, k, n, 0, False
    ym, yk, y_row, y_part, y_done = m, k, 0, 0, not use_y
    zm, zk, z_row, z_part, z_done = m, k, 0, 0, False
    rm, rk, rn, turn, phase, r_done = m, k, n, 0, 0, False
    # X buffer: chunks reserved, asked for, complete; columns left in all and taken of the chunk being read.
    x_used, x_asked, x_full, x_left, x_col = 0, 0, 0, n, 0
    # W buffer: beats reserved, beats there; of the row begun last: beats missing, elements there.
    w_used, w_there, w_missing, w_loaded = 0, 0, 0, 0
    # Accumulator buffer: state of Y and columns it still has to give, state of Z and columns still to come.
    y_state, y_cols, z_state, z_cols = FREE, 0, FREE, 0
    # Array: a finished tile waits in the ring, and its columns; it advanced in the cycle before; it has begun the job.
    finished, finished_cols, fresh, started = False, 0, False, False
    # The port: what is on it, what is answered in this cycle; and whether it is the last that its buffer waits for.
    port, port_last, answer, answer_last = NONE, False, NONE, False

    # Recurrence, by level (chunk, tile, block): the state seen last, and the counts then.
    seen = np.full((3, 32), -1, np.int64)
    seen_counts = np.zeros((3, 7), np.int64)
    seen_beats = np.zeros((3, 4), np.int64)
    state = np.zeros(32, np.int64)
    arrived = -1  # the level whose start the array has just come to

    while True:
        # ---- what recurs
        if skip and arrived >= 0:
            level = arrived
            seen[:level, :] = -1  # a new tile (block) begins anew with its chunks (tiles)
            state[:] = 0
            state[0:12] = (xm - rm, wm - rm, ym - rm, zm - rm, xk - rk, wk - rk, yk - rk, zk - rk, xn, wn, x_left, rn)
            state[12:24] = (x_row, x_part, w_part, y_row, y_part, z_row, z_part, x_used, x_asked, x_full, x_col, w_used)
            state[24:32] = (w_there, w_missing, w_loaded, y_state * 4 + z_state, y_cols, z_cols, finished_cols, 0)
            for flag in (finished, fresh, y_done, port_last, answer_last):
                state[31] = 2 * state[31] + int(flag)
            state[31] = 64 * state[31] + 8 * (port + 1) + answer + 1
            if y_done:
                state[2], state[6] = 0, 0
            together = xm == rm and wm == rm and not (x_done or w_done)
            times = 0
            if level == 0:  # chunks of one tile, while Y and Z are at rest
                state[8:11] -= rn
                state[11] = 0
                rest = (y_done or y_state != FREE or z_state != FREE) and z_state != STORED and y_row + y_part == 0
                if together and rest and xk == rk and wk == rk:
                    times = min(xn, wn, x_left, rn) // chunk - 1
            elif level == 1:
                if together and zm == rm and (y_done or ym == rm):
                    times = min(xk, wk, rk, zk, rk if y_done else yk) // cols - 1
            elif not (x_done or w_done):
                times = min(xm, wm, rm, zm, rm if y_done else ym) // rows - 1
                if use_y and y_done:
                    times = 0
            if times > 0 and (state == seen[level]).all():
                counts += times * (counts - seen_counts[level])
                beats += times * (beats - seen_beats[level])
                if level == 0:
                    ahead = times * chunk
                    xn, wn, x_left, rn = xn - ahead, wn - ahead, x_left - ahead, rn - ahead
                elif level == 1:
                    ahead = times * cols
                    xk, wk, yk, zk, rk = xk - ahead, wk - ahead, yk - (0 if y_done else ahead), zk - ahead, rk - ahead
                else:
                    ahead = times * rows
                    xm, wm, ym, zm, rm = xm - ahead, wm - ahead, ym - (0 if y_done else ahead), zm - ahead, rm - ahead
                seen[level, :] = -1
            elif times > 0:
                seen[level] = state
                seen_counts[level] = counts
                seen_beats[level] = beats
        arrived = -1

        # ---- may the array step?
        tile_begins = rn == n and turn == 0 and phase == 0
        tile_cols = min(rk, cols)
        live = turn < min(rn, row_len)
        step = False
        if r_done:
            spent = DRAIN
        elif tile_begins and z_state != FREE:
            spent = STALL_Z
        elif tile_begins and y_state != (FILLED if use_y else FREE):
            spent = STALL_Y
        elif phase == 0 and live and x_full == 0:
            spent = STALL_X
        elif (w_missing > 0 and (phase == 0 or phase >= w_loaded)) or (phase == 0 and live and w_there == 0):
            spent = STALL_W
        else:
            step, spent = True, STEP
        if not (r_done or started or step):
            spent = START
        drain_begins = r_done and finished and y_state == FREE and z_state == FREE and w_missing == 0
        advance = step or drain_begins or (r_done and not finished and z_state == ARRIVING)
        counts[spent] += 1

        # ---- which stream gets the port: the least lead, equal ones in the order X, Z, Y, W
        tile_lead = 0 if tile_begins or r_done or turn >= rn else min(rn - turn, FAR)
        x_lead = FAR if x_asked > 1 else (min(x_left, chunk) - x_col if x_asked == 1 else 0)
        take, least = NONE, FAR + 1
        if not x_done and (x_row + x_part > 0 or x_used < x_chunks):
            take, least = X, x_lead
        if not z_done and z_state == STORED and tile_lead < least:
            take, least = Z, tile_lead
        y_may = y_row + y_part > 0 or (y_state == FREE and z_state == FREE)
        if not y_done and y_may and tile_lead < least:
            take, least = Y, tile_lead
        if not w_done and w_used < w_ahead and w_used < least:
            take = W

        w_pops = w_missing > 0 and w_there > 0  # a beat that is answered in this cycle goes on in the next

        # ---- end of the cycle: answers
        if answer == X and answer_last:
            x_full += 1
        elif answer == W:
            w_there += 1
        elif answer == Y and answer_last:
            y_state = FILLED
        elif answer == Z and answer_last:
            break
        answer, answer_last = port, port_last
        port, port_last = take, False

        # ---- beats taken
        if take >= 0:
            beats[take] += 1
        if take == X:
            size = min(xn, chunk)
            if x_row + x_part == 0:
                x_used += 1
            x_part += 1
            if x_part == _beats(size, x_beat):
                x_part = 0
                x_row += 1
                if x_row == min(xm, rows):
                    x_row, port_last = 0, True
                    x_asked += 1
                    xn -= size
                    if xn == 0:
                        xn = n
                        xk -= min(xk, cols)
                        if xk == 0:
                            xk = k
                            xm -= min(xm, rows)
                            x_done = xm == 0
        elif take == W:
            w_used += 1
            w_part += 1
            if w_part == _beats(min(wk, cols), w_beat):
                w_part = 0
                wn -= 1
                if wn == 0:
                    wn = n
                    wk -= min(wk, cols)
                    if wk == 0:
                        wk = k
                        wm -= min(wm, rows)
                        w_done = wm == 0
        elif take == Y:
            y_state = FILLING
            y_part += 1
            if y_part == _beats(min(yk, cols), y_beat):
                y_part = 0
                y_row += 1
                if y_row == min(ym, rows):
                    y_row, port_last = 0, True
                    yk -= min(yk, cols)
                    if yk == 0:
                        yk = k
                        ym -= min(ym, rows)
                        y_done = ym == 0
        elif take == Z:
            z_part += 1
            if z_part == _beats(min(zk, cols), z_beat):
                z_part = 0
                z_row += 1
                if z_row == min(zm, rows):
                    z_row, z_state = 0, FREE
                    zk -= min(zk, cols)
                    if zk == 0:
                        zk = k
                        zm -= min(zm, rows)
                        z_done = port_last = zm == 0

        # ---- a column of Z has come; a beat of W goes to the row begun before
        if fresh and z_cols > 0:
            z_cols -= 1
            if z_cols == 0:
                z_state = STORED
        fresh = advance
        if w_pops:
            w_there -= 1
            w_used -= 1
            w_missing -= 1
            w_loaded += w_beat

        # ---- the array
        if drain_begins or (step and tile_begins and finished):
            z_state, z_cols, finished = ARRIVING, finished_cols, False
        if step:
            started = True
            if tile_begins and use_y:
                y_state, y_cols = LEAVING, tile_cols
            if rn == n and y_state == LEAVING:
                y_cols -= 1
                if y_cols == 0:
                    y_state = FREE
            if phase == 0 and live:
                w_there -= 1
                w_used -= 1
                w_missing = _beats(tile_cols, w_beat) - 1
                w_loaded = w_beat
                x_col += 1
                if x_col == min(x_left, chunk):
                    x_left -= x_col
                    x_col = 0
                    if x_left == 0:
                        x_left = n
                    x_used, x_asked, x_full = x_used - 1, x_asked - 1, x_full - 1
            phase += 1
            if phase > pipe:
                phase = 0
                turn += 1
                if turn == row_len:
                    turn = 0
                    rn -= min(rn, row_len)
                    if rn % chunk == n % chunk and rn > 0:
                        arrived = 0
                    if rn == 0:
                        finished, finished_cols = True, tile_cols
                        rn = n
                        rk -= tile_cols
                        arrived = 1
                        if rk == 0:
                            rk = k
                            rm -= min(rm, rows)
                            arrived = 2
                            r_done = rm == 0
    return counts, beats
