# SPDX-License-Identifier: Apache-2.0
"""Train a small network on handwritten digits, its matrix products as jobs on the accelerator's RTL.

Every product is compared with the golden model, bit for bit and flag for flag, and with the cycle law; a difference
ends in exit code 1.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from itertools import islice

import numpy as np
from rich.console import Console
from rich.progress import track

from redmule.cli.output import print_table
from redmule.demo import digits
from redmule.demo.network import Network
from redmule.demo.products import CheckedProducts, Product, unchecked
from redmule.device import open_device

HIDDEN = 96
BATCH = 64
RATE = 0.5
SEED = 1
COLUMNS = ("product", "M", "N", "K", "cycles", "law", "used", "stalls", "equal")


def main() -> int:
    """Train, and print the products of the first step and what the network learnt."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=20, help="training steps, all on the RTL (default: 20)")
    parser.add_argument("--config", default="paper", help="configuration of the accelerator (default: paper)")
    arguments = parser.parse_args()
    if arguments.steps < 1:
        parser.error(f"--steps {arguments.steps}: allowed are 1 and more")

    rng = np.random.default_rng(SEED)
    training, test = digits.load(rng)
    network = Network.random(digits.PIXELS, HIDDEN, digits.CLASSES, rng)
    console = Console(stderr=True)
    with open_device("rtl", arguments.config) as rtl, open_device("model", arguments.config) as model:
        before = digits.evaluate(network, unchecked(model), test)
        products = CheckedProducts(rtl, model)
        steps = islice(digits.train(network, products, training, BATCH, RATE, rng), arguments.steps)
        networks, losses = zip(*track(steps, "training on the RTL", arguments.steps, console=console), strict=True)
        after = digits.evaluate(networks[-1], unchecked(model), test)

    title = (
        f"One training step: digits, {digits.PIXELS}-{HIDDEN}-{digits.CLASSES}, batch {BATCH}, fp16, {arguments.config}"
    )
    print_table(COLUMNS, map(_cells, products.done[: len(products.done) // arguments.steps]), title)
    cycles = sum(product.result.cycles or 0 for product in products.done)
    print(f"\n{arguments.steps} steps, {len(products.done)} products, {cycles} cycles on the RTL.")
    print(f"Batch loss {losses[0]:.3f} -> {losses[-1]:.3f}.")
    print(
        f"Test digits: loss {before.loss:.3f} -> {after.loss:.3f}, right {before.accuracy:.1%} -> {after.accuracy:.1%}."
    )
    return _verdict(products.done)


def _cells(product: Product) -> list[object]:
    """Return a product as a line of the table."""
    result = product.result
    return [
        *(product.name, product.m, product.n, product.k, result.cycles, product.law_cycles),
        f"{result.utilisation or 0:.1%}",
        ", ".join(f"{reason} {cycles}" for reason, cycles in result.stalls.items() if cycles),
        "yes" if product.agrees else "NO",
    ]


def _verdict(products: Sequence[Product]) -> int:
    """Print whether all products agree, and return the exit code."""
    wrong = [product.name for product in products if not product.agrees]
    if wrong:
        print(f"{len(wrong)} products differ from golden model or law; the first: {wrong[0]}.")
        return 1
    print("Every product equals the golden model in every bit and flag, and the law in every cycle.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
