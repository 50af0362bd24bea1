# SPDX-License-Identifier: Apache-2.0
"""The accelerator as its driver meets it, without RTL: golden values, the cycles of the law, the time of each access.

What a driver does takes the cycles it takes on the register port of the RTL, and the law walks on as far as time goes.
So on a memory that always grants, and with its seed on one that does not, every TRIGGER and every event comes in the
same cycle as in the simulation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from redmule import golden
from redmule.config import Config
from redmule.device.driver import Driver, JobResult
from redmule.device.harness import Harness, LogEntry
from redmule.device.options import Options
from redmule.fp import Flags
from redmule.job import STALLS, HardwareJob, Stored
from redmule.law import Shape, places_of, waits_for
from redmule.law.around import random_memory
from redmule.law.state import array_of, enqueue, fresh_walk, taken, with_room
from redmule.regs import CycleCode, ErrorCode

RESET_CYCLES = 2
ACCESS_CYCLES = 2
"""Of a register access: that of its grant and that of its answer."""

TRIGGER_CYCLES = 19
"""From the last write to the registers of a job to the grant of its TRIGGER: its extents are formed."""

RESULTS = len(CycleCode) + 4
"""What a driver reads of a job that has ended, each behind an access that selects it."""

ROOM = 16
"""Jobs after which those that have ended are forgotten."""


class Accelerator:
    """One accelerator: its queue, and the results of its contexts.

    Attributes:
        state: its walk.
        events: jobs that have ended.
    """

    def __init__(self, config: Config, memory: NDArray[np.uint8], base: int) -> None:
        """Make an idle one on bytes of memory that begin at an address."""
        self._config, self._memory, self._base = config, memory, base
        self.events = 0
        self.reset(0)

    def reset(self, now: int) -> None:
        """Forget all jobs."""
        self.state = fresh_walk(ROOM)
        self.state.core["now"] = now
        self._jobs: list[HardwareJob] = []  # in the rows of the walk
        self._held: list[HardwareJob] = []
        self._results: dict[int, JobResult] = {}
        self._row = self._entered = self._left = 0  # of the oldest job; jobs that entered the queue and that left it

    def submit(self, job: HardwareJob, trigger: int | None) -> int:
        """Put a job into the queue and return its context; without a trigger it is held for the one that follows."""
        context = self._entered % self._config.contexts
        self._entered += 1
        self._held.append(job)
        if trigger is not None:
            for held in self._held:
                self._enqueue(held, trigger)
            self._held.clear()
        return context

    def _enqueue(self, job: HardwareJob, trigger: int) -> None:
        """Tell the walk of a job; it waits for the last of those before it, in the queue, that writes what it reads."""
        self.state = with_room(self.state)
        row = int(self.state.core["count"][0])
        self._row = min(self._row, row)
        self._jobs = [*self._jobs[:row], job]
        first = max(0, row + 1 - self._config.contexts)
        wait = waits_for(self._jobs[first:])[-1]
        wait = wait if wait < 0 else wait + first
        enqueue(self.state, Shape.of(job), self._config, trigger, wait, places_of(job))

    def collect(self) -> list[int]:
        """Compute the jobs that have ended since, and return the cycles of their events."""
        cycles: list[int] = self.state.ended[self._row : self.state.core["head"][0]].tolist()
        for row in range(self._row, int(self.state.core["head"][0])):
            job, (spent,) = self._jobs[row], taken(self.state, slice(row, row + 1))
            self._results[self._left % self._config.contexts] = JobResult(
                ErrorCode.NONE, 0, self._compute(job), spent.total, spent.steps, spent.stalls
            )
            self._row += 1
            self._left += 1
            self.events += 1
        return cycles

    def result(self, context: int) -> JobResult:
        """Return what the last job of a context gave."""
        nothing = JobResult(ErrorCode.NONE, 0, Flags(), 0, 0, dict.fromkeys(STALLS, 0))
        return self._results.get(context, nothing)

    def _compute(self, job: HardwareJob) -> Flags:
        """Write the result of a job to memory and return its flags."""
        z = self._matrix(job.z)
        y = None if job.y is None else self._matrix(job.y)
        if y is not None and job.y_broadcast:
            y = np.broadcast_to(y, z.shape)
        values = golden.gemm_op(
            self._matrix(job.x),
            self._matrix(job.w),
            y,
            job.op.name,
            z.dtype,
            job.x_trans,
            job.w_trans,
            job.z_trans,
            job.saturate,
        )
        z[...] = values.z
        return values.flags

    def _matrix(self, stored: Stored) -> NDArray[Any]:
        """Return a matrix in memory."""
        shape, strides = (stored.rows, stored.cols), (stored.stride, stored.format.bytes)
        return np.ndarray(shape, stored.format.dtype, self._memory, stored.address - self._base, strides)


class Surroundings(Protocol):
    """What the accelerators share, and what lets time pass for them."""

    def run(self, accelerators: Sequence[Accelerator], until: int) -> None:
        """Walk on to the next event, or to the cycle `until`."""


class PerfectMemory:
    """A memory that always grants, of one accelerator."""

    def __init__(self, config: Config) -> None:
        from redmule.law.entries import walk_on  # compiled when first needed
        from redmule.law.recur import nothing_seen

        self._walk_on, self._array, self._seen = walk_on, array_of(config), nothing_seen()

    def run(self, accelerators: Sequence[Accelerator], until: int) -> None:
        """Walk on; an idle accelerator does not."""
        self._walk_on(accelerators[0].state, self._array, self._seen, True, until)


class RandomMemory:
    """A memory that refuses at random and answers late, of one accelerator."""

    def __init__(self, config: Config, options: Options) -> None:
        from redmule.law.entries import stalled_on  # compiled when first needed

        self._stalled_on, self._array = stalled_on, array_of(config)
        self._memory = random_memory(options.stall, options.latency, options.seed)

    def run(self, accelerators: Sequence[Accelerator], until: int) -> None:
        """Walk on; random numbers are drawn in every cycle."""
        self._stalled_on(accelerators[0].state, self._array, self._memory, until)


class ModelHarness(Harness):
    """What stands in for the simulation: time, event lines, register accesses that take their cycles.

    Of several accelerators number a has the registers from `a * ACCELERATOR_STEP` on and the event lines from
    `a * cores` on.
    """

    def __init__(self, config: Config, accelerators: Sequence[Accelerator], around: Surroundings) -> None:
        """Start in the cycle after the reset."""
        self.config = config
        self.accelerators = accelerators
        self._around = around
        self._now = 0
        self._log: list[LogEntry] = []
        self._pass(RESET_CYCLES)

    def close(self) -> None:
        """Let go of nothing."""

    def reset(self) -> None:
        """Forget all jobs."""
        for accelerator in self.accelerators:
            accelerator.reset(self._now)
        self._pass(RESET_CYCLES)

    def step(self, cycles: int) -> None:
        """Let so many cycles pass."""
        self._pass(cycles)

    @property
    def cycle(self) -> int:
        """Cycles since the start."""
        return self._now

    def events(self, line: int = 0) -> int:
        """Return how many events a line has seen; one driver, core 0, gives all jobs."""
        number, core = divmod(line, self.config.cores)
        return self.accelerators[number].events if core == 0 else 0

    def run(self, core: int, events: int, max_cycles: int) -> bool:
        """Run until the core has seen this many events since the start; False if `max_cycles` were not enough."""
        return self.run_any({core: events}, max_cycles)

    def run_any(self, events: Mapping[int, int], max_cycles: int) -> bool:
        """Run until one of the event lines has had as many events as is said; False if `max_cycles` were not enough."""
        end = self._now + max_cycles
        while not any(self.events(line) >= count for line, count in events.items()):
            if self._now >= end:
                return False
            self._run(end)
        return True

    def take_log(self) -> list[LogEntry]:
        """Return the triggers and events since the last call, in order."""
        taken, self._log = sorted(self._log, key=lambda entry: entry.cycle), []
        return taken

    def guard(self, permissions: NDArray[np.uint8] | None) -> None:
        """Refuse: there are no accesses to check."""
        raise _only_for_rtl("guards")

    def fail_at(self, address: int | None) -> None:
        """Refuse: the law has no errors."""
        raise _only_for_rtl("errors of the memory")

    def plan_write(self, cycle: int, address: int, data: int, core: int = 0) -> None:
        """Refuse: there are no registers."""
        raise _only_for_rtl("planned writes")

    def plan_reset(self, cycle: int) -> None:
        """Refuse: the law has no resets in the midst of a job."""
        raise _only_for_rtl("planned resets")

    def write(self, address: int, data: int, core: int = 0) -> None:
        """Take the time of a write; there are no registers but those of a job, which come with it."""
        self._pass(ACCESS_CYCLES)

    def read(self, address: int, core: int = 0) -> int:
        """Take the time of a read."""
        self._pass(ACCESS_CYCLES)
        return 0

    def submit(self, number: int, job: HardwareJob, *, hold: bool) -> int:
        """Give a job to an accelerator: ACQUIRE, the job's registers, TRIGGER."""
        self._pass(ACCESS_CYCLES * len(job.registers()) + TRIGGER_CYCLES)
        context = self.accelerators[number].submit(job, None if hold else self._now)
        self._log.append(LogEntry(self._now, "trigger", 0))
        self._pass(ACCESS_CYCLES)
        return context

    def result(self, number: int, context: int) -> JobResult:
        """Return the results of a context, read one by one."""
        self._pass(2 * ACCESS_CYCLES * RESULTS)
        return self.accelerators[number].result(context)

    def _pass(self, cycles: int) -> None:
        """Let time pass, events or not."""
        end = self._now + cycles
        while self._now < end:
            self._run(end)

    def _run(self, until: int) -> None:
        """Let time pass to the next event, or to the cycle `until`."""
        before = self._collect()
        self._around.run(self.accelerators, until)
        if self._collect() > before:
            self._now = max(int(accelerator.state.core["now"][0]) for accelerator in self.accelerators)
        else:
            self._now = until

    def _collect(self) -> int:
        """Compute what has ended; return how many events there have been of all kinds."""
        for number, accelerator in enumerate(self.accelerators):
            self._log += [LogEntry(cycle, "event", number * self.config.cores) for cycle in accelerator.collect()]
        return sum(accelerator.events for accelerator in self.accelerators)


def _only_for_rtl(what: str) -> RuntimeError:
    return RuntimeError(f"{what} are only for device 'rtl'")


class ModelDriver(Driver):
    """The driver of an accelerator without registers."""

    def __init__(self, harness: ModelHarness, number: int = 0) -> None:
        super().__init__(harness)
        self._harness, self._number = harness, number

    def submit(self, job: HardwareJob, *, hold: bool = False) -> int:
        """Start a job in a free context, and all that were held, and return the context."""
        return self._harness.submit(self._number, job, hold=hold)

    def result(self, context: int) -> JobResult:
        """Return the results of a context's last job."""
        return self._harness.result(self._number, context)
