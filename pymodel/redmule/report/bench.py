# SPDX-License-Identifier: Apache-2.0
"""Jobs whose cycles are of interest, and the bench that measures them on the RTL."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import numpy as np

from redmule import law
from redmule.config import Config
from redmule.device import MEMORY_BASE, MEMORY_BYTES, Memory, RtlDevice
from redmule.device.options import Options
from redmule.fp import format_by_name
from redmule.job import Job
from redmule.plan import plan, strip_shape
from redmule.published import tile_cycles

DATA_SEED = 1


@dataclass(frozen=True, slots=True)
class Case:
    """A dense job by its sizes: one format for all matrices, Y given or not, on a named configuration.

    Attributes:
        orientation: "normal" and "transposed" are one hardware job each; "auto" is what the plan makes of the job.
        trans: the matrices stored by columns, of "x", "w", "z" (Y and Z).
        jobs: so many equal jobs in the queue, on data of their own; the cycles are those of the second one, for the
            first begins alone, and nobody's loads are in the way of the last one's stores.
    """

    m: int
    n: int
    k: int
    config: str = "paper"
    format: str = "fp16"
    y: bool = True
    orientation: str = "normal"
    trans: str = ""
    jobs: int = 1

    @property
    def law_cycles(self) -> int:
        """Cycles by the law, and the plan if the orientation is left to it."""
        config, size = Config.named(self.config), format_by_name(self.format).bytes
        elem_bytes = (size, size, size if self.y else 0, size)
        x_trans, w_trans, z_trans = (name in self.trans for name in "xwz")
        job = (self.m, self.n, self.k)
        trans = (x_trans, w_trans, z_trans)
        strips = plan(*job, config, elem_bytes, trans, self.orientation, most_strips=config.contexts)
        shapes = [strip_shape(strip, *job, elem_bytes, trans) for strip in strips]
        queue = law.queue_cycles(shapes * self.jobs, config)
        first = self.index * len(shapes)
        return sum(part.total for part in queue[first : first + len(shapes)])

    @property
    def index(self) -> int:
        """Which of the queued jobs is meant."""
        return min(self.jobs - 1, 1)

    @property
    def tile_cycles(self) -> int:
        """Cycles in which the array works on tiles, without row groups."""
        return tile_cycles(self.m, self.n, self.k, Config.named(self.config))

    def job(self) -> Job:
        """Return the job, with random operands."""
        rng = np.random.default_rng(DATA_SEED)
        dtype = format_by_name(self.format).dtype
        shapes = {"x": (self.m, self.n), "w": (self.n, self.k), "z": (self.m, self.k)}
        x, w, y = (
            rng.standard_normal(shape[::-1] if name in self.trans else shape).astype(dtype)
            for name, shape in shapes.items()
        )
        x_trans, w_trans, z_trans = (name in self.trans for name in "xwz")
        return Job(
            x,
            w,
            y if self.y else None,
            x_trans=x_trans,
            w_trans=w_trans,
            z_trans=z_trans,
            orientation=self.orientation,
        )


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
        """Return the cycles of a job: from its TRIGGER, or the event before, to its last event."""
        if case.config not in self._devices:
            self._devices[case.config] = self._open.enter_context(_device(case.config))
        return self._run(self._devices[case.config], case)

    def measure_stalled(self, case: Case, stall: float, seed: int) -> int:
        """Return the cycles of a job when the memory denies its grant with this probability in each cycle."""
        with _device(case.config, stall, seed) as device:
            return self._run(device, case)

    def _run(self, device: RtlDevice, case: Case) -> int:
        """Queue a job as often as it says; return its cycles, if its counters say what was seen from outside."""
        device.harness.take_log()
        result = device.run([case.job() for _ in range(case.jobs)])[case.index]
        log = device.harness.take_log()
        parts = len(result.parts)
        started = [entry.cycle for entry in log if entry.kind == "trigger"][parts - 1]  # parts of a job begin together
        ends = [started, *(entry.cycle for entry in log if entry.kind == "event")][::parts]
        cycles = ends[case.index + 1] - ends[case.index]
        if cycles != result.cycles:
            raise RuntimeError(f"{case}: the cycle counters say {result.cycles}, the event line {cycles}")
        self.cycles += ends[-1] - started
        return cycles


def _device(config: str, stall: float = 0.0, seed: int = 0) -> RtlDevice:
    return RtlDevice(Config.named(config), Memory(MEMORY_BYTES, MEMORY_BASE), Options(stall, seed=seed))
