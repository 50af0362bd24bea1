# SPDX-License-Identifier: Apache-2.0
"""The accelerator as its driver sees it: contexts, job registers, results."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from redmule.fp import Flags
from redmule.job import STALLS, HardwareJob
from redmule.regs import CycleCode, ErrorCode, Offset, ResultSel, Trigger

_WORD_SIGN = 1 << 31


class RegisterPort(Protocol):
    """What a driver needs of the world."""

    def write(self, address: int, data: int, core: int = 0) -> None:
        """Write a register."""

    def read(self, address: int, core: int = 0) -> int:
        """Read a register."""


@dataclass(frozen=True, slots=True)
class JobResult:
    """What the result registers say about an ended job; `steps` and `stalls` add up to `cycles`."""

    error: ErrorCode
    error_address: int
    flags: Flags
    cycles: int
    steps: int
    stalls: dict[str, int]


class Driver:
    """One core that gives jobs to the accelerator."""

    def __init__(self, port: RegisterPort, core: int = 0, base: int = 0) -> None:
        """Make a driver.

        Args:
            port: where registers are reached.
            core: which one it is.
            base: address of the accelerator's registers.
        """
        self._port = port
        self._base = base
        self.core = core

    def submit(self, job: HardwareJob, *, hold: bool = False) -> int:
        """Write a job into a free context, start it and all that were held, and return the context.

        Args:
            job: what to run.
            hold: let it wait in the queue until a later job is submitted without.

        Raises:
            RuntimeError: no context is free, or another core is writing a job.
        """
        context = self._port.read(self._base + Offset.ACQUIRE, self.core)
        if context & _WORD_SIGN:
            raise RuntimeError(f"ACQUIRE answered {context - 2 * _WORD_SIGN}: no free context")
        for word in job.registers():
            self._port.write(self._base + word.OFFSET, word.pack(), self.core)
        self._port.write(self._base + Offset.TRIGGER, Trigger(hold=int(hold)).pack(), self.core)
        return context

    def result(self, context: int) -> JobResult:
        """Return the results of a context's last job: they stay until the context is acquired again."""
        counters = {code: self._result(context, Offset.RESULT_COUNTER, code) for code in CycleCode}
        return JobResult(
            error=ErrorCode(self._result(context, Offset.RESULT_ERROR)),
            error_address=self._result(context, Offset.RESULT_ERROR_ADDR),
            flags=Flags.from_bits(self._result(context, Offset.RESULT_FLAGS)),
            cycles=self._result(context, Offset.RESULT_CYCLES),
            steps=counters[CycleCode.STEP],
            stalls={name: counters[code] for name, code in STALLS.items()},
        )

    def _result(self, context: int, offset: Offset, counter: CycleCode = CycleCode.STEP) -> int:
        """Read one result register of a context. Another core may have selected something else since."""
        self._port.write(self._base + Offset.RESULT_SEL, ResultSel(context, counter).pack(), self.core)
        return self._port.read(self._base + offset, self.core)
