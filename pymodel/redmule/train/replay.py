# SPDX-License-Identifier: Apache-2.0
"""Continual learning by latent replay (arXiv 1912.01100): new classes without forgetting the old ones.

The front of a trained network stays as it is; what it makes of some samples of the old classes is stored. The back then
learns from the new classes and, as often, from what is stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import ml_dtypes
import numpy as np
from numpy.typing import DTypeLike

from redmule import checks
from redmule.layers import Engine, Layer, Sequential
from redmule.train.data import Data, Dataset
from redmule.train.settings import Settings
from redmule.train.trainer import EVALUATION_BATCH, Trainer

OLD, NEW = (0, 1, 2, 3, 4), (5, 6, 7, 8, 9)
"""Which classes come first, and which later."""


@dataclass(frozen=True, slots=True)
class Memory:
    """How much of the old classes is known.

    Attributes:
        old: accuracy on the test samples of the old classes.
        new: on those of the new ones.
        both: on all of them.
        stored_bytes: size of what is replayed.
    """

    old: float
    new: float
    both: float
    stored_bytes: int = 0


def halves(network: Layer, last: str) -> tuple[Sequential, Sequential]:
    """Return the layers of a network up to one, and those behind it; they share all parameters with it.

    Args:
        network: layers in a row.
        last: name of the last layer of the front.

    Raises:
        ValueError: there is no such layer.
    """
    if not isinstance(network, Sequential):
        raise checks.refused("network", type(network).__name__, "is a Sequential")
    names = [layer.name for layer in network.layers]
    cut = names.index(checks.choice("layer", last, names)) + 1
    return Sequential(network.layers[:cut]), Sequential(network.layers[cut:])


def latents(front: Sequential, data: Dataset, engine: Engine) -> Dataset:
    """Return what the front makes of samples, by inference."""
    with engine.inference():
        made = [front.forward(part.inputs, engine)[0] for part in data.parts(EVALUATION_BATCH)]
    return Dataset(np.concatenate(made), data.targets)


def stored(data: Dataset, each: int, dtype: DTypeLike, seed: int) -> Dataset:
    """Return some samples of each class, rounded to the dtype in which they are stored."""
    order = np.random.default_rng(seed).permutation(len(data))
    places = [order[data.targets[order] == label][:each] for label in np.unique(data.targets)]
    chosen = data.pick(np.concatenate(places))
    return Dataset(chosen.inputs.astype(dtype), chosen.targets)


def mixed(new: Dataset, replayed: Dataset) -> Dataset:
    """Return the new samples and as many of those replayed, which recur."""
    again = replayed.pick(np.resize(np.arange(len(replayed)), len(new)))
    inputs = np.concatenate([new.inputs, again.inputs.astype(new.inputs.dtype)])
    return Dataset(inputs, np.concatenate([new.targets, again.targets]))


def learn(trainer: Trainer, data: Dataset, batch: int, steps: int, seed: int) -> None:
    """Let a trainer do so many steps on data."""
    for step in range(steps):
        trainer.step(data.batch(batch, step, seed))


def memory(trainer: Trainer, test: Dataset, stored_bytes: int = 0) -> Memory:
    """Return how much a network knows."""
    old, new, both = (trainer.evaluate(test.of_classes(each)).accuracy or 0.0 for each in (OLD, NEW, (*OLD, *NEW)))
    return Memory(old, new, both, stored_bytes)


def continual(
    settings: Settings,
    data: Data,
    last: str,
    each: int = 20,
    steps: int = 200,
    formats: Sequence[DTypeLike] = (np.float16, ml_dtypes.float8_e4m3),
) -> dict[str, Memory]:
    """Learn the old classes, then the new ones: without replay, and with replay from each format.

    Args:
        settings: network in a row of layers, optimiser and rate, batch, engine.
        data: with labels of all classes.
        last: last layer of the front, which learns only the old classes.
        each: samples of each old class that are stored.
        steps: of each of the two times.
        formats: dtypes in which they are stored.

    Returns:
        What is known after the old classes, and then after the new ones in each way.
    """
    batch, seed = settings.batch, settings.seed
    with settings.engine() as engine:
        whole = settings.trainer(engine)
        learn(whole, data.train.of_classes(OLD), batch, steps, seed)
        known = {"after the old classes": memory(whole, data.test)}
        state = whole.network.state()
        front, back = halves(whole.network, last)
        old, new = (latents(front, data.train.of_classes(classes), engine) for classes in (OLD, NEW))
        ways = {"new ones, nothing replayed": (new, 0)}
        for dtype in formats:
            kept = stored(old, each, dtype, seed)
            ways[f"new ones, replayed from {np.dtype(dtype).name}"] = (mixed(new, kept), kept.inputs.nbytes)
        for way, (samples, stored_bytes) in ways.items():
            whole.network.load(state)
            learn(Trainer(back, whole.loss, settings.new_optimiser(), engine), samples, batch, steps, seed)
            known[way] = memory(whole, data.test, stored_bytes)
    return known
