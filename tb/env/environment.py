# SPDX-License-Identifier: Apache-2.0
"""The environment: agents at the ports, a driver of jobs, predictor, scoreboard."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cocotb
import numpy as np
from pyuvm import uvm_analysis_export, uvm_component, uvm_env, uvm_sequence, uvm_sequencer

from redmule.config import Config
from redmule.device.memory import Memory
from tb.agents.event_monitor import EventMonitor
from tb.agents.memory_agent import MemoryAgent, MemoryPort, Weather, WeatherItem
from tb.agents.register_agent import RegisterAgent, RegisterPort, RegisterSequence
from tb.env.coverage import CoverageSubscriber
from tb.env.driver import JobDriver
from tb.env.predictor import Predictor
from tb.env.scoreboard import Scoreboard

MEMORY_BASE, MEMORY_BYTES = 0x1C00_0000, 1 << 17


@dataclass(frozen=True, slots=True, eq=False)
class Setup:
    """What the environment stands around: the accelerator of a top of `tb/tops`.

    Attributes:
        config: the accelerator.
        memory: where jobs are laid out.
        memory_port, register_port: of the agents; the memory agent of the cluster is passive.
        events: the lines of the accelerator.
        reset_n: the reset.
    """

    config: Config
    memory: Memory
    memory_port: MemoryPort
    register_port: RegisterPort
    events: Any
    reset_n: Any

    @classmethod
    def of(cls, dut: Any) -> Setup:
        """Return that of a top whose memory is the agent's."""
        config = Config.from_parameters("dut", json.loads(os.environ["CONFIG"]))
        memory = Memory(MEMORY_BYTES, MEMORY_BASE, poison=True)
        permissions = np.zeros(MEMORY_BYTES, np.uint8)
        top = str(dut._name)
        return cls(
            config,
            memory,
            MemoryPort(f"{top}.u_memory", MEMORY_BASE, memory.bytes, permissions),
            RegisterPort(f"{top}.u_registers", dut.reg_done_o),
            dut.event_o,
            dut.rst_ni,
        )


class Sink(uvm_analysis_export):
    """An export that hands what is written to a function."""

    def __init__(self, name: str, parent: uvm_component, write: Callable[[Any], None]) -> None:
        super().__init__(name, parent)
        self.write = write


class WeatherSequence(uvm_sequence):
    """One change of the weather."""

    def __init__(self, weather: Weather) -> None:
        super().__init__("weather")
        self.weather = weather

    async def body(self) -> None:
        """Send it."""
        item = WeatherItem(self.weather)
        await self.start_item(item)
        await self.finish_item(item)


class Environment(uvm_env):
    """Everything around the accelerator.

    Attributes:
        setup: what it stands around.
        memory, registers, events: the agents.
        sequencer: of jobs and what aborts them.
        predictor, scoreboard: what should be; what is wrong.
        coverage: what was tried.
        failures: addresses of the transfers that were answered with an error.
    """

    def build_phase(self) -> None:
        """Make the parts."""
        self.setup = setup = self.make_setup(cocotb.top)
        self.failures: list[int] = []
        self.cdb_set("CONFIG", setup.config)
        self.cdb_set("CLUSTER", setup.memory_port.content is None)
        self.cdb_set("MEMORY", setup.memory)
        self.cdb_set("PERMISSIONS", setup.memory_port.permissions)
        self.cdb_set("PORT", setup.memory_port, "memory")
        self.cdb_set("PORT", setup.register_port, "registers")
        self.cdb_set("LINES", setup.events, "events")
        self.memory = MemoryAgent("memory", self)
        self.registers = RegisterAgent("registers", self)
        self.events = EventMonitor("events", self)
        self.sequencer = uvm_sequencer("sequencer", self)
        self.driver = JobDriver("driver", self)
        self.predictor = Predictor("predictor", self)
        self.scoreboard = Scoreboard("scoreboard", self)
        self.coverage = CoverageSubscriber("coverage", self)

    def make_setup(self, dut: Any) -> Setup:
        """Return what this environment stands around."""
        return Setup.of(dut)

    def connect_phase(self) -> None:
        """Connect them."""
        self.driver.seq_item_port.connect(self.sequencer.seq_item_export)
        self.driver.registers = RegisterSequence(self.registers.sequencer)
        self.driver.predictor, self.driver.scoreboard = self.predictor, self.scoreboard
        self.driver.reset_n = self.setup.reset_n
        self.scoreboard.predictor = self.predictor
        self.events.ap.connect(Sink("pulses", self, self.predictor.pulse))
        self.predictor.ended.connect(Sink("ended", self, self._ended))
        self.predictor.aborted.connect(self.coverage.analysis_export)
        self.scoreboard.judged.connect(self.coverage.analysis_export)
        self.predictor.strays.connect(Sink("strays", self, self.scoreboard.stray_event))
        self.memory.monitor.ap.connect(Sink("transfers", self, self._transfers))
        self.memory.monitor.mistakes.connect(Sink("mistakes", self, self.scoreboard.complain))
        if hasattr(self.memory, "driver"):
            self.memory.driver.ap.connect(Sink("weather", self, self.predictor.change_weather))

    async def change_weather(self, weather: Weather) -> None:
        """Let the memory behave like this from now on."""
        await WeatherSequence(weather).start(self.memory.sequencer)

    def judge(self) -> None:
        """Raise `AssertionError` with all errors so far, those of accesses without an event as well; forget them."""
        self.memory.monitor.collect()
        self.scoreboard.judge()

    def check_phase(self) -> None:
        """No test passes with an error that nobody asked for."""
        self.judge()

    def _transfers(self, batch: Any) -> None:
        """Transfers were answered."""
        self.failures += batch["address"][batch["error"]].tolist()

    def _ended(self, item: Any) -> None:
        """A job has ended: its transfers are a batch."""
        self.memory.monitor.collect()
        self.scoreboard.judge_event(item)
