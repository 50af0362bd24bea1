# SPDX-License-Identifier: Apache-2.0
"""The digits of scikit-learn, and a training run on them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from redmule.demo.network import Labels, Network, accuracy, cross_entropy, train_step
from redmule.demo.products import Fp16, Multiply

PIXELS, CLASSES = 64, 10
BRIGHTEST = 16
TEST_SHARE = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Digits:
    """Images (count, 64) of 8 x 8 pixels from 0 to 1, and which digit each one shows."""

    images: Fp16
    labels: Labels

    def pick(self, index: slice | np.ndarray[tuple[int], np.dtype[np.int64]]) -> Digits:
        """Return some of them."""
        return Digits(self.images[index], self.labels[index])


@dataclass(frozen=True, slots=True)
class Score:
    """How well a network does on a set of digits: mean cross entropy, and the share it names right."""

    loss: float
    accuracy: float


def load(rng: np.random.Generator) -> tuple[Digits, Digits]:
    """Return the digits for training and those for the test, shuffled."""
    from sklearn.datasets import load_digits  # slow to import

    bunch = load_digits()
    order = rng.permutation(len(bunch.target))
    digits = Digits((bunch.data / BRIGHTEST).astype(np.float16), bunch.target.astype(np.int64)).pick(order)
    first = round(len(order) * (1 - TEST_SHARE))
    return digits.pick(slice(first)), digits.pick(slice(first, None))


def train(
    network: Network, multiply: Multiply, digits: Digits, batch: int, rate: float, rng: np.random.Generator
) -> Iterator[tuple[Network, float]]:
    """Yield the network after each step, and the loss of the step's batch; without end, a new order every epoch."""
    while True:
        order = rng.permutation(len(digits.labels))
        for start in range(0, len(order) - batch + 1, batch):
            chosen = digits.pick(order[start : start + batch])
            network, loss = train_step(network, multiply, chosen.images, chosen.labels, rate)
            yield network, loss


def evaluate(network: Network, multiply: Multiply, digits: Digits) -> Score:
    """Return how well a network does."""
    _, scores = network.scores(multiply, digits.images)
    loss, _ = cross_entropy(scores, digits.labels)
    return Score(loss, accuracy(scores, digits.labels))
