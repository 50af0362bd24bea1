# SPDX-License-Identifier: Apache-2.0
"""Where a trial is played: the same jobs on the golden model and on the RTL, and the comparison of all they did."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from redmule import law
from redmule.config import Config
from redmule.device import MEMORY_BASE, Device, GoldenDevice, Memory, RtlDevice
from redmule.device.driver import Driver, JobResult
from redmule.device.harness import RegisterError, SimulationError
from redmule.device.placement import Placed, Settle
from redmule.job import DeviceError, HangError, HardwareJob, Job, Result
from tb.campaigns.arena import Arena
from tb.campaigns.tally import Tally

MEMORY_BYTES = 4 << 20
ARENA_BYTES = 1 << 20

Build = Callable[[Arena, np.random.Generator], list[Job]]
"""Puts operands into an arena and returns the jobs on them, all results in the arena too."""


class WatchedDevice(RtlDevice):
    """The RTL device, every access checked, with a view of what it tells the hardware.

    Attributes:
        hardware: the hardware jobs so far.
    """

    def __init__(self, config: Config, *, stall: float, latency: int, seed: int, waves: str | None) -> None:
        memory = Memory(MEMORY_BYTES, MEMORY_BASE, poison=True)
        self.hardware: list[HardwareJob] = []
        super().__init__(config, memory, stall=stall, latency=latency, seed=seed, waves=waves, check_guards=True)

    def _place(self, job: Job, settle: Settle) -> Placed:
        placed = super()._place(job, settle)
        self.hardware.append(placed.hardware)
        return placed

    def submit(self, job: Job, core: int = 0) -> int:
        """Give a job to the hardware and do not wait for it; returns its context. Operands lie in device memory."""
        hardware = self._place(job, lambda: None).hardware
        self._permit(hardware)
        return Driver(self.harness, core).submit(hardware)

    def result(self, context: int) -> JobResult:
        """Return what the result registers of a context say."""
        return self._driver.result(context)


@dataclass(frozen=True, slots=True)
class Scene:
    """Jobs in a device's memory; two scenes from the same seed are equal."""

    arena: Arena
    jobs: list[Job]

    @classmethod
    def make(cls, device: Device, build: Build, seed: int) -> Scene:
        """Fill an arena of a device."""
        random = np.random.default_rng(seed)
        arena = Arena(device, ARENA_BYTES, random)
        return cls(arena, build(arena, random))


@dataclass(frozen=True, slots=True)
class Stage:
    """One trial's surroundings.

    Attributes:
        config: the accelerator.
        random: random numbers that depend on campaign, configuration, seed and index only.
        index: which trial of its campaign this is.
        waves: file for a waveform.
    """

    config: Config
    random: np.random.Generator
    index: int
    waves: str | None = None

    def draw_seed(self) -> int:
        """Return a seed for something else."""
        return int(self.random.integers(1 << 62))

    def rtl(self, stall: float = 0.0, latency: int = 0) -> WatchedDevice:
        """Return a fresh RTL device."""
        return WatchedDevice(self.config, stall=stall, latency=latency, seed=self.draw_seed(), waves=self.waves)

    def golden(self, build: Build, seed: int) -> tuple[Scene, list[Result]]:
        """Return the scene after its jobs have run on the golden model, and their results."""
        with GoldenDevice(self.config, Memory(MEMORY_BYTES, MEMORY_BASE, poison=True)) as device:
            scene = Scene.make(device, build, seed)
            return scene, device.run(scene.jobs)

    def play(self, build: Build, *, stall: float = 0.0, latency: int = 0) -> Tally:
        """Run jobs through the queue of a fresh device and compare everything with the golden model and the law.

        The law speaks of a memory that always grants and answers in the next cycle; on others it is not compared.
        """
        seed = self.draw_seed()
        wanted, expected = self.golden(build, seed)
        with self.rtl(stall, latency) as device:
            scene = Scene.make(device, build, seed)
            try:
                results = device.run(scene.jobs)
            except HangError as error:
                return Tally(jobs=len(expected), hangs=1, examples=(str(error),))
            except (SimulationError, DeviceError, RegisterError) as error:
                return Tally(jobs=len(expected), rules=1, examples=(f"{type(error).__name__}: {error}",))
        tally = compare_memory(wanted, scene, device.hardware)
        for hardware, got, want in zip(device.hardware, results, expected, strict=True):
            tally += Tally(jobs=1, cycles=got.cycles or 0)
            if got.flags != want.flags:
                tally += Tally(flags=1, examples=(f"{hardware}: flags {got.flags}, golden {want.flags}",))
            if not stall and not latency:
                tally += compare_law(hardware, self.config, got)
        return tally


def compare_memory(wanted: Scene, got: Scene, hardware: Sequence[HardwareJob]) -> Tally:
    """Compare every byte of the RTL's arena with the golden model's."""
    wrong = wanted.arena.bytes ^ got.arena.bytes
    if not wrong.any():
        return Tally()
    stray = int(np.count_nonzero(wrong[got.arena.results == 0]))
    bits = int(np.bitwise_count(wrong[got.arena.results == 1]).sum())
    examples = []
    for index, (job, theirs, ours) in enumerate(zip(hardware, got.jobs, wanted.jobs, strict=True)):
        assert theirs.z_out is not None
        assert ours.z_out is not None
        raw = job.z.format.raw_dtype
        z, z_wanted = (np.ascontiguousarray(scene_z).view(raw) for scene_z in (theirs.z_out, ours.z_out))
        if places := np.argwhere(z != z_wanted).tolist():
            row, col = places[0]
            examples.append(
                f"job {index} {job}: {len(places)} results differ, first z[{row}, {col}] = {z[row, col]:#x}, "
                f"golden {z_wanted[row, col]:#x}"
            )
    if stray:
        examples.append(
            f"{stray} bytes changed outside Z, first at offset {int(np.argmax(wrong & ~got.arena.results))}"
        )
    return Tally(bits=bits, stray=stray, examples=tuple(examples))


def compare_law(hardware: HardwareJob, config: Config, measured: Result | JobResult) -> Tally:
    """Compare the cycles of a job, and what they were spent on, with the law."""
    wanted = law.cycles(hardware, config)
    if (measured.cycles, measured.steps, dict(measured.stalls)) == (wanted.total, wanted.steps, wanted.stalls):
        return Tally()
    text = (
        f"{hardware}: {measured.cycles} cycles, {measured.steps} steps, stalls {dict(measured.stalls)}; "
        f"law {wanted.total}, {wanted.steps}, {wanted.stalls}"
    )
    return Tally(law=1, examples=(text,))
