# SPDX-License-Identifier: Apache-2.0
"""The Verilated accelerator, driven through its registers as software would."""

from __future__ import annotations

import functools
import operator
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np

from redmule import law
from redmule.config import Config
from redmule.device.base import Device, Progress
from redmule.device.driver import Driver, JobResult
from redmule.device.harness import Harness
from redmule.device.memory import MAY_READ, MAY_WRITE, Memory
from redmule.device.options import Options
from redmule.device.placement import Placed, Settle, place
from redmule.job import STALLS, DeviceError, HangError, HardwareJob, Job, Result, utilisation
from redmule.regs import ErrorCode

SLICE_CYCLES = 20_000
"""Cycles simulated between two looks at the keyboard: a fraction of a second."""

TIME_MARGIN = 4
TIME_FLOOR_CYCLES = 10_000
"""A job may take this many cycles, and then the margin times what it would take if nothing went on in the array while
the memory holds up a beat: the law's cycles and, for each beat, the refusals to expect and the latest answer, that is
stall / (1 - stall) + latency cycles."""


@dataclass(frozen=True, slots=True)
class _Running:
    """A hardware job in the queue.

    Attributes:
        placed: the job it is a part of.
        hardware: what the accelerator was told.
        context: where its results will be.
    """

    placed: Placed
    hardware: HardwareJob
    context: int


