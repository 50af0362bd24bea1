# SPDX-License-Identifier: Apache-2.0
"""The passes of every layer: gradients are differences of the forward pass, variants are equal, FP16 comes close."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import redmule
from redmule.layers import (
    FP16,
    GELU,
    GRU,
    LSTM,
    PASSES,
    RNN,
    AvgPool,
    BatchNorm,
    Conv1d,
    Conv2d,
    ConvTranspose2d,
    DepthwiseConv2d,
    DeviceEngine,
    Engine,
    Flatten,
    FloatEngine,
    GlobalAvgPool,
    InstanceNorm,
    Layer,
    LayerNorm,
    LeakyReLU,
    Linear,
    MaxPool,
    MultiHeadAttention,
    Parameter,
    Pointwise,
    ReLU,
    ReLU6,
    Residual,
    Sequential,
    Sigmoid,
    Softmax,
    Tanh,
    cross_entropy,
    l1,
    mse,
)
from redmule.layers.window import Padding, Pair

Doubles = NDArray[np.float64]
Case = tuple[Callable[[], Layer], tuple[int, ...]]

STEP, TOLERANCE = 1e-6, 2e-7
FP16_BOUND = 0.01
"""How far an element of a result or gradient may be from that in float64, over the largest element or 1: 20 units in
the last place of FP16, which is what the longest chain of sums here can lose."""

MOST_PROBED = 24
"""Elements of a tensor whose derivative is compared with a difference."""

CONVS: dict[str, Case] = {
    "3x3 same": (lambda: Conv2d(3, 4, 3), (2, 5, 6, 3)),
    "3x3 same, stride 2, odd": (lambda: Conv2d(2, 3, 3, stride=2), (2, 7, 5, 2)),
    "3x3 same, stride 2, even": (lambda: Conv2d(2, 3, 3, stride=2), (2, 6, 8, 2)),
    "3x3 valid": (lambda: Conv2d(2, 3, 3, padding="valid", bias=False), (1, 5, 4, 2)),
    "3x3 padding 1, stride 2": (lambda: Conv2d(2, 3, 3, stride=2, padding=1), (2, 6, 5, 2)),
    "5x2 padding (3, 1)": (lambda: Conv2d(1, 2, (5, 2), padding=(3, 1)), (2, 4, 3, 1)),
    "10x4 same, stride 2": (lambda: Conv2d(1, 3, (10, 4), stride=2), (1, 11, 5, 1)),
    "3x3 stride (2, 1)": (lambda: Conv2d(2, 3, 3, stride=(2, 1)), (2, 5, 4, 2)),
    "3x2 stride (1, 2)": (lambda: Conv2d(2, 3, (3, 2), stride=(1, 2)), (2, 4, 5, 2)),
    "2x3 stride (2, 3)": (lambda: Conv2d(2, 2, (2, 3), stride=(2, 3), padding=1), (2, 5, 7, 2)),
    "2x2 stride 3": (lambda: Conv2d(2, 3, 2, stride=3), (2, 7, 8, 2)),
    "1x1": (lambda: Pointwise(3, 4), (2, 3, 2, 3)),
    "1x1 stride 2": (lambda: Pointwise(3, 4, stride=2), (2, 5, 4, 3)),
    "1-D": (lambda: Conv1d(3, 4, 5), (2, 7, 3)),
    "1-D valid, stride 3": (lambda: Conv1d(2, 3, 4, stride=3, padding="valid"), (2, 11, 2)),
    "1-D padding 2": (lambda: Conv1d(2, 3, 3, padding=2), (1, 4, 2)),
    "transposed same, stride 2": (lambda: ConvTranspose2d(3, 2, 3, stride=2), (2, 3, 4, 3)),
    "transposed valid": (lambda: ConvTranspose2d(2, 3, (2, 3), padding="valid"), (2, 3, 2, 2)),
    "transposed padding 1, stride (3, 2)": (lambda: ConvTranspose2d(2, 2, 4, stride=(3, 2), padding=1), (1, 3, 4, 2)),
    "depthwise": (lambda: DepthwiseConv2d(5, 3, block=2), (2, 5, 4, 5)),
    "depthwise stride 2": (lambda: DepthwiseConv2d(4, 3, stride=2, block=3), (2, 6, 5, 4)),
    "depthwise valid, 2x3": (lambda: DepthwiseConv2d(3, (2, 3), padding="valid", bias=False), (1, 4, 5, 3)),
}

OTHERS: dict[str, Case] = {
    "linear": (lambda: Linear(5, 4), (3, 5)),
    "linear of more axes, no bias": (lambda: Linear(3, 2, bias=False), (2, 4, 3)),
    "rnn": (lambda: RNN(3, 4), (2, 5, 3)),
    "lstm": (lambda: LSTM(3, 4), (2, 4, 3)),
    "lstm of one step": (lambda: LSTM(2, 3), (2, 1, 2)),
    "gru": (lambda: GRU(3, 4), (2, 4, 3)),
    "attention": (lambda: MultiHeadAttention(6, 2), (2, 5, 6)),
    "attention of one head": (lambda: MultiHeadAttention(4, 1), (1, 3, 4)),
    "batch norm": (lambda: BatchNorm(3), (4, 2, 3, 3)),
    "batch norm of features": (lambda: BatchNorm(4), (5, 4)),
    "layer norm": (lambda: LayerNorm(6), (2, 3, 6)),
    "instance norm": (lambda: InstanceNorm(3), (2, 3, 4, 3)),
    "max pool": (lambda: MaxPool(2), (2, 4, 6, 3)),
    "max pool 3, stride 2, same": (lambda: MaxPool(3, 2, "same"), (2, 5, 6, 2)),
    "average pool": (lambda: AvgPool((2, 3)), (2, 4, 6, 2)),
    "average pool 3, stride 1, padding 1": (lambda: AvgPool(3, 1, 1), (2, 4, 3, 2)),
    "global average pool": (lambda: GlobalAvgPool(), (2, 3, 4, 3)),
    "flatten": (lambda: Flatten(), (2, 3, 4)),
    "relu": (lambda: ReLU(), (3, 8)),
    "relu6": (lambda: ReLU6(), (3, 8)),
    "leaky relu": (lambda: LeakyReLU(0.1), (3, 8)),
    "sigmoid": (lambda: Sigmoid(), (3, 8)),
    "tanh": (lambda: Tanh(), (3, 8)),
    "gelu": (lambda: GELU(), (3, 8)),
    "softmax": (lambda: Softmax(), (2, 3, 5)),
    "residual": (lambda: Residual(Sequential([Linear(4, 4), Tanh()])), (3, 4)),
    "residual with a skip": (lambda: Residual(Conv2d(2, 3, 3, stride=2), Pointwise(2, 3, stride=2)), (2, 4, 4, 2)),
    "a small network": (
        lambda: Sequential([Conv2d(1, 3, 3), BatchNorm(3), ReLU(), MaxPool(2), Flatten(), Linear(12, 3)]),
        (3, 4, 4, 1),
    ),
}


def drawn(build: Callable[[], Layer]) -> Layer:
    """Return a layer with random parameters in float64, biases as well."""
    layer, rng = build(), np.random.default_rng(5)
    for parameter in layer.parameters().values():
        parameter.master = rng.uniform(0.5, 1.5, parameter.shape) * np.where(rng.random(parameter.shape) < 0.5, 1, -1)
    for path, parameter in layer.parameters().items():
        if path.endswith("variance"):
            parameter.master = np.abs(parameter.master)
    return layer


def probe(values: Doubles, change: Callable[[Doubles], float]) -> list[tuple[tuple[int, ...], float]]:
    """Return some places of an array and the derivative of `change` there, by differences."""
    places = list(np.ndindex(values.shape))
    chosen = (
        places if len(places) <= MOST_PROBED else [places[i] for i in range(0, len(places), len(places) // MOST_PROBED)]
    )

    def moved(place: tuple[int, ...], by: float) -> float:
        other = values.copy()
        other[place] += by
        return change(other)

    return [(place, (moved(place, STEP) - moved(place, -STEP)) / (2 * STEP)) for place in chosen]


def check_gradients(layer: Layer, shape: tuple[int, ...]) -> None:
    """Compare the gradients of sum(y * weights) with differences."""
    engine, rng = FloatEngine("float64"), np.random.default_rng(7)
    x = rng.permutation(np.linspace(-2, 7, int(np.prod(shape)))).reshape(shape)  # apart, as pools and ReLU6 want it
    y, saved = layer.forward(x, engine)
    assert y.shape == layer.shape(shape)
    weights = rng.standard_normal(y.shape)
    dx = layer.backward(weights, saved, engine)
    assert dx is not None
    assert dx.shape == shape

    def total(x: Doubles) -> float:
        return float((layer.forward(x, engine)[0] * weights).sum())

    scale = max(1.0, float(np.abs(dx).max()))
    for place, slope in probe(x, total):
        assert dx[place] == pytest.approx(slope, abs=TOLERANCE * scale * 10), place
    for path, parameter in layer.parameters().items():
        if parameter.trained:
            check_parameter(path, parameter, lambda: total(x))


def check_parameter(path: str, parameter: Parameter, total: Callable[[], float]) -> None:
    before, grad = parameter.master, parameter.grad
    assert grad is not None, path
    assert grad.shape == parameter.shape, path

    def changed(master: Doubles) -> float:
        parameter.master = master
        return total()

    scale = max(1.0, float(np.abs(grad).max()))
    for place, slope in probe(np.array(before), changed):
        assert grad[place] == pytest.approx(slope, abs=TOLERANCE * scale * 10), (path, place)
    parameter.master = before


def passes(layer: Layer, x: NDArray[Any], dy: NDArray[Any], engine: Engine) -> list[Any]:
    """Return the result and the gradients of input and parameters, these accumulated twice."""
    y, saved = layer.forward(x, engine)
    dx = [layer.backward(dy, saved, engine) for _ in range(2)][1]
    return [y, dx, *(parameter.grad for parameter in layer.parameters().values() if parameter.trained)]


@pytest.mark.parametrize("case", [*CONVS, *OTHERS])
def test_gradients_are_differences_of_the_forward_pass(case: str) -> None:
    build, shape = (CONVS | OTHERS)[case]
    check_gradients(drawn(build), shape)


@pytest.mark.parametrize("case", CONVS)
def test_all_variants_of_a_pass_are_equal(case: str) -> None:
    check_variants(*CONVS[case])


def check_variants(build: Callable[[], Layer], shape: tuple[int, ...]) -> None:
    """Compare each variant of each pass with the default."""
    engine, rng = FloatEngine("float64"), np.random.default_rng(3)
    x = rng.standard_normal(shape)
    dy = rng.standard_normal(drawn(build).shape(shape))

    expected = passes(drawn(build), x, dy, engine)
    for turn in PASSES:
        for variant in drawn(build).choices(turn):
            layer = drawn(build)
            layer.choose(turn, variant)
            for one, other in zip(passes(layer, x, dy, engine), expected, strict=True):
                np.testing.assert_allclose(one, other, rtol=0, atol=1e-12 * np.abs(other).max(), err_msg=variant)


@pytest.mark.parametrize("case", [*CONVS, *OTHERS])
def test_fp16_on_the_accelerator_comes_close_to_float64(case: str) -> None:
    build, shape = (CONVS | OTHERS)[case]
    rng, device = np.random.default_rng(3), redmule.open("golden")
    x, dy = (rng.standard_normal(of).astype(np.float16) for of in (shape, drawn(build).shape(shape)))
    exact = FloatEngine("float64")
    expected = passes(drawn(build), x.astype(np.float64), dy.astype(np.float64), exact)
    ways = {way for turn in PASSES for way in drawn(build).choices(turn)} or {""}
    for way in sorted(ways):
        layer = drawn(build)
        for turn in PASSES:
            if way in layer.choices(turn):
                layer.choose(turn, way)
        for one, other in zip(passes(layer, x, dy, DeviceEngine(device, FP16)), expected, strict=True):
            bound = FP16_BOUND * max(1, np.abs(other).max())
            np.testing.assert_allclose(one, other, rtol=0, atol=bound, err_msg=way)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    size=st.tuples(st.integers(1, 2), st.integers(1, 7), st.integers(1, 7), st.integers(1, 3)),
    kernel=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    stride=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    padding=st.one_of(st.sampled_from(["same", "valid"]), st.tuples(st.integers(0, 3), st.integers(0, 3))),
    kind=st.sampled_from([Conv2d, ConvTranspose2d, DepthwiseConv2d]),
)
def test_all_variants_are_equal_for_any_geometry(
    size: tuple[int, int, int, int], kernel: Pair, stride: Pair, padding: Padding, kind: Callable[..., Layer]
) -> None:
    def build() -> Layer:
        channels = (size[3],) if kind is DepthwiseConv2d else (size[3], 2)
        return kind(*channels, kernel, stride=stride, padding=padding)

    try:
        build().shape(size)
    except ValueError:
        assume(False)
    check_variants(build, size)


def test_gradients_accumulate_until_they_are_cleared() -> None:
    engine, rng = FloatEngine("float64"), np.random.default_rng(1)
    for build, shape in (CONVS | OTHERS).values():
        layer, x = drawn(build), rng.standard_normal(shape)
        y, saved = layer.forward(x, engine)
        layer.backward(np.ones_like(y), saved, engine)
        once = {path: np.array(p.grad) for path, p in layer.parameters().items() if p.trained}
        layer.backward(np.ones_like(y), saved, engine)
        for path, grad in once.items():
            twice = np.array(layer.parameters()[path].grad)
            np.testing.assert_allclose(twice, 2 * grad, atol=1e-9 * max(1, np.abs(grad).max()))
        layer.clear_grads()
        assert all(parameter.grad is None for parameter in layer.parameters().values())


@pytest.mark.parametrize("loss", [mse, l1])
def test_gradients_of_losses_of_elements_are_differences(loss: Callable[..., tuple[float, Doubles]]) -> None:
    engine, rng = FloatEngine("float64"), np.random.default_rng(2)
    y, target = rng.standard_normal((2, 3, 4))
    _, dy = loss(y, target, engine, 8.0)
    for place, slope in probe(y, lambda y: loss(y, target, engine)[0]):
        assert dy[place] == pytest.approx(8 * slope, abs=1e-7)


def test_gradient_of_cross_entropy_is_a_difference() -> None:
    engine, rng = FloatEngine("float64"), np.random.default_rng(2)
    y, labels = rng.standard_normal((3, 5)), np.array([4, 0, 2])
    value, dy = cross_entropy(y, labels, engine, 8.0)
    assert value == pytest.approx(float(-np.log(np.exp(y) / np.exp(y).sum(1, keepdims=True))[range(3), labels].mean()))
    for place, slope in probe(y, lambda y: cross_entropy(y, labels, engine)[0]):
        assert dy[place] == pytest.approx(8 * slope, abs=1e-7)
