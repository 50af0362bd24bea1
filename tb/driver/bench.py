# SPDX-License-Identifier: Apache-2.0
"""The accelerator under the C driver: what runs is compared with the golden model and with the Python driver."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from redmule.config import Config
from redmule.device.driver import Driver, JobResult
from redmule.device.harness import Harness
from redmule.device.memory import Memory
from redmule.device.options import Options
from redmule.fp import format_by_name
from redmule.job import HardwareJob
from redmule.regs import ErrorCode
from tb.driver.library import CDriver
from tb.env.jobs import Placed, Wish, place, predict

MEMORY_BASE, MEMORY_BYTES = 0x1C00_0000, 1 << 18
PATIENCE_CYCLES = 100_000
FULL, LOCKED = -1, -2
TINY, PAPER = Config.named("tiny"), Config.named("paper")
FP16 = format_by_name("fp16")


@dataclass(slots=True, eq=False)
class Bench:
    """The accelerator, its memory with the matrices that are in use, and a core with the C driver."""

    config: Config
    memory: Memory
    harness: Harness
    core: CDriver
    kept: list[Placed] = field(default_factory=list)

    @classmethod
    def start(cls, config: Config, options: Options | None = None, core: int = 1) -> Bench:
        """Start it; the core is not core 0, so that its id matters."""
        random.seed(5)
        memory = Memory(MEMORY_BYTES, MEMORY_BASE, poison=True)
        harness = Harness(config, memory, options or Options())
        return cls(config, memory, harness, CDriver(harness, core))

    def small(self) -> tuple[int, int, int]:
        """Sizes up to which every leftover of a row block, a pass, an X chunk and a tile occurs."""
        config = self.config
        return 2 * config.rows + 1, 2 * max(config.row_len, config.port_elems) + 1, 2 * config.tile_cols + 1

    def sleep_until_event(self) -> Callable[[], bool]:
        """Return what a core does that sleeps until its next event; it gives up if there is none."""
        seen = self.harness.events(self.core.core)

        def sleep() -> bool:
            nonlocal seen
            seen += 1
            return self.harness.run(self.core.core, seen, PATIENCE_CYCLES)

        return sleep

    def run(self, *jobs: HardwareJob, hold: bool = True, polling: bool = False) -> list[JobResult]:
        """Run a queue of jobs with the C driver, compare memory and flags with the golden model; return the results."""
        content = self.memory.bytes.copy()
        flags = [predict(job, self.memory, content).flags for job in jobs]
        sleep = None if polling else self.sleep_until_event()
        last = len(jobs) - 1
        contexts = [self.core.submit(self.core.job(job), hold=hold and i < last) for i, job in enumerate(jobs)]
        assert min(contexts) >= 0
        for context in contexts:
            assert self.core.wait(context, sleep)
        results = [self.core.result(context) for context in contexts]
        np.testing.assert_array_equal(self.memory.bytes, content)
        assert [(result.error, result.flags) for result in results] == [(ErrorCode.NONE, flag) for flag in flags]
        return results

    def run_as_python(self, *jobs: HardwareJob) -> None:
        """Run a held queue of jobs with the C driver, and again on the same memory with the Python driver."""
        before = self.memory.bytes.copy()
        results = self.run(*jobs)
        self.memory.bytes[:] = before
        driver = Driver(self.harness, self.core.core)
        events = self.harness.events(driver.core) + len(jobs)
        contexts = [driver.submit(job, hold=job is not jobs[-1]) for job in jobs]
        assert self.harness.run(driver.core, events, PATIENCE_CYCLES)
        assert [driver.result(context) for context in contexts] == results

    def wished(self, *wishes: Wish) -> list[HardwareJob]:
        """Lay jobs out in memory; they stay there as long as the bench is."""
        placed = [place(wish, self.memory) for wish in wishes]
        self.kept.extend(placed)
        return [entry.job for entry in placed]
