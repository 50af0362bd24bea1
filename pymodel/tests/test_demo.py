# SPDX-License-Identifier: Apache-2.0
"""The demonstration's network: its gradients, its learning, and that a difference between devices is seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from redmule.config import Config
from redmule.demo import digits
from redmule.demo.network import Network, cross_entropy, half, train_step
from redmule.demo.products import CheckedProducts, unchecked
from redmule.device import Memory, ModelDevice, open_device
from redmule.fp import Flags
from redmule.job import Job, Result

RATE = 0.5


class _Wrong(ModelDevice):
    """A device that changes each result in one way."""

    def __init__(self, change: str) -> None:
        super().__init__(Config.named("tiny"), Memory(1 << 16, 0))
        self.change = change

    def _run(self, jobs: Sequence[Job]) -> list[Result]:
        return [self._changed(result) for result in super()._run(jobs)]

    def _changed(self, result: Result) -> Result:
        if self.change == "sign of zero":
            return replace(result, z=np.copysign(result.z, np.float16(-1)))
        if self.change == "flags":
            return replace(result, flags=Flags(nx=not result.flags.nx))
        if self.change == "cycles":
            return replace(result, cycles=(result.cycles or 0) + 1)
        return result


@pytest.mark.parametrize("change", ["nothing", "sign of zero", "flags", "cycles"])
def test_a_product_agrees_only_if_bits_flags_and_cycles_are_equal(change: str) -> None:
    zeros = np.zeros((2, 2), np.float16)
    with open_device("model", "tiny") as model, _Wrong(change) as device:
        products = CheckedProducts(device, model)
        products("a product", zeros, zeros)
    assert products.done[0].agrees is (change == "nothing")


def test_a_step_descends_along_the_gradient_of_the_loss() -> None:
    rng = np.random.default_rng(3)
    network = Network.random(8, 6, 4, rng)
    images, labels = rng.random((16, 8)).astype(np.float16), rng.integers(0, 4, 16)
    with open_device("golden") as golden:
        after, _ = train_step(network, unchecked(golden), images, labels, RATE)

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
        multiply = unchecked(golden)
        before = digits.evaluate(network, multiply, test)
        *_, (network, _) = islice(digits.train(network, multiply, training, 64, RATE, rng), 40)
        after = digits.evaluate(network, multiply, test)
    assert after.loss < before.loss / 2
    assert after.accuracy > 0.85 > before.accuracy
