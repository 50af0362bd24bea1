# SPDX-License-Identifier: Apache-2.0
"""The agent at a memory port: a test says how the memory behaves and looks at what happened, a few times a job.

`memory_agent.sv` serves the port; a passive agent has `memory_monitor.sv` alone, at a port that something else serves.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyuvm import uvm_agent, uvm_analysis_port, uvm_driver, uvm_monitor, uvm_sequence_item, uvm_sequencer

from tb.agents.backend import DOUBLE, INT, POINTER, TEXT, U32, U64, Instance

MAY_READ, MAY_WRITE = 1, 2
"""Bits of a permission."""

TRANSFER = np.dtype(
    [
        ("granted", "u8"),  # cycle
        ("answered", "u8"),  # cycle
        ("address", "u8"),
        ("waited", "u4"),  # cycles before its grant
        ("bytes", "u4"),  # enabled lanes
        ("read", "?"),
        ("error", "?"),
    ],
    align=True,
)
"""A transfer in the log, in the order of the grants."""

_AGENT = {
    "restart": (None, (U32,)),
    "content": (None, (POINTER, U64, U64)),
    "weather": (None, (DOUBLE, U32, U32, INT, U64)),
    "fault": (None, (INT, U32, U32)),
}
_MONITOR = {
    "restart": (None, ()),
    "permit": (None, (POINTER, U64, U64)),
    "requests": (U64, ()),
    "transfers": (U64, ()),
    "logged": (U64, ()),
    "take": (None, (POINTER,)),
    "mistake": (TEXT, (U32,)),
}


@dataclass(frozen=True, slots=True)
class Weather:
    """How a memory behaves.

    Attributes:
        stall: share of the cycles in which it grants nothing; 1: dead.
        burst: cycles that it grants nothing each time.
        latency: most cycles by which an answer is late; each one is drawn from 0 to this.
        fail_at: byte address; an access that names this byte is answered with an error.
    """

    stall: float = 0.0
    burst: int = 1
    latency: int = 0
    fail_at: int | None = None

    @property
    def fair(self) -> bool:
        """Whether every request is granted at once and answered in the next cycle."""
        return self.stall == 0 and self.latency == 0 and self.fail_at is None


class Fault(IntEnum):
    """What a memory does wrong, to see that a bench finds it."""

    NONE = 0
    LATE_STORES = 1
    LOST_STORE = 2
    REPEATED_LOAD = 3
    STRAY_STORES = 4


@dataclass(frozen=True, slots=True, eq=False)
class MemoryPort:
    """The port of an agent, which a bench tells it by `ConfigDB().set(parent, "its name", "PORT", MemoryPort(...))`.

    Attributes:
        scope: path of the instance of `memory_agent`, or (of a passive agent) of `memory_monitor`.
        base: address of the first byte of the memory.
        content: (size,) uint8, the memory; None: the agent is passive.
        permissions: (size,) uint8 of MAY_READ and MAY_WRITE, which the test may change at any time; None: no checks.
    """

    scope: str
    base: int
    content: NDArray[np.uint8] | None = None
    permissions: NDArray[np.uint8] | None = None


class WeatherItem(uvm_sequence_item):
    """An order to a memory: behave like this from now on."""

    def __init__(self, weather: Weather, name: str = "weather") -> None:
        super().__init__(name)
        self.weather = weather


class MemoryDriver(uvm_driver):
    """Makes the weather.

    Attributes:
        weather: the present one.
        ap: analysis port: every weather.
    """

    def build_phase(self) -> None:
        """Take the port over: whatever an earlier test left is gone."""
        port: MemoryPort = self.cdb_get("PORT")
        assert port.content is not None, f"{self.get_full_name()} is active: its port needs a content"
        self.ap = uvm_analysis_port("ap", self)
        self.weather = Weather()
        self._content = port.content  # the agent writes into it
        _KEPT.append(port.content)
        self._agent = Instance("memory_agent", port.scope, _AGENT)
        self._agent.restart(random.getrandbits(32))
        self._agent.content(port.content.ctypes.data, port.base, port.content.size)

    async def run_phase(self) -> None:
        """Take items for ever."""
        while True:
            item: WeatherItem = await self.seq_item_port.get_next_item()
            self.set_weather(item.weather)
            self.ap.write(item.weather)
            self.seq_item_port.item_done()

    def set_weather(self, weather: Weather) -> None:
        """Change the weather at once, without telling anybody."""
        self.weather = weather
        fails = weather.fail_at is not None
        self._agent.weather(weather.stall, weather.burst, weather.latency, fails, weather.fail_at or 0)

    def inject(self, fault: Fault, *, number: int = 0, cycles: int = 0) -> None:
        """Do something wrong.

        Args:
            fault: what.
            number: to which load or store, counted from 1; the first load has none before it to repeat.
            cycles: by how many cycles stores are late.
        """
        self._agent.fault(fault, number, cycles)


class MemoryMonitor(uvm_monitor):
    """Looks at the port.

    Attributes:
        ap: analysis port: an array of TRANSFER for each call of `collect`.
        mistakes: analysis port: a text for each access that was not permitted, of the first eight words of a batch; it
            names the rule and the cycle. Without a subscriber nobody is told.
    """

    def build_phase(self) -> None:
        """Find the instance, and forget what an earlier test left."""
        port: MemoryPort = self.cdb_get("PORT")
        self.ap = uvm_analysis_port("ap", self)
        self.mistakes = uvm_analysis_port("mistakes", self)
        scope = port.scope if port.content is None else f"{port.scope}.u_monitor"
        self._monitor = Instance("memory_monitor", scope, _MONITOR)
        self._monitor.restart()
        if port.permissions is not None:
            _KEPT.append(port.permissions)
            self._monitor.permit(port.permissions.ctypes.data, port.base, port.permissions.size)

    @property
    def requests(self) -> int:
        """Cycles with a request so far."""
        return int(self._monitor.requests())

    @property
    def transfers(self) -> int:
        """Transfers so far, answered or not."""
        return int(self._monitor.transfers())

    def collect(self) -> NDArray[Any]:
        """End a batch: publish the transfers that were answered since the last call, and return them."""
        texts: list[str] = []
        while (text := self._monitor.mistake(len(texts))) is not None:
            texts.append(text.decode())
        batch = np.empty(self._monitor.logged(), TRANSFER)
        self._monitor.take(batch.ctypes.data)
        for text in texts:
            self.mistakes.write(text)
        self.ap.write(batch)
        return batch


class MemoryAgent(uvm_agent):
    """Driver, sequencer of `WeatherItem`, monitor; passive (the port has no content) the monitor alone."""

    def build_phase(self) -> None:
        """Make the parts; they share the port of the agent."""
        super().build_phase()
        port: MemoryPort = self.cdb_get("PORT")
        self.cdb_set("PORT", port, "*")
        self.monitor = MemoryMonitor("monitor", self)
        if port.content is not None:
            self.sequencer = uvm_sequencer("sequencer", self)
            self.driver = MemoryDriver("driver", self)

    def connect_phase(self) -> None:
        """Connect driver and sequencer."""
        if hasattr(self, "driver"):
            self.driver.seq_item_port.connect(self.sequencer.seq_item_export)


_KEPT: list[NDArray[np.uint8]] = []
"""Buffers that the simulation may write into until it ends, whatever becomes of the test that made them."""