class RtlDevice(Device):
    """The accelerator's RTL with a memory model.

    Attributes:
        harness: the simulation: cycles, event log, planned writes and resets, errors of the memory.
        check_guards: whether every access is checked: only words with a byte of an operand are read, only bytes of Z
            written; unused memory holds signalling NaNs.
    """

    kind = "rtl"

    def __init__(
        self,
        config: Config,
        memory: Memory,
        options: Options | None = None,
        progress: Progress | None = None,
        harness: Harness | None = None,
    ) -> None:
        """Start the simulation, if it has not been: a first use builds the model."""
        super().__init__(config, memory, progress)
        options = options or Options()
        self.check_guards = options.check_guards
        self.harness = harness or Harness(config, memory, options)
        self._driver = Driver(self.harness)
        self._beat_delay = options.beat_delay
        self._queue: deque[_Running] = deque()
        self._permissions = np.zeros(memory.bytes.size if self.check_guards else 0, np.uint8)
        if self.check_guards:
            self.harness.guard(self._permissions)

    def _end(self) -> None:
        self.harness.close()

    def _run(self, jobs: Sequence[Job]) -> list[Result]:
        results: list[Result] = []
        self._run_start, self._run_results = self.harness.cycle, results
        self._events = self.harness.events(self._driver.core)
        measured: list[JobResult] = []  # the ended parts of the oldest job

        def finish() -> None:
            placed = self._queue[0].placed
            measured.append(self._finish())
            if len(measured) == len(placed.hardware):
                results.append(self._result(placed, measured))
                measured.clear()
                self._tell()

        def settle() -> None:
            while self._queue:
                finish()

        try:
            for job in jobs:
                if (result := self._submit(job, finish, settle)) is not None:
                    results.append(result)
                    self._tell()
            settle()
        except BaseException:
            self._abandon()
            raise
        return results

    def _tell(self) -> None:
        """Tell the progress of the run."""
        self._progress(len(self._run_results), self.harness.cycle - self._run_start)

    def _submit(self, job: Job, finish: Callable[[], None], settle: Settle) -> Result | None:
        """Put the parts of a job into the hardware's queue, one after the other as there is room.

        Returns a result if the job has been run already, without the queue.
        """
        placed = self._place(job, settle)
        alone = not self._queue
        for number, hardware in enumerate(placed.hardware, 1):
            if len(self._queue) == self.config.contexts:
                finish()
            self._permit(hardware)
            hold = alone and number < len(placed.hardware)  # then all parts begin together
            self._queue.append(_Running(placed, hardware, self._driver.submit(hardware, hold=hold)))
        if job.z_out is not None and not placed.in_place:
            settle()  # the jobs behind it may read what software has yet to write
        return None

    def _place(self, job: Job, settle: Settle) -> Placed:
        """Put a job into memory, once the queue has given its own back if that is what it takes."""
        try:
            return place(job, self.memory, settle, self.config)
        except ValueError:
            if not self._queue:
                raise
        settle()
        return place(job, self.memory, settle, self.config)

    def _finish(self) -> JobResult:
        """Wait for the oldest hardware job in the queue and return its result."""
        running = self._queue[0]
        self._wait(running)
        self._queue.popleft()
        self._forbid(running.hardware)
        measured = self._driver.result(running.context)
        if measured.error != ErrorCode.NONE:
            raise DeviceError(measured.error, measured.error_address, running.hardware)
        if measured.cycles == 0:
            raise HangError(f"job {running.hardware} left no results: the accelerator was reset", measured.stalls)
        return measured

    def _result(self, placed: Placed, measured: Sequence[JobResult]) -> Result:
        """Return the result of an ended job, from those of its parts."""
        cycles = sum(part.cycles for part in measured)
        operands = placed.job.operands
        return Result(
            z=placed.collect(),
            flags=functools.reduce(operator.or_, (part.flags for part in measured)),
            cycles=cycles,
            steps=sum(part.steps for part in measured),
            stalls={name: sum(part.stalls[name] for part in measured) for name in STALLS},
            parts=placed.parts,
            utilisation=utilisation(operands.m, operands.n, operands.k, cycles, self.config),
        )

    def _wait(self, running: _Running) -> None:
        """Run until the job's event, or raise `HangError`. Most jobs end before anyone has to ask the law."""
        self._events += 1
        if self.harness.run(self._driver.core, self._events, TIME_FLOOR_CYCLES):
            return
        hardware = running.hardware
        left = self.patience(hardware)
        limit = TIME_FLOOR_CYCLES + left
        while not self.harness.run(self._driver.core, self._events, min(left, SLICE_CYCLES)):
            left -= SLICE_CYCLES
            self._judge_wait()
            if left <= 0:
                stalls = self._driver.result(running.context).stalls
                reasons = ", ".join(f"{name} {cycles}" for name, cycles in stalls.items())
                raise HangError(f"job {hardware} did not end within {limit} cycles; cycles stalled: {reasons}", stalls)

    def _judge_wait(self) -> None:
        """Raise `HangError` if nothing can come of a long wait."""

    def patience(self, hardware: HardwareJob) -> int:
        """Return the cycles a job gets beyond TIME_FLOOR_CYCLES, see there."""
        predicted = law.cycles(hardware, self.config)
        held_up = sum(predicted.beats.values()) * self._beat_delay
        return ceil(TIME_MARGIN * (predicted.total + held_up))

    def _permit(self, hardware: HardwareJob) -> None:
        """Enter the matrices of a job in the permission map."""
        if not self.check_guards:
            return
        for operand in (hardware.x, hardware.w, hardware.y):
            if operand is not None:
                self.memory.rows_of(self._permissions, operand)[...] |= MAY_READ
        self.memory.rows_of(self._permissions, hardware.z)[...] |= MAY_WRITE

    def _forbid(self, hardware: HardwareJob) -> None:
        """Take the matrices of an ended job out of the permission map, but for what a job in the queue shares."""
        if not self.check_guards:
            return
        for matrix in (hardware.x, hardware.w, hardware.y, hardware.z):
            if matrix is not None:
                self.memory.rows_of(self._permissions, matrix)[...] = 0
        for running in self._queue:
            self._permit(running.hardware)

    def _abandon(self) -> None:
        """Forget the queue and reset the hardware, so that the device can be used again."""
        self._queue.clear()
        self._permissions[:] = 0
        self.harness.reset()
