# SPDX-License-Identifier: Apache-2.0
"""What should be: the queue as the accelerator has it, the memory as the golden model leaves it, permissions."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from pyuvm import uvm_analysis_port, uvm_component

from redmule.config import Config
from redmule.device.memory import Memory
from redmule.job import HardwareJob, Stored
from redmule.regs import ErrorCode
from tb.agents.event_monitor import Pulse
from tb.agents.memory_agent import MAY_READ, MAY_WRITE, Weather
from tb.env.items import JobItem
from tb.env.jobs import Placed, Prediction, Wish, place, predict

Golden = Callable[[HardwareJob, Memory, NDArray[np.uint8]], Prediction]


class Predictor(uvm_component):
    """Follows the jobs from TRIGGER to event.

    Attributes:
        config: the accelerator.
        memory: the memory of the simulation.
        permissions: what may be accessed now, (size of the memory,) uint8.
        model: what memory must hold once every job has ended.
        golden: the golden model on a content of the memory.
        queue: the jobs without an event so far, in order.
        batch: the jobs since the queue was last empty: they may overlap, so the law speaks of them together.
        broken: jobs that were given up: an access of theirs may still come, and their Z is anything.
        foreign: places in memory that others than the accelerator write.
        finished: events since reset.
        resets: since the start.
        last_event: the last one that ended a job.
        quiet: whether nothing but the jobs uses the port or the banks now, so that the law holds.
        weather: the present one.
        ended: analysis port: a job with its prediction, in the cycle of its event.
        aborted: analysis port: a job that will have no event.
        strays: analysis port: an event without a job.
    """

    def build_phase(self) -> None:
        """Begin with an idle accelerator."""
        self.config: Config = self.cdb_get("CONFIG")
        self.memory: Memory = self.cdb_get("MEMORY")
        self.permissions: NDArray[np.uint8] = self.cdb_get("PERMISSIONS")
        self.model = self.memory.bytes.copy()
        self.golden: Golden = predict
        self.queue: deque[JobItem] = deque()
        self.batch: list[JobItem] = []
        self.broken: list[Placed] = []
        self.foreign: list[slice] = []
        self.finished = self.resets = 0
        self.last_event = Pulse(0, 0)
        self.quiet = True
        self.weather = Weather()
        self.ended = uvm_analysis_port("ended", self)
        self.aborted = uvm_analysis_port("aborted", self)
        self.strays = uvm_analysis_port("strays", self)

    def place(self, *wishes: Wish) -> list[Placed]:
        """Lay jobs out in memory, which nothing may be using."""
        assert not self.queue, "memory is in use"
        self.broken.clear()
        placed = [place(wish, self.memory) for wish in wishes]
        self.model[:] = self.memory.bytes
        return placed

    def change_weather(self, weather: Weather) -> None:
        """The memory behaves like this from now on."""
        self.weather = weather
        self.disturb(weather.fair)

    def disturb(self, quiet: bool) -> None:
        """Others begin, or have ended, to use the banks."""
        self.quiet = quiet
        for item in self.queue:
            self._expose(item)

    def commit(self, item: JobItem) -> None:
        """The registers of a job are about to be written; TRIGGER follows."""
        self.batch = [*(self.batch if self.queue else ()), item]
        item.exact = True
        self._expose(item)
        self.queue.append(item)
        self._permit()

    def trigger(self, item: JobItem, granted: int) -> None:
        """The TRIGGER of a job was granted: it is behind those that had no event by then."""
        before = [job for job in self.batch if job is not item and job.in_queue(granted)]
        if before:
            item.behind, item.ahead = before[-1], len(before)
            before[-1].followed = True
        if item.hold == 0:
            for waiting in self.batch:
                if waiting.released is None:
                    waiting.released = granted

    def pulse(self, pulse: Pulse) -> None:
        """An event: the oldest job must have ended, with all of Z in memory."""
        if not self.queue:
            self.strays.write(pulse)
            return
        item = self.queue.popleft()
        item.ended = pulse
        item.event_before, self.last_event = self.last_event.cycle, pulse
        self.finished += 1
        if item.error == ErrorCode.NONE:
            item.prediction = self.golden(item.job, self.memory, self.model)
        elif item.touches_memory:
            self.broken.append(item.placed)
            if item.error == ErrorCode.WATCHDOG:
                self._expect_drain()
        self.ended.write(item)
        self._permit()
        item.done.set()

    def clear(self, granted: int, keep_queue: int) -> int:
        """SOFT_CLEAR was granted; returns how many jobs that aborted. A job that ends in that cycle has ended."""
        self._expect_silence(granted)
        running = bool(self.queue) and self.queue[0].released is not None and self.last_event.cycle != granted
        aborted = int(running) if keep_queue else len(self.queue)
        self._drop(aborted, "clear_running" if keep_queue else "clear_all")
        self._expect_drain()
        return aborted

    def reset(self, begun: int) -> None:
        """Everything queued is gone since this cycle."""
        self._expect_silence(begun)
        self._drop(len(self.queue), "reset")
        self.finished = 0
        self.resets += 1

    def _expose(self, item: JobItem) -> None:
        """A job meets the present weather."""
        item.exact = item.exact and self.quiet
        if not self.weather.fair:
            item.weather = self.weather

    def _expect_silence(self, since: int) -> None:
        """An abort is known here some cycles after it happened: an event in between was that of no job any more."""
        if self.last_event.cycle > since:
            self.strays.write(self.last_event)

    def _drop(self, count: int, how: str) -> None:
        for number in range(count):
            item = self.queue.popleft()
            item.aborted = how
            item.waits = number > 0 or item.released is None
            self.broken.append(item.placed)
            self.aborted.write(item)
        self._permit()

    def _expect_drain(self) -> None:
        """The engine was cleared: the next job begins when the port has drained, which the law does not know."""
        if self.queue:
            self.queue[0].drains_first = True
            self.queue[0].exact = False

    def rows_of(self, plane: NDArray[np.uint8], stored: Stored) -> NDArray[np.uint8]:
        """Return the bytes of a matrix in a plane of the memory; none if it is beyond."""
        end = stored.address + (stored.rows - 1) * stored.stride + stored.row_bytes
        inside = self.memory.base <= stored.address and end <= self.memory.base + self.memory.bytes.size
        return self.memory.rows_of(plane, stored) if inside else np.empty(0, np.uint8)

    def _permit(self) -> None:
        """Allow the accesses of the jobs in the queue."""
        self.permissions[:] = 0
        running = [item.placed for item in self.queue if item.touches_memory]
        for job in (placed.job for placed in (*running, *self.broken)):
            for stored in (job.x, job.w, *([job.y] if job.y else [])):
                self.rows_of(self.permissions, stored)[...] |= MAY_READ
            self.rows_of(self.permissions, job.z)[...] |= MAY_WRITE
