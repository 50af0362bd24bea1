# SPDX-License-Identifier: Apache-2.0
"""Supply and clock: the published corners, and what lies between and beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, log

from redmule import checks

__all__ = ["CORNERS", "REFERENCE", "Corner", "corner_of"]

LEAST_VOLT, MOST_VOLT = 0.5, 1.1
"""Supplies for which the rules below are meant: those around the published corners."""

MOST_MHZ = 2000.0

_LEAKAGE_PER_VOLT = log(1.2 / 0.5) / (1.0 - 0.6)
"""Leakage power grows by e to this in a volt: 0.5 uW/kGE at 0.6 V, 1.2 at 1.0 V (GVSoC's model of this accelerator)."""


@dataclass(frozen=True, slots=True)
class Corner:
    """A supply in V and a clock in MHz.

    Raises:
        ValueError: one is outside its range.
    """

    volt: float
    mhz: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "volt", checks.number("volt", self.volt, LEAST_VOLT, MOST_VOLT))
        object.__setattr__(self, "mhz", checks.number("mhz", self.mhz, 1.0, MOST_MHZ))

    def switching(self, reference: Corner) -> float:
        """Return the energy of a switched capacitance over that at `reference`: C V^2."""
        return (self.volt / reference.volt) ** 2

    def leakage(self, reference: Corner) -> float:
        """Return leakage power over that at `reference`."""
        return exp(_LEAKAGE_PER_VOLT * (self.volt - reference.volt))


CORNERS: Mapping[str, Corner] = {"0.65V": Corner(0.65, 470.0), "0.80V": Corner(0.80, 613.0)}
"""The published corners in 22 nm (FGCS 2023, arXiv 2301.03904): the efficient one and the fast one."""

REFERENCE = CORNERS["0.65V"]
"""The corner at which the table of costs holds."""


def corner_of(corner: str | float | Corner) -> Corner:
    """Return a corner: by name, as it is, or at a supply in V, with a clock on the line through the published two.

    Raises:
        ValueError: no such name, or a supply outside of what the rules are meant for.
    """
    if isinstance(corner, Corner):
        return corner
    if isinstance(corner, str):
        return CORNERS[checks.choice("corner", corner, CORNERS)]
    volt = checks.number("corner", corner, LEAST_VOLT, MOST_VOLT)
    slow, fast = CORNERS.values()
    return Corner(volt, slow.mhz + (volt - slow.volt) * (fast.mhz - slow.mhz) / (fast.volt - slow.volt))
