# SPDX-License-Identifier: Apache-2.0
"""The estimate: events times costs, by part of the chip, as energy, power and efficiency."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import hypot
from types import MappingProxyType

from redmule import area, checks
from redmule.config import Config
from redmule.energy.corners import REFERENCE, Corner, corner_of
from redmule.energy.events import Events
from redmule.energy.table import DATA, Cost, Table, costs

__all__ = ["LIBRARY_HIGH", "LIBRARY_LOW", "Energy", "estimate", "priced"]

LIBRARY_LOW, LIBRARY_HIGH = 0.5, 2.0
"""Factors of the interval of energies in the library: nothing was ever measured on silicon there."""


@dataclass(frozen=True, slots=True)
class Energy:
    """What jobs cost, and how sure that is.

    In two nodes: the cell library as computed (0.18 um, 1.8 V, the accelerator alone, within a factor of 2), and its
    equivalent in 22 nm at a corner, with the memory and the rest of the cluster around it.

    Attributes:
        pj_by_part: pJ in 22 nm by part of the chip.
        library_pj_by_part: pJ in the library by part of the accelerator.
        low, high: factors of the interval of the total in 22 nm: all costs of a part may be off in the same direction,
            parts are independent.
        macs: steps that did work.
        cycles: clock cycles.
        corner: supply and clock in 22 nm.
        stimulus: the operands that the costs were measured with.
    """

    pj_by_part: Mapping[str, float]
    library_pj_by_part: Mapping[str, float]
    low: float
    high: float
    macs: int
    cycles: int
    corner: Corner
    stimulus: str

    @property
    def total_pj(self) -> float:
        """All parts together."""
        return sum(self.pj_by_part.values())

    @property
    def interval_pj(self) -> tuple[float, float]:
        """Between what the total is expected."""
        return self.total_pj * self.low, self.total_pj * self.high

    @property
    def library_pj(self) -> float:
        """All parts of the accelerator together, in the library."""
        return sum(self.library_pj_by_part.values())

    @property
    def time_us(self) -> float:
        """How long the cycles take."""
        return self.cycles / self.corner.mhz

    @property
    def power_mw(self) -> float:
        """Mean power."""
        return self.total_pj / self.time_us / 1000

    @property
    def gflops(self) -> float:
        """Operations, two for each step that did work, in 1e9 a second."""
        return 2 * self.macs / self.time_us / 1000

    @property
    def gflops_per_w(self) -> float:
        """Operations for energy, in 1e9 a second and watt."""
        return 2000 * self.macs / self.total_pj

    @property
    def gflops_per_w_interval(self) -> tuple[float, float]:
        """Between what that is expected."""
        return self.gflops_per_w / self.high, self.gflops_per_w / self.low

    @property
    def pj_per_mac(self) -> float:
        """Energy of a step that did work, with all that belongs to it; NaN if none did."""
        return self.total_pj / self.macs if self.macs else float("nan")


def estimate(events: Events, config: Config, corner: str | float | Corner = "0.65V", data: str = "normal") -> Energy:
    """Return what events cost in an accelerator of `config`.

    Args:
        events: what happened.
        config: where.
        corner: a name of `CORNERS`, a supply in V, or a `Corner`.
        data: a name of `DATA`: the operands.

    Raises:
        ValueError: no such corner or data, no cycle, or something else as `events` or `config`.
    """
    return priced(costs(), events, config, corner, data)


def priced(
    table: Table, events: Events, config: Config, corner: str | float | Corner = "0.65V", data: str = "normal"
) -> Energy:
    """Return what events cost by a table of its own; else as `estimate`."""
    if not isinstance(events, Events):
        raise checks.refused("events", events, "is a redmule.energy.Events")
    if not isinstance(config, Config):
        raise checks.refused("config", config, "is a redmule.Config")
    at = corner_of(corner)
    checks.choice("data", data, DATA)
    if not events["cycles"]:
        raise checks.refused("cycles", events["cycles"], "are at least 1")
    switching = at.switching(REFERENCE)
    scale = table.scale.of(config) * switching
    library = {name: (cost, events[name] * cost.of(config, data)) for name, cost in table.events.items()}
    amounts = {
        "bank_access": (events["bank_reads"] + events["bank_writes"]) * switching,
        "cluster_cycle": events["cycles"] * switching,
        "leakage": area.estimate(config).kge * events["cycles"] / at.mhz * at.leakage(REFERENCE),
    }

    def bills() -> Iterator[tuple[Cost, float]]:
        for cost, pj in library.values():
            yield cost, pj * scale
        for name, cost in table.chip.items():
            yield cost, amounts[name] * cost.of(config, data)

    parts = _by_part(bills())
    total = sum(parts.values())
    below, above = (_by_part((cost, pj * off(cost)) for cost, pj in bills()) for off in (_below, _above))
    return Energy(
        pj_by_part=parts,
        library_pj_by_part=_by_part(iter(library.values())),
        low=1 - hypot(*below.values()) / total,
        high=1 + hypot(*above.values()) / total,
        macs=events.macs,
        cycles=events["cycles"],
        corner=at,
        stimulus=DATA[data],
    )


def _below(cost: Cost) -> float:
    return 1 - cost.low


def _above(cost: Cost) -> float:
    return cost.high - 1


def _by_part(bills: Iterator[tuple[Cost, float]]) -> Mapping[str, float]:
    """Return energies added up by the part of the chip that they go to."""
    parts: dict[str, float] = defaultdict(float)
    for cost, pj in bills:
        parts[cost.part] += pj
    return MappingProxyType(dict(parts))
