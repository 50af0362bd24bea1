# SPDX-License-Identifier: Apache-2.0
"""Workloads by name: `gemm:96`, `mulmax:64x32x16:e5m2`, `resnet8:train:16`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from redmule import checks
from redmule.fp import FORMATS, OPS, op_by_name
from redmule.golden import MAX_SIZE
from redmule.workload.networks import PASSES, layers, networks
from redmule.workload.product import Product

STEPS = {"train": PASSES, "forward": PASSES[:1]}
"""What of a network is run, and the passes that takes."""

DEFAULT_FORMAT, DEFAULT_BATCH = "fp16", 1

GRAMMAR = "OP:SIZE, OP:MxNxK, NETWORK:train or NETWORK:forward, then :BATCH (of a network) and :FORMAT"


@dataclass(frozen=True, slots=True)
class Workload:
    """A list of products that belong together.

    Attributes:
        name: what `parse` reads; equal workloads have equal names.
        op: name of the operation.
        format: name of the format of all matrices.
        products: in their order.
    """

    name: str
    op: str
    format: str
    products: tuple[Product, ...]

    @staticmethod
    def parse(text: str) -> Workload:
        """Return the workload that a name means.

        Raises:
            ValueError: it means none; the message names the part that is wrong and what is allowed.
        """
        if not isinstance(text, str):
            raise checks.refused("workload", text, f"is {GRAMMAR}")
        head, *rest = text.split(":")
        operations = [op.name for op in OPS]
        if head not in (*operations, *networks()):
            raise checks.refused("workload", text, f"are {', '.join((*operations, *networks()))}, as {GRAMMAR}")
        format_name = DEFAULT_FORMAT
        if len(rest) > 1 and not rest[-1].isdecimal():
            format_name = checks.choice(f"format of workload {text!r}", rest.pop(), [fmt.name for fmt in FORMATS])
        read = _single if head in operations else _network
        return read(text, head, rest, format_name)

    @property
    def macs(self) -> int:
        """Steps of the array that all products take together."""
        return sum(product.macs for product in self.products)

    @property
    def bytes_once(self) -> int:
        """Bytes of the matrices of all products, those of each product counted once."""
        return sum(product.bytes_once for product in self.products)


def _single(text: str, op: str, rest: Sequence[str], format_name: str) -> Workload:
    """Return one product: `gemm:96`, `gemm:96x64x32`."""
    sizes = rest[0].split("x") if len(rest) == 1 else []
    if len(sizes) not in (1, 3) or not all(size.isdecimal() for size in sizes):
        raise checks.refused("workload", text, f"is {GRAMMAR}")
    m, n, k = (_size(text, int(size)) for size in (sizes * 3 if len(sizes) == 1 else sizes))
    shape = f"{m}" if m == n == k else f"{m}x{n}x{k}"
    product = Product(op, shape, 0, "", m, n, k, y=op_by_name(op).uses_y, format=format_name)
    return Workload(_named(op, shape, format_name=format_name), op, format_name, (product,))


def _network(text: str, network: str, rest: Sequence[str], format_name: str) -> Workload:
    """Return the layers of a network: `resnet8:train`, `resnet8:forward:16`."""
    step, batch = (*rest, str(DEFAULT_BATCH))[:2] if rest else ("", "")
    if len(rest) > 2 or not batch.isdecimal():
        raise checks.refused("workload", text, f"is {GRAMMAR}")
    passes = STEPS[checks.choice(f"step of workload {text!r}", step, STEPS)]
    samples = checks.integer(f"batch of workload {text!r}", int(batch), range(1, MAX_SIZE + 1))
    products = tuple(layers(network, samples, passes=passes, format_name=format_name))
    for product in products:
        for size in (product.m, product.n, product.k):
            _size(f"{text}: {product.name}", size)
    parts = (network, step) if samples == DEFAULT_BATCH else (network, step, str(samples))
    return Workload(_named(*parts, format_name=format_name), "gemm", format_name, products)


def _size(text: str, size: int) -> int:
    """Return a size that a job can have."""
    return checks.integer(f"size in workload {text!r}", size, range(1, MAX_SIZE + 1))


def _named(*parts: str, format_name: str) -> str:
    """Return the shortest name."""
    return ":".join(parts if format_name == DEFAULT_FORMAT else (*parts, format_name))
