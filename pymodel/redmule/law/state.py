# SPDX-License-Identifier: Apache-2.0
"""The state of the walk of the cycle law: records that compiled code reads and writes by name.

A walker stands for a sequencer of the hardware: the streams X, W, Y, Z at the port, and R at the array. It counts down
what is left of M, K and N of the job it is at. `Core` is everything else that an accelerator remembers.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from redmule.config import Config
from redmule.law.shape import Cycles, Places, Shape

X, W, Y, Z, R = range(5)
STREAMS, WALKERS = 4, 5

Records = NDArray[np.void]


def _integers(*names: str, **arrays: int) -> np.dtype[Any]:
    """Return a record of integers by these names, and of arrays of so many."""
    return np.dtype([*((name, np.int64) for name in names), *((name, np.int64, size) for name, size in arrays.items())])


JOB = _integers(
    *("m", "n", "k", "trigger", "waits"), beat=STREAMS, trans=STREAMS, size=STREAMS, address=STREAMS, stride=STREAMS
)
"""A job: sizes; the cycle of its TRIGGER; the job before whose end it waits, or -1. Of each stream: elements in a beat
(0 for Y: no Y), whether the matrix is stored transposed, bytes of an element, address, bytes from row to row."""

WALKER = _integers("job", "m_left", "k_left", "n_left", "inside", "group", "row", "beat", "split", "span", "chunk")
"""A walker: its job; what is left; whether it is inside a patch, and there the group, the stored row and the beat in
it; of this patch log2 of the groups, the columns of all groups, the lines of the chunk."""

# State of the place of Y and Z in the accumulator buffer (rtl/buffer/redmule_yz_buffer.sv).
FREE, FILLING, FILLED, LEAVING = range(4)
ARRIVING, STORED = 1, 2

# What a cycle was spent on, in the order of the hardware's counters.
STEP, STALL_X, STALL_W, STALL_Y, STALL_Z, START, DRAIN = range(7)
SPENT = 7

NOWHERE = (0,) * STREAMS

OPEN_BEATS = 8
"""Beats taken and not answered (MaxOutstanding of redmule_port)."""

LAST_PLACE = OPEN_BEATS - 1
"""Of these, and the mask of their places."""

NEVER = 1 << 62
"""A cycle that does not come."""

CORE = _integers(
    "now",
    "count",  # jobs known
    "head",  # the oldest job that has not ended
    # array: turn of a pass, phase of a turn; whether the tile has begun; a finished tile waits in the ring, of so many
    # columns; it drains on its own; the array moved in the cycle before
    *("turn", "phase", "started", "finished", "finished_cols", "draining", "fresh"),
    "kept",  # lines of X taken that stay for the next tile
    # accumulator buffer: states, columns that Y still has to give and Z to take
    *("y_state", "y_cols", "z_state", "z_cols"),
    # port: a request waits for its grant; the one before was granted; beats not answered, the oldest of them
    *("asks", "due", "open", "oldest"),
    *("address", "bytes"),  # of the beat that was taken last
    "waited",  # conflict cycles that its request has waited
    "arrived",  # the array has come to the start of a chunk, tile or block (0, 1, 2), or -1
    # buffers of X and W: chunks reserved; lines asked for, and there
    used=2,
    asked=2,
    there=2,
    # beats not answered: stream, lines they complete, whether they end a patch
    stream=OPEN_BEATS,
    lines=OPEN_BEATS,
    last=OPEN_BEATS,
)


class Array(NamedTuple):
    """What the walk knows of a configuration."""

    rows: int
    row_len: int
    pipe: int
    cols: int  # of a tile
    groups: int
    x_chunk: int
    x_chunks: int
    w_chunk: int
    w_chunks: int


class Walk(NamedTuple):
    """An accelerator on its way through jobs, as compiled code takes it.

    Attributes:
        core: one record.
        walkers: one for each stream and the array.
        jobs: those known so far, in their order; there may be room for more.
        counts: for each job the cycles by what they were spent on.
        beats: for each job the beats by stream.
        ended: the cycle of the event of each job, or -1.
    """

    core: Records
    walkers: Records
    jobs: Records
    counts: NDArray[np.int64]
    beats: NDArray[np.int64]
    ended: NDArray[np.int64]


def fresh_walk(room: int) -> Walk:
    """Return an idle accelerator with room for so many jobs."""
    core = np.zeros(1, CORE)
    core["arrived"] = -1
    return Walk(
        core,
        np.zeros(WALKERS, WALKER),
        np.zeros(room, JOB),
        np.zeros((room, SPENT), np.int64),
        np.zeros((room, STREAMS), np.int64),
        np.full(room, -1, np.int64),
    )


def array_of(config: Config) -> Array:
    """Return what the walk knows of a configuration."""
    chunks = (config.x_chunk, config.x_chunks, config.w_chunk, config.w_chunks)
    return Array(config.rows, config.row_len, config.pipe_regs, config.tile_cols, config.row_groups, *chunks)


def enqueue(
    state: Walk, shape: Shape, config: Config, trigger: int, wait: int = -1, places: Places | None = None
) -> None:
    """Tell an accelerator of its next job; see `queue_cycles` for the arguments.

    `places` matter only where a beat's banks do; default: all matrices at address 0.
    """
    number = int(state.core["count"][0])
    beat = tuple(config.beat_elems(size) if size else 0 for size in shape.elem_bytes)
    address, stride = zip(*places, strict=True) if places else (NOWHERE, NOWHERE)
    trans = (*shape.trans, shape.trans[2])
    state.jobs[number] = (shape.m, shape.n, shape.k, trigger, wait, beat, trans, shape.elem_bytes, address, stride)
    state.core["count"] = number + 1


def with_room(state: Walk) -> Walk:
    """Return an accelerator that can be told of another job: without what has ended if all has, else a larger one."""
    count, room = int(state.core["count"][0]), len(state.jobs)
    if count < room:
        return state
    if state.core["head"][0] == count:
        idle = fresh_walk(room)
        idle.core["now"] = state.core["now"]
        return idle
    larger = fresh_walk(2 * room)
    for old, new in zip(state, larger, strict=True):
        new[: len(old)] = old
    return larger


def taken(state: Walk, jobs: slice = slice(None)) -> tuple[Cycles, ...]:
    """Return what the jobs took."""
    rows = zip(state.counts[jobs].tolist(), state.beats[jobs].tolist(), strict=True)
    return tuple(Cycles(sum(spent), spent[STEP], tuple(spent[STEP + 1 :]), tuple(beats)) for spent, beats in rows)
