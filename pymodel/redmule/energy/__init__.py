# SPDX-License-Identifier: Apache-2.0
"""Energy: what happened (events), times what each event costs (a table), at a supply and a clock.

shape = law.Shape(96, 96, 96)
events = energy.events_of([shape], law.queue_cycles([shape], config), config)
energy.estimate(events, config).gflops_per_w
"""

from redmule.energy.corners import CORNERS, REFERENCE, Corner, corner_of
from redmule.energy.events import EVENTS, Events, events_of, events_of_result
from redmule.energy.model import Energy, estimate
from redmule.energy.table import COSTS, DATA, Cost, costs

__all__ = [
    "CORNERS",
    "COSTS",
    "DATA",
    "EVENTS",
    "REFERENCE",
    "Corner",
    "Cost",
    "Energy",
    "Events",
    "corner_of",
    "costs",
    "estimate",
    "events_of",
    "events_of_result",
]
