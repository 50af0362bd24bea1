# SPDX-License-Identifier: Apache-2.0
"""The hand-written network: its gradients, its learning; and what `make demo` shows."""

from __future__ import annotations

import sys
from dataclasses import replace
from itertools import islice
from pathlib import Path
from runpy import run_path

import numpy as np
import pytest

from redmule import train
from redmule.demo import digits
from redmule.demo.network import Network, cross_entropy, half, train_step
from redmule.demo.products import multiplication
from redmule.device import open_device

RATE = 0.5


def test_a_step_descends_along_the_gradient_of_the_loss() -> None:
    rng = np.random.default_rng(3)
    network = Network.random(8, 6, 4, rng)
    images, labels = rng.random((16, 8)).astype(np.float16), rng.integers(0, 4, 16)
    with open_device("golden") as golden:
        after, _ = train_step(network, multiplication(golden), images, labels, RATE)

    def loss(changed: Network) -> float:
        hidden = np.maximum(images.astype(np.float64) @ changed.w1 + changed.b1, 0)
        scores = hidden @ changed.w2 + changed.b2
        true = scores[np.arange(len(labels)), labels]
        return float((np.log(np.exp(scores).sum(axis=1)) - true).mean())

    small = 1e-3
    for name in ("w1", "b1", "w2", "b2"):
        master = getattr(network, name).astype(np.float64)
        gradient = (master - getattr(after, name)) / RATE
        for index in np.ndindex(master.shape):
            nudge = np.zeros_like(master)
            nudge[index] = small
            up, down = (loss(replace(network, **{name: master + sign * nudge})) for sign in (1, -1))
            assert gradient[index] == pytest.approx((up - down) / (2 * small), abs=2e-3), (name, index)


def test_cross_entropy_of_equal_scores_is_the_logarithm_of_the_classes() -> None:
    loss, error = cross_entropy(half(np.full((3, 10), 7, np.float32)), np.array([0, 1, 2]))
    assert loss == pytest.approx(np.log(10))
    assert error.sum(axis=1) == pytest.approx(0, abs=1e-6)


def test_the_network_learns_the_digits() -> None:
    rng = np.random.default_rng(1)
    training, test = digits.load(rng)
    assert len(training.labels) + len(test.labels) == 1797
    network = Network.random(digits.PIXELS, 32, digits.CLASSES, rng)
    with open_device("golden") as golden:
        multiply = multiplication(golden)
        before = digits.evaluate(network, multiply, test)
        *_, (network, _) = islice(digits.train(network, multiply, training, 64, RATE, rng), 40)
        after = digits.evaluate(network, multiply, test)
    assert after.loss < before.loss / 2
    assert after.accuracy > 0.85 > before.accuracy


def test_the_demonstration_shows_a_step_on_the_rtl_that_equals_the_golden_model(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = run_path(str(Path(__file__).parents[2] / "scripts" / "demo.py"))
    few = train.Dataset(*(each[:64] for each in (train.digits().train.inputs, train.digits().train.targets)))
    monkeypatch.setitem(shown["main"].__globals__, "digits", lambda: train.Data(few, few))
    monkeypatch.setattr(sys, "argv", ["demo.py", "--batches", "2"])
    assert shown["main"]() == 0
    out = capsys.readouterr().out
    assert "conv2" in out
    assert "Batches on the RTL: 2; each bit is the golden model's, each cycle the law's." in out
    assert shown["_verdict"](["loss"], 1) == 1
    assert "RTL, golden model and law differ in 1 respects; the first: loss." in capsys.readouterr().out
