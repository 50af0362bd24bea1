# SPDX-License-Identifier: Apache-2.0
"""A bench: a unit of the accelerator, driven so that one kind of event happens in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from redmule.area.synthesis import Unit
from redmule.energy.evaluate import Bits

Ports = dict[str, Bits]
"""Values of input ports; those left out are 0."""

Drive = Callable[[str, np.random.Generator], Ports]
"""Makes the values of the input ports, for operands of a name of `DATA`."""


REST = "rest"


@dataclass(frozen=True, slots=True)
class Bench:
    """A unit at work.

    Attributes:
        event: what happens: a name of `EVENTS`, or of another cost.
        case: which of several ways it happens in, or `REST`: what those behind it are compared with.
        unit: where.
        rate: events in a cycle.
        drive: the stimulus.
        written: bits of storage written in a cycle, by register.
        by_data: whether it is worth looking at all kinds of operands.
    """

    event: str
    case: str
    unit: Unit
    rate: float
    drive: Drive
    written: Mapping[str, float] = field(default_factory=dict)
    by_data: bool = False
