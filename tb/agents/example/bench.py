# SPDX-License-Identifier: Apache-2.0
"""The engine `gather` in a pyuvm environment of both agents: data, accesses, weather, errors."""

from __future__ import annotations

import random
from typing import Any

import cocotb
import numpy as np
from cocotb.triggers import SimTimeoutError, with_timeout
from pyuvm import uvm_env, uvm_root, uvm_sequence, uvm_subscriber, uvm_test

from tb.agents.clock import PERIOD_NS, idle
from tb.agents.event_monitor import EventMonitor, Pulse
from tb.agents.memory_agent import MAY_READ, MAY_WRITE, MemoryAgent, MemoryPort, Weather, WeatherItem
from tb.agents.register_agent import Access, RegisterAgent, RegisterPort, RegisterSequence

START, SOURCE, TARGET, STRIDE, COUNT, SUM, ERROR = range(0, 0x1C, 4)
BASE, BYTES, WORD_BYTES = 0x8000, 4096, 4
MOST_WORDS, PATIENCE_CYCLES = 20, 5000


class Mistakes(uvm_subscriber):
    """Keeps what the memory monitor complains about."""

    def build_phase(self) -> None:
        """Begin without any."""
        self.texts: list[str] = []

    def write(self, tt: str) -> None:
        """Keep one."""
        self.texts.append(tt)


class Waiter(uvm_subscriber):
    """Wakes who waits for an event of the engine."""

    def build_phase(self) -> None:
        """Begin without one."""
        self.event = cocotb.triggers.Event()

    def write(self, tt: Pulse) -> None:
        """An event."""
        self.event.set()


class GatherEnv(uvm_env):
    """Both agents, and a monitor of the event."""

    def build_phase(self) -> None:
        """Make them, on a memory of random bytes."""
        dut: Any = cocotb.top
        self.content = np.frombuffer(random.randbytes(BYTES), np.uint8).copy()
        self.permissions = np.zeros(BYTES, np.uint8)
        self.cdb_set("PORT", MemoryPort("gather_top.u_memory", BASE, self.content, self.permissions), "memory")
        self.cdb_set("PORT", RegisterPort("gather_top.u_registers", dut.reg_done_o), "registers")
        self.cdb_set("LINES", dut.event_o, "events")
        self.memory = MemoryAgent("memory", self)
        self.registers = RegisterAgent("registers", self)
        self.events = EventMonitor("events", self)
        self.mistakes, self.waiter = Mistakes("mistakes", self), Waiter("waiter", self)

    def connect_phase(self) -> None:
        """Connect them."""
        self.memory.monitor.mistakes.connect(self.mistakes.analysis_export)
        self.events.ap.connect(self.waiter.analysis_export)


class GatherSequence(uvm_sequence):
    """Runs the engine once, under some weather, and compares everything.

    Attributes:
        transfers: of the memory, as the monitor saw them.
    """

    def __init__(self, env: GatherEnv, weather: Weather) -> None:
        super().__init__("gather")
        self.env, self.weather = env, weather

    async def body(self) -> None:
        """Run it."""
        env, words = self.env, self.env.content.view(np.uint32)
        count, step = random.randint(1, MOST_WORDS), random.randint(1, 8)
        source, target = random.randrange(256), 512 + random.randrange(256)
        picked = source + step * np.arange(count)
        env.permissions[:] = 0
        env.permissions.reshape(-1, WORD_BYTES)[picked] = MAY_READ
        env.permissions.reshape(-1, WORD_BYTES)[target : target + count] = MAY_WRITE
        expected = words.copy()
        expected[target : target + count] = words[picked]
        item = WeatherItem(self.weather)
        await self.start_item(item)
        await self.finish_item(item)
        registers = RegisterSequence(env.registers.sequencer)
        env.waiter.event.clear()
        await registers.play(
            Access(SOURCE, BASE + WORD_BYTES * source),
            Access(TARGET, BASE + WORD_BYTES * target, gap=0),
            Access(STRIDE, WORD_BYTES * step, core=3),
            Access(COUNT, count, gap=7),
            Access(START, 1),
        )
        try:
            await with_timeout(env.waiter.event.wait(), PATIENCE_CYCLES * PERIOD_NS, "ns")
        except SimTimeoutError:
            raise AssertionError(f"no event within {PATIENCE_CYCLES} cycles") from None
        total, failed = await registers.read(SUM), await registers.read(ERROR)
        self.transfers = env.memory.monitor.collect()
        assert not env.mistakes.texts, env.mistakes.texts[0]
        assert not failed
        assert total == int(words[picked].sum(dtype=np.uint64)) % (1 << 32)
        np.testing.assert_array_equal(words, expected)
        assert self.transfers["read"].tolist() == [True, False] * count
        assert (self.transfers["answered"] > self.transfers["granted"]).all()


class GatherTest(uvm_test):
    """Resets the engine and tries it."""

    def build_phase(self) -> None:
        """Make the environment."""
        self.env = GatherEnv("env", self)

    async def run_phase(self) -> None:
        """Run it under all kinds of weather."""
        self.raise_objection()
        top: Any = cocotb.top
        top.rst_ni.value = 0
        await idle(2)
        top.rst_ni.value = 1
        await self.play()
        self.drop_objection()

    async def play(self) -> None:
        """What is to be tried."""
        for weather in (Weather(), Weather(0.5), Weather(0.7, burst=5, latency=9)):
            waited = 0
            for _ in range(10):
                sequence = GatherSequence(self.env, weather)
                await sequence.start(self.env.memory.sequencer)
                assert weather.latency or (sequence.transfers["answered"] - sequence.transfers["granted"] == 1).all()
                waited += int(sequence.transfers["waited"].sum())
            assert (waited > 0) == (weather.stall > 0)


class TrespassTest(GatherTest):
    """An access that is not permitted is reported, with its rule and its cycle."""

    async def play(self) -> None:
        """Read words that nobody allowed; however many there are, those of later runs are reported as well."""
        for count in (1, MOST_WORDS, 1):
            texts = await self.trespass(count)
            rules = [text.split(": ")[1] for text in texts]
            assert rules[:2] == ["AccessIsPermitted", "AccessIsInsideTheMemory"], texts
            assert count > 1 or len(rules) == 2
            assert texts[0].startswith("cycle ")

    async def trespass(self, count: int) -> list[str]:
        """Copy words from where nothing is allowed to where no memory is; returns what the monitor says."""
        registers = RegisterSequence(self.env.registers.sequencer)
        self.env.mistakes.texts.clear()
        await registers.play(
            Access(SOURCE, BASE + 4), Access(TARGET, BASE + BYTES), Access(COUNT, count), Access(START, 1)
        )
        await idle(20 * count)
        self.env.memory.monitor.collect()
        assert await registers.read(ERROR) == 1
        return list(self.env.mistakes.texts)


@cocotb.test()
async def data_are_gathered_in_any_weather(_dut: Any) -> None:
    await idle(1)
    await uvm_root().run_test(GatherTest)


@cocotb.test()
async def a_trespass_is_reported_with_its_rule_and_cycle(_dut: Any) -> None:
    await idle(1)
    await uvm_root().run_test(TrespassTest)
