# SPDX-License-Identifier: Apache-2.0
"""The networks by name. Those of MLPerf Tiny are its reference models; `same` padding is Keras'.

A convolution that a batch norm follows has no bias: the norm would take it away again.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

from redmule import checks
from redmule import layers as nn
from redmule.networks.network import Network


def _normed(name: str, layer: nn.Layer, channels: int) -> list[nn.Layer]:
    """Return a layer, its batch norm and a ReLU."""
    layer.name = name
    return [layer, nn.BatchNorm(channels, name=f"{name}_bn"), nn.ReLU(name=f"{name}_relu")]


def _conv(name: str, inputs: int, outputs: int, kernel: int | tuple[int, int] = 3, stride: int = 1) -> list[nn.Layer]:
    return _normed(name, nn.Conv2d(inputs, outputs, kernel, stride=stride, bias=False), outputs)


def _pointwise(name: str, inputs: int, outputs: int) -> list[nn.Layer]:
    return _normed(name, nn.Pointwise(inputs, outputs, bias=False), outputs)


def _depthwise(name: str, channels: int, stride: int = 1) -> list[nn.Layer]:
    return _normed(name, nn.DepthwiseConv2d(channels, 3, stride=stride, bias=False), channels)


def _stack(name: str, inputs: int, outputs: int) -> list[nn.Layer]:
    """Return a residual stack of two convolutions; if the channels change, it halves the image."""
    changes = inputs != outputs
    body = _conv("c1", inputs, outputs, stride=2 if changes else 1) + _conv("c2", outputs, outputs)[:-1]
    skip = nn.Pointwise(inputs, outputs, stride=2, name="skip") if changes else None
    return [nn.Residual(nn.Sequential(body), skip, name=name), nn.ReLU(name=f"{name}_relu")]


def _resnet(inputs: int, filters: tuple[int, int, int], classes: int) -> nn.Sequential:
    first, second, third = filters
    return nn.Sequential(
        [
            *_conv("conv1", inputs, first),
            *_stack("s1", first, first),
            *_stack("s2", first, second),
            *_stack("s3", second, third),
            nn.GlobalAvgPool(name="pool"),
            nn.Linear(third, classes, name="fc"),
        ]
    )


def resnet8(classes: int = 10) -> Network:
    """Image classification: CIFAR-10, 32 x 32 x 3; the version with 16, 32 and 64 filters."""
    return Network("resnet8", _resnet(3, (16, 32, 64), classes), (32, 32, 3))


def ds_cnn(classes: int = 12) -> Network:
    """Keyword spotting: 49 x 10 coefficients."""
    blocks = [layer for i in range(1, 5) for layer in _depthwise(f"dw{i}", 64) + _pointwise(f"pw{i}", 64, 64)]
    end = [nn.GlobalAvgPool(name="pool"), nn.Linear(64, classes, name="fc")]
    return Network("ds_cnn", nn.Sequential([*_conv("conv", 1, 64, (10, 4), 2), *blocks, *end]), (49, 10, 1))


def autoencoder(hidden: int = 128, code: int = 8) -> Network:
    """Anomaly detection: 640 features of sound, to be reproduced."""
    sizes = [640, *[hidden] * 4, code, *[hidden] * 4, 640]
    layers: list[nn.Layer] = []
    for number, (inputs, outputs) in enumerate(pairwise(sizes), 1):
        layers += _normed(f"fc{number}", nn.Linear(inputs, outputs, bias=False), outputs)
    layers[-3:] = [nn.Linear(hidden, 640, name=layers[-3].name)]
    return Network("autoencoder", nn.Sequential(layers), (640,), "mse")


def mobilenet_v1_025(classes: int = 2) -> Network:
    """Visual wake words: images of 96 x 96 x 3; a quarter of the channels of MobileNetV1."""
    strides = (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1)
    channels = (8, 16, 32, 32, 64, 64, 128, 128, 128, 128, 128, 128, 256, 256)
    layers = _conv("conv", 3, channels[0], stride=2)
    for number, (stride, (inputs, outputs)) in enumerate(zip(strides, pairwise(channels), strict=True), 1):
        layers += _depthwise(f"dw{number}", inputs, stride) + _pointwise(f"pw{number}", inputs, outputs)
    layers += [nn.GlobalAvgPool(name="pool"), nn.Linear(channels[-1], classes, name="fc")]
    return Network("mobilenet_v1_025", nn.Sequential(layers), (96, 96, 3))


def digits_mlp(hidden: tuple[int, ...] = (64, 32), classes: int = 10) -> Network:
    """Digits of 8 x 8: linear layers."""
    layers: list[nn.Layer] = [nn.Flatten(name="flatten")]
    for number, (inputs, outputs) in enumerate(pairwise((64, *hidden)), 1):
        layers += [nn.Linear(inputs, outputs, name=f"fc{number}"), nn.ReLU(name=f"fc{number}_relu")]
    layers.append(nn.Linear((64, *hidden)[-1], classes, name="fc"))
    return Network("digits_mlp", nn.Sequential(layers), (8, 8, 1))


def digits_cnn(filters: tuple[int, int] = (8, 16), classes: int = 10) -> Network:
    """Digits of 8 x 8: two convolutions, 25 600 multiply-adds."""
    first, second = filters
    layers = [
        *_conv("conv1", 1, first),
        *_conv("conv2", first, second, stride=2),
        nn.Flatten(name="flatten"),
        nn.Linear(16 * second, classes, name="fc"),
    ]
    return Network("digits_cnn", nn.Sequential(layers), (8, 8, 1))


def digits_resnet(filters: tuple[int, int, int] = (8, 16, 32), classes: int = 10) -> Network:
    """Digits of 8 x 8: the shape of ResNet8."""
    return Network("digits_resnet", _resnet(1, filters, classes), (8, 8, 1))


NETWORKS: Mapping[str, Callable[..., Network]] = {
    make.__name__: make
    for make in (resnet8, ds_cnn, autoencoder, mobilenet_v1_025, digits_mlp, digits_cnn, digits_resnet)
}
"""What builds each network; the first four are those of MLPerf Tiny."""


def build(name: str, **options: Any) -> Network:
    """Return a network.

    Args:
        name: of `NETWORKS`.
        options: arguments of the function of that name.

    Raises:
        ValueError: no such network or option.
    """
    make = NETWORKS[checks.choice("network", name, NETWORKS)]
    allowed = inspect.signature(make).parameters
    for option in options:
        checks.choice(f"option of {name}", option, allowed)
    return make(**options)
