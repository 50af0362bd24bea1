# SPDX-License-Identifier: Apache-2.0
"""Whole training steps on the RTL: every bit is the golden model's, every cycle the law's."""

from __future__ import annotations

import numpy as np
import pytest

from redmule.train import Dataset, Settings, step_differences


def differences(network: str, recipe: str, batch: int) -> list[str]:
    settings = Settings(network, Settings.usual_data(network), recipe, batch=batch)
    samples = settings.load_data().train.batch(batch, 0, 0)
    with settings.engine("model") as model, settings.engine("rtl") as rtl:
        return step_differences(settings.trainer(model), settings.trainer(rtl), samples)


@pytest.mark.parametrize(
    ("network", "recipe", "batch"), [("digits_cnn", "fp16", 32), ("digits_cnn", "mixed_fp8", 8), ("ds_cnn", "fp16", 1)]
)
def test_a_step_is_equal_on_golden_model_and_rtl(network: str, recipe: str, batch: int) -> None:
    assert differences(network, recipe, batch) == []


@pytest.mark.long
@pytest.mark.parametrize(
    ("network", "recipe", "batch"),
    [
        ("autoencoder", "fp16", 16),
        ("autoencoder", "mixed_fp8", 16),
        ("ds_cnn", "mixed_fp8", 2),
        ("resnet8", "fp16", 1),
        ("resnet8", "mixed_fp8", 1),
        ("digits_resnet", "fp16", 16),
    ],
)
def test_a_step_of_a_large_network_is_equal_on_golden_model_and_rtl(network: str, recipe: str, batch: int) -> None:
    assert differences(network, recipe, batch) == []


def test_differences_are_named() -> None:
    settings = Settings("digits_mlp", batch=4)
    rng = np.random.default_rng(1)
    samples = Dataset(rng.random((4, 8, 8, 1), np.float32), rng.integers(0, 10, 4))
    with settings.engine() as one, settings.engine() as other:
        first, second = settings.trainer(one), settings.trainer(other)
        bias = second.network.parameters()["fc.bias"]
        bias.master = bias.master + np.float32(0.5) * np.arange(10, dtype=np.float32)
        found = step_differences(first, second, samples)
    assert {"loss", "network/fc.bias", "gradient/fc.weight"} <= set(found)
