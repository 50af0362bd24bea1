# SPDX-License-Identifier: Apache-2.0
"""Estimates for memories that do not always grant; the model device, which is exact, is the truth they are held to."""

from __future__ import annotations

import numpy as np
import pytest

from redmule import law
from redmule.cluster import Cluster
from redmule.config import CONFIGS, Config
from redmule.device import open_device, sharing
from redmule.law import Shape, Sharing, queue_cycles, shape_cycles
from redmule.law.entries import shared_on, stalled_on, walk_on
from redmule.law.inlined import SOURCES
from redmule.law.shape import dense_places

PAPER, TINY = Config.named("paper"), Config.named("tiny")
SHAPES = [Shape(20, 33, 40), Shape(5, 12, 70, (1, 2, 0, 1), (True, True, False)), Shape(31, 9, 17)]
RUNS = 30


@pytest.mark.parametrize("config", CONFIGS.values(), ids=str)
def test_a_memory_that_always_grants_gives_the_exact_law(config: Config) -> None:
    exact = queue_cycles(SHAPES, config)
    assert set(law.stalled(SHAPES, config, 0.0).jobs) == {exact}
    assert set(law.shared(SHAPES, config, Sharing(banks=32)).jobs) == {exact}


@pytest.mark.parametrize(("stall", "latency"), [(0.05, 0), (0.5, 0), (0.9, 0), (0.0, 20), (0.3, 6)])
def test_the_mean_on_a_memory_that_refuses_is_that_of_many_runs(stall: float, latency: int) -> None:
    shape = (30, 40, 50)
    estimate = law.stalled([Shape(*shape, (2, 2, 0, 2))], PAPER, stall, latency)
    x, w = np.zeros(shape[:2], np.float16), np.zeros(shape[1:], np.float16)
    with open_device("model", PAPER, stall=stall, latency=latency, seed=99) as device:
        runs = [device.gemm_op(x, w, orientation="normal").cycles or 0 for _ in range(RUNS)]
    assert estimate.total == pytest.approx(np.mean(runs), rel=0.02)


@pytest.mark.parametrize("traffic", ["linear:0.3", "strided:0.5", "random:0.3", "bank:0.1"])
@pytest.mark.parametrize("priority", ["wide", "log"])
def test_the_mean_among_busy_cores_is_that_of_many_runs(traffic: str, priority: str) -> None:
    m, n, k = 30, 40, 50
    cluster = Cluster(traffic=traffic, priority=priority, share=(1, 4))
    with open_device("model", PAPER, cluster=cluster, seed=99) as device:
        x, w, z = (device.alloc(shape, np.float16) for shape in ((m, n), (n, k), (m, k)))
        runs = [device.gemm_op(x, w, z_out=z, orientation="normal").cycles or 0 for _ in range(RUNS)]
    estimate = law.shared([Shape(m, n, k, (2, 2, 0, 2))], PAPER, sharing(cluster, PAPER))
    assert estimate.total == pytest.approx(np.mean(runs), rel=0.03)


def test_draws_are_made_until_their_mean_is_known() -> None:
    short, long = (law.stalled([Shape(*size)], TINY, 0.7) for size in ((3, 3, 3), (40, 40, 40)))
    assert len(short.jobs) > len(long.jobs) >= 4
    assert long.spread / len(long.jobs) ** 0.5 <= 0.005 * long.total
    assert len(law.stalled([Shape(3, 3, 3)], TINY, 0.7, most_draws=5).jobs) == 5


def test_the_same_seed_gives_the_same_draws() -> None:
    first, second, other = (law.stalled(SHAPES, TINY, 0.4, 3, seed=seed).totals for seed in (1, 1, 2))
    assert first == second != other


def test_accelerators_that_run_the_same_stand_in_each_others_way() -> None:
    shape = Shape(40, 40, 40, (2, 2, 2, 2))
    one, two = (law.shared([shape], TINY, Sharing(accelerators=count)).total for count in (1, 2))
    assert one == shape_cycles(40, 40, 40, TINY).total
    assert one < two < 2.5 * one


def test_a_share_for_the_cores_holds_the_accelerator_up() -> None:
    def total(num: int, den: int) -> float:
        return law.shared([Shape(48, 64, 48)], PAPER, Sharing(pattern="random", rate=200, share=(num, den))).total

    assert total(0, 1) == shape_cycles(48, 64, 48, PAPER).total
    assert total(0, 1) < total(1, 2) < total(7, 8)


def test_matrices_without_places_lie_behind_each_other() -> None:
    shape = Shape(3, 5, 7, (1, 2, 0, 2), (True, False, False))
    assert dense_places(shape, 100) == ((100, 3), (116, 14), (188, 0), (188, 14))


def test_what_is_kept_of_the_compiler_belongs_to_all_sources_of_the_law() -> None:
    for function in (walk_on, stalled_on, shared_on):
        assert SOURCES in [cell.cell_contents for cell in function.py_func.__closure__]  # type: ignore[attr-defined]
