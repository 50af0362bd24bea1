# SPDX-License-Identifier: Apache-2.0
"""The same step on two engines, compared bit by bit."""

from __future__ import annotations

from dataclasses import replace

from redmule.layers import Work
from redmule.train.data import Dataset
from redmule.train.trainer import Trainer


def step_differences(first: Trainer, second: Trainer, batch: Dataset) -> list[str]:
    """Let two trainers of the same network learn from the same batch; return the names of what differs in any bit.

    Compared are the loss, all gradients, the whole state after the step, and the work that was done, line by line of
    the logs: sizes, formats, overflows, and cycles where both engines know them.
    """
    losses = [trainer.step(batch).loss for trainer in (first, second)]
    differing = [] if losses[0] == losses[1] else ["loss"]
    mine, its = _bits(first), _bits(second)
    differing += [name for name in mine | its if mine.get(name) != its.get(name)]
    logs = first.engine.log, second.engine.log
    if len(logs[0]) != len(logs[1]):
        return [*differing, "number of products and kernels"]
    return differing + [f"{a.layer} {a.turn} {a.what}" for a, b in zip(*logs, strict=True) if not _same_work(a, b)]


def _bits(trainer: Trainer) -> dict[str, bytes]:
    """Return all values that there are after a step."""
    values = trainer.state()[0]
    for name, parameter in trainer.network.parameters().items():
        if parameter.grad is not None:
            values[f"gradient/{name}"] = parameter.grad
    return {name: array.tobytes() for name, array in values.items()}


def _same_work(one: Work, other: Work) -> bool:
    if one.cycles is None or other.cycles is None:
        one, other = replace(one, cycles=None), replace(other, cycles=None)
    return one == other
