# SPDX-License-Identifier: Apache-2.0
"""Where a trial is played: the same jobs on the golden model and on the RTL, and the comparison of all they did."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from redmule import law
from redmule.config import Config
from redmule.device import MEMORY_BASE, GoldenDevice, Memory, RtlDevice
from redmule.device.driver import Driver, JobResult, RegisterPort
from redmule.device.harness import RegisterError, SimulationError
from redmule.device.options import Options
from redmule.device.placement import Placed
from redmule.job import DeviceError, HangError, HardwareJob, Job, Result
from tb.campaigns.arena import Allocator, Arena
from tb.campaigns.tally import Tally

MEMORY_BYTES = 4 << 20
ARENA_BYTES = 1 << 20

Build = Callable[[Arena, np.random.Generator], list[Job]]
"""Puts operands into an arena and returns the jobs on them, all results in the arena too."""


class CommitLog(Driver):
    """A driver that remembers what it gave to the hardware.

    Attributes:
        jobs: hardware jobs, in the order of the queue.
        held: of each, whether it was committed to wait for the next one that is not.
    """

    def __init__(self, port: RegisterPort) -> None:
        super().__init__(port)
        self.jobs: list[HardwareJob] = []
        self.held: list[bool] = []

    def submit(self, job: HardwareJob, *, hold: bool = False) -> int:
        """Remember a job when it is in the queue; see `Driver.submit`."""
        context = super().submit(job, hold=hold)
        self.jobs.append(job)
        self.held.append(hold)
        return context


class WatchedDevice(RtlDevice):
    """The RTL device, every access checked, with a view of what it tells the hardware and of what that answers.

    Attributes:
        commits: the hardware jobs so far.
        measured: the results of those that have ended, in the same order.
    """

    def __init__(self, config: Config, *, stall: float, latency: int, seed: int, waves: str | None) -> None:
        memory = Memory(MEMORY_BYTES, MEMORY_BASE, poison=True)
        super().__init__(config, memory, Options(stall, latency, seed, waves, check_guards=True))
        self.commits = CommitLog(self.harness)
        self._driver = self.commits
        self.measured: list[JobResult] = []
        self._kept: list[Placed] = []

    def _finish(self) -> JobResult:
        self.measured.append(super()._finish())
        return self.measured[-1]

    def submit(self, job: Job, *, hold: bool = False) -> int:
        """Give a job that is one hardware job to the hardware and do not wait for it; returns its context.

        Its operands lie in device memory and are not written by a job in the queue. `hold`: see `Driver.submit`.
        """
        placed = self._place(job, lambda: None)
        self._kept.append(placed)  # a copy of an operand must stay where it is
        (hardware,) = placed.hardware
        self._permit(hardware)
        return self.commits.submit(hardware, hold=hold)

    def result(self, context: int) -> JobResult:
        """Return what the result registers of a context say."""
        return self.commits.result(context)

    def releases(self) -> list[int]:
        """Return for each job since the last call of this the cycle of the TRIGGER that let it run."""
        taken = [entry.cycle for entry in self.harness.take_log() if entry.kind == "trigger"]
        released: list[int] = []
        for cycle, held in reversed(list(zip(taken, self.commits.held[-len(taken) :], strict=True))):
            released.append(released[-1] if held else cycle)
        return released[::-1]


@dataclass(frozen=True, slots=True)
class Scene:
    """Jobs in a device's memory; two scenes from the same seed are equal."""

    arena: Arena
    jobs: list[Job]

    @classmethod
    def make(cls, device: Allocator, build: Build, seed: int, size: int | None = None) -> Scene:
        """Fill an arena of a device."""
        random = np.random.default_rng(seed)
        arena = Arena(device, size or ARENA_BYTES, random)
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
            released = device.releases()
        tally = compare_memory(wanted, scene)
        for job, got, want in zip(scene.jobs, results, expected, strict=True):
            tally += Tally(jobs=1, cycles=got.cycles or 0)
            if got.flags != want.flags:
                tally += Tally(flags=1, examples=(f"{describe(job)}: flags {got.flags}, golden {want.flags}",))
        if not stall and not latency:
            tally += compare_law(device.commits.jobs, self.config, device.measured, released)
        return tally


def compare_memory(wanted: Scene, got: Scene) -> Tally:
    """Compare every byte of the RTL's arena with the golden model's."""
    wrong = wanted.arena.bytes ^ got.arena.bytes
    if not wrong.any():
        return Tally()
    stray = int(np.count_nonzero(wrong[got.arena.results == 0]))
    bits = int(np.bitwise_count(wrong[got.arena.results == 1]).sum())
    examples = []
    for index, (theirs, ours) in enumerate(zip(got.jobs, wanted.jobs, strict=True)):
        assert theirs.z_out is not None
        assert ours.z_out is not None
        raw = theirs.operands.z_format.raw_dtype
        z, z_wanted = (np.ascontiguousarray(scene_z).view(raw) for scene_z in (theirs.z_out, ours.z_out))
        if places := np.argwhere(z != z_wanted).tolist():
            row, col = places[0]
            examples.append(
                f"job {index} {describe(theirs)}: {len(places)} results differ, first z[{row}, {col}] = "
                f"{z[row, col]:#x}, golden {z_wanted[row, col]:#x}"
            )
    if stray:
        examples.append(
            f"{stray} bytes changed outside Z, first at offset {int(np.argmax(wrong & ~got.arena.results))}"
        )
    return Tally(bits=bits, stray=stray, examples=tuple(examples))


def compare_law(
    jobs: Sequence[HardwareJob], config: Config, measured: Sequence[JobResult], released: Sequence[int]
) -> Tally:
    """Compare the cycles of the jobs of a queue, and what they were spent on, with the law.

    Args:
        jobs: in the order of the queue, the first one begun on an idle accelerator.
        config: the accelerator.
        measured: the results of each.
        released: the cycle of the TRIGGER that let it run.
    """
    tally = Tally()
    predicted = law.queue(jobs, config, [cycle - released[0] for cycle in released])
    for index, (job, wanted, got) in enumerate(zip(jobs, predicted, measured, strict=True)):
        if (got.cycles, got.steps, got.stalls) != (wanted.total, wanted.steps, wanted.stalls):
            text = (
                f"hardware job {index} {job}: {got.cycles} cycles, {got.steps} steps, stalls {got.stalls}; "
                f"law {wanted.total}, {wanted.steps}, {wanted.stalls}"
            )
            tally += Tally(law=1, examples=(text,))
    return tally


def describe(job: Job) -> str:
    """Return a job as people name it."""
    operands = job.operands
    trans = [name for name in ("x_trans", "w_trans", "z_trans") if getattr(job, name)]
    return " ".join((f"{job.op} {operands.m}x{operands.n}x{operands.k}", *trans, job.orientation))
