# SPDX-License-Identifier: Apache-2.0
"""The bridge to PyTorch: gradients are PyTorch's, bits are those of the package's layers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from redmule import layers  # noqa: E402
from redmule import torch as bridge  # noqa: E402
from redmule.device import open_device  # noqa: E402
from redmule.layers import FP16, MIXED_FP8, DeviceEngine, FloatEngine  # noqa: E402


def leaf(*shape: int, seed: int = 0, dtype: Any = torch.float32) -> Any:
    made = torch.from_numpy(np.random.default_rng(seed).standard_normal(shape).astype(np.float32)).to(dtype)
    return made.requires_grad_()


def test_a_product_and_its_gradients_are_near_those_of_pytorch() -> None:
    x, w, y = (leaf(*shape, seed=seed, dtype=torch.float16) for seed, shape in enumerate([(5, 7), (7, 3), (3,)]))
    exact = [each.detach().double().requires_grad_() for each in (x, w, y)]
    with open_device("golden") as device:
        z = bridge.gemm(device, x, w, y)
        z.sum().backward()
    (exact[0] @ exact[1] + exact[2]).sum().backward()
    torch.testing.assert_close(z.double(), exact[0] @ exact[1] + exact[2], rtol=1e-2, atol=1e-2)
    for mine, its in zip((x, w, y), exact, strict=True):
        torch.testing.assert_close(mine.grad.double(), its.grad, rtol=1e-2, atol=1e-2)


def test_a_product_of_fp8_tensors_has_the_bits_of_the_device() -> None:
    x, w = (leaf(4, 4, seed=seed).detach().to(torch.float8_e5m2) for seed in (1, 2))
    with open_device("golden") as device:
        z = bridge.gemm(device, x, w)
        expected = device.gemm_op(bridge.array(x), bridge.array(w), out_dtype=np.float16).z
    assert z.numpy().tobytes() == expected.tobytes()


@pytest.mark.parametrize(("stride", "padding", "bias"), [(1, 1, True), (2, 1, True), (1, 0, False), (2, (1, 0), True)])
def test_a_convolution_in_float64_is_that_of_pytorch(stride: int, padding: Any, bias: bool) -> None:
    mine = bridge.Conv2d(3, 5, 3, stride, padding, bias=bias, engine=FloatEngine(np.float64)).double()
    its = torch.nn.Conv2d(3, 5, 3, stride, padding, bias=bias).double()
    its.load_state_dict(mine.state_dict())
    x, other = leaf(2, 3, 7, 6, dtype=torch.float64), leaf(2, 3, 7, 6, dtype=torch.float64)
    y, expected = mine(x), its(other)
    torch.testing.assert_close(y, expected)
    (y**2).sum().backward()
    (expected**2).sum().backward()
    torch.testing.assert_close(x.grad, other.grad)
    for parameter, reference in zip(mine.parameters(), its.parameters(), strict=True):
        torch.testing.assert_close(parameter.grad, reference.grad, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("recipe", [FP16, MIXED_FP8], ids=lambda recipe: recipe.name)
def test_layers_have_the_bits_of_the_packages_layers(recipe: Any) -> None:
    with open_device("golden", "tiny") as device:
        engine = DeviceEngine(device, recipe)
        conv = bridge.Conv2d(2, 4, 3, padding=1, engine=engine)
        linear = bridge.Linear(4 * 5 * 5, 3, engine=engine)
        x = leaf(2, 2, 5, 5)
        y = linear(conv(x).permute(0, 2, 3, 1).flatten(1))
        y.float().sum().backward()

        network = layers.Sequential(
            [layers.Conv2d(2, 4, 3, padding=1, name="conv"), layers.Flatten(), layers.Linear(100, 3, name="linear")]
        )
        weight = conv.weight.detach().permute(2, 3, 1, 0).reshape(-1, 4).numpy()
        state = {"conv.weight": weight, "conv.bias": conv.bias.detach().numpy()}
        state |= {"linear.weight": linear.weight.detach().t().numpy(), "linear.bias": linear.bias.detach().numpy()}
        network.load(state)
        expected, kept = network.forward(x.detach().permute(0, 2, 3, 1).contiguous().numpy(), engine)
        dx = network.backward(np.ones((2, 3), np.float32), kept, engine)
    assert y.detach().numpy().tobytes() == expected.tobytes()
    assert dx is not None
    assert (x.grad.permute(0, 2, 3, 1).numpy() == dx.astype(np.float32)).all()
    found = {name: np.float32(parameter.grad) for name, parameter in network.parameters().items()}
    assert (conv.weight.grad.permute(2, 3, 1, 0).reshape(-1, 4).numpy() == found["conv.weight"]).all()
    assert (linear.weight.grad.t().numpy() == found["linear.weight"]).all()
    assert (conv.bias.grad.numpy() == found["conv.bias"]).all()
    assert (linear.bias.grad.numpy() == found["linear.bias"]).all()


def test_wrong_tensors_and_layers_are_refused() -> None:
    with pytest.raises(ValueError, match=r"tensor\.dtype = 'torch\.int64': allowed are"):
        bridge.array(torch.zeros(2, dtype=torch.int64))
    with pytest.raises(ValueError, match="groups = 2: allowed is 1"):
        bridge.Conv2d(2, 2, 1, groups=2, engine=FloatEngine(np.float32))
