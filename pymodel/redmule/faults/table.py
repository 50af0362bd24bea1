# SPDX-License-Identifier: Apache-2.0
"""What came of faults: outcomes per block, with intervals, weighted so that all bits and cycles count alike."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from redmule.faults.injector import Seen

OUTCOMES: Mapping[str, str] = {
    "masked": "result, flags, event and counters as without the fault",
    "moved": "result and flags right, but the event comes in another cycle, or a counter is wrong",
    "wrong": "wrong result or flags, or a byte outside the result written, and nothing says so",
    "hang": "the event does not come, with the watchdog off",
    "code": "the host is told: a job ends with an error code, or the register port answers with an error",
    "rule": "a rule of the ports fails (rtl/checks)",
}
"""Outcomes; a fault that more than one fits has the last of them, but an error code comes before a rule."""

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "masked": ("masked", "moved"),
    "other cycle": ("moved",),
    "wrong": ("wrong",),
    "hang": ("hang",),
    "detected": ("code", "rule"),
    "error code": ("code",),
}
"""Columns of the table, and the outcomes they sum up; "other cycle" is part of "masked", "error code" of "detected"."""

CONFIDENCE_Z = 1.959963984540054
"""Of a normal distribution, 95 % lie within so many standard deviations."""

_NAMES = tuple(OUTCOMES)


@dataclass(frozen=True, slots=True)
class Interval:
    """A share, and the 95 % interval it lies in."""

    share: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.share:.2%} ({self.low:.2%} to {self.high:.2%})"


def wilson(share: float, count: float) -> Interval:
    """Return the 95 % interval of Wilson (1927) for a share that was seen in so many trials.

    Args:
        share: 0 to 1.
        count: trials; for shares that were weighted the number of equal ones that say as much. 0: nothing is known.
    """
    if count <= 0:
        return Interval(math.nan, 0.0, 1.0)
    squared = CONFIDENCE_Z**2 / count
    centre = (share + squared / 2) / (1 + squared)
    half = math.sqrt(squared * share * (1 - share) + squared**2 / 4) / (1 + squared)
    return Interval(share, max(0.0, min(centre - half, share)), min(1.0, max(centre + half, share)))


def classify(seen: NDArray[np.uint32], *, rules: bool = True) -> NDArray[np.uint8]:
    """Return the outcome of each fault, as its place in OUTCOMES.

    Args:
        seen: (n,) bits of Seen.
        rules: whether the rules of the ports are watched; the hardware alone has no such checks.
    """

    def has(bits: Seen) -> NDArray[np.bool_]:
        return np.asarray(seen & int(bits), np.bool_)

    conditions = [has(Seen.REFUSED | Seen.ERROR), has(Seen.HANG), has(Seen.BITS | Seen.STRAY | Seen.FLAGS)]
    outcomes = ["code", "hang", "wrong"]
    if rules:
        conditions.insert(1, has(Seen.RULE))
        outcomes.insert(1, "rule")
    conditions.append(has(Seen.MOVED | Seen.COUNTERS))
    outcomes.append("moved")
    numbers = [np.uint8(_NAMES.index(name)) for name in outcomes]
    return np.select(conditions, numbers, np.uint8(0)).astype(np.uint8)


@dataclass(frozen=True, slots=True)
class Count:
    """What came of the faults in one signal.

    Attributes:
        block: folder and unit.
        signal: path without indices.
        bits: how many flops it is.
        outcomes: how often each of OUTCOMES.
        without_rules: the same where nobody watches the rules of the ports.
        asserted: faults that were wrong or hung, of which an assertion of a module says so in simulation.
    """

    block: str
    signal: str
    bits: int
    outcomes: tuple[int, ...]
    without_rules: tuple[int, ...]
    asserted: int

    @property
    def injections(self) -> int:
        """How many faults."""
        return sum(self.outcomes)


@dataclass(frozen=True, slots=True)
class Row:
    """Some flops and what came of faults in them: for each of COLUMNS a share of all their bits and cycles."""

    name: str
    bits: int
    injections: int
    shares: Mapping[str, Interval]


def row(name: str, counts: Sequence[Count], *, rules: bool = True) -> Row:
    """Return the row of some signals, each weighted by its bits.

    The interval is that of as many equally weighted faults as have the same variance: 1 / sum of w^2 / n.
    """
    bits = sum(count.bits for count in counts)
    weights = [count.bits / bits for count in counts]
    spread = sum(w * w / count.injections for w, count in zip(weights, counts, strict=True) if count.injections)

    def share(outcomes: Iterable[str]) -> float:
        total = 0.0
        for weight, count in zip(weights, counts, strict=True):
            seen = count.outcomes if rules else count.without_rules
            total += weight * sum(seen[_NAMES.index(each)] for each in outcomes) / max(count.injections, 1)
        return min(total, 1.0)

    shares = {column: wilson(share(parts), 1 / spread if spread else 0.0) for column, parts in COLUMNS.items()}
    return Row(name, bits, sum(count.injections for count in counts), shares)


@dataclass(frozen=True, slots=True)
class FaultTable:
    """The outcome of a campaign.

    Attributes:
        config: name of the configuration.
        seed: of the draw.
        jobs: names of the scenarios, and the cycles of each in which faults were drawn.
        counts: of each signal that faults were injected into.
    """

    config: str
    seed: int
    jobs: Mapping[str, int]
    counts: tuple[Count, ...]

    @property
    def injections(self) -> int:
        """How many faults were injected."""
        return sum(count.injections for count in self.counts)

    @property
    def blocks(self) -> list[Row]:
        """A row for each block."""
        return self._rows(lambda count: count.block)

    @property
    def signals(self) -> list[Row]:
        """A row for each signal."""
        return self._rows(lambda count: count.signal)

    @property
    def total(self) -> Row:
        """All of them."""
        return row("all", self.counts)

    @property
    def without_rules(self) -> Row:
        """All of them, where nobody watches the rules of the ports."""
        return row("all, rules of the ports not watched", self.counts, rules=False)

    @property
    def rows(self) -> list[Row]:
        """The whole table: blocks, all of them, and all where the rules are not watched."""
        return [*self.blocks, self.total, self.without_rules]

    def record(self) -> dict[str, Any]:
        """Return everything as data for JSON."""

        def line(each: Row) -> dict[str, Any]:
            shares = {column: [i.share, i.low, i.high] for column, i in each.shares.items()}
            return {"name": each.name, "bits": each.bits, "injections": each.injections} | shares

        return {
            "config": self.config,
            "seed": self.seed,
            "injections": self.injections,
            "jobs": dict(self.jobs),
            "blocks": [line(each) for each in self.blocks],
            "total": line(self.total),
            "without_rules": line(self.without_rules),
            "signals": [line(each) for each in self.signals],
        }

    def _rows(self, key: Callable[[Count], str]) -> list[Row]:
        groups: dict[str, list[Count]] = {}
        for count in self.counts:
            groups.setdefault(key(count), []).append(count)
        return [row(name, group) for name, group in groups.items()]
