# SPDX-License-Identifier: Apache-2.0
"""What a report says about the table of a sweep, as data: means over workloads, slices, configurations to look at."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from redmule.config import Config
from redmule.sweep import AXES, Row
from redmule.sweep.front import best, by_workload, figure
from redmule.sweep.grid import BASE

MEANS = ("utilisation", "efficiency", "mac_per_cycle", "gflops", "gflops_per_w", "gflops_per_mm2")
"""Figures of which a mean over workloads makes sense."""

ALL_WORKLOADS = "all workloads, geometric mean"

SHAPE = ("rows", "row_len")


@dataclass(frozen=True, slots=True)
class Highlight:
    """A configuration worth a closer look, and why."""

    config: str
    reason: str


def good(rows: Sequence[Row]) -> list[Row]:
    """Return the rows that have figures."""
    return [row for row in rows if not row["error"]]


def means(rows: Sequence[Row]) -> list[Row]:
    """Return a row for each configuration that did all workloads: its parameters, area, and geometric means."""
    workloads = by_workload(rows)
    found: dict[str, list[Row]] = {}
    for row in good(rows):
        found.setdefault(str(row["config"]), []).append(row)
    return [
        {name: group[0][name] for name in ("config", *AXES.values(), "ces", "area_kge", "area_mm2")}
        | {name: math.exp(sum(math.log(figure(row, name)) for row in group) / len(group)) for name in MEANS}
        | {"workload": ALL_WORKLOADS}
        for group in found.values()
        if len(group) == len(workloads)
    ]


def highlights(rows: Sequence[Row]) -> list[Highlight]:
    """Return up to three configurations: the published one if it was swept, the most efficient, the densest."""
    table = means(rows)
    reasons = {"gflops_per_w": "most GFLOPS/W", "gflops_per_mm2": "most GFLOPS/mm²"}
    found: dict[str, str] = {BASE: "as published"} if any(row["config"] == BASE for row in table) else {}
    for column, reason in reasons.items():
        if (row := best(table, column)) is not None:
            name = str(row["config"])
            found[name] = f"{found[name]}, {reason}" if name in found else reason
    return [Highlight(config, reason) for config, reason in found.items()]


def slices(rows: Sequence[Row]) -> dict[int, list[Row]]:
    """Return for each port width the rows that differ in the shape of the array only, all else as most rows have it.

    Where several settings are equally frequent, the one nearest to the published array counts. No rows: nothing.
    """
    if not rows:
        return {}
    others = [field for field in AXES.values() if field not in (*SHAPE, "port_width")]
    base = Config.named(BASE)

    def setting(row: Row) -> tuple[float, ...]:
        return tuple(figure(row, field) for field in others)

    counts = Counter(setting(row) for row in rows)
    at_base = tuple(float(getattr(base, field)) for field in others)

    def worth(choice: tuple[float, ...]) -> tuple[float, float]:
        return counts[choice], -sum(abs(a - b) for a, b in zip(choice, at_base, strict=True))

    chosen = max(counts, key=worth)
    found: dict[int, list[Row]] = {}
    for row in rows:
        if setting(row) == chosen:
            found.setdefault(int(figure(row, "port_width")), []).append(row)
    return dict(sorted(found.items()))


def losses(row: Row) -> dict[str, float]:
    """Return by reason what keeps the array from doing a step with every element in every cycle, as shares of cycles.

    `edges of tiles`: steps in which elements have no row, column or inner element to work on. Steps of a job while the
    one before drains are counted as the drain of that one; where the edges are less than those, the drain is less.
    """
    cycles, utilisation = figure(row, "cycles"), figure(row, "utilisation")
    lost = {name.removeprefix("stall_"): figure(row, name) / cycles for name in row if name.startswith("stall_")}
    edges = figure(row, "steps") / cycles - utilisation
    lost["drain"] += min(edges, 0.0)
    waits = {"x": "X late", "w": "W late", "y": "Y late", "z": "Z not away"}
    return {"edges of tiles": max(edges, 0.0)} | {waits.get(name, name): share for name, share in lost.items()}
