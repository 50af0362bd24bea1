# SPDX-License-Identifier: Apache-2.0
"""Layers as building blocks: shapes and what they refuse, names, parameters, states, modes; optimisers and costs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from redmule.layers import (
    FP16,
    MIXED_FP8,
    RECIPES,
    RNN,
    SGD,
    Adam,
    AvgPool,
    BatchNorm,
    Conv1d,
    Conv2d,
    ConvTranspose2d,
    CoreCosts,
    DepthwiseConv2d,
    Flatten,
    FloatEngine,
    GlobalAvgPool,
    InstanceNorm,
    Layer,
    LayerNorm,
    Linear,
    MultiHeadAttention,
    Optimiser,
    Parameter,
    PlanEngine,
    Pointwise,
    ReLU,
    Residual,
    Sequential,
    cross_entropy,
    mse,
)

Shape = tuple[int, ...]

THREE: Any = (3, 3, 3)


@pytest.mark.parametrize(
    ("layer", "shape", "message"),
    [
        (Linear(3, 4, name="fc"), (2, 5), r"Linear fc: input of shape \(2, 5\): allowed is \(B, ..., 3\)"),
        (Linear(3, 4), (3,), r"Linear: input of shape \(3,\)"),
        (Conv2d(3, 4, 3, name="stem"), (1, 8, 8, 1), r"Conv2d stem: input of shape \(1, 8, 8, 1\): .* \(B, H, W, 3\)"),
        (Conv2d(3, 4, 3), (8, 8, 3), r"allowed is \(B, H, W, 3\)"),
        (Conv2d(3, 4, 5, padding="valid"), (1, 4, 8, 3), r"images of at least the kernel, \(5, 5\)"),
        (Conv1d(3, 4, 5), (1, 8, 2), r"\(B, T, 3\)"),
        (ConvTranspose2d(3, 4, 3), (1, 8, 8, 4), r"\(B, H, W, 3\)"),
        (ConvTranspose2d(3, 4, 2, padding=1), (1, 1, 8, 3), "images large enough"),
        (DepthwiseConv2d(3, 3, name="dw"), (1, 8, 8, 4), r"DepthwiseConv2d dw: .* \(B, H, W, 3\)"),
        (DepthwiseConv2d(3, 3, padding="valid"), (1, 2, 8, 3), "images of at least the kernel"),
        (AvgPool(4), (1, 3, 8, 2), "images of at least the kernel"),
        (AvgPool(2), (1, 3, 2), r"\(B, H, W, C\)"),
        (GlobalAvgPool(), (1, 3), r"\(B, ..., C\)"),
        (BatchNorm(3), (2, 4), r"BatchNorm: .* \(B, ..., 3\) of 2 axes or more"),
        (InstanceNorm(3), (2, 3), r"\(B, ..., 3\) of 3 axes"),
        (RNN(3, 4), (2, 3), r"\(B, T, 3\)"),
        (MultiHeadAttention(4, 2), (2, 3, 5), r"\(B, T, 4\)"),
        (Residual(Linear(3, 4), name="block"), (2, 3), r"Residual block: .* the body \(2, 4\), the skip \(2, 3\)"),
        (Sequential([Linear(3, 4), ReLU(), Linear(5, 2)]), (2, 3), r"Linear linear3: input of shape \(2, 4\)"),
    ],
)
def test_an_input_of_the_wrong_shape_is_refused_by_the_layers_name(layer: Layer, shape: Shape, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        layer.shape(shape)
    with pytest.raises(ValueError, match=message):
        layer.forward(np.zeros(shape, np.float32), FloatEngine("float32"))


@pytest.mark.parametrize(
    ("layer", "shape", "expected", "macs"),
    [
        (Conv2d(3, 16, 3), (2, 32, 32, 3), (2, 32, 32, 16), 2 * 32 * 32 * 27 * 16),
        (Conv2d(1, 64, (10, 4), stride=2), (1, 49, 10, 1), (1, 25, 5, 64), 25 * 5 * 40 * 64),
        (Conv2d(3, 8, 3, stride=2), (1, 96, 96, 3), (1, 48, 48, 8), 48 * 48 * 27 * 8),
        (Pointwise(16, 32, stride=2), (1, 32, 32, 16), (1, 16, 16, 32), 16 * 16 * 16 * 32),
        (Conv1d(2, 3, 4, stride=3, padding="valid"), (2, 11, 2), (2, 3, 3), 2 * 3 * 8 * 3),
        (ConvTranspose2d(4, 2, 3, stride=2), (1, 5, 6, 4), (1, 10, 12, 2), 5 * 6 * 4 * 9 * 2),
        (DepthwiseConv2d(8, 3, stride=2), (1, 7, 6, 8), (1, 4, 3, 8), 4 * 3 * 8 * 9),
        (Linear(64, 10), (16, 64), (16, 10), 16 * 640),
        (RNN(3, 5), (2, 4, 3), (2, 4, 5), 2 * 4 * 8 * 5),
        (MultiHeadAttention(6, 2), (1, 4, 6), (1, 4, 6), 4 * 36 * 4 + 2 * 4 * 4 * 6),
        (Flatten(), (2, 3, 4), (2, 12), 0),
        (Residual(Linear(4, 4), Linear(4, 4)), (2, 4), (2, 4), 64),
        (Sequential([Linear(4, 3), ReLU(), Linear(3, 2)]), (5, 4), (5, 2), 5 * 18),
    ],
)
def test_shapes_and_multiply_adds(layer: Layer, shape: Shape, expected: Shape, macs: int) -> None:
    assert layer.shape(shape) == expected
    assert layer.macs(shape) == macs
    engine = PlanEngine("tiny", FP16)
    y, _ = layer.forward(np.zeros(shape, np.float16), engine)
    assert y.shape == expected
    done = sum(work.macs + work.elements * (work.what == "depthwise") for work in engine.log)
    assert done == macs


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Conv2d(3, 4, 0), "kernel = 0: allowed are 1"),
        (lambda: Conv2d(3, 4, THREE), r"kernel = \(3, 3, 3\): allowed is a number, or \(height, width\)"),
        (lambda: Conv2d(3, 4, 3, stride=-1), "stride = -1"),
        (lambda: Conv2d(3, 4, 3, padding="full"), "padding = 'full': allowed are same, valid"),
        (lambda: Conv2d(3, 4, 3, padding=3), "padding = 3: allowed is less than the kernel"),
        (lambda: Linear(0, 4), "inputs = 0: allowed are 1 to"),
        (lambda: Conv2d(3, -1, 3), "outputs = -1: allowed are 1 to"),
        (lambda: BatchNorm(2.5), "channels = 2.5: allowed are 1 to"),  # type: ignore[arg-type]
        (lambda: MultiHeadAttention(6, 4), "heads = 4: allowed are 1, 2, 3, 6"),
        (lambda: Sequential([ReLU("a"), ReLU("a")]), "names of Sequential = 'a': allowed are different ones"),
        (
            lambda: Conv2d(3, 4, 3).choose("forward", "col2im"),
            "variant of forward of Conv2d = 'col2im': .* im2row, rows",
        ),
        (lambda: Conv2d(3, 4, 3, stride=2).choose("inputs", "rows"), "'rows': allowed are col2im, taps"),
        (lambda: Pointwise(3, 4).choose("forward", "taps"), "'taps': allowed are im2row"),
        (lambda: Conv2d(3, 4, 3).choose("update", "taps"), "turn = 'update'"),
        (lambda: SGD(-1), "rate = -1"),
        (lambda: FP16.dtype("bias"), "role = 'bias': allowed are activation"),  # type: ignore[arg-type]
    ],
)
def test_arguments_are_checked(build: object, message: str) -> None:
    assert callable(build)
    with pytest.raises(ValueError, match=message):
        build()


def test_layers_in_a_row_are_called_by_kind_and_place_and_paths_are_those_of_the_log() -> None:
    network = Sequential(
        [Conv2d(1, 2, 3), Residual(Sequential([Pointwise(2, 2, bias=False)])), Linear(2, 3, name="fc")]
    )
    assert list(network.parameters()) == [
        "conv2d1.bias",
        "conv2d1.weight",
        "residual2.body.pointwise1.weight",
        "fc.weight",
        "fc.bias",
    ]
    assert [path for path, _ in network.leaves()] == ["conv2d1", "residual2.body.pointwise1", "fc"]
    engine = PlanEngine("tiny", FP16)
    network.forward(np.zeros((1, 4, 4, 1), np.float16), engine)
    assert {work.layer for work in engine.log} == {"conv2d1", "residual2.body.pointwise1", "residual2", "fc"}


def test_a_state_brings_back_a_network() -> None:
    network, other = (Sequential([Linear(4, 3), BatchNorm(3)]).initialise(np.random.default_rng(i)) for i in (1, 2))
    network.forward(np.random.default_rng(3).standard_normal((8, 4)), FloatEngine("float32"))
    other.load(network.state())
    for name, value in network.state().items():
        np.testing.assert_array_equal(other.state()[name], value)
    assert "batchnorm2.variance" in network.state()
    assert network.state()["batchnorm2.mean"].any()


def test_a_state_of_another_network_is_refused_and_nothing_is_taken() -> None:
    network = Linear(4, 3).initialise(np.random.default_rng(1))
    state = network.state()
    with pytest.raises(ValueError, match=r"state = 'bias': allowed are exactly the parameters weight, bias"):
        network.load({"weight": state["weight"]})
    with pytest.raises(ValueError, match=r"state\['bias'\].shape = \(4,\): allowed is \(3,\)"):
        network.load({"weight": np.zeros((4, 3)), "bias": np.zeros(4)})
    assert network.state()["weight"].any()


def test_a_master_is_replaced_and_never_written() -> None:
    parameter = Parameter((2, 2))
    with pytest.raises(ValueError, match="read-only"):
        parameter.master[0, 0] = 1


def test_drawn_weights_have_the_deviation_of_their_layer() -> None:
    layer = Linear(400, 300).initialise(np.random.default_rng(1))
    assert layer.weight.master.std() == pytest.approx((2 / 400) ** 0.5, rel=0.01)
    assert layer.bias is not None
    assert not layer.bias.master.any()


def test_what_is_frozen_gets_no_gradient_and_costs_none() -> None:
    network = Sequential([Linear(4, 4, name="front"), ReLU(), Linear(4, 2, name="back")])
    for parameter in network.layers[0].parameters().values():
        parameter.trained = False
    engine = PlanEngine("tiny", FP16)
    y, saved = network.forward(np.zeros((3, 4), np.float16), engine)
    engine.log.clear()
    assert network.backward(y, saved, engine, need_dx=False) is None
    assert {(work.layer, work.turn) for work in engine.log} == {("back", "weights")}
    assert network.backward(y, saved, engine) is not None


def test_batch_norm_infers_by_running_statistics() -> None:
    engine, rng = FloatEngine("float64"), np.random.default_rng(1)
    layer, x = BatchNorm(3, momentum=0.25), rng.normal(2, 3, (50, 3))
    layer.forward(x, engine)
    np.testing.assert_allclose(layer.mean.master, 0.25 * x.mean(0))
    np.testing.assert_allclose(layer.variance.master, 0.75 + 0.25 * x.var(0, ddof=1))
    with engine.inference():
        y, saved = layer.forward(x, engine)
        expected = (x - layer.mean.master) / np.sqrt(layer.variance.master + layer.epsilon)
        np.testing.assert_allclose(y, expected)
        dx = layer.backward(np.ones_like(y), saved, engine)
    assert dx is not None
    np.testing.assert_allclose(dx, 1 / np.sqrt(np.broadcast_to(layer.variance.master + layer.epsilon, x.shape)))
    assert engine.training
    np.testing.assert_allclose(np.array(layer.scale.grad), expected.sum(0), atol=1e-12)


def test_norms_give_means_of_zero_and_deviations_of_one() -> None:
    engine, rng = FloatEngine("float64"), np.random.default_rng(1)
    x = rng.normal(2, 3, (4, 5, 6, 7))
    for layer, over in ((BatchNorm(7), (0, 1, 2)), (LayerNorm(7), 3), (InstanceNorm(7), (1, 2))):
        y, _ = layer.forward(x, engine)
        np.testing.assert_allclose(y.mean(over), 0, atol=1e-12)
        np.testing.assert_allclose(y.std(over), 1, atol=1e-4)


@pytest.mark.parametrize(
    ("optimiser", "expected"),
    [
        (SGD(0.1), [1 - 0.1 * 2, 1 - 0.2 - 0.1 * 2]),
        (SGD(0.1, decay=0.5), [1 - 0.1 * 2.5, 0.75 - 0.1 * (2 + 0.375)]),
        (SGD(0.1, momentum=0.5), [1 - 0.1 * 2, 0.8 - 0.1 * 3]),
        (Adam(0.1), [0.9, 0.8]),  # the gradient stays: every step is the rate
    ],
)
def test_steps_of_optimisers(optimiser: Optimiser, expected: list[float]) -> None:
    engine = FloatEngine("float64")
    weight, bias, still = Parameter((1,)), Parameter((1,), "output"), Parameter((1,), trained=False)
    parameters = {"fc.weight": weight, "fc.bias": bias, "fc.still": still}
    for parameter in parameters.values():
        parameter.master, parameter.grad = np.ones(1), np.full(1, 16.0)
    for value in expected:
        optimiser.step(parameters, engine, scale=8.0)
        assert weight.master == pytest.approx(value)
    assert bias.master == pytest.approx(expected[-1]) or optimiser.decay  # biases do not decay
    assert still.master == 1
    assert {(work.layer, work.turn) for work in engine.log} == {("fc", "update")}


@pytest.mark.parametrize("build", [lambda: SGD(0.1, momentum=0.9), lambda: Adam(0.1)])
def test_an_optimiser_goes_on_from_its_state(build: object) -> None:
    assert callable(build)
    engine, first, second = FloatEngine("float32"), build(), build()
    one, other = Parameter((2,)), Parameter((2,))
    for parameter in (one, other):
        parameter.grad = np.array([1, -2], np.float32)
    for _ in range(4):
        first.step({"w": one}, engine)
    for _ in range(2):
        second.step({"w": other}, engine)
    third = build()
    third.load(second.state())
    for _ in range(2):
        third.step({"w": other}, engine)
    np.testing.assert_array_equal(one.master, other.master)


def test_losses_are_checked_and_are_zero_without_values() -> None:
    engine = PlanEngine("tiny", FP16)
    with pytest.raises(ValueError, match=r"target.shape of mse = \(3,\): allowed is that of y, \(2,\)"):
        mse(np.zeros(2), np.zeros(3), engine)
    with pytest.raises(ValueError, match=r"cross_entropy of \(2, 3\) with labels \(3,\)"):
        cross_entropy(np.zeros((2, 3)), np.zeros(3, int), engine)
    value, dy = cross_entropy(np.zeros((2, 3), np.float16), np.zeros(2, int), engine)
    assert value == 0
    assert dy.dtype == np.float16
    assert [(work.layer, work.turn) for work in engine.log] == [("cross_entropy", "loss")]


def test_costs_count_elements_or_words_divide_among_cores_and_round_up() -> None:
    costs = CoreCosts.load()
    start = costs.startup_cycles
    relu, copy = costs.kernels["relu"].cycles, costs.kernels["copy"].cycles
    assert costs.cycles("relu", 8000, 1) == costs.cycles("relu", 8000, 4) == start + round(1000 * relu)
    assert costs.cycles("copy", 8000, 4) == start + round(1000 * copy)
    assert costs.cycles("copy", 8000, 1) == start + round(250 * copy)
    assert costs.cycles("relu", 1, 2) == start + 1
    with pytest.raises(ValueError, match="kernel = 'magic': allowed are fill, copy"):
        costs.cycles("magic", 1, 2)


def test_a_wrong_cost_is_refused(tmp_path: Path) -> None:
    table = tmp_path / "costs.yaml"
    table.write_text(
        'cores: 8\nstartup_cycles: 1\nkernels: {fill: {cycles: -1, unit: word, factor: 1, counted: "x"}}\n'
    )
    with pytest.raises(ValueError, match="cycles = -1"):
        CoreCosts.load(table)


def test_recipes_name_formats_for_each_role() -> None:
    assert set(RECIPES) == {"fp64", "fp32", "fp16", "mixed_fp8"}
    assert MIXED_FP8.dtype("activation").name == MIXED_FP8.dtype("weight").name == "float8_e4m3"
    assert MIXED_FP8.dtype("gradient").name == "float8_e5m2"
    assert MIXED_FP8.dtype("output") == FP16.dtype("output") == np.float16
    assert MIXED_FP8.dtype("master") == FP16.dtype("master") == np.float32
