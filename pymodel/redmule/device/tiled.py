# SPDX-License-Identifier: Apache-2.0
"""Runs a job whose matrices lie in L2: tiles come and go by DMA while the accelerators work on others.

Everything is laid down before the run: which tile goes to which buffer, and what has to have ended before. Transfers
are queued in the order of the steps, so a step may run when so many of them have ended.
"""

from __future__ import annotations

import functools
import operator
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from redmule.cluster.regs_dma import DirectionCode
from redmule.config import Config
from redmule.device.cluster_harness import ClusterHarness
from redmule.device.dma import Dma, Place
from redmule.device.driver import Driver, JobResult
from redmule.device.memory import Memory, readable
from redmule.device.placement import place
from redmule.device.tiling import BUFFERS, Problem, Step, Tiling, keeps_accumulators, slot_bytes, steps, y_in_block
from redmule.fp import Flags, Format, format_by_name
from redmule.job import DeviceError, HangError, HardwareJob, Job, Part
from redmule.regs import ErrorCode

Array = NDArray[Any]
Slot = NDArray[np.uint8]

SLICE_CYCLES = 20_000
"""Cycles simulated between two looks at the keyboard."""

NOTHING = -1


@dataclass(frozen=True, slots=True)
class Matrices:
    """The operands and the result of a job in L2, without transposes; `z` is written."""

    x: Array
    w: Array
    y: Array | None
    z: Array


@dataclass(frozen=True, slots=True)
class _Load:
    """A tile on its way to the TCDM, once a step has ended (or NOTHING) and the result of a block has left."""

    l2: Array
    tcdm: Array
    after_step: int
    after_block: int


