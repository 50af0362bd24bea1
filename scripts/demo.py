# SPDX-License-Identifier: Apache-2.0
"""Train a small convolutional network on handwritten digits, on the accelerator's bits.

One epoch on the golden model, then the next batches on the RTL as well. A step on the RTL has to equal the one on the
golden model in every bit of the loss, of all gradients and of all that is learnt, and the law in the cycles of every
product; a difference ends in exit code 1.
"""

from __future__ import annotations

import argparse
import sys
import time

from rich.console import Console
from rich.progress import track

from redmule.cli.output import print_table
from redmule.config import Config
from redmule.layers import Work
from redmule.train import Run, Score, Settings, digits, step_differences

COLUMNS = ("layer", "pass", "M", "N", "K", "cycles", "law", "used")


def main() -> int:
    """Train, and print what the network learnt and the products of a step on the RTL."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batches", type=int, default=1, help="training steps on the RTL (default: 1)")
    parser.add_argument("--config", default="paper", help="configuration of the accelerator (default: paper)")
    arguments = parser.parse_args()
    if arguments.batches < 1:
        parser.error(f"--batches {arguments.batches}: allowed are 1 and more")

    settings = Settings("digits_cnn", backend="model", config=arguments.config)
    data, console = digits(), Console(stderr=True)
    epoch = data.train.steps_per_epoch(settings.batch)
    with settings.engine() as model, settings.engine("rtl") as rtl:
        run = Run(settings, settings.trainer(model))
        before, start = run.trainer.evaluate(data.test), time.monotonic()
        for step in track(range(epoch), "an epoch on the golden model", console=console):
            run.advance(data, step + 1)
        took = time.monotonic() - start
        twin = settings.trainer(rtl)
        twin.load(*run.trainer.state())
        differing = []
        for step in track(range(epoch, epoch + arguments.batches), "batches on the RTL", console=console):
            differing += step_differences(run.trainer, twin, data.train.batch(settings.batch, step, settings.seed))
    after = run.scores[epoch]

    products = [(mine, law) for mine, law in zip(rtl.log, model.log, strict=True) if not mine.on_cores]
    title = f"Step on the RTL: {settings.network}, batch {settings.batch}, {settings.recipe}, {settings.config}"
    config = Config.named(settings.config)
    print_table(COLUMNS, (_cells(mine, law, config) for mine, law in products), title)
    print(f"\nOne epoch on the golden model: {epoch} steps in {took:.1f} s.")
    print(f"Batch loss {run.steps[0].loss:.3f} -> {run.steps[-1].loss:.3f}.")
    print(f"Test digits: loss {before.loss:.3f} -> {after.loss:.3f}, right {_right(before)} -> {_right(after)}.")
    return _verdict(differing, arguments.batches)


def _cells(measured: Work, law: Work, config: Config) -> list[object]:
    """Return a product as a line of the table."""
    used = measured.macs / (config.num_ces * measured.cycles) if measured.cycles else 0
    shown = (measured.layer, measured.turn, measured.m, measured.n, measured.k, measured.cycles, law.cycles)
    return [*shown, f"{used:.1%}"]


def _right(score: Score) -> str:
    return f"{score.accuracy or 0:.1%}"


def _verdict(differing: list[str], batches: int) -> int:
    """Print whether the RTL does the same, and return the exit code."""
    if differing:
        print(f"RTL, golden model and law differ in {len(differing)} respects; the first: {differing[0]}.")
        return 1
    print(f"Batches on the RTL: {batches}; each bit is the golden model's, each cycle the law's.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
