# SPDX-License-Identifier: Apache-2.0
"""What networks are trained on: handwritten digits, and random data of any shape."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from redmule import checks

Array = NDArray[Any]

DATA = ("digits", "synthetic")

DIGITS_SHAPE = (8, 8, 1)
DIGITS_CLASSES = 10
_BRIGHTEST = 16
_TRAIN_SHARE = 0.8

_NOISE = 1.0
"""Deviation of synthetic data around the pattern of their class, whose deviation is 1."""


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Samples.

    Attributes:
        inputs: (count, ...) float32.
        targets: labels (count,), integers; or values (count, ...).
    """

    inputs: Array
    targets: Array

    def __len__(self) -> int:
        return len(self.inputs)

    @property
    def has_labels(self) -> bool:
        """Whether targets are classes."""
        return self.targets.dtype.kind == "i"

    def pick(self, index: slice | Array) -> Dataset:
        """Return some of the samples."""
        return Dataset(self.inputs[index], self.targets[index])

    def of_classes(self, classes: Sequence[int]) -> Dataset:
        """Return the samples of some classes."""
        return self.pick(np.isin(self.targets, classes))

    def parts(self, size: int) -> Iterator[Dataset]:
        """Yield all samples in order, `size` at a time; the last part may be smaller."""
        for first in range(0, len(self), size):
            yield self.pick(slice(first, first + size))

    def steps_per_epoch(self, size: int) -> int:
        """Return how many batches of a size there are in an epoch.

        Raises:
            ValueError: not one.
        """
        return len(self) // checks.integer("batch", size, range(1, len(self) + 1))

    def batch(self, size: int, step: int, seed: int) -> Dataset:
        """Return the batch of a step, counted from 0 over all epochs; each epoch has its order, and drops the rest.

        It is a function of its arguments alone, so that a run that goes on later sees the same batches.
        """
        epoch, place = divmod(step, self.steps_per_epoch(size))
        order = np.random.default_rng((seed, epoch)).permutation(len(self))
        return self.pick(order[place * size : (place + 1) * size])


@dataclass(frozen=True, slots=True, eq=False)
class Data:
    """Samples to learn from, and others to judge by."""

    train: Dataset
    test: Dataset


def digits(split: int = 0) -> Data:
    """Return scikit-learn's digits: 1437 + 360 images (8, 8, 1) from 0 to 1, and which of ten digits each one shows.

    Args:
        split: seed of what is for training and what to judge by; runs have split 0, whatever their own seed.

    Raises:
        RuntimeError: scikit-learn is missing.
    """
    try:
        from sklearn.datasets import load_digits  # slow to import
    except ImportError as error:
        raise RuntimeError(
            "the digits come with scikit-learn, which is missing: pip install 'redmule[demo]'"
        ) from error
    bunch = load_digits()
    order = np.random.default_rng(split).permutation(len(bunch.target))
    images = (bunch.data / _BRIGHTEST).astype(np.float32).reshape(-1, *DIGITS_SHAPE)
    both = Dataset(images, bunch.target.astype(np.int64)).pick(order)
    first = int(len(order) * _TRAIN_SHARE)
    return Data(both.pick(slice(first)), both.pick(slice(first, None)))


def synthetic(shape: tuple[int, ...], classes: int | None, count: int, seed: int) -> Data:
    """Return random samples that can be learnt: a pattern for each class, and noise.

    Args:
        shape: of an input.
        classes: how many labels there are; None: the target of a sample is the sample.
        count: samples to learn from; a quarter as many to judge by.
        seed: of everything random.
    """
    rng = np.random.default_rng(seed)
    patterns = rng.standard_normal((classes or DIGITS_CLASSES, *shape))
    labels = rng.integers(0, len(patterns), count + -(-count // 4))
    inputs = (patterns[labels] + _NOISE * rng.standard_normal((len(labels), *shape))).astype(np.float32)
    both = Dataset(inputs, inputs if classes is None else labels)
    return Data(both.pick(slice(count)), both.pick(slice(count, None)))
