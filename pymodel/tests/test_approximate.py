# SPDX-License-Identifier: Apache-2.0
"""Approximate kernels: what slices matter, what is left out, and what that costs and saves."""

from __future__ import annotations

import numpy as np
import pytest

from redmule.config import Config
from redmule.device import open_device
from redmule.layers import (
    FP16,
    BatchNorm,
    Conv2d,
    DeviceEngine,
    Flatten,
    FloatEngine,
    Layer,
    Linear,
    Pointwise,
    ReLU,
    Residual,
    Sequential,
)
from redmule.train import Dataset
from redmule.train.approximate import Point, explore, front, inference_cycles, significances, skipping
from redmule.train.significance import Significance

TINY = Config.named("tiny")


def statistics(rng: np.random.Generator, slices: int) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs (200, slices) that are alike, and their covariance."""
    x = rng.standard_normal((200, slices)) @ rng.standard_normal((slices, slices)) + 1
    return x, np.cov(x.T, bias=True)


def network(seed: int = 1) -> Sequential:
    return Sequential(
        [
            Conv2d(2, 6, 3, bias=False, name="first"),
            ReLU(),
            Residual(Sequential([Conv2d(6, 6, 3, name="inner"), BatchNorm(6)]), Pointwise(6, 6, name="past"), name="r"),
            Flatten(),
            Linear(6 * 25, 3),
        ]
    ).initialise(np.random.default_rng(seed))


def images(count: int = 12, seed: int = 2) -> Dataset:
    rng = np.random.default_rng(seed)
    smooth = rng.standard_normal((count, 5, 5, 2)).cumsum(1).cumsum(2)
    return Dataset(smooth.astype(np.float32), np.zeros(count, np.int64))


def test_significance_is_the_share_of_variance_that_is_lost() -> None:
    rng = np.random.default_rng(1)
    x, covariance = statistics(rng, 6)
    weight = rng.standard_normal((6, 1))
    found = Significance.of(weight, x.mean(0), covariance, 4)
    for threshold in sorted(found.of_tiles[0]):
        fitted, bias = found.fitted(threshold)
        error = x @ weight - x @ fitted - bias
        lost = sorted(share for share in found.of_tiles[0] if share < threshold)
        assert error.mean() == pytest.approx(0, abs=1e-9)
        assert error.var() / (x @ weight).var() == pytest.approx(lost[-1] if lost else 0, abs=1e-4)


def test_a_slice_that_others_say_as_well_does_not_matter() -> None:
    rng = np.random.default_rng(1)
    x = rng.standard_normal((100, 4))
    x[:, 3] = 2 * x[:, 1] + x[:, 2]
    weight = rng.standard_normal((4, 3))
    found = Significance.of(weight, x.mean(0), np.cov(x.T, bias=True), 3)
    assert found.of_tiles.min() < 1e-4
    fitted, bias = found.fitted(1e-3)
    assert (np.abs(fitted).max(1) == 0).sum() == 1
    np.testing.assert_allclose(x @ fitted + bias, x @ weight, atol=1e-2)


def test_each_tile_leaves_out_its_own_slices() -> None:
    weight = np.zeros((4, 4))
    weight[0, :2] = weight[3, 2:] = 1
    found = Significance.of(weight, np.zeros(4), np.eye(4), 2)
    assert [(columns, list(rows)) for columns, rows in found.kept(0.5)] == [(slice(0, 2), [0]), (slice(2, 4), [3])]


def test_slices_that_see_only_zeros_are_left_out_first() -> None:
    found = Significance.of(np.ones((3, 2)), np.zeros(3), np.diag([0.0, 1.0, 2.0]), 2)
    assert found.of_tiles[0].argmin() == 0
    assert found.of_tiles[0].max() == pytest.approx(1)


def test_the_watched_convolutions_have_the_covariance_of_what_they_see() -> None:
    layers, samples = network(), images()
    found = significances(layers, samples, FloatEngine(np.float64), 4)
    assert list(found) == ["first", "r.body.inner", "r.past"]
    seen = np.lib.stride_tricks.sliding_window_view(
        np.pad(samples.inputs.astype(np.float64), ((0, 0), (1, 1), (1, 1), (0, 0))), (3, 3), (1, 2)
    )
    columns = seen.transpose(0, 1, 2, 4, 5, 3).reshape(-1, 18)
    np.testing.assert_allclose(found["first"].means, columns.mean(0), rtol=1e-12)
    np.testing.assert_allclose(found["first"].covariance, np.cov(columns.T, bias=True), rtol=1e-4, atol=1e-4)


def test_with_slices_left_out_the_result_is_that_of_the_fitted_weights() -> None:
    layers, samples, engine = network(), images(), FloatEngine(np.float64)
    found = significances(layers, samples, engine, 4)
    fewer = skipping(layers, found, {"first": 0.05})
    weight, bias = found["first"].fitted(0.05)
    dense = Conv2d(2, 6, 3)
    dense.load({"weight": weight, "bias": bias})
    y, _ = next(iter(fewer.children())).forward(samples.inputs.astype(np.float64), engine)
    expected, _ = dense.forward(samples.inputs.astype(np.float64), engine)
    assert (weight == 0).any()
    np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-5)


def test_thresholds_of_zero_leave_the_network_as_it_is() -> None:
    layers, samples = network(), images()
    found = significances(layers, samples, FloatEngine(np.float64), 4)
    same = skipping(layers, found, dict.fromkeys(found, 0.0))
    assert [layer for _, layer in same.leaves()] == [layer for _, layer in layers.leaves()]


def test_cycles_fall_with_the_thresholds_and_are_those_of_the_rtl() -> None:
    layers, samples = network(), images(3)
    found = significances(layers, samples, FloatEngine(np.float32), TINY.tile_cols)
    counts = []
    for threshold in (0.0, 0.1, 0.4):
        candidate = skipping(layers, found, dict.fromkeys(found, threshold))
        counts.append(inference_cycles(candidate, samples.inputs.shape, TINY, FP16)[0])
        results = []
        for backend in ("model", "rtl"):
            with open_device(backend, "tiny") as device:
                engine = DeviceEngine(device, FP16)
                with engine.inference():
                    y = candidate.forward(samples.inputs, engine)[0]
                measured = sum(work.cycles or 0 for work in engine.log if not work.on_cores)
                results.append((y.tobytes(), measured))
        assert results[0] == results[1]
        assert results[1][1] == counts[-1]
    assert counts[0] > counts[1] > counts[2]


def test_the_front_has_what_no_other_point_beats() -> None:
    layers = network()

    def point(cycles: int, accuracy: float) -> Point:
        return Point({}, layers, {}, cycles, 0, accuracy)

    points = [point(9, 0.9), point(5, 0.8), point(5, 0.7), point(7, 0.8), point(8, 0.95)]
    assert [(each.accelerator_cycles, each.accuracy) for each in front(points)] == [(5, 0.8), (8, 0.95)]


def test_the_exploration_begins_with_the_whole_network_and_has_an_end() -> None:
    layers, samples = network(), images(3)
    found = significances(layers, samples, FloatEngine(np.float32), TINY.tile_cols)

    def judge(_layers: Layer) -> float:
        return 1.0

    points = list(explore(layers, found, judge, samples.inputs.shape, TINY, FP16, (0.0, 0.2)))
    assert len(points) == 2 ** len(found)
    assert set(points[0].kept.values()) == {1.0}
    with pytest.raises(ValueError, match="combinations of thresholds = 8000: allowed are 1 to"):
        next(explore(layers, found, judge, samples.inputs.shape, TINY, FP16, [0.01 * k for k in range(20)]))
