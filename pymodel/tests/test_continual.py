# SPDX-License-Identifier: Apache-2.0
"""Continual learning: what is stored, what is replayed, and that it keeps the old classes known."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

from redmule.layers import FloatEngine
from redmule.networks import build
from redmule.train import Dataset, Settings, digits
from redmule.train.replay import continual, halves, latents, mixed, stored


def test_the_front_stays_and_its_latents_go_into_the_back() -> None:
    layers = build("digits_cnn").layers.initialise(np.random.default_rng(1))
    front, back = halves(layers, "conv1_relu")
    samples = Dataset(np.random.default_rng(2).random((5, 8, 8, 1), np.float32), np.arange(5))
    engine = FloatEngine(np.float32)
    made = latents(front, samples, engine)
    with engine.inference():
        expected, _ = layers.forward(samples.inputs, engine)
        assert (back.forward(made.inputs, engine)[0] == expected).all()
    assert front.parameters().keys().isdisjoint(back.parameters())
    with pytest.raises(ValueError, match="layer = 'conv9': allowed are conv1"):
        halves(layers, "conv9")


def test_what_is_stored_are_so_many_samples_of_each_class_in_fp8() -> None:
    samples = Dataset(np.linspace(0, 4, 60, dtype=np.float16).reshape(30, 2), np.arange(30) % 3)
    kept = stored(samples, 4, ml_dtypes.float8_e4m3, seed=1)
    assert list(np.bincount(kept.targets)) == [4, 4, 4]
    assert kept.inputs.nbytes == 24
    both = mixed(samples, kept)
    assert len(both) == 60
    assert both.inputs.dtype == np.float16
    assert (both.inputs[30:42] == kept.inputs.astype(np.float16)).all()


def test_with_replay_the_old_digits_are_not_forgotten() -> None:
    known = continual(Settings(batch=32), digits(), "conv1_relu", steps=60, formats=(ml_dtypes.float8_e4m3,))
    before, without, replayed = known.values()
    assert before.old > 0.9 > 0.1 > before.new
    assert without.old < 0.6
    assert replayed.old > 0.85
    assert replayed.new > 0.8
    assert replayed.stored_bytes == 5 * 20 * 8 * 8 * 8
