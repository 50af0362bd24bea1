# SPDX-License-Identifier: Apache-2.0
"""The clock of a bench, and the number of the present cycle."""

from typing import Any

from cocotb.clock import Clock
from cocotb.utils import get_sim_time

PERIOD_NS = 10


def start_clock(signal: Any) -> None:
    """Start the clock; its first rising edge ends cycle 0."""
    Clock(signal, PERIOD_NS, unit="ns").start(start_high=False)


def cycle() -> int:
    """Return the number of the cycle that the last rising edge ended. Differences are what counts."""
    return int(get_sim_time("ns")) // PERIOD_NS
