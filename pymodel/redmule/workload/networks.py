# SPDX-License-Identifier: Apache-2.0
"""The networks of `networks.yaml` as products."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from redmule.law import Trans
from redmule.workload.product import Product

LAYOUTS = ("channels last", "channels first")
"""How activations lie in memory: the channels of a place behind each other, or all places of a channel."""

PASSES = ("forward", "weights", "inputs")
"""The products of a layer in a training step: the layer, the gradient of its weights, that of its inputs."""

_TRANS: Mapping[tuple[str, str], Trans] = {
    ("channels last", "forward"): (False, False, False),
    ("channels last", "weights"): (True, False, False),
    ("channels last", "inputs"): (False, True, False),
    ("channels first", "forward"): (True, False, True),
    ("channels first", "weights"): (False, True, False),
    ("channels first", "inputs"): (True, True, True),
}
"""Of the layouts, what is stored transposed in each pass."""

_NETWORKS = Path(__file__).with_name("networks.yaml")


@functools.cache
def networks() -> dict[str, Any]:
    """Return the networks of `networks.yaml`, by name."""
    loaded: dict[str, Any] = yaml.safe_load(_NETWORKS.read_text(encoding="utf-8"))
    return loaded


def layers(
    network: str,
    batch: int,
    layout: str = LAYOUTS[0],
    passes: tuple[str, ...] = PASSES,
    format_name: str = "fp16",
) -> list[Product]:
    """Return the products of one step of a network, layer by layer; with all passes, of a training step.

    A convolution is the product of its image rows and its weights. Gradients of weights are added to what there is; the
    other products have no Y. Depthwise layers are none, and the first layer has no gradient of its input.
    """
    products = []
    for index, (name, layer) in enumerate(networks()[network]["layers"].items()):
        [(kind, sizes)] = layer.items()
        if kind == "dw":
            continue
        kernel_h, kernel_w, inputs, outputs, height, width = sizes if kind == "conv" else (1, 1, *sizes, 1, 1)
        m, n, k = batch * height * width, kernel_h * kernel_w * inputs, outputs
        shapes = {"forward": (m, n, k), "weights": (n, m, k)} | ({"inputs": (m, k, n)} if index > 0 else {})
        for turn, shape in shapes.items():
            if turn in passes:
                trans, y = _TRANS[layout, turn], turn == "weights"
                products.append(Product(network, f"{name} {turn}", batch, layout, *shape, trans, y, format_name))
    return products
