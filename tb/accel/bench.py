# SPDX-License-Identifier: Apache-2.0
"""The accelerator between its agents: takes jobs, and compares every one with the golden model and the cycle law."""

from __future__ import annotations

import json
import os
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import cocotb
import numpy as np
from cocotb.triggers import RisingEdge
from numpy.typing import NDArray

from redmule import law
from redmule.config import Config
from redmule.device.memory import MAY_READ, MAY_WRITE, Memory
from redmule.job import STALLS, Flags, HardwareJob
from redmule.regs import CycleCode, ErrorCode, Offset, ResultSel, Watchdog, Word
from tb.accel.jobs import Placed, Wish, place, predict
from tb.agents.clock import start_clock
from tb.agents.event_lines import EventLines, Pulse
from tb.agents.memory_port import MemoryPort, Weather
from tb.agents.register_port import RegisterPort

MEMORY_BASE, MEMORY_BYTES = 0x1C00_0000, 1 << 17
PATIENCE_CYCLES = 3000
ALL_BUSY, OTHER_WRITES = -1 & 0xFFFF_FFFF, -2 & 0xFFFF_FFFF
FINISHED_WRAPS = 256

Predict = Callable[[HardwareJob, Memory, NDArray[np.uint8]], Flags]


@dataclass(slots=True, eq=False)
class Ticket:
    """A committed job.

    Attributes:
        error: how it has to end; a job that is to be refused must not touch memory.
        released: cycle of the TRIGGER since which it may run; None: it is held.
        event_before: cycle of the previous event.
        drains_first: the engine was cleared just before it, so it begins some time later.
        ended: its event; None before.
        exact: the memory never stalls, so the cycle law holds.
        flags, mismatch: the golden flags; what is wrong with Z, found in the cycle of the event.
        counted: what its counters say, once read: all cycles, steps, stalls.
    """

    placed: Placed
    context: int
    core: int
    error: ErrorCode
    released: int | None = None
    event_before: int = 0
    drains_first: bool = False
    ended: Pulse | None = None
    exact: bool = False
    flags: Flags = field(default_factory=Flags)
    mismatch: str = ""
    counted: tuple[int, int, dict[str, int]] | None = None

    @property
    def job(self) -> HardwareJob:
        """The job."""
        return self.placed.job

    @property
    def touches_memory(self) -> bool:
        """Whether the job is expected to run."""
        return self.error in (ErrorCode.NONE, ErrorCode.BUS, ErrorCode.WATCHDOG)


