# SPDX-License-Identifier: Apache-2.0
"""The walk of the cycle law on a memory that always grants, compiled: cycle by cycle, but for what need not be walked.

What recurs is multiplied (`redmule.law.recur`), and cycles that are like each other are passed over. Any other memory
calls `cycle` itself and says what is granted and answered.
"""

from __future__ import annotations

from redmule.law.cycle import NONE, array_wish, choose, cycle, is_valid
from redmule.law.inlined import inlined
from redmule.law.loops import beats_alike, wake
from redmule.law.recur import LEVELS, Seen, forget, recur
from redmule.law.state import ARRIVING, DRAIN, LAST_PLACE, LEAVING, Array, R, Walk


@inlined
def walk(state: Walk, array: Array, seen: Seen, skip: bool, until: int) -> None:
    """Walk on, on a memory that always grants, to the end of a job or to the cycle `until`."""
    core = state.core[0]
    head = core.head
    wake(state.walkers, state.jobs, core.count)
    for level in range(LEVELS):
        forget(seen, level)
    while core.head == head and head < core.count:
        trigger = state.jobs[core.head].trigger
        if core.now <= trigger:  # idle until then
            core.now = trigger + 1
        if skip and core.arrived >= 0:
            recur(state, array, seen, until)
        if core.now >= until:
            return
        cycle(state, array, True, core.due != 0, False)
        if skip:
            _pass_over(state, array, until)


@inlined
def _pass_over(state: Walk, array: Array, until: int) -> None:
    """Pass over cycles that are like each other.

    In them the array goes on within a turn, or stands still, or drains; the port rests, or takes beats of one patch
    that complete nothing. What is decided in the first of them holds until the turn, Y, Z or the line of beats ends, or
    a TRIGGER comes.
    """
    core, walkers = state.core[0], state.walkers
    r, stream, of_row = walkers[R], NONE, 1
    steps = core.fresh != 0 and core.draining == 0
    cycles = until - core.now
    if steps:
        cycles = min(cycles, array.pipe - core.phase) if core.open == 0 and core.phase > 0 else 0
    elif core.open > 0:
        if core.open != 2 or core.asks == 0 or core.due == 0:
            return
        first, second = core.oldest, (core.oldest + 1) & LAST_PLACE
        stream = core.stream[first]
        if core.stream[second] != stream or core.lines[first] + core.lines[second] > 0:
            return
        if core.last[first] + core.last[second] > 0:
            return
        beats, of_row = beats_alike(stream, walkers[stream], state.jobs, array)
        cycles = min(cycles, beats)
    if core.fresh and core.z_cols > 0:
        cycles = min(cycles, core.z_cols - 1)
    if cycles <= 0 or core.head >= core.count or state.jobs[core.head].trigger >= core.now:
        return
    valid = is_valid(r.job, state)
    step, spent = array_wish(valid, core, r, state.jobs, array)
    y_moves = False
    if step != steps:
        return
    if step:
        y_moves = r.n_left == state.jobs[r.job].n and core.y_state == LEAVING
        if y_moves:
            cycles = min(cycles, core.y_cols - 1)
    elif (core.finished and not valid) or core.draining != core.fresh or (core.draining and core.z_state != ARRIVING):
        return
    for job in range(core.head, core.count):
        if state.jobs[job].trigger >= core.now:
            cycles = min(cycles, state.jobs[job].trigger - core.now)
    if cycles <= 0 or choose(valid, state, array) != stream:
        return
    state.counts[core.head, spent if r.job == core.head else DRAIN] += cycles
    if step:
        core.phase += cycles
        if y_moves:
            core.y_cols -= cycles
    if core.fresh and core.z_cols > 0:
        core.z_cols -= cycles
    if stream != NONE:
        walker = walkers[stream]
        state.beats[walker.job, stream] += cycles
        beat = walker.beat + cycles
        walker.row, walker.beat = walker.row + beat // of_row, beat % of_row
    core.now += cycles
