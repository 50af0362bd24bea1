# SPDX-License-Identifier: Apache-2.0
"""Engines agree: in bits (golden, RTL, law), in what they note and in cycles (law, plan), and in what they refuse."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from numpy.typing import NDArray

import redmule
from redmule.golden import MAX_SIZE
from redmule.layers import (
    FP16,
    GRU,
    MIXED_FP8,
    PASSES,
    SGD,
    BatchNorm,
    Conv2d,
    DepthwiseConv2d,
    DeviceEngine,
    Engine,
    FloatEngine,
    GlobalAvgPool,
    Layer,
    Linear,
    MaxPool,
    MultiHeadAttention,
    Parameter,
    PlanEngine,
    Pointwise,
    Product,
    Recipe,
    ReLU,
    Residual,
    Sequential,
    Work,
    cross_entropy,
)

IMAGES = (3, 8, 7, 2)
LABELS = np.array([1, 4, 0])
SCALE = 64.0


def small_network(variant: str = "") -> Sequential:
    """Return a network with all that runs as jobs, each pass done in this way where there is a choice."""
    network = Sequential(
        [
            Conv2d(2, 6, 3, name="stem"),
            BatchNorm(6),
            ReLU(),
            Residual(Conv2d(6, 6, 3, name="inner")),
            MaxPool(2),
            DepthwiseConv2d(6, 3, stride=2, block=4),
            Pointwise(6, 8),
            GlobalAvgPool(),
            Linear(8, 5),
        ]
    ).initialise(np.random.default_rng(1))
    for _, layer in network.leaves():
        for turn in PASSES:
            if variant in layer.choices(turn):
                layer.choose(turn, variant)
    return network


def step(network: Layer, engine: Engine) -> dict[str, NDArray[Any]]:
    """Do one training step and return all that it left."""
    x = np.random.default_rng(0).standard_normal(IMAGES).astype(np.float32)
    y, saved = network.forward(x, engine)
    value, dy = cross_entropy(y, LABELS, engine, SCALE)
    network.backward(dy, saved, engine, need_dx=False)
    SGD(0.1, momentum=0.9, decay=1e-3).step(network.parameters(), engine, SCALE)
    return {"loss": np.array(value), "y": y, **network.state()}


def counts(log: Sequence[Work], cycles: bool = True) -> list[Work]:
    """Return a log without what only values tell, and without cycles if so said."""
    return [replace(work, overflow=False, cycles=work.cycles if cycles else None) for work in log]


@pytest.mark.parametrize("recipe", [FP16, MIXED_FP8], ids=lambda recipe: recipe.name)
@pytest.mark.parametrize("variant", ["", "taps", "rows", "block"])
def test_a_step_has_the_same_bits_on_the_golden_model_the_rtl_and_the_law(variant: str, recipe: Recipe) -> None:
    results, logs = {}, {}
    for kind in ("golden", "model", "rtl"):
        with redmule.open(kind, "tiny") as device:
            engine = DeviceEngine(device, recipe)
            results[kind], logs[kind] = step(small_network(variant), engine), engine.log
    for kind in ("model", "rtl"):
        for name, expected in results["golden"].items():
            np.testing.assert_array_equal(results[kind][name], expected, err_msg=f"{kind} {name}")
    assert logs["model"] == logs["rtl"]
    assert counts(logs["golden"], cycles=False) == counts(logs["rtl"], cycles=False)


@pytest.mark.parametrize("variant", ["", "taps", "rows", "block"])
def test_the_plan_notes_what_the_law_notes(variant: str) -> None:
    plan = PlanEngine("tiny", FP16)
    with redmule.open("model", "tiny") as device:
        law = DeviceEngine(device, FP16)
        step(small_network(variant), law)
    step(small_network(variant), plan)
    assert counts(plan.log, cycles=False) == counts(law.log, cycles=False)
    if variant == "block":  # jobs shorter than their driver: the plan leaves it out
        assert cycles(plan) == pytest.approx(cycles(law), rel=0.01)
    else:
        assert counts(plan.log) == counts(law.log)


def cycles(engine: Engine) -> int:
    """Return the cycles of all products."""
    return sum(work.cycles or 0 for work in engine.log if not work.on_cores)


@pytest.mark.parametrize("layer", [GRU(3, 5), MultiHeadAttention(6, 2)], ids=["gru", "attention"])
def test_recurrent_layers_and_attention_have_the_same_bits_on_the_rtl(layer: Layer) -> None:
    layer.initialise(np.random.default_rng(2))
    features = layer.parameters()["weight"].shape[0]
    x = np.random.default_rng(3).standard_normal((2, 3, features)).astype(np.float16)
    found = []
    for kind in ("golden", "rtl"):
        with redmule.open(kind, "tiny") as device:
            engine = DeviceEngine(device, FP16)
            layer.clear_grads()
            y, saved = layer.forward(x, engine)
            dx = layer.backward(y, saved, engine)
            found.append([y, dx, *(parameter.grad for parameter in layer.parameters().values())])
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_plan_changes_nothing_and_is_fast() -> None:
    network = small_network()
    before = network.state()
    engine = PlanEngine("paper", FP16)
    step(network, engine)  # compiles
    start = time.process_time()
    step(network, engine)
    assert time.process_time() - start < 0.5
    for name, value in before.items():
        np.testing.assert_array_equal(network.state()[name], value)


def test_a_product_larger_than_a_job_is_cut() -> None:
    engine = FloatEngine("float64")
    rng = np.random.default_rng(0)
    long, bias = rng.standard_normal((MAX_SIZE + 5, 2)), rng.standard_normal(3)
    right = rng.standard_normal((2, 3))
    small = Product(right, right.T)
    tall, _, inner = engine.products([Product(long, right, bias), small, Product(long.T, long)])
    np.testing.assert_allclose(tall, long @ right + bias)
    np.testing.assert_allclose(inner, long.T @ long)
    assert [(work.m, work.n, work.k) for work in engine.log] == [
        (MAX_SIZE, 2, 3),
        (5, 2, 3),
        (2, 3, 2),
        (2, MAX_SIZE, 2),
        (2, 5, 2),
    ]


def test_products_that_share_an_array_see_each_other() -> None:
    with redmule.open("golden") as device:
        engine = DeviceEngine(device, FP16)
        ones = np.ones((4, 4), np.float16)
        sums = engine.zeros((6, 8), FP16.output)
        left, all_but_first = sums[:4, :4], sums[1:5, :4]
        engine.products([Product(ones, ones, None, left), Product(ones, ones, all_but_first, all_but_first)])
    assert sums[:, 0].tolist() == [4, 8, 8, 8, 4, 0]
    assert not sums[:, 4:].any()


@pytest.mark.parametrize(
    ("product", "message"),
    [
        (Product(np.zeros((2, 3)), np.zeros((2, 3))), r"x \(2, 3\) and w \(2, 3\): allowed are"),
        (Product(np.zeros(3), np.zeros((3, 3))), r"x \(3,\)"),
        (Product(np.zeros((2, 3)), np.zeros((3, 4)), np.zeros(3)), r"y has shape \(3,\): allowed are \(2, 4\), or"),
        (Product(np.zeros((2, 3)), np.zeros((3, 4)), None, np.zeros((2, 4), np.float32)), "z is float32"),
    ],
)
def test_products_that_do_not_fit_are_refused(product: Product, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        FloatEngine("float64").products([product])


def test_a_device_refuses_dtypes_it_does_not_have() -> None:
    with redmule.open("golden") as device, pytest.raises(ValueError, match="float32"):
        DeviceEngine(device, FP16).product(np.zeros((2, 2), np.float32), np.zeros((2, 2), np.float16))


def test_a_float_engine_has_two_dtypes() -> None:
    with pytest.raises(ValueError, match="dtype = 'float16': allowed are float32, float64"):
        FloatEngine(np.float16)


def test_values_are_cast_once_until_they_change() -> None:
    engine = PlanEngine("tiny", FP16)
    weight = Parameter((3, 4))
    first = weight.value(engine)
    assert weight.value(engine) is first
    assert first.dtype == np.float16
    weight.master = np.ones((3, 4), np.float32)
    assert weight.value(engine) is not first
    assert [work.what for work in engine.log] == ["cast", "cast"]


def test_the_last_value_of_an_fp8_format_stops_what_goes_beyond_it() -> None:
    large = np.array([[1e3, -1e3, 104]], np.float32)
    with redmule.open("golden") as device:
        stopped, open_ended = DeviceEngine(device, MIXED_FP8), DeviceEngine(device, replace(MIXED_FP8, saturate=False))
        assert stopped.cast(large, "activation").astype(float).tolist() == [[240, -240, 104]]
        assert open_ended.cast(large, "activation").astype(float).tolist() == [[np.inf, -np.inf, 104]]
    assert [engine.log[0].overflow for engine in (stopped, open_ended)] == [False, True]


def test_overflow_is_noted_where_it_happens() -> None:
    with redmule.open("golden") as device:
        engine = DeviceEngine(device, FP16)
        large = np.full((2, 2), 300, np.float16)
        product = engine.product(large, large)
        engine.kernel("add", (product, product), ((2, 2), FP16.output), np.add)  # infinite before
        engine.kernel("add", (large, large * 200), ((2, 2), FP16.output), np.add)
        engine.kernel("add", (large * 200, large * 200), ((2, 2), FP16.output), np.add)
    assert [work.overflow for work in engine.log] == [True, False, False, True]


def test_a_matrix_is_a_view_where_it_can_be() -> None:
    engine = FloatEngine("float32")
    whole = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    assert np.shares_memory(engine.matrix(whole[:, :, :2]), whole)
    assert engine.log == []
    np.testing.assert_array_equal(engine.matrix(whole[:, :2]), whole[:, :2].reshape(4, 4))
    assert [work.what for work in engine.log] == ["copy"]


def test_work_belongs_to_the_scope_it_is_done_in() -> None:
    network = Sequential([Residual(Linear(4, 4, name="fc"), name="block")])
    engine = FloatEngine("float32")
    y, saved = network.forward(np.ones((2, 4), np.float32), engine)
    network.backward(y, saved, engine)
    assert [(work.layer, work.turn, work.what) for work in engine.log] == [
        ("block.fc", "forward", "product"),
        ("block", "forward", "add"),
        ("block.fc", "weights", "product"),
        ("block.fc", "weights", "bias_grad"),
        ("block.fc", "inputs", "product"),
        ("block", "inputs", "add"),
    ]


def test_a_kernel_computes_in_single_precision_and_rounds_once() -> None:
    seen: list[str] = []

    def compute(*wide: NDArray[Any]) -> NDArray[Any]:
        seen.extend(array.dtype.name for array in wide)
        return np.asarray(wide[0] * np.float32(1.001))

    engine = PlanEngine("tiny", FP16)
    inputs = (np.ones(3, ml_dtypes.float8_e5m2), np.arange(3), np.zeros(3, np.float16))
    assert not engine.kernel("add", inputs, ((3,), FP16.output), compute).any()
    assert seen == []
    result = DeviceEngine(redmule.open("golden"), FP16).kernel("add", inputs, ((3,), FP16.output), compute)
    assert seen == ["float32", "int64", "float32"]
    assert result.tolist() == [np.float16(np.float32(1.001))] * 3


def test_a_plan_knows_the_product_of_one_job() -> None:
    engine = PlanEngine("paper", FP16)
    engine.product(np.zeros((96, 96), np.float16), np.zeros((96, 96), np.float16))
    with redmule.open("model", "paper") as device:
        law = DeviceEngine(device, FP16)
        law.product(np.zeros((96, 96), np.float16), np.zeros((96, 96), np.float16))
    assert engine.log == law.log
    assert engine.log[0].macs == 96**3
    assert engine.log[0].bytes_read == 2 * engine.log[0].bytes_written
