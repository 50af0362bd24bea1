# SPDX-License-Identifier: Apache-2.0
"""Jobs whose cycles are of interest, and the bench that measures them on the RTL."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise
from types import TracebackType
from typing import Self

import numpy as np

from redmule import law
from redmule.config import Config
from redmule.device import MEMORY_BASE, MEMORY_BYTES, Memory, RtlDevice
from redmule.fp import format_by_name
from redmule.job import Job
from redmule.published import tile_cycles

DATA_SEED = 1


@dataclass(frozen=True, slots=True)
class Case:
    """A dense job by its sizes: one format for all matrices, Y given or not, on a named configuration."""

    m: int
    n: int
    k: int
    config: str = "paper"
    format: str = "fp16"
    y: bool = True

    @property
    def law_cycles(self) -> int:
        """Cycles by the law."""
        size = format_by_name(self.format).bytes
        sizes = (size, size, size if self.y else 0, size)
        return law.shape_cycles(self.m, self.n, self.k, Config.named(self.config), sizes).total

    @property
    def tile_cycles(self) -> int:
        """Cycles in which the array works on tiles."""
        return tile_cycles(self.m, self.n, self.k, Config.named(self.config))

    def job(self) -> Job:
        """Return the job, with random operands."""
        rng = np.random.default_rng(DATA_SEED)
        shapes = ((self.m, self.n), (self.n, self.k), (self.m, self.k))
        x, w, y = (rng.standard_normal(shape).astype(format_by_name(self.format).dtype) for shape in shapes)
        return Job(x, w, y if self.y else None)


class Bench:
    """Measures cases on the RTL. Use it in a `with` statement; devices are opened when first needed.

    Attributes:
        cycles: simulated so far.
    """

    def __init__(self) -> None:
        self.cycles = 0
        self._devices: dict[str, RtlDevice] = {}
        self._open = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def measure(self, case: Case) -> int:
        """Return the cycles from the TRIGGER of a job alone to its event."""
        if case.config not in self._devices:
            self._devices[case.config] = self._open.enter_context(_device(case.config))
        [cycles] = self._run(self._devices[case.config], case, jobs=1)
        return cycles

    def measure_queued(self, case: Case) -> int:
        """Return the cycles from the event of a job to that of an equal one queued behind it, on data of its own."""
        with _device(case.config) as device:
            return self._run(device, case, jobs=2)[1]

    def measure_stalled(self, case: Case, stall: float, seed: int) -> int:
        """Return the cycles of a job when the memory denies its grant with this probability in each cycle."""
        with _device(case.config, stall, seed) as device:
            [cycles] = self._run(device, case, jobs=1)
            return cycles

    def _run(self, device: RtlDevice, case: Case, jobs: int) -> list[int]:
        """Queue a job some times; return the cycles of each, as seen from outside and as its counters say."""
        device.harness.take_log()
        results = device.run([case.job() for _ in range(jobs)])
        log = device.harness.take_log()
        marks = [log[0].cycle, *(entry.cycle for entry in log if entry.kind == "event")]
        cycles = [end - begin for begin, end in pairwise(marks)]
        counted = [result.cycles for result in results]
        if cycles != counted:
            raise RuntimeError(f"{case}: the cycle counters say {counted}, the event line {cycles}")
        self.cycles += sum(cycles)
        return cycles


def _device(config: str, stall: float = 0.0, seed: int = 0) -> RtlDevice:
    return RtlDevice(Config.named(config), Memory(MEMORY_BYTES, MEMORY_BASE), stall=stall, seed=seed)
