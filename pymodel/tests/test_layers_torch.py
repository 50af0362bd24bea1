# SPDX-License-Identifier: Apache-2.0
"""Layers, losses and optimisers against PyTorch in float64, where it is installed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from redmule.layers import (
    GELU,
    GRU,
    LSTM,
    PASSES,
    RNN,
    SGD,
    Adam,
    AvgPool,
    BatchNorm,
    Conv1d,
    Conv2d,
    ConvTranspose2d,
    DepthwiseConv2d,
    FloatEngine,
    GlobalAvgPool,
    InstanceNorm,
    Layer,
    LayerNorm,
    LeakyReLU,
    Linear,
    MaxPool,
    MultiHeadAttention,
    Optimiser,
    Parameter,
    ReLU,
    ReLU6,
    Sigmoid,
    Softmax,
    Tanh,
    cross_entropy,
    l1,
    mse,
)

torch: Any = pytest.importorskip("torch")

Doubles = NDArray[np.float64]
Tensors = Mapping[str, Any]
Theirs = Callable[[Any, Tensors], Any]
"""Their forward pass: of x and the parameters, all as tensors in this package's layout."""

TOLERANCE = 1e-10


def first(x: Any) -> Any:
    """Channels first."""
    return x.movedim(-1, 1)


def last(x: Any) -> Any:
    """Channels last."""
    return x.movedim(1, -1)


def conv(kernel: tuple[int, int], pad: tuple[int, int, int, int] = (0, 0, 0, 0), **options: Any) -> Theirs:
    """Return their convolution; padding as of torch's pad: left, right, top, bottom."""

    def run(x: Any, p: Tensors) -> Any:
        weight = p["weight"].reshape(*kernel, x.shape[-1], -1).permute(3, 2, 0, 1)
        padded = torch.nn.functional.pad(first(x), pad)
        return last(torch.nn.functional.conv2d(padded, weight, p.get("bias"), **options))

    return run


def conv1d(x: Any, p: Tensors) -> Any:
    weight = p["weight"].reshape(5, x.shape[-1], -1).permute(2, 1, 0)
    return last(torch.nn.functional.conv1d(first(x), weight, p["bias"], stride=2, padding=2))


def transposed(kernel: tuple[int, int], outputs: int, **options: Any) -> Theirs:
    def run(x: Any, p: Tensors) -> Any:
        weight = p["weight"].reshape(*kernel, outputs, x.shape[-1]).permute(3, 2, 0, 1)
        return last(torch.nn.functional.conv_transpose2d(first(x), weight, p["bias"], **options))

    return run


def depthwise(kernel: tuple[int, int], **options: Any) -> Theirs:
    def run(x: Any, p: Tensors) -> Any:
        weight = p["weight"].reshape(*kernel, -1).permute(2, 0, 1)[:, None]
        return last(torch.nn.functional.conv2d(first(x), weight, p["bias"], groups=x.shape[-1], **options))

    return run


def recurrent(kind: str) -> Theirs:
    """Return their recurrent layer, called with this package's parameters in the place of its own."""

    def run(x: Any, p: Tensors) -> Any:
        inputs, hidden = p["weight"].shape[0], p["state_weight"].shape[0]
        module = getattr(torch.nn, kind)(inputs, hidden, batch_first=True, dtype=torch.float64)
        own = {
            "weight_ih_l0": p["weight"].T,
            "weight_hh_l0": p["state_weight"].T,
            "bias_ih_l0": p["bias"],
            "bias_hh_l0": p.get("state_bias", torch.zeros_like(p["bias"])),
        }
        return torch.func.functional_call(module, own, (x,))[0]

    return run


def attention(x: Any, p: Tensors) -> Any:
    module = torch.nn.MultiheadAttention(6, 2, batch_first=True, dtype=torch.float64)
    own = {
        "in_proj_weight": p["weight"].T,
        "in_proj_bias": p["bias"],
        "out_proj.weight": p["out_weight"].T,
        "out_proj.bias": p["out_bias"],
    }
    return torch.func.functional_call(module, own, (x, x, x), {"need_weights": False})[0]


def function(name: str, **options: Any) -> Theirs:
    """Return a function of torch.nn.functional, on channels last."""
    return lambda x, _: getattr(torch.nn.functional, name)(x, **options)


