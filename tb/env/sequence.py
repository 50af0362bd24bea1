# SPDX-License-Identifier: Apache-2.0
"""The base of all sequences of jobs, and how one becomes a test."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

import cocotb
from cocotb.triggers import SimTimeoutError, with_timeout
from pyuvm import uvm_root, uvm_sequence, uvm_test

from redmule import law
from redmule.config import Config
from redmule.regs import ErrorCode, Offset, Word
from tb.agents.clock import PERIOD_NS, idle
from tb.agents.event_monitor import Pulse
from tb.agents.memory_agent import MemoryMonitor, Weather
from tb.agents.register_agent import RegisterSequence
from tb.env import cluster
from tb.env.cluster import ClusterEnvironment
from tb.env.driver import ALL_BUSY
from tb.env.environment import Environment
from tb.env.items import ClearItem, JobItem, ResetItem, ResultItem
from tb.env.jobs import Placed, Wish

PATIENCE_CYCLES = 3000
HOLD = KEEP_QUEUE = 1


class JobSequence(uvm_sequence):
    """What a sequence of jobs can do; its body is the test's.

    Attributes:
        env: the environment.
        registers: the accelerator's, for what is no job.
        worst: the worst weather that a job may meet until it ends; None: the present one.
    """

    def __init__(self, env: Environment) -> None:
        super().__init__("jobs")
        self.env = env
        self.sequencer = env.sequencer
        self.registers = RegisterSequence(env.registers.sequencer)
        self.worst: Weather | None = None

    @property
    def top(self) -> Any:
        """The top of the simulation."""
        return cocotb.top

    @property
    def in_cluster(self) -> bool:
        """Whether the memory is that of the cluster."""
        return isinstance(self.env, ClusterEnvironment)

    @property
    def config(self) -> Config:
        """The accelerator."""
        return self.env.setup.config

    @property
    def port(self) -> MemoryMonitor:
        """What was seen at the memory port."""
        monitor: MemoryMonitor = self.env.memory.monitor
        return monitor

    @property
    def pulses(self) -> list[Pulse]:
        """All events so far."""
        pulses: list[Pulse] = self.env.events.pulses
        return pulses

    @property
    def queue(self) -> list[JobItem]:
        """The jobs that have not ended."""
        return list(self.env.predictor.queue)

    def small(self) -> tuple[int, int, int]:
        """Sizes up to which every leftover of a row block, a pass, an X chunk and a tile occurs."""
        config = self.config
        return 2 * config.rows + 1, 2 * max(config.row_len, config.port_elems) + 1, 2 * config.tile_cols + 1

    def place(self, *wishes: Wish) -> list[Placed]:
        """Lay jobs out in memory, which nothing may be using; by rows only, if that is what the accelerator takes."""
        if not self.config.transposes:
            wishes = tuple(replace(wish, trans=(False, False, False)) for wish in wishes)
        placed: list[Placed] = self.env.predictor.place(*wishes)
        return placed

    async def weather(self, weather: Weather) -> None:
        """Let the memory behave like this from now on."""
        await self.env.change_weather(weather)

    async def submit(
        self,
        placed: Placed,
        *,
        core: int = 0,
        hold: int = 0,
        watchdog: int = 0,
        changes: Sequence[Word] = (),
        error: ErrorCode = ErrorCode.NONE,
        gap: int = 1,
    ) -> JobItem:
        """Commit a job; see `JobItem`."""
        item = JobItem(placed, core=core, hold=hold, watchdog=watchdog, changes=changes, error=error, gap=gap)
        await self._do(item)
        return item

    async def end(self, item: JobItem) -> None:
        """Wait for the event of a job and judge everything about it."""
        expected = law.cycles(item.job, self.config).total if item.error == ErrorCode.NONE else 0
        weather = self.worst or self.env.predictor.weather
        slowness = (1 + weather.latency) / max(1 - weather.stall, 0.01) + weather.burst - 1
        patience = PATIENCE_CYCLES + int(4 * slowness * expected) * (len(self.queue) or 1)
        if item.ended is None:
            try:
                await with_timeout(item.done.wait(), patience * PERIOD_NS, "ns")
            except SimTimeoutError:
                raise AssertionError(f"{item.job} did not end within {patience} cycles") from None
        await self._do(ResultItem(item))
        self.env.judge()

    async def run(self, wish: Wish) -> JobItem:
        """Run one job alone and judge it."""
        [placed] = self.place(wish)
        before = self.port.transfers
        item = await self.submit(placed)
        await self.end(item)
        if item.exact:
            assert self.port.transfers - before == sum(law.cycles(placed.job, self.config).beats.values())
        return item

    async def run_queue(self, placed: Sequence[Placed], hold: int = 0) -> list[JobItem]:
        """Queue jobs, all at once or as fast as a core can, and judge each."""
        items = [await self.submit(job, hold=hold if job is not placed[-1] else 0) for job in placed]
        for item in items:
            await self.end(item)
        return items

    async def clear(self, keep_queue: int, core: int = 0) -> int:
        """Write SOFT_CLEAR; returns how many jobs that aborted."""
        item = ClearItem(keep_queue, core)
        await self._do(item)
        return item.aborted

    async def reset(self) -> None:
        """Reset for two cycles, from now on."""
        await self._do(ResetItem())

    async def drained(self) -> None:
        """Wait after a clear until core 0 has a context."""
        for _ in range(PATIENCE_CYCLES):
            if await self.registers.read(Offset.ACQUIRE) != ALL_BUSY:
                return
        raise AssertionError("the accelerator does not drain")

    async def idle(self, cycles: int) -> None:
        """Wait."""
        await idle(cycles)

    async def _do(self, item: Any) -> None:
        await self.start_item(item)
        await self.finish_item(item)


Scenario = Callable[[JobSequence], Awaitable[None]]
"""The body of a sequence."""


class JobTest(uvm_test):
    """Resets the accelerator and plays jobs."""

    def build_phase(self) -> None:
        """Make the environment of the top."""
        around = ClusterEnvironment if str(cocotb.top._name) == cluster.TOP else Environment
        self.env = around("env", self)

    async def run_phase(self) -> None:
        """Play."""
        self.raise_objection()
        jobs = JobSequence(self.env)
        await jobs.reset()
        await self.play(jobs)
        self.drop_objection()

    async def play(self, jobs: JobSequence) -> None:
        """What is to be tried."""
        raise NotImplementedError


def scenario(body: Scenario) -> Any:
    """Make a cocotb test of a scenario, with its name, on whatever top the simulation has."""

    class Test(JobTest):
        async def play(self, jobs: JobSequence) -> None:
            await body(jobs)

    async def run(_dut: Any) -> None:
        await idle(1)  # the agents are there once the simulation has begun
        await uvm_root().run_test(Test)

    run.__name__ = run.__qualname__ = body.__name__
    run.__module__, run.__doc__ = body.__module__, body.__doc__
    return cocotb.test()(run)
