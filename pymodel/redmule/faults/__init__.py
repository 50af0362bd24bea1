# SPDX-License-Identifier: Apache-2.0
"""Single-event upsets: one bit of any flop of the accelerator turned over in any cycle of a job, and what follows."""

from redmule.faults.campaign import Campaign, carry_out, inject
from redmule.faults.flops import Flop, flops_of
from redmule.faults.replay import Replay, Site, replay
from redmule.faults.scenarios import SCENARIOS
from redmule.faults.table import COLUMNS, OUTCOMES, FaultTable, Interval, Row, wilson

__all__ = [
    "COLUMNS",
    "OUTCOMES",
    "SCENARIOS",
    "Campaign",
    "FaultTable",
    "Flop",
    "Interval",
    "Replay",
    "Row",
    "Site",
    "carry_out",
    "flops_of",
    "inject",
    "replay",
    "wilson",
]