def pool(name: str, *arguments: Any, **options: Any) -> Theirs:
    return lambda x, _: last(getattr(torch.nn.functional, name)(first(x), *arguments, **options))


CASES: dict[str, tuple[Layer, tuple[int, ...], Theirs]] = {
    "linear": (Linear(5, 4), (3, 5), lambda x, p: x @ p["weight"] + p["bias"]),
    "conv same": (Conv2d(3, 4, 3), (2, 5, 6, 3), conv((3, 3), padding=1)),
    "conv same, stride 2, even: Keras' padding": (
        Conv2d(2, 3, 3, stride=2),
        (2, 6, 8, 2),
        conv((3, 3), (0, 1, 0, 1), stride=2),
    ),
    "conv same, stride 2, odd": (Conv2d(2, 3, 3, stride=2), (2, 7, 5, 2), conv((3, 3), (1, 1, 1, 1), stride=2)),
    "conv 10x4 of keywords": (Conv2d(1, 4, (10, 4), stride=2), (1, 49, 10, 1), conv((10, 4), (1, 1, 4, 5), stride=2)),
    "conv valid, stride (2, 1)": (
        Conv2d(3, 2, (2, 3), stride=(2, 1), padding="valid", bias=False),
        (2, 7, 6, 3),
        conv((2, 3), stride=(2, 1)),
    ),
    "conv padding (2, 1), stride 3": (
        Conv2d(2, 3, 3, stride=3, padding=(2, 1)),
        (2, 7, 8, 2),
        conv((3, 3), stride=3, padding=(2, 1)),
    ),
    "conv 1-D": (Conv1d(3, 4, 5, stride=2, padding=2), (2, 9, 3), conv1d),
    "transposed": (
        ConvTranspose2d(3, 2, (3, 4), stride=2, padding=1),
        (2, 4, 3, 3),
        transposed((3, 4), 2, stride=2, padding=1),
    ),
    "depthwise": (
        DepthwiseConv2d(5, 3, stride=2, padding=1, block=2),
        (2, 6, 7, 5),
        depthwise((3, 3), stride=2, padding=1),
    ),
    "rnn": (RNN(3, 4), (2, 5, 3), recurrent("RNN")),
    "lstm": (LSTM(3, 4), (2, 5, 3), recurrent("LSTM")),
    "gru": (GRU(3, 4), (2, 5, 3), recurrent("GRU")),
    "attention": (MultiHeadAttention(6, 2), (2, 5, 6), attention),
    "batch norm": (
        BatchNorm(3),
        (4, 5, 2, 3),
        lambda x, p: last(
            torch.nn.functional.batch_norm(first(x), None, None, p["scale"], p["shift"], training=True, eps=1e-5)
        ),
    ),
    "layer norm": (
        LayerNorm(6),
        (2, 3, 6),
        lambda x, p: torch.nn.functional.layer_norm(x, (6,), p["scale"], p["shift"]),
    ),
    "instance norm": (
        InstanceNorm(3),
        (2, 4, 5, 3),
        lambda x, p: last(torch.nn.functional.instance_norm(first(x), weight=p["scale"], bias=p["shift"])),
    ),
    "max pool": (MaxPool(3, 2, 1), (2, 7, 6, 3), pool("max_pool2d", 3, 2, 1)),
    "average pool": (AvgPool(3, 2, 1), (2, 7, 6, 3), pool("avg_pool2d", 3, 2, 1)),
    "global average pool": (GlobalAvgPool(), (2, 4, 5, 3), lambda x, _: x.mean((1, 2))),
    "relu": (ReLU(), (4, 9), function("relu")),
    "relu6": (ReLU6(), (4, 9), function("relu6")),
    "leaky relu": (LeakyReLU(0.1), (4, 9), function("leaky_relu", negative_slope=0.1)),
    "gelu": (GELU(), (4, 9), function("gelu", approximate="tanh")),
    "softmax": (Softmax(), (4, 9), function("softmax", dim=-1)),
    "sigmoid": (Sigmoid(), (4, 9), lambda x, _: torch.sigmoid(x)),
    "tanh": (Tanh(), (4, 9), lambda x, _: torch.tanh(x)),
}


def tensor(array: Any, *, wanted: bool = True) -> Any:
    return torch.tensor(np.array(array, np.float64), requires_grad=wanted)


