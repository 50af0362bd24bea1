# SPDX-License-Identifier: Apache-2.0
"""A monitor of event lines: every pulse with its cycle. Between events it costs nothing."""

from __future__ import annotations

from dataclasses import dataclass

from cocotb.triggers import ValueChange
from pyuvm import uvm_analysis_port, uvm_monitor

from tb.agents.clock import cycle, idle


@dataclass(frozen=True, slots=True)
class Pulse:
    """An event: the cycle and the line, which is the core."""

    cycle: int
    core: int


class EventMonitor(uvm_monitor):
    """Listens to lines, on which each cycle that is high is an event of its own.

    The bench tells it the signal by `ConfigDB().set(parent, "name of the monitor", "LINES", signal)`.

    Attributes:
        pulses: all so far.
        ap: analysis port: each pulse, in its cycle.
    """

    def build_phase(self) -> None:
        """Find the lines."""
        self._lines = self.cdb_get("LINES")
        self.pulses: list[Pulse] = []
        self.ap = uvm_analysis_port("ap", self)

    async def run_phase(self) -> None:
        """Listen, for ever."""
        while True:
            await ValueChange(self._lines)
            while lines := int(self._lines.value):
                for core in range(lines.bit_length()):
                    if lines >> core & 1:
                        self.pulses.append(pulse := Pulse(cycle(), core))
                        self.ap.write(pulse)
                await idle(1)
