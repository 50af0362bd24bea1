# SPDX-License-Identifier: Apache-2.0
"""How products are cut into strips: they tile Z, they are no slower than what they replace, they reach the bound."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import product
from math import ceil, log

import numpy as np
import pytest

from redmule.config import CONFIGS, Config
from redmule.law import Shape, ideal_cycles, shape_cycles
from redmule.plan import MOST_STRIPS, Strip, plan, plan_cycles, strip_shape, tile_bound

PAPER = Config.named("paper")
MOST_SECONDS = 5e-3
FIXED_CYCLES = 58


def random_shapes(count: int, most: int, seed: int = 7) -> list[tuple[int, int, int]]:
    """Return log-uniform sizes from 1 to `most`."""
    sizes = np.exp(np.random.default_rng(seed).uniform(0, log(most), (count, 3))).astype(int)
    return [(int(m), int(n), int(k)) for m, n, k in sizes]


def covered(strips: tuple[Strip, ...], m: int, k: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """Return how often each element of Z is computed."""
    counts = np.zeros((m, k), np.int64)
    for strip in strips:
        assert strip.rows > 0
        assert strip.cols > 0
        assert strip.row0 + strip.rows <= m
        assert strip.col0 + strip.cols <= k
        counts[strip.row0 : strip.row0 + strip.rows, strip.col0 : strip.col0 + strip.cols] += 1
    return counts


@pytest.mark.parametrize("name", sorted(CONFIGS))
def test_strips_cover_every_result_once(name: str) -> None:
    rng = np.random.default_rng(3)
    for m, n, k in random_shapes(40, 300):
        x_trans, w_trans, z_trans = (bool(flag) for flag in rng.integers(0, 2, 3))
        strips = plan(m, n, k, CONFIGS[name], trans=(x_trans, w_trans, z_trans))
        assert 1 <= len(strips) <= MOST_STRIPS
        assert (covered(strips, m, k) == 1).all(), (m, n, k, strips)


def test_every_small_product_on_a_tiny_array_is_covered() -> None:
    for m, k in product(range(1, 14), repeat=2):
        assert (covered(plan(m, 5, k, CONFIGS["tiny"]), m, k) == 1).all()


@pytest.mark.parametrize("name", ["paper", "tiny", "magia"])
def test_a_plan_is_never_slower_than_one_job_in_either_orientation(name: str) -> None:
    config = CONFIGS[name]
    for m, n, k in random_shapes(60, 200):
        whole = [plan_cycles((Strip(0, m, 0, k, way),), m, n, k, config) for way in ("normal", "transposed")]
        assert plan_cycles(plan(m, n, k, config), m, n, k, config) <= min(whole), (m, n, k)


def test_no_plan_takes_fewer_cycles_than_its_tiles() -> None:
    for m, n, k in random_shapes(60, 200, seed=8):
        cycles = plan_cycles(plan(m, n, k, PAPER), m, n, k, PAPER)
        assert cycles > max(tile_bound(m, n, k, PAPER), ideal_cycles(m, n, k, PAPER)), (m, n, k)


def test_33_cubed_is_cut_into_seven_turns_of_the_array() -> None:
    assert tile_bound(33, 33, 33, PAPER) == 7 * 9 * 16
    assert plan_cycles(plan(33, 33, 33, PAPER), 33, 33, 33, PAPER) <= 1080


def test_whole_tiles_are_not_cut() -> None:
    assert plan(96, 96, 96, PAPER) == (Strip(0, 96, 0, 96),)
    assert tile_bound(96, 96, 96, PAPER) == 96**3 // 48


def test_few_columns_run_transposed_as_few_rows() -> None:
    [strip] = plan(64, 64, 1, PAPER)
    assert strip == Strip(0, 64, 0, 1, "transposed")


def brute_force(m: int, n: int, k: int, config: Config) -> int:
    """Return the fewest cycles in which tiles can cover Z by straight cuts, from the definition."""
    best = np.zeros((m + 1, k + 1), np.int64)

    def turns(rows: int, cols: int) -> int:
        total, row = 0, 0
        while row < rows:
            block, left = min(rows - row, config.rows), ceil(cols / config.tile_cols)
            while left > 0:
                fitting = (g for g in (4, 2, 1) if g <= config.row_groups and block <= config.rows // g and g <= left)
                left -= next(fitting, 1)
                total += 1
            row += block
        return total

    for i, j in product(range(1, m + 1), range(1, k + 1)):
        cuts = [best[a, j] + best[i - a, j] for a in range(1, i)] + [best[i, a] + best[i, j - a] for a in range(1, j)]
        best[i, j] = min([turns(i, j), turns(j, i), *cuts])
    return int(best[m, k]) * ceil(n / config.row_len) * config.tile_cols


@pytest.mark.parametrize(
    ("name", "m", "k"), [("paper", 33, 35), ("paper", 40, 19), ("tiny", 17, 23), ("magia", 29, 21)]
)
def test_the_tile_bound_is_that_of_trying_every_straight_cut(name: str, m: int, k: int) -> None:
    assert tile_bound(m, 9, k, CONFIGS[name]) == brute_force(m, 9, k, CONFIGS[name])


def test_the_tile_bound_of_a_long_side_grows_by_whole_tiles() -> None:
    per_period = 192 * 19 / (12 * 16)
    bounds = [tile_bound(192 * periods + 7, 4, 19, PAPER) / 16 for periods in (2, 3, 10, 100)]
    assert bounds[1] - bounds[0] <= per_period + 1
    assert bounds[3] - bounds[2] == 90 * (bounds[1] - bounds[0])


@pytest.mark.parametrize("orientation", ["normal", "transposed"])
def test_a_fixed_orientation_is_one_job(orientation: str) -> None:
    assert plan(33, 33, 33, PAPER, orientation=orientation) == (Strip(0, 33, 0, 33, orientation),)


def test_an_unknown_orientation_is_refused() -> None:
    with pytest.raises(ValueError, match="orientation = 'sideways': allowed are auto, normal, transposed"):
        plan(33, 33, 33, PAPER, orientation="sideways")


def test_one_strip_leaves_the_choice_of_orientation() -> None:
    assert plan(16, 33, 33, PAPER, most_strips=1) == (Strip(0, 16, 0, 33, "transposed"),)
    assert len(plan(33, 33, 33, PAPER, most_strips=1)) == 1 < len(plan(33, 33, 33, PAPER))


def test_without_transposes_nothing_runs_transposed() -> None:
    plain = replace(PAPER, transposes=False)
    for m, n, k in random_shapes(20, 100):
        assert {strip.orientation for strip in plan(m, n, k, plain)} == {"normal"}


def test_a_transposed_strip_exchanges_operands_and_inverts_what_is_stored_transposed() -> None:
    strip = Strip(4, 8, 16, 3, "transposed")
    assert strip_shape(strip, 40, 9, 50, (1, 2, 0, 2), (True, False, False)) == Shape(
        3, 9, 8, (2, 1, 0, 2), (True, False, True)
    )
    assert strip_shape(replace(strip, orientation="normal"), 40, 9, 50, (1, 2, 0, 2)) == Shape(8, 9, 3, (1, 2, 0, 2))


def test_a_vector_is_read_in_the_direction_in_which_it_lies() -> None:
    column = Strip(0, 64, 0, 1, "transposed")
    assert strip_shape(column, 64, 64, 1) == Shape(1, 64, 64, trans=(False, True, False))


def test_a_plan_of_one_job_takes_the_cycles_of_that_job() -> None:
    strips = (Strip(0, 40, 0, 50),)
    assert plan_cycles(strips, 40, 30, 50, PAPER) == shape_cycles(40, 30, 50, PAPER).total


def test_strips_of_a_part_with_one_context_do_not_overlap() -> None:
    lonely = replace(PAPER, contexts=1)
    halves = (Strip(0, 24, 0, 32), Strip(24, 24, 0, 32))
    assert plan_cycles(halves, 48, 32, 32, lonely) == 2 * shape_cycles(24, 32, 32, lonely).total
    assert plan_cycles(halves, 48, 32, 32, PAPER) < 2 * shape_cycles(24, 32, 32, PAPER).total - FIXED_CYCLES // 2


def test_strips_side_by_side_wait_for_each_other_when_y_is_in_place() -> None:
    sides = (Strip(0, 48, 0, 32), Strip(0, 48, 32, 32))
    above = (Strip(0, 24, 0, 64), Strip(24, 24, 0, 64))
    apart, in_place = (plan_cycles(sides, 48, 32, 64, PAPER, in_place=flag) for flag in (False, True))
    assert in_place > apart
    assert plan_cycles(above, 48, 32, 64, PAPER, in_place=True) == plan_cycles(above, 48, 32, 64, PAPER)
    assert plan_cycles(sides, 48, 32, 64, PAPER, (2, 2, 0, 2), in_place=True) < in_place


def test_a_plan_takes_less_than_five_milliseconds() -> None:
    plan(5, 5, 5, PAPER)  # compiled now
    shapes = random_shapes(40, 256, seed=9)
    begin = time.perf_counter()
    for shape in shapes:
        plan.__wrapped__(*shape, PAPER)
    assert (time.perf_counter() - begin) / len(shapes) < MOST_SECONDS
