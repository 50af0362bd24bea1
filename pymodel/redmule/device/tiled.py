# SPDX-License-Identifier: Apache-2.0
"""Runs a job in tiles: the queues of the DMA and of the accelerators are kept filled, in the order of the layout."""

from __future__ import annotations

import functools
import operator
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from redmule.cluster.regs_dma import DirectionCode
from redmule.config import Config
from redmule.device.cluster_harness import ClusterHarness
from redmule.device.dma import Dma, Place
from redmule.device.driver import Driver, JobResult
from redmule.device.memory import Memory, readable
from redmule.device.placement import Placed, place
from redmule.device.tile_layout import NOTHING, Layout, Load, Task
from redmule.device.tiling import Tiling
from redmule.fp import Flags
from redmule.job import DeviceError, HangError, HardwareJob, Part
from redmule.regs import ErrorCode

Array = NDArray[Any]

SLICE_CYCLES = 20_000
"""Cycles simulated between two looks at the keyboard."""


@dataclass(slots=True)
class _Accelerator:
    """An accelerator: its driver, its event line, the events to expect, and its queue of (task, job, context)."""

    driver: Driver
    line: int
    events: int
    queue: deque[tuple[int, HardwareJob, int]] = field(default_factory=deque)


@dataclass(slots=True)
class Outcome:
    """What a run gave.

    Attributes:
        tiling: how the job was cut.
        jobs: the hardware jobs, in the order in which they were queued.
        results: of those that have ended, in the order of their ends.
        parts: what the jobs were.
        cycles: from the first transfer to the last.
    """

    tiling: Tiling
    jobs: list[HardwareJob] = field(default_factory=list)
    results: list[JobResult] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    cycles: int = 0

    @property
    def flags(self) -> Flags:
        """All flags that were raised."""
        return functools.reduce(operator.or_, (result.flags for result in self.results))