@pytest.mark.parametrize("case", CASES)
def test_a_layer_and_its_gradients_are_those_of_pytorch(case: str) -> None:
    layer, shape, theirs = CASES[case]
    engine, rng = FloatEngine("float64"), np.random.default_rng(4)
    for parameter in layer.parameters().values():
        if parameter.trained:
            parameter.master = rng.standard_normal(parameter.shape)
    x_values = rng.normal(1, 3, shape)

    x = tensor(x_values)
    parameters = {path: tensor(p.master) for path, p in layer.parameters().items() if p.trained}
    y = theirs(x, parameters)
    dy = rng.standard_normal(y.shape)
    y.backward(tensor(dy, wanted=False))

    for way in {way for turn in PASSES for way in layer.choices(turn)} or {""}:
        for turn in PASSES:
            if way in layer.choices(turn):
                layer.choose(turn, way)
        layer.clear_grads()
        own, saved = layer.forward(x_values, engine)
        dx = layer.backward(dy, saved, engine)
        assert dx is not None
        np.testing.assert_allclose(own, y.detach().numpy(), rtol=TOLERANCE, atol=TOLERANCE)
        np.testing.assert_allclose(dx, x.grad.numpy(), rtol=TOLERANCE, atol=TOLERANCE)
        for path, expected in parameters.items():
            grad = np.array(layer.parameters()[path].grad)
            np.testing.assert_allclose(grad, expected.grad.numpy(), rtol=TOLERANCE, atol=TOLERANCE, err_msg=path)


def test_the_running_statistics_of_batch_norm_are_those_of_pytorch() -> None:
    engine, rng = FloatEngine("float64"), np.random.default_rng(1)
    layer, theirs = BatchNorm(3), torch.nn.BatchNorm2d(3, dtype=torch.float64)
    for parameter in (layer.mean, layer.variance):
        parameter.master = parameter.master.astype(np.float64)
    for _ in range(3):
        x = rng.normal(2, 3, (4, 5, 6, 3))
        layer.forward(x, engine)
        theirs(first(tensor(x, wanted=False)))
    np.testing.assert_allclose(layer.mean.master, theirs.running_mean.numpy(), rtol=1e-6)
    np.testing.assert_allclose(layer.variance.master, theirs.running_var.numpy(), rtol=1e-6)


@pytest.mark.parametrize(("loss", "name"), [(mse, "mse_loss"), (l1, "l1_loss"), (cross_entropy, "cross_entropy")])
def test_a_loss_is_that_of_pytorch(loss: Callable[..., tuple[float, Doubles]], name: str) -> None:
    rng = np.random.default_rng(1)
    y_values = rng.normal(0, 3, (5, 4))
    target = rng.integers(0, 4, 5) if loss is cross_entropy else rng.standard_normal((5, 4))
    y = tensor(y_values)
    expected = getattr(torch.nn.functional, name)(y, torch.tensor(target))
    expected.backward()
    value, dy = loss(y_values, target, FloatEngine("float64"), 16.0)
    assert value == pytest.approx(expected.item(), abs=1e-12)
    np.testing.assert_allclose(dy / 16, y.grad.numpy(), atol=1e-12)


@pytest.mark.parametrize(
    ("own", "name", "options"),
    [
        (SGD(0.1), "SGD", {}),
        (SGD(0.1, momentum=0.9, decay=0.01), "SGD", {"momentum": 0.9, "weight_decay": 0.01}),
        (Adam(0.1, decay=0.01), "Adam", {"weight_decay": 0.01}),
    ],
)
def test_an_optimiser_steps_as_that_of_pytorch(own: Optimiser, name: str, options: dict[str, float]) -> None:
    engine, rng = FloatEngine("float64"), np.random.default_rng(1)
    parameter = Parameter((3, 4))
    parameter.master = rng.standard_normal((3, 4))
    theirs = tensor(parameter.master)
    optimiser = getattr(torch.optim, name)([theirs], lr=0.1, **options)
    for _ in range(5):
        grad = rng.standard_normal((3, 4))
        parameter.grad, theirs.grad = grad * 8, tensor(grad, wanted=False)
        own.step({"w": parameter}, engine, scale=8.0)
        optimiser.step()
    np.testing.assert_allclose(parameter.master, theirs.detach().numpy(), rtol=1e-12, atol=1e-12)
