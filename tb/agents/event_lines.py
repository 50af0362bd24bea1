# SPDX-License-Identifier: Apache-2.0
"""A listener at event lines: keeps every pulse with its cycle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cocotb.triggers import RisingEdge, ValueChange

from tb.agents.clock import cycle


@dataclass(frozen=True, slots=True)
class Pulse:
    """An event: the cycle and the core."""

    cycle: int
    core: int


@dataclass(slots=True, eq=False)
class EventLines:
    """Listens to `event_o` of a DUT; `heard` is called in the cycle of each event."""

    dut: Any
    heard: Callable[[Pulse], None] = lambda pulse: None
    pulses: list[Pulse] = field(default_factory=list)

    async def run(self) -> None:
        """Listen, for ever. Between events it costs nothing."""
        dut = self.dut
        edge = RisingEdge(dut.clk_i)
        while True:
            await ValueChange(dut.event_o)
            await edge
            while lines := int(dut.event_o.value):
                for core in range(lines.bit_length()):
                    if lines >> core & 1:
                        self.pulses.append(pulse := Pulse(cycle(), core))
                        self.heard(pulse)
                await edge
