# SPDX-License-Identifier: Apache-2.0
"""The cycle law by itself; that it equals the RTL is shown where both run (`tb/campaigns`, `test_cycles.py`)."""

from __future__ import annotations

import time
from math import ceil, exp, log

import numpy as np
import pytest

from redmule.config import CONFIGS, Config
from redmule.fp.formats import FP16
from redmule.fp.ops import GEMM
from redmule.job import HardwareJob, Stored
from redmule.law import Shape, ideal_cycles, queue_cycles, shape_cycles, waits_for
from redmule.law.entries import walk_on
from redmule.law.recur import nothing_seen
from redmule.law.state import NEVER, array_of, enqueue, fresh_walk, taken

PAPER = Config.named("paper")


ODD = (
    Config(rows=5, row_len=3, pipe_regs=4, port_width=64, row_groups=2, x_chunks=5, w_ahead=2),
    Config(rows=3, row_len=16, pipe_regs=1, port_width=128, w_ahead=16, transposes=False),
    Config(rows=32, row_len=5, pipe_regs=0, port_width=1024, row_groups=4),
)


@pytest.mark.parametrize("config", [*CONFIGS.values(), *ODD], ids=str)
def test_multiplying_what_recurs_gives_the_same_as_walking_through_it(config: Config) -> None:
    rng = np.random.default_rng(7)
    for _ in range(60):
        shapes = [_random_shape(rng) for _ in range(int(rng.integers(1, 4)))]
        late = [0, *sorted(int(exp(rng.uniform(0, 8))) for _ in shapes[1:])]
        for triggers in (None, late):
            skipped = queue_cycles(shapes, config, triggers=triggers)
            assert skipped == queue_cycles(shapes, config, triggers=triggers, skip=False), (shapes, triggers)


def test_a_trigger_between_two_equal_states_ends_what_recurs() -> None:
    shapes = [Shape(12, 3, 120, (1, 2, 0, 1)), Shape(23, 18, 88, (1, 2, 2, 1))]
    config = Config(14, 1, 0, 1024, row_groups=2, transposes=False, x_chunks=7, w_ahead=5)
    for trigger in range(50, 90):
        triggers = [1, trigger]
        skipped = queue_cycles(shapes, config, triggers=triggers)
        assert skipped == queue_cycles(shapes, config, triggers=triggers, skip=False), trigger


def test_a_job_that_comes_while_others_run_takes_what_it_takes_if_known_before() -> None:
    rng = np.random.default_rng(3)
    config = CONFIGS["paper"]
    for _ in range(300):
        shapes = [_random_shape(rng) for _ in range(2)]
        alone = queue_cycles(shapes[:1], config)[0].total
        trigger = int(rng.integers(1, alone + 10))
        state, seen = fresh_walk(2), nothing_seen()
        enqueue(state, shapes[0], config, 0)
        while int(state.core["now"][0]) < trigger and int(state.core["head"][0]) == 0:
            walk_on(state, array_of(config), seen, True, trigger)
        enqueue(state, shapes[1], config, trigger)
        while int(state.core["head"][0]) < 2:
            walk_on(state, array_of(config), seen, True, NEVER)
        assert taken(state) == queue_cycles(shapes, config, triggers=[0, trigger], skip=False), (shapes, trigger)


def _random_shape(rng: np.random.Generator) -> Shape:
    m, n, k = (int(exp(rng.uniform(0, log(200)))) for _ in range(3))
    x_bytes, w_bytes, z_bytes = (int(size) for size in rng.integers(1, 3, 3))
    x_trans, w_trans, z_trans = (bool(flag) for flag in rng.integers(0, 2, 3))
    return Shape(m, n, k, (x_bytes, w_bytes, int(rng.integers(0, 3)), z_bytes), (x_trans, w_trans, z_trans))


def test_equal_jobs_in_a_queue_cost_their_tiles_and_nothing_else() -> None:
    first, *behind, last = queue_cycles([Shape(48, 64, 48)] * 5, PAPER)
    tiles = 4 * 3 * 16 * 16
    assert [job.total for job in behind] == [tiles] * 3
    assert first.total + last.total < 2 * tiles + 58 + 12


def test_a_job_that_waits_for_the_one_before_takes_what_it_takes_alone() -> None:
    alone = shape_cycles(20, 30, 40, PAPER).total
    waiting = queue_cycles([Shape(20, 30, 40)] * 3, PAPER, waits=[-1, 0, 1])
    assert [job.total for job in waiting] == [alone] * 3
    free = queue_cycles([Shape(20, 30, 40)] * 3, PAPER)
    assert sum(job.total for job in free) < 3 * alone - 2 * 40


