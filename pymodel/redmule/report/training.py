# SPDX-License-Identifier: Apache-2.0
"""What training shows: recipes against FP32, loss scaling, approximate kernels; and whether it is what is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from redmule.report.training_study import SEEDS, Found

TARGETS = {"fp16": 0.005, "mixed_fp8": 0.015}
"""By how much the mean test accuracy of a recipe may lie below that of fp32."""

FRESH_SPLITS = range(10, 25)
"""Approximate kernels are judged on these splits of the digits: nothing was chosen with a view to them."""

FEWER_CYCLES, FEWER_RIGHT = 0.20, 0.005
"""Approximate kernels have to save so many cycles for so little accuracy."""


def accuracies(found: Mapping[str, Found], recipe: str) -> list[float]:
    """Return the last test accuracy of each seed."""
    return [found[f"{recipe} {seed}"]["scores"][-1][1]["accuracy"] for seed in SEEDS]


def chosen(points: Sequence[Found]) -> Found:
    """Return the point with the fewest cycles that loses little on the training samples; test samples have no say."""
    enough = points[0]["train"] - FEWER_RIGHT  # the first point is the whole network
    return min((each for each in points if each["train"] >= enough), key=lambda each: each["accelerator"])


@dataclass(frozen=True, slots=True)
class Trade:
    """What a point gives and takes, in shares; of another network than the whole one.

    Attributes:
        saved: cycles of the accelerator.
        saved_with_cores: cycles of accelerator and cores, one after the other.
        lost: test accuracy, both networks retrained.
        lost_before: test accuracy before.
    """

    saved: float
    saved_with_cores: float
    lost: float
    lost_before: float

    @classmethod
    def of(cls, point: Found, whole: Found) -> Trade:
        """Return that of a point."""
        total, before = (each["accelerator"] + each["cores"] for each in (point, whole))
        return cls(
            saved=1 - point["accelerator"] / whole["accelerator"],
            saved_with_cores=1 - total / before,
            lost=whole["retrained"] - point["retrained"],
            lost_before=whole["test"] - point["test"],
        )


def trades(found: Mapping[str, Found], seeds: Iterable[int]) -> list[Trade]:
    """Return what the chosen points of some seeds give and take."""
    explored = [found[f"approximate {seed}"]["points"] for seed in seeds]
    return [Trade.of(chosen(points), points[0]) for points in explored]


def mean_and_error(values: Sequence[float], digits: int = 1) -> str:
    """Return the mean of some shares, and its standard error, as text."""
    error = np.std(values, ddof=1) / np.sqrt(len(values))
    return f"{np.mean(values):.{digits}%} ± {error:.{digits}%}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Something that is asked for, and whether it is so."""

    name: str
    figure: str
    asked: str
    ok: bool


def verdicts(found: Mapping[str, Found]) -> list[Verdict]:
    """Return what is asked for."""
    reference = float(np.mean(accuracies(found, "fp32")))
    lines = []
    for recipe, most in TARGETS.items():
        below = reference - float(np.mean(accuracies(found, recipe)))
        lines.append(Verdict(f"{recipe} below fp32", f"{below:.2%}", f"at most {most:.1%}", below <= most))
    skipped = sum(step["skipped"] for step in found["overflow"]["steps"])
    lines.append(Verdict("steps skipped for a provoked overflow", str(skipped), "at least 1", skipped >= 1))
    judged = trades(found, FRESH_SPLITS)
    saved, lost = [each.saved for each in judged], [each.lost for each in judged]
    asked, enough = f"at least {FEWER_CYCLES:.0%}", float(np.mean(saved)) >= FEWER_CYCLES
    lines.append(Verdict("cycles saved by approximate kernels", mean_and_error(saved), asked, enough))
    asked, little = f"at most {FEWER_RIGHT:.1%}", float(np.mean(lost)) <= FEWER_RIGHT
    lines.append(Verdict("test accuracy that costs, retrained", mean_and_error(lost, 2), asked, little))
    explored = [found[f"approximate {seed}"]["points"] for seed in (*SEEDS, *FRESH_SPLITS)]
    exact = all(point["rtl"] for points in explored for point in points)
    lines.append(Verdict("their points on the RTL", "equal" if exact else "DIFFER", "equal", exact))
    return lines
