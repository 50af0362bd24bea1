# SPDX-License-Identifier: Apache-2.0
"""Pareto fronts: the points that no other point beats in one figure without losing in the other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from redmule.sweep.columns import Row


@dataclass(frozen=True, slots=True)
class Front:
    """Two figures to weigh against each other.

    Attributes:
        x, y: columns.
        least_x: whether little of x is good; much of y always is.
    """

    x: str
    y: str
    least_x: bool = False

    def of(self, rows: Iterable[Row]) -> list[Row]:
        """Return the rows that no other one beats, by x; of equal ones the first. Rows without figures are left out."""
        sign = 1 if self.least_x else -1
        known = [row for row in rows if row.get(self.x) is not None and row.get(self.y) is not None]
        front: list[Row] = []
        for row in sorted(known, key=lambda row: (sign * figure(row, self.x), -figure(row, self.y))):
            if not front or figure(row, self.y) > figure(front[-1], self.y):
                front.append(row)
        return front if self.least_x else front[::-1]


FRONTS = (Front("gflops_per_mm2", "gflops_per_w"), Front("area_kge", "mac_per_cycle", least_x=True))
"""Energy against silicon, and speed in cycles against gates."""


def figure(row: Row, column: str) -> float:
    """Return a number of a row.

    Raises:
        TypeError: it is none.
    """
    value = row[column]
    if not isinstance(value, int | float):
        raise TypeError(f"{column} = {value!r} is no number")
    return float(value)


def by_workload(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Return the rows of each workload, in their order."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(str(row["workload"]), []).append(row)
    return found


def on_any_front(rows: Sequence[Row]) -> list[Row]:
    """Return the rows that are on a front of their workload, in their order."""
    ids = {id(row) for group in by_workload(rows).values() for front in FRONTS for row in front.of(group)}
    return [row for row in rows if id(row) in ids]


def best(rows: Iterable[Row], column: str) -> Row | None:
    """Return the row with most of something, of equal ones the first; None if none has a figure."""
    return max((row for row in rows if row.get(column) is not None), key=lambda row: figure(row, column), default=None)