def test_a_late_trigger_begins_a_job_then_and_its_cycles_count_from_there() -> None:
    alone = shape_cycles(20, 30, 40, PAPER)
    assert queue_cycles([Shape(20, 30, 40)] * 2, PAPER, triggers=[0, 10_000]) == (alone, alone)


def test_jobs_wait_for_the_last_one_that_writes_within_the_extent_of_what_they_read() -> None:
    def matrix(address: int, rows: int = 4, cols: int = 4, stride: int = 8) -> Stored:
        return Stored(address, rows, cols, stride, FP16)

    def job(x: int, z: int) -> HardwareJob:
        return HardwareJob(GEMM, matrix(x), matrix(0x9000), matrix(0x9100), matrix(z, stride=16))

    # The extent of Z is 3 rows apart by 16 bytes and one of 8: 56 bytes, gaps included.
    jobs = [job(0x0, 0x1000), job(0x1000 + 56, 0x2000), job(0x1000 + 54, 0x3000), job(0x2008, 0x1000), job(0x1000, 0x0)]
    assert waits_for(jobs) == [-1, -1, 0, 1, 3]


def test_every_cycle_has_one_reason_and_every_beat_its_stream() -> None:
    predicted = shape_cycles(96, 96, 96, PAPER)
    assert predicted.total == predicted.steps + sum(predicted.stalls.values())
    assert predicted.steps == 8 * 6 * 24 * 16
    assert predicted.beats == {"x": 8 * 6 * 6 * 12, "w": 8 * 6 * 96, "y": 8 * 6 * 12, "z": 8 * 6 * 12}


def test_the_fixed_cost_of_a_job_is_its_beats_the_ring_and_five_cycles() -> None:
    x_rows, y_rows, w_row, ring, z_rows, latencies = 12, 12, 1, 16, 12, 5
    assert shape_cycles(96, 96, 96, PAPER).total - 18432 == x_rows + y_rows + w_row + ring + z_rows + latencies


@pytest.mark.parametrize("size", [(65535, 65535, 65535), (65535, 1, 65535), (1, 65535, 1), (1000, 1000, 1000)])
def test_the_largest_jobs_take_the_law_less_than_five_milliseconds(size: tuple[int, int, int]) -> None:
    shape_cycles(1, 1, 1, PAPER)  # compiled now
    best = min(_seconds(size) for _ in range(3))
    assert best < 5e-3, f"{best * 1e3:.1f} ms"
    m, n, k = size
    turns = m // 12 * ceil(k / 16) + (_turns(m % 12, ceil(k / 16)) if m % 12 else 0)
    assert shape_cycles(m, n, k, PAPER).steps == turns * ceil(n / 4) * 16


SLOW = (
    # a port that never rests, where the lead of X grows by a row in each of 137 row blocks
    (Shape(16310, 4, 484, (1, 1, 1, 1), (False, True, True)), Config(23, 16, 3, 64, row_groups=1, x_chunks=5)),
    # Z gets a row of its patch to the port in each chunk
    (Shape(676, 62194, 2060, (2, 1, 2, 2)), Config(27, 14, 4, 256, row_groups=2, transposes=False, x_chunks=4)),
)


@pytest.mark.parametrize(("shape", "config"), SLOW, ids=str)
def test_what_recurs_late_takes_the_law_less_than_five_milliseconds(shape: Shape, config: Config) -> None:
    queue_cycles([Shape(1, 1, 1)], config)  # compiled now
    times = []
    for _ in range(5):
        begin = time.process_time()
        queue_cycles([shape], config)
        times.append(time.process_time() - begin)
    assert min(times) < 5e-3, f"{min(times) * 1e3:.1f} ms"


def _turns(rows: int, tiles: int) -> int:
    """Return how often the array turns to new tiles in a block of so many rows."""
    turns = 0
    while tiles:
        tiles -= max(groups for groups in (1, 2, 4) if rows <= 12 // groups and groups <= tiles)
        turns += 1
    return turns


def _seconds(size: tuple[int, int, int]) -> float:
    m, n, k = size
    begin = time.perf_counter()
    shape_cycles.__wrapped__(m, n, k, PAPER)
    return time.perf_counter() - begin


def test_ideal_is_the_larger_of_the_array_and_the_port() -> None:
    assert ideal_cycles(96, 96, 96, PAPER) == 96**3 // 48
    assert ideal_cycles(1, 64, 64, PAPER) == ceil(2 * (64 + 64 * 64 + 64 + 64) / 32)