@dataclass(slots=True, eq=False)
class Bench:
    """The DUT and everything around it.

    Attributes:
        model: what memory must hold once every job has ended.
        queue: the jobs without an event so far, in order.
        batch: the jobs since the queue was last empty: they may overlap, so the law speaks of them together.
        broken: jobs that were given up: an access of theirs may still come, and their Z is anything.
        finished: events since reset.
        last_event: cycle of the last one.
    """

    dut: Any
    config: Config
    memory: Memory
    port: MemoryPort
    regs: RegisterPort
    events: EventLines
    model: NDArray[np.uint8]
    predict: Predict = predict
    queue: deque[Ticket] = field(default_factory=deque)
    batch: list[Ticket] = field(default_factory=list)
    broken: list[Placed] = field(default_factory=list)
    finished: int = 0
    last_event: int = 0

    @classmethod
    async def start(cls, dut: Any, port_type: type[MemoryPort] = MemoryPort) -> Bench:
        """Return a bench after reset."""
        memory = Memory(MEMORY_BYTES, MEMORY_BASE, poison=True)
        permissions = np.zeros(MEMORY_BYTES, np.uint8)
        port = port_type(dut, memory.bytes, MEMORY_BASE, permissions)
        config = Config.from_parameters("dut", json.loads(os.environ["CONFIG"]))
        bench = cls(dut, config, memory, port, RegisterPort(dut), EventLines(dut), memory.bytes.copy())
        bench.events.heard = bench.hear
        start_clock(dut.clk_i)
        cocotb.start_soon(port.run())
        cocotb.start_soon(bench.events.run())
        await bench.reset()
        return bench

    @property
    def weather(self) -> Weather:
        """How the memory behaves."""
        return self.port.weather

    async def reset(self) -> None:
        """Reset for two cycles, from now on: everything queued is gone."""
        self.dut.rst_ni.value = 0
        await self.idle(2)
        self.dut.rst_ni.value = 1
        self.drop(len(self.queue))
        self.finished = 0

    async def idle(self, cycles: int) -> None:
        """Wait."""
        edge = RisingEdge(self.dut.clk_i)
        for _ in range(cycles):
            await edge

    async def run(self, wish: Wish) -> Ticket:
        """Run one job alone and check it."""
        [placed] = self.place(wish)
        before = self.port.transfers
        ticket = await self.submit(placed)
        await self.end(ticket)
        if ticket.exact:
            assert self.port.transfers - before == sum(law.cycles(placed.job, self.config).beats.values())
        return ticket

    def place(self, *wishes: Wish) -> list[Placed]:
        """Lay jobs out in memory, which nothing may be using."""
        assert not self.queue, "memory is in use"
        self.broken.clear()
        placed = [place(wish, self.memory) for wish in wishes]
        self.model[:] = self.memory.bytes
        return placed

    async def submit(
        self,
        placed: Placed,
        *,
        core: int = 0,
        hold: int = 0,
        watchdog: int = 0,
        changes: Sequence[Word] = (),
        error: ErrorCode = ErrorCode.NONE,
    ) -> Ticket:
        """Write a job and commit it; its context must be free, or become so when the engine has drained.

        Args:
            core: who does it.
            hold: what is written to TRIGGER.
            watchdog: what is written to WATCHDOG.
            changes: registers written after the others.
            error: how the job has to end.
        """
        for _ in range(PATIENCE_CYCLES):
            if (context := await self.regs.read(Offset.ACQUIRE, core)) != ALL_BUSY:
                break
        assert context < self.config.contexts, f"no context for core {core}: ACQUIRE gave {context:#x}"
        for word in (*placed.job.registers(), *([Watchdog(watchdog)] if watchdog else []), *changes):
            await self.regs.write(word.OFFSET, word.pack(), core)
        ticket = Ticket(placed, context, core, error, exact=self.weather == Weather())
        self.batch = [*(self.batch if self.queue else ()), ticket]
        self.queue.append(ticket)
        self.permit()
        held = [waiting for waiting in self.queue if waiting.released is None]
        granted = await self.regs.write(Offset.TRIGGER, hold, core)
        for waiting in held if hold == 0 else ():
            waiting.released = granted
        return ticket

    def permit(self) -> None:
        """Allow the accesses of the jobs in the queue."""
        self.port.permissions[:] = 0
        running = [ticket.placed for ticket in self.queue if ticket.touches_memory]
        for job in (placed.job for placed in (*running, *self.broken)):
            for stored in (job.x, job.w, *([job.y] if job.y else [])):
                self.memory.rows_of(self.port.permissions, stored)[...] |= MAY_READ
            self.memory.rows_of(self.port.permissions, job.z)[...] |= MAY_WRITE

    def hear(self, pulse: Pulse) -> None:
        """An event: the oldest job must have ended, with all of Z in memory."""
        if not self.queue:
            self.port.mistakes.append(f"an event for core {pulse.core} without a job")
            return
        ticket = self.queue.popleft()
        ticket.ended = pulse
        ticket.event_before, self.last_event = self.last_event, pulse.cycle
        self.finished += 1
        job = ticket.job
        if pulse.core != ticket.core:
            ticket.mismatch = f"event for core {pulse.core}, not {ticket.core}"
        if ticket.error == ErrorCode.NONE:
            ticket.flags = self.predict(job, self.memory, self.model)
            expected = self.memory.rows_of(self.model, job.z)
            seen = self.memory.rows_of(self.memory.bytes, job.z)
            if (wrong := np.argwhere(expected != seen)).size:
                row, byte = wrong[0]
                ticket.mismatch += (
                    f"{len(wrong)} bytes of Z differ, the first in row {row}, column {byte // job.z.format.bytes}: "
                    f"{seen[row, byte]:#x}, expected {expected[row, byte]:#x}"
                )
        elif ticket.touches_memory:
            self.broken.append(ticket.placed)
            if ticket.error == ErrorCode.WATCHDOG:
                self.expect_drain()
        self.permit()

    def drop(self, count: int) -> None:
        """Take the oldest jobs out of the queue: they were aborted."""
        self.broken += [self.queue.popleft().placed for _ in range(count)]
        self.permit()

    def expect_drain(self) -> None:
        """The engine was cleared: the next job begins when the port has drained."""
        if self.queue:
            self.queue[0].drains_first = True

    async def clear(self, data: int, core: int = 0) -> int:
        """Write SOFT_CLEAR; returns how many jobs that aborted. A job that ends in that cycle has ended."""
        granted = await self.regs.write(Offset.SOFT_CLEAR, data, core)
        running = bool(self.queue) and self.queue[0].released is not None and self.last_event != granted
        aborted = len(self.queue) if data == 0 else int(running)
        self.drop(aborted)
        self.expect_drain()
        return aborted

    async def drained(self) -> None:
        """Wait after a clear until core 0 has a context."""
        for _ in range(PATIENCE_CYCLES):
            if await self.regs.read(Offset.ACQUIRE) != ALL_BUSY:
                return
        raise AssertionError("the accelerator does not drain")

    async def end(self, ticket: Ticket) -> None:
        """Wait for the event of a job and check everything about it."""
        expected = law.cycles(ticket.job, self.config).total if ticket.error == ErrorCode.NONE else 0
        slowness = (1 + self.weather.latency) / max(1 - self.weather.stall, 0.01)
        patience = PATIENCE_CYCLES + int(4 * slowness * expected) * (len(self.queue) or 1)
        edge = RisingEdge(self.dut.clk_i)
        while ticket.ended is None and patience:
            await edge
            patience -= 1
        assert ticket.ended is not None, f"{ticket.job} did not end"
        if not self.queue:
            assert await self.regs.read(Offset.FINISHED) == self.finished % FINISHED_WRAPS
        assert not ticket.mismatch, f"{ticket.job}: {ticket.mismatch}"
        assert not self.port.mistakes, f"{ticket.job}: {self.port.mistakes[0]}"
        assert await self.result(ticket, Offset.RESULT_ERROR) == ticket.error
        if ticket.error != ErrorCode.NONE:
            return
        assert Flags.from_bits(await self.result(ticket, Offset.RESULT_FLAGS)) == ticket.flags, str(ticket.job)
        await self.check_cycles(ticket)
        if not self.queue:
            for placed in self.broken:
                z = placed.job.z
                self.memory.rows_of(self.model, z)[...] = self.memory.rows_of(self.memory.bytes, z)
            stray = np.flatnonzero(self.memory.bytes != self.model)
            assert not stray.size, f"{ticket.job} changed {stray.size} bytes outside of Z, the first at {stray[0]:#x}"

    async def check_cycles(self, ticket: Ticket) -> None:
        """Compare the counters of a job with the cycles observed, and the batch with the law once all are read."""
        assert ticket.ended is not None
        total = await self.result(ticket, Offset.RESULT_CYCLES)
        counts = [await self.result(ticket, Offset.RESULT_COUNTER, code) for code in CycleCode]
        assert total == sum(counts), f"{ticket.job}: {total} cycles, {counts}"
        if not ticket.drains_first:
            began = max(ticket.released or 0, ticket.event_before)
            assert total == ticket.ended.cycle - began, f"{ticket.job}: {total} cycles from {began} to {ticket.ended}"
        ticket.counted = (total, counts[CycleCode.STEP], {name: counts[code] for name, code in STALLS.items()})
        if all(job.exact and job.counted for job in self.batch):
            self.check_law()

    def check_law(self) -> None:
        """Compare the cycles of the batch with the law, which knows no refused jobs and no memory that stalls."""
        released = [ticket.released or 0 for ticket in self.batch]
        triggers = [cycle - released[0] for cycle in released]
        predicted = law.queue([ticket.job for ticket in self.batch], self.config, triggers)
        for ticket, wanted in zip(self.batch, predicted, strict=True):
            assert ticket.counted == (wanted.total, wanted.steps, wanted.stalls), (
                f"{ticket.job}: {ticket.counted}; the law says {wanted}"
            )

    async def result(self, ticket: Ticket, offset: Offset, counter: CycleCode = CycleCode.STEP) -> int:
        """Read one of the results of a job."""
        await self.regs.write(Offset.RESULT_SEL, ResultSel(ticket.context, counter).pack())
        return await self.regs.read(offset)
