# SPDX-License-Identifier: Apache-2.0
"""The items of the environment: jobs, and what aborts them."""

from __future__ import annotations

from collections.abc import Sequence

from cocotb.triggers import Event
from pyuvm import uvm_sequence_item

from redmule.device.driver import JobResult
from redmule.job import HardwareJob
from redmule.regs import ErrorCode, Word
from tb.agents.event_monitor import Pulse
from tb.agents.memory_agent import Weather
from tb.env.jobs import Placed, Prediction


class JobItem(uvm_sequence_item):
    """A job to be committed; finished when it is.

    Attributes:
        placed: the job in memory.
        core: who commits it.
        hold: what is written to TRIGGER.
        watchdog: what is written to WATCHDOG.
        changes: registers written after the others.
        error: how it has to end; a job that is to be refused must not touch memory.
        gap: idle cycles between two register accesses.
        context: the one it got.
        behind: the job before it in the queue when it was committed; ahead: how many there were.
        released: cycle of the TRIGGER since which it may run; None: it is held.
        event_before: cycle of the event before its own.
        drains_first: the engine was cleared just before it, so it begins some time later.
        followed: another job was committed before it had ended.
        ended: its event; None before. `done` is set with it.
        aborted: it was cleared or reset ("clear_all", "clear_running", "reset"); it has no event.
        waits: when it was aborted, it had not been released or was behind another one.
        exact: nothing disturbs the port, so the cycle law holds.
        weather: the last since it was committed that was not fair.
        prediction: of the golden model, made with the event.
        result: what the result registers say, once read.
    """

    def __init__(
        self,
        placed: Placed,
        *,
        core: int = 0,
        hold: int = 0,
        watchdog: int = 0,
        changes: Sequence[Word] = (),
        error: ErrorCode = ErrorCode.NONE,
        gap: int = 1,
    ) -> None:
        super().__init__("job")
        self.placed, self.core, self.hold, self.watchdog = placed, core, hold, watchdog
        self.changes, self.error, self.gap = changes, error, gap
        self.context = 0
        self.behind: JobItem | None = None
        self.ahead = 0
        self.released: int | None = None
        self.event_before = 0
        self.drains_first = False
        self.followed = False
        self.ended: Pulse | None = None
        self.done = Event()
        self.aborted: str | None = None
        self.waits = False
        self.exact = False
        self.weather = Weather()
        self.prediction: Prediction | None = None
        self.result: JobResult | None = None

    @property
    def job(self) -> HardwareJob:
        """The job."""
        return self.placed.job

    def in_queue(self, cycle: int) -> bool:
        """Whether the job, once committed, was still in the queue after a cycle of the past."""
        return self.aborted is None and (self.ended is None or self.ended.cycle > cycle)

    @property
    def touches_memory(self) -> bool:
        """Whether the job is expected to run."""
        return self.error in (ErrorCode.NONE, ErrorCode.BUS, ErrorCode.WATCHDOG)


class ClearItem(uvm_sequence_item):
    """A write to SOFT_CLEAR.

    Attributes:
        keep_queue: what is written: 0 aborts all, else the running job only.
        core: who does it.
        aborted: how many jobs that ended.
    """

    def __init__(self, keep_queue: int, core: int = 0) -> None:
        super().__init__("clear")
        self.keep_queue, self.core = keep_queue, core
        self.aborted = 0


class ResetItem(uvm_sequence_item):
    """A reset of two cycles, from now on."""

    def __init__(self) -> None:
        super().__init__("reset")


class ResultItem(uvm_sequence_item):
    """The results of a job are to be read and judged."""

    def __init__(self, job: JobItem) -> None:
        super().__init__("result")
        self.job = job
