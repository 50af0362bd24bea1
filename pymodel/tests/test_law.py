# SPDX-License-Identifier: Apache-2.0
"""The cycle law by itself; that it equals the RTL is shown where both run (`tb/campaigns`, `test_cycles.py`)."""

from __future__ import annotations

import time
from math import ceil, exp, log

import numpy as np
import pytest

from redmule.config import CONFIGS, Config
from redmule.law import ideal_cycles, shape_cycles

PAPER = Config.named("paper")


@pytest.mark.parametrize("name", sorted(CONFIGS))
def test_multiplying_what_recurs_gives_the_same_as_walking_through_it(name: str) -> None:
    config, rng = Config.named(name), np.random.default_rng(7)
    for _ in range(60):
        m, n, k = (int(exp(rng.uniform(0, log(200)))) for _ in range(3))
        x_bytes, w_bytes, z_bytes = (int(size) for size in rng.integers(1, 3, 3))
        elem_bytes = (x_bytes, w_bytes, int(rng.integers(0, 3)), z_bytes)
        skipped = shape_cycles(m, n, k, config, elem_bytes)
        assert skipped == shape_cycles(m, n, k, config, elem_bytes, skip=False), (m, n, k, elem_bytes)


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
    steps = ceil(m / 12) * ceil(k / 16) * ceil(n / 4) * 16
    assert shape_cycles(m, n, k, PAPER).steps == steps


def _seconds(size: tuple[int, int, int]) -> float:
    m, n, k = size
    begin = time.perf_counter()
    shape_cycles.__wrapped__(m, n, k, PAPER)
    return time.perf_counter() - begin


def test_ideal_is_the_larger_of_the_array_and_the_port() -> None:
    assert ideal_cycles(96, 96, 96, PAPER) == 96**3 // 48
    assert ideal_cycles(1, 64, 64, PAPER) == ceil(2 * (64 + 64 * 64 + 64 + 64) / 32)
