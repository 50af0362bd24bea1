# SPDX-License-Identifier: Apache-2.0
"""The networks: sizes against the tables of the benchmark, shapes, options."""

from __future__ import annotations

import numpy as np
import pytest

from redmule import layers as nn
from redmule.networks import NETWORKS, build
from redmule.workload import networks as tables

TINY = ("resnet8", "ds_cnn", "autoencoder", "mobilenet_v1_025")
WEIGHTS = {"resnet8": 77360, "ds_cnn": 22016, "autoencoder": 264192, "mobilenet_v1_025": 208112}
"""As MLPerf Tiny's reference models have them, without biases and batch norms."""


@pytest.mark.parametrize("name", TINY)
def test_multiply_adds_and_weights_are_those_of_the_benchmark(name: str) -> None:
    network, table = build(name), tables()[name]
    assert network.forward_macs() == table["forward_macs"]
    assert network.step_macs() == table["training_step_macs"]
    assert network.step_macs(16) == 16 * table["training_step_macs"]
    assert network.weights() == WEIGHTS[name]


@pytest.mark.parametrize("name", TINY)
def test_layers_with_weights_have_the_shapes_of_the_table(name: str) -> None:
    placed = [place for place in build(name).placed(1) if place.macs]
    wanted = []
    for layer in tables()[name]["layers"].values():
        [(kind, sizes)] = layer.items()
        wanted.append({"conv": sizes[-3:], "dw": sizes[-3:], "linear": sizes[-1:]}[kind])
    assert sorted(list(p.layer.shape(p.x)[1:])[::-1] for p in placed) == sorted(
        [sizes[0], *sizes[:0:-1]] if len(sizes) == 3 else sizes for sizes in wanted
    )


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_gives_its_outputs_for_each_sample(name: str) -> None:
    network = build(name)
    assert network.name == name
    assert network.layers.shape(network.shape(3)) == (3, network.outputs)
    assert network.outputs == (640 if network.loss == "mse" else network.outputs)


@pytest.mark.parametrize("name", ["digits_mlp", "digits_cnn", "digits_resnet"])
def test_networks_for_digits_learn_one_batch(name: str) -> None:
    random = np.random.default_rng(1)
    network, engine = build(name), nn.FloatEngine("float32")
    network.layers.initialise(random)
    x, labels = random.random(network.shape(20), np.float32), random.integers(0, 10, 20)
    optimiser, values = nn.SGD(0.05, momentum=0.9), []
    for _ in range(30):
        y, saved = network.layers.forward(x, engine)
        value, dy = nn.cross_entropy(y, labels, engine)
        network.layers.backward(dy, saved, engine, need_dx=False)
        optimiser.step(network.layers.parameters(), engine)
        network.layers.clear_grads()
        values.append(value)
    assert values[-1] < values[0] / 3


def test_paths_of_placed_layers_are_those_of_logs() -> None:
    network = build("resnet8")
    engine = nn.PlanEngine("paper", nn.FP16)
    network.layers.forward(np.zeros(network.shape(1), np.float16), engine)
    paths = {place.path for place in network.placed(1)}
    assert {work.layer for work in engine.log} - {"s1", "s2", "s3"} == paths


def test_a_wrong_name_option_or_batch_is_refused() -> None:
    with pytest.raises(ValueError, match="network = 'lenet': allowed are resnet8, "):
        build("lenet")
    with pytest.raises(ValueError, match="option of digits_cnn = 'depth': allowed are filters, classes"):
        build("digits_cnn", depth=3)
    with pytest.raises(ValueError, match="batch = 0"):
        build("digits_cnn").shape(0)


def test_options_change_the_network() -> None:
    assert build("digits_cnn", classes=5).outputs == 5
    assert build("digits_cnn", filters=(4, 8)).weights() < build("digits_cnn").weights()