class TiledRun:
    """One job in tiles; `run` may be called once."""

    def __init__(
        self,
        layout: Layout,
        tiling: Tiling,
        config: Config,
        harness: ClusterHarness,
        memories: tuple[Memory, Memory],
        drivers: Sequence[Driver],
        patience: Callable[[HardwareJob | None], int],
        judge_wait: Callable[[], None],
    ) -> None:
        """Prepare a run.

        Args:
            layout: what is to be done.
            tiling: how the job was cut.
            config: the accelerators.
            harness: the cluster.
            memories: TCDM and L2.
            drivers: one for each accelerator.
            patience: the cycles that a hardware job may take; without one, a transfer.
            judge_wait: called during a long wait; raises `HangError` if nothing can come of it.
        """
        self._layout, self._config, self._harness = layout, config, harness
        self._patience, self._judge_wait = patience, judge_wait
        self._tcdm, self._l2 = memories
        lines = [number * config.cores + driver.core for number, driver in enumerate(drivers)]
        self._accelerators = [
            _Accelerator(driver, line, harness.events(line)) for driver, line in zip(drivers, lines, strict=True)
        ]
        self._dma = Dma(harness, len(drivers) * config.cores)
        self._placed: Placed | None = None  # the next task, while there is no room for it
        self._parts_left = [NOTHING] * len(layout.tasks)  # hardware jobs of a task that have not ended
        self._tickets: list[int] = []  # numbers of the loads under way or done
        self._stores: deque[int] = deque()  # last steps whose results wait to be taken away
        self._stored: dict[int, int] = {}  # block: number of the transfer that takes its result away
        self._outcome = Outcome(tiling)

    def run(self, progress: Callable[[], None]) -> Outcome:
        """Run all steps and return what they gave; `progress` is called now and then.

        Raises:
            DeviceError: the accelerator or the DMA met an error.
            HangError: something took longer than it may.
        """
        start, errors = self._harness.cycle, self._dma.errors()
        loads, tasks = self._layout.loads, self._layout.tasks
        submitted, blocks = 0, tasks[-1].step.block + 1
        while len(self._stored) < blocks or self._dma.done < self._dma.issued:
            before = (self._dma.issued, submitted, len(self._outcome.results))
            while len(self._tickets) < len(loads) and self._may_load(loads[len(self._tickets)]):
                load = loads[len(self._tickets)]
                self._tickets.append(self._copy(load.l2, load.tcdm, DirectionCode.TO_TCDM))
            while submitted < len(tasks) and self._submit(submitted):
                submitted += 1
            while self._stores and self._dma.has_room():
                self._store(tasks[self._stores.popleft()])
            for accelerator in self._accelerators:
                self._collect(accelerator)
            if before == (self._dma.issued, submitted, len(self._outcome.results)):
                self._wait()
                progress()
        self._outcome.cycles = self._harness.cycle - start
        if self._dma.errors() != errors:
            raise RuntimeError("the DMA met an error: a tile lies outside of its memory")
        return self._outcome

    def _may_load(self, load: Load) -> bool:
        return self._dma.has_room() and self._ended(load.after_step) and self._left(load.after_block)

    def _loaded(self, loads: int) -> bool:
        """Whether so many loads have ended."""
        return loads == 0 or (loads <= len(self._tickets) and self._tickets[loads - 1] <= self._dma.done)

    def _ended(self, task: int) -> bool:
        """Whether a step has ended; what there never was, has."""
        return task < 0 or self._parts_left[task] == 0

    def _left(self, block: int) -> bool:
        """Whether the result of a block has been taken away."""
        return block < 0 or (block in self._stored and self._stored[block] <= self._dma.done)

    def _submit(self, number: int) -> bool:
        """Give a step to its accelerator, if it may run and there is room."""
        task = self._layout.tasks[number]
        if not self._loaded(task.loads) or not self._left(task.after_block):
            return False
        accelerator = self._accelerators[task.step.block % len(self._accelerators)]
        placed = self._placed or place(task.job, self._tcdm, _nothing_to_settle, self._config)
        if len(placed.hardware) > self._config.contexts - len(accelerator.queue):
            self._placed = placed
            return False
        self._placed = None
        self._parts_left[number] = len(placed.hardware)
        for hardware in placed.hardware:
            accelerator.queue.append((number, hardware, accelerator.driver.submit(hardware)))
            self._outcome.jobs.append(hardware)
        self._outcome.parts += placed.parts
        return True

    def _collect(self, accelerator: _Accelerator) -> None:
        """Take the jobs that have ended out of the queue of an accelerator."""
        while accelerator.queue and self._harness.events(accelerator.line) > accelerator.events:
            number, hardware, context = accelerator.queue.popleft()
            accelerator.events += 1
            result = accelerator.driver.result(context)
            if result.error != ErrorCode.NONE:
                raise DeviceError(result.error, result.error_address, hardware)
            self._outcome.results.append(result)
            self._parts_left[number] -= 1
            task = self._layout.tasks[number]
            if task.step.last and self._parts_left[number] == 0:
                self._stores.append(number)

    def _store(self, task: Task) -> None:
        """Take the result of a block away."""
        z = task.job.z_out
        assert z is not None
        self._stored[task.step.block] = self._copy(self._layout.result_tile(task.step), z, DirectionCode.TO_L2)

    def _copy(self, l2: Array, tcdm: Array, direction: DirectionCode) -> int:
        """Queue a transfer of a tile and return its number."""
        rows, turned = next(readable(l2))  # the dense copy could be read either way
        copy = tcdm.T if turned else tcdm
        return self._dma.copy(Place.of(rows, self._l2), Place.of(copy, self._tcdm), direction)

    def _wait(self) -> None:
        """Run until something ends."""
        lines = {each.line: each.events + 1 for each in self._accelerators if each.queue}
        patience = [self._patience(each.queue[0][1]) for each in self._accelerators if each.queue]
        if self._dma.done < self._dma.issued:
            lines[self._dma.line] = self._dma.next_event
            patience.append(self._patience(None))
        if not lines:
            raise HangError("the tiles of a job wait for each other", {})
        left = max(patience)
        while not self._harness.run_any(lines, min(left, SLICE_CYCLES)):
            left -= SLICE_CYCLES
            self._judge_wait()
            if left <= 0:
                raise HangError(f"no tile ended within {max(patience)} cycles", {})


def _nothing_to_settle() -> None:
    """Refuse: tiles lie as the hardware reads them, software has nothing to copy."""
    raise RuntimeError("a tile would have to be copied by software")
