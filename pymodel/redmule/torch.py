# SPDX-License-Identifier: Apache-2.0
"""A bridge to PyTorch: layers and products on a device, as autograd functions (extra `torch`).

`gemm` is a product; `Linear` and `Conv2d` take the place of PyTorch's own, with the same parameters, and do their three
passes on an engine. Their bits are those of the package's layers, which do the work.

    with redmule.open("rtl") as device:
        engine = DeviceEngine(device, FP16)
        conv, linear = Conv2d(1, 8, 3, padding=1, engine=engine), Linear(512, 10, engine=engine)
        scores = linear(conv(images).relu().flatten(1))
        F.cross_entropy(scores.float(), labels).backward()

Arrays and tensors share memory where their dtypes have the same name; FP8 results that leave for PyTorch become
float16, which holds all of them exactly, and bfloat16 ones float32.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import torch
from numpy.typing import DTypeLike
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from redmule import checks, layers
from redmule.device import Device
from redmule.layers import Engine, Layer
from redmule.layers.work import Array

_RAW = {
    torch.float8_e5m2: (torch.uint8, ml_dtypes.float8_e5m2),
    torch.float8_e4m3fn: (torch.uint8, ml_dtypes.float8_e4m3fn),
    torch.bfloat16: (torch.int16, ml_dtypes.bfloat16),
}
"""What NumPy has no name for: how its bits travel, and the dtype of this package."""

_NATIVE = (torch.float16, torch.float32, torch.float64)


def array(tensor: Tensor) -> Array:
    """Return a tensor as an array with the same values, of the package's dtype; no copy.

    Raises:
        ValueError: there is no such dtype, or the tensor is not on the CPU.
    """
    if tensor.device.type != "cpu":
        raise checks.refused("tensor.device", str(tensor.device), "is cpu")
    bare = tensor.detach()
    if tensor.dtype in _RAW:
        bits, dtype = _RAW[tensor.dtype]
        return np.asarray(bare.view(bits).numpy()).view(dtype)
    if tensor.dtype not in _NATIVE:
        raise checks.refused("tensor.dtype", str(tensor.dtype), f"are {', '.join(map(str, (*_NATIVE, *_RAW)))}")
    return np.asarray(bare.numpy())


def tensor(values: Array, dtype: torch.dtype | None = None) -> Tensor:
    """Return an array as a tensor, in a dtype; default: its own, or a wider one that PyTorch can compute with."""
    if values.dtype.itemsize == 1:
        values = values.astype(np.float16)
    elif values.dtype == ml_dtypes.bfloat16:
        values = values.astype(np.float32)
    made = torch.from_numpy(np.array(values))
    return made if dtype is None else made.to(dtype)


class _Gemm(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, device: Device, out_dtype: DTypeLike, x: Tensor, w: Tensor, y: Tensor | None) -> Tensor:
        ctx.device, ctx.out_dtype, ctx.bias = device, out_dtype, y is not None and y.ndim == 1
        ctx.save_for_backward(x, w)
        return tensor(device.gemm_op(array(x), array(w), None if y is None else array(y), out_dtype=out_dtype).z)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dz: Tensor) -> tuple[Tensor | None, ...]:
        (x, w), device, out = ctx.saved_tensors, ctx.device, ctx.out_dtype
        _, _, need_x, need_w, need_y = ctx.needs_input_grad
        grad = array(dz.contiguous())
        dx = tensor(device.gemm_op(grad, array(w).T, out_dtype=out).z, x.dtype) if need_x else None
        dw = tensor(device.gemm_op(array(x).T, grad, out_dtype=out).z, w.dtype) if need_w else None
        dy = (dz.float().sum(0).to(dz.dtype) if ctx.bias else dz) if need_y else None
        return None, None, dx, dw, dy


def gemm(device: Device, x: Tensor, w: Tensor, y: Tensor | None = None, out_dtype: DTypeLike = np.float16) -> Tensor:
    """Return x w + y, (M, K), of x (M, N) and w (N, K), computed by a device; so are the gradients of x and w.

    Args:
        device: runs the products.
        x, w: in formats of the device.
        y: (M, K), or (K,) as a bias; its gradient is that of the result, or its sum over the rows, in float32.
        out_dtype: format of the results.

    Raises:
        ValueError: as `Device.gemm_op`, or for a dtype the package does not have.
    """
    result: Tensor = _Gemm.apply(device, out_dtype, x, w, y)
    return result


class _Passes(torch.autograd.Function):
    """The passes of a layer of the package, which gets its parameters for each call."""

    @staticmethod
    def forward(
        ctx: Any, make: Callable[[], Layer], engine: Engine, x: Tensor, weight: Tensor, bias: Tensor | None
    ) -> Tensor:
        layer = make()
        values = {"weight": weight, "bias": bias}
        for name, parameter in layer.parameters().items():
            value = values[name]
            assert value is not None
            parameter.master, parameter.trained = array(value), value.requires_grad
        y, ctx.kept = layer.forward(array(x), engine)
        ctx.layer, ctx.engine = layer, engine
        ctx.dtypes = {name: value.dtype for name, value in {"x": x, **values}.items() if value is not None}
        return tensor(y)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor | None, ...]:
        ctx.layer.clear_grads()
        dx = ctx.layer.backward(array(dy.contiguous()), ctx.kept, ctx.engine, ctx.needs_input_grad[2])
        found = {"x": dx} | {name: parameter.grad for name, parameter in ctx.layer.parameters().items()}
        grads = {name: tensor(grad, ctx.dtypes[name]) for name, grad in found.items() if grad is not None}
        return None, None, grads.get("x"), grads.get("weight"), grads.get("bias")


class Linear(nn.Linear):
    """PyTorch's `Linear` on an engine: (..., inputs) -> (..., outputs)."""

    def __init__(self, in_features: int, out_features: int, bias: bool = True, *, engine: Engine) -> None:
        """Make a layer; `engine` does its passes."""
        super().__init__(in_features, out_features, bias)
        self.engine = engine

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - PyTorch's name
        """Return the result, in the dtype of the recipe's results."""
        result: Tensor = _Passes.apply(self._layer, self.engine, input.contiguous(), self.weight.t(), self.bias)
        return result

    def _layer(self) -> Layer:
        return layers.Linear(self.in_features, self.out_features, bias=self.bias is not None, name="linear")


class Conv2d(nn.Conv2d):
    """PyTorch's `Conv2d` on an engine: (B, C, H, W) -> (B, K, lines, columns); no groups, no dilation."""

    def __init__(self, *arguments: Any, engine: Engine, **options: Any) -> None:
        """Make a layer; arguments and options are PyTorch's, `engine` does its passes.

        Raises:
            ValueError: groups, dilation, or a padding mode.
        """
        super().__init__(*arguments, **options)
        for name, usual in (("groups", 1), ("dilation", (1, 1)), ("padding_mode", "zeros")):
            if getattr(self, name) != usual:
                raise checks.refused(name, getattr(self, name), f"is {usual}")
        self.engine = engine

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - PyTorch's name
        """Return the result, in the dtype of the recipe's results."""
        images = input.permute(0, 2, 3, 1).contiguous()
        weight = self.weight.permute(2, 3, 1, 0).reshape(-1, self.out_channels)
        result: Tensor = _Passes.apply(self._layer, self.engine, images, weight, self.bias)
        return result.permute(0, 3, 1, 2)

    def _layer(self) -> Layer:
        padding: Any = self.padding
        return layers.Conv2d(
            self.in_channels,
            self.out_channels,
            self.kernel_size,
            stride=self.stride,
            padding=padding,
            bias=self.bias is not None,
            name="conv",
        )
