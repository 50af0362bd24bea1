# SPDX-License-Identifier: Apache-2.0
"""Curves and tables of training runs."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path

from redmule.report.palette import css, cycled
from redmule.report.picture import Picture, picture
from redmule.sweep.table import replaced
from redmule.train import Run, Score, Step

SMOOTH = 0.05
"""Weight of a step in the running mean of losses."""


def loss_curve(steps: Mapping[str, Sequence[Step]], name: str, title: str) -> Picture:
    """Return the losses of the batches of runs, by what to call them, as running means."""
    drawn = picture(name, title)
    for (label, each), colour in zip(steps.items(), cycled(len(steps)), strict=True):
        drawn.axes.plot(range(1, len(each) + 1), _smoothed([step.loss for step in each]), color=colour, label=label)
    drawn.axes.set_yscale("log")
    drawn.axes.set_xlabel("step")
    drawn.axes.set_ylabel("loss of the batch, running mean")
    drawn.figure.legend(*drawn.axes.get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return drawn


def accuracy_curve(scores: Mapping[str, Mapping[int, Score]], name: str, title: str) -> Picture:
    """Return the accuracies of runs after each epoch."""
    drawn = picture(name, title)
    for (label, each), colour in zip(scores.items(), cycled(len(scores)), strict=True):
        known = {steps: score.accuracy for steps, score in each.items() if score.accuracy is not None}
        [line] = drawn.axes.plot(list(known), [100 * value for value in known.values()], color=colour, label=label)
        line.set_marker("o")
        line.set_markersize(3)
    drawn.axes.set_xlabel("step")
    drawn.axes.set_ylabel("test accuracy, %")
    drawn.figure.legend(*drawn.axes.get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return drawn


def _smoothed(losses: Sequence[float]) -> list[float]:
    means = [losses[0]]
    for loss in losses[1:]:
        means.append(means[-1] + SMOOTH * (loss - means[-1]))
    return means


def svg_file(drawn: Picture) -> str:
    """Return a picture as the content of an SVG file, which has its own colours for both themes."""
    head, _, rest = drawn.svg().partition(">")
    return f'{head} xmlns="http://www.w3.org/2000/svg"><style>{css()}</style>{rest}\n'


def table(run: Run) -> str:
    """Return the steps of a run as CSV, with test loss and accuracy where there was an evaluation."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["step", *(field.name for field in fields(Step)), "test_loss", "test_accuracy"])
    for number, step in enumerate(run.steps, 1):
        score = run.scores.get(number)
        found = ("", "") if score is None else (score.loss, score.accuracy)
        writer.writerow([number, *asdict(step).values(), *found])
    return text.getvalue()


CURVE_FILES = ("steps.csv", "loss.png", "loss.svg", "accuracy.png", "accuracy.svg")


def write_curves(run: Run, folder: Path) -> None:
    """Write `CURVE_FILES` into a folder: the pictures if Matplotlib is installed, accuracy if there is one."""
    replaced(folder / CURVE_FILES[0], table(run).encode())
    label = run.settings.recipe
    title = f"{run.settings.network} on {run.settings.data}, {label}"
    try:
        pictures = [loss_curve({label: run.steps}, "loss", title)]
        if any(score.accuracy is not None for score in run.scores.values()):
            pictures.append(accuracy_curve({label: run.scores}, "accuracy", title))
    except ImportError:
        return
    for drawn in pictures:
        replaced(folder / f"{drawn.name}.png", drawn.png())
        replaced(folder / f"{drawn.name}.svg", svg_file(drawn).encode())
