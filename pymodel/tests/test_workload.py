# SPDX-License-Identifier: Apache-2.0
"""Workloads: the layers of networks as products, and workloads by name."""

from __future__ import annotations

import re

import pytest

from redmule.workload import LAYOUTS, Product, Workload, layers, networks


@pytest.mark.parametrize("network", networks())
def test_the_layers_of_a_network_add_up_to_its_multiply_adds(network: str) -> None:
    facts, forward, first = networks()[network], 0, 0
    for layer in facts["layers"].values():
        [(kind, sizes)] = layer.items()
        macs = 1
        for size in sizes:
            macs *= size
        assert (kind, len(sizes)) in {("conv", 6), ("dw", 5), ("linear", 2)}
        forward, first = forward + macs, first or macs
    assert forward == facts["forward_macs"]
    assert 3 * forward - first == facts["training_step_macs"]


@pytest.mark.parametrize("network", networks())
def test_the_products_of_a_network_are_its_multiply_adds_without_depthwise_layers(network: str) -> None:
    facts = networks()[network]
    depthwise = 0
    for layer in facts["layers"].values():
        if "dw" in layer:
            kernel_h, kernel_w, channels, height, width = layer["dw"]
            depthwise += kernel_h * kernel_w * channels * height * width
    assert Workload.parse(f"{network}:forward").macs == facts["forward_macs"] - depthwise
    assert Workload.parse(f"{network}:train").macs == facts["training_step_macs"] - 3 * depthwise
    assert Workload.parse(f"{network}:train:16").macs == 16 * Workload.parse(f"{network}:train").macs


@pytest.mark.parametrize("network", networks())
@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_three_passes_of_a_layer_have_the_same_multiply_adds(network: str, layout: str) -> None:
    products = layers(network, 4, layout)
    of_layer: dict[str, list[Product]] = {}
    for product in products:
        of_layer.setdefault(product.name.rpartition(" ")[0], []).append(product)
    counts = [len(passes) for passes in of_layer.values()]
    assert counts == [2] + [3] * (len(of_layer) - 1)
    for passes in of_layer.values():
        assert len({product.macs for product in passes}) == 1


@pytest.mark.parametrize(
    ("text", "name", "op", "format_name", "sizes", "y"),
    [
        ("gemm:96", "gemm:96", "gemm", "fp16", (96, 96, 96), True),
        ("gemm:96x96x96:fp16", "gemm:96", "gemm", "fp16", (96, 96, 96), True),
        ("matmul:1x2x3", "matmul:1x2x3", "matmul", "fp16", (1, 2, 3), False),
        ("maxmin:64x32x16:e5m2", "maxmin:64x32x16:e5m2", "maxmin", "e5m2", (64, 32, 16), True),
    ],
)
def test_a_product_is_named_by_operation_sizes_and_format(
    text: str, name: str, op: str, format_name: str, sizes: tuple[int, int, int], y: bool
) -> None:
    workload = Workload.parse(text)
    (product,) = workload.products
    assert (workload.name, workload.op, workload.format) == (name, op, format_name)
    assert ((product.m, product.n, product.k), product.y) == (sizes, y)
    assert Workload.parse(name) == workload


@pytest.mark.parametrize("text", ["resnet8:train", "ds_cnn:forward:16", "autoencoder:train:4:bf16"])
def test_a_network_is_named_by_what_is_run_of_it_batch_and_format(text: str) -> None:
    workload = Workload.parse(text)
    assert workload.name == text
    network, step, *rest = text.split(":")
    batch = int(rest[0]) if rest else 1
    passes = ("forward",) if step == "forward" else ("forward", "weights", "inputs")
    format_name = rest[1] if len(rest) > 1 else "fp16"
    assert list(workload.products) == layers(network, batch, passes=passes, format_name=format_name)


def test_a_batch_of_one_needs_no_name() -> None:
    assert Workload.parse("resnet8:train:1") == Workload.parse("resnet8:train")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lenet:train", "workload = 'lenet:train': allowed are matmul, gemm"),
        ("gemm", "workload = 'gemm': allowed is OP:SIZE"),
        ("gemm:3x4", "workload = 'gemm:3x4': allowed is OP:SIZE"),
        ("gemm:-3", "workload = 'gemm:-3': allowed is OP:SIZE"),
        ("gemm:0", "size in workload 'gemm:0' = 0: allowed are 1 to 65535"),
        ("gemm:8x70000x8", "size in workload 'gemm:8x70000x8' = 70000: allowed are 1 to 65535"),
        ("gemm:96:fp32", "format of workload 'gemm:96:fp32' = 'fp32': allowed are e5m2, fp16"),
        ("resnet8", "workload = 'resnet8': allowed is OP:SIZE"),
        ("resnet8:test", "step of workload 'resnet8:test' = 'test': allowed are train, forward"),
        ("resnet8:train:0", "batch of workload 'resnet8:train:0' = 0: allowed are 1 to 65535"),
        ("resnet8:train:2:3", "workload = 'resnet8:train:2:3': allowed is OP:SIZE"),
        ("mobilenet_v1_025:train:64", "conv forward' = 147456: allowed are 1 to 65535"),
    ],
)
def test_a_name_that_means_no_workload_is_refused_with_what_is_allowed(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        Workload.parse(text)