@dataclass(frozen=True, slots=True)
class _Task:
    """A step with its tiles in the TCDM; it may run after so many loads."""

    step: Step
    job: Job
    loads: int
    after_block: int


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
        job: Job,
        matrices: Matrices,
        problem: Problem,
        tiling: Tiling,
        config: Config,
        harness: ClusterHarness,
        memories: tuple[Memory, Memory],
        drivers: Sequence[Driver],
        patience: Callable[[HardwareJob | None], int],
    ) -> None:
        """Lay a run down.

        Args:
            job: what is asked for.
            matrices: where it lies in L2.
            problem, tiling: how it is cut.
            config: the accelerators.
            harness: the cluster.
            memories: TCDM and L2.
            drivers: one for each accelerator.
            patience: the cycles that a hardware job may take; without one, a transfer.
        """
        self._job, self._matrices, self._problem, self._tiling = job, matrices, problem, tiling
        self._config, self._harness, self._patience = config, harness, patience
        self._tcdm, self._l2 = memories
        lines = [number * config.cores + driver.core for number, driver in enumerate(drivers)]
        self._accelerators = [
            _Accelerator(driver, line, harness.events(line)) for driver, line in zip(drivers, lines, strict=True)
        ]
        self._dma = Dma(harness, len(drivers) * config.cores)
        self._slots = self._carve()
        self._loads: list[_Load] = []
        self._tasks = list(self._lay_down())
        self._parts_left = [NOTHING] * len(self._tasks)  # hardware jobs of a task that have not ended
        self._tickets: list[int] = []  # of the loads under way or done
        self._stores: deque[int] = deque()  # last steps whose results wait to be taken away
        self._stored: dict[int, int] = {}  # block: number of the transfer that takes its result away
        self._outcome = Outcome(tiling)

    def run(self, progress: Callable[[int], None]) -> Outcome:
        """Run all steps and return what they gave; `progress` is told the cycles now and then.

        Raises:
            DeviceError: the accelerator or the DMA met an error.
            HangError: something took longer than it may.
        """
        start, errors = self._harness.cycle, self._dma.errors()
        submitted, blocks = 0, self._tasks[-1].step.block + 1
        while len(self._stored) < blocks or self._dma.done < self._dma.issued:
            before = (self._dma.issued, submitted, len(self._outcome.results))
            while len(self._tickets) < len(self._loads) and self._may_load(self._loads[len(self._tickets)]):
                load = self._loads[len(self._tickets)]
                self._tickets.append(self._copy(load.l2, load.tcdm, DirectionCode.TO_TCDM))
            while submitted < len(self._tasks) and self._submit(submitted):
                submitted += 1
            while self._stores and self._dma.has_room():
                self._store(self._tasks[self._stores.popleft()])
            for accelerator in self._accelerators:
                self._collect(accelerator)
            if before == (self._dma.issued, submitted, len(self._outcome.results)):
                self._wait()
                progress(self._harness.cycle - start)
        self._outcome.cycles = self._harness.cycle - start
        if self._dma.errors() != errors:
            raise RuntimeError("the DMA met an error: a tile lies outside of its memory")
        return self._outcome

    # ---------------------------------------------------------------------------------------- laying down

    def _carve(self) -> dict[str, list[Slot]]:
        """Cut the buffers out of the TCDM."""
        sizes = slot_bytes(self._problem, self._tiling)
        count = BUFFERS * len(self._accelerators)
        arena = self._tcdm.alloc((count * sum(sizes.values()),), format_by_name("e5m2").dtype, "tiles")
        parts = iter(np.split(arena.view(np.uint8), np.cumsum(np.repeat([*sizes.values()], count))))
        return {name: [next(parts) for _ in range(count)] for name in sizes}

    def _lay_down(self) -> Iterator[_Task]:
        """Yield the steps as jobs on buffers, and note the loads they need."""
        held: dict[str, list[tuple[object, int]]] = {  # of each buffer: its tile and the last step that reads it
            kind: [(None, NOTHING)] * len(self._slots[kind]) for kind in ("x", "w")
        }
        firsts: dict[int, int] = {}  # block: its first step
        for number, step in enumerate(steps(self._problem, self._tiling)):
            x = self._operand("x", self._matrices.x[step.rows, step.inner], (step.rows, step.inner), held, number)
            w = self._operand("w", self._matrices.w[step.inner, step.cols], (step.inner, step.cols), held, number)
            count = len(self._slots["block"])
            before = step.block - count  # the block that had the same buffers
            block = self._slots["block"][step.block % count]
            z = self._in(block, self._result_tile(step), self._block_format)
            y: Array | None = z
            if step.first:
                firsts[step.block] = number
                y = self._first_y(step, block, z, firsts.get(before, NOTHING), before)
            out, op = z, self._job.operands.op.name
            if step.last and "z" in self._slots:
                out = self._in(self._slots["z"][step.block % count], self._result_tile(step), self._z_format)
            if op == "matmul" and not step.first:
                op = "gemm"
            job = Job(x, w, y, op, z_out=out, saturate=self._job.saturate and step.last)
            yield _Task(step, job, len(self._loads), before if step.first else NOTHING)

    def _operand(
        self, kind: str, tile: Array, key: object, held: dict[str, list[tuple[object, int]]], number: int
    ) -> Array:
        """Return a tile of X or W in the TCDM, loaded into the buffer that was used longest ago if it is not there."""
        slots = held[kind]
        keys = [content for content, _ in slots]
        hit = repr(key) in keys
        index = keys.index(repr(key)) if hit else min(range(len(slots)), key=lambda slot: slots[slot][1])
        there = self._in(self._slots[kind][index], tile, None)
        if not hit:
            self._loads.append(_Load(tile, there, slots[index][1], NOTHING))
        slots[index] = (repr(key), number)
        return there

    def _first_y(self, step: Step, block: Slot, z: Array, reader: int, before: int) -> Array | None:
        """Return Y of a block in the TCDM, or None; it comes to where the result will be, or to a buffer of its own."""
        if self._matrices.y is None:
            return None
        tile = self._matrices.y[step.rows, step.cols]
        if y_in_block(self._problem, self._tiling):
            self._loads.append(_Load(tile, z, NOTHING, before))
            return z
        stored = tile[:1] if self._problem.bias else tile
        there = self._in(self._slots["y"][step.block % len(self._slots["y"])], stored, None)
        self._loads.append(_Load(stored, there, reader, NOTHING))
        return np.broadcast_to(there, tile.shape) if self._problem.bias else there

    @property
    def _z_format(self) -> Format:
        return self._job.operands.z_format

    @property
    def _block_format(self) -> Format:
        return format_by_name("fp16") if keeps_accumulators(self._problem, self._tiling) else self._z_format

    def _result_tile(self, step: Step) -> Array:
        return self._matrices.z[step.rows, step.cols]

    def _in(self, slot: Slot, tile: Array, fmt: Format | None) -> Array:
        """Return an array like a tile, in the direction in which it is stored, densely in a buffer."""
        rows, turned = next(readable(tile))
        dtype = tile.dtype if fmt is None else fmt.dtype
        there = np.ndarray(rows.shape, dtype, slot)
        return there.T if turned else there

    # ---------------------------------------------------------------------------------------- running

    def _may_load(self, load: _Load) -> bool:
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
        task = self._tasks[number]
        if not self._loaded(task.loads) or not self._left(task.after_block):
            return False
        accelerator = self._accelerators[task.step.block % len(self._accelerators)]
        room = self._config.contexts - len(accelerator.queue)
        if room == 0:
            return False
        placed = place(task.job, self._tcdm, _nothing_to_settle, self._config)
        if len(placed.hardware) > room:
            return False
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
            task = self._tasks[number]
            if task.step.last and self._parts_left[number] == 0:
                self._stores.append(number)

    def _store(self, task: _Task) -> None:
        """Take the result of a block away."""
        z = task.job.z_out
        assert z is not None
        self._stored[task.step.block] = self._copy(self._result_tile(task.step), z, DirectionCode.TO_L2)

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
        left = max(patience)
        while not self._harness.run_any(lines, min(left, SLICE_CYCLES)):
            left -= SLICE_CYCLES
            if left <= 0:
                raise HangError(f"job {self._job.op}: no tile ended within {max(patience)} cycles", {})


def _nothing_to_settle() -> None:
    """Tiles are never copied by software."""
