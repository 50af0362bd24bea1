# SPDX-License-Identifier: Apache-2.0
"""The clock of a bench, and the number of the present cycle.

There are two kinds of benches: those that drive `clk_i` from here and act after each rising edge, and those whose top
has a `clock_source.sv` and which act a few times a job, in the midst of cycles.
"""

from typing import Any

from cocotb.clock import Clock
from cocotb.triggers import Timer
from cocotb.utils import get_sim_time

PERIOD_NS = 10
AFTER_EDGE_NS = 1
"""Where in a cycle a bench acts that does not wait for edges."""


def start_clock(signal: Any) -> None:
    """Start the clock; its first rising edge ends cycle 0."""
    Clock(signal, PERIOD_NS, unit="ns").start(start_high=False)


def cycle() -> int:
    """Return the number of the present cycle; just after a rising edge that this bench waited for, the one it ended.

    Differences are what counts.
    """
    return int(get_sim_time("ns")) // PERIOD_NS


async def idle(cycles: int) -> None:
    """Wait for so many edges of `clock_source.sv`; goes on right behind the last of them."""
    now = int(get_sim_time("ns"))
    if cycles > 0:
        await Timer((now // PERIOD_NS + cycles) * PERIOD_NS + AFTER_EDGE_NS - now, "ns")
