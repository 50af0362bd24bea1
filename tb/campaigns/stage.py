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
from redmule.device.harness import LogEntry, RegisterError, SimulationError
from redmule.device.options import Options
from redmule.device.placement import Placed
from redmule.job import DeviceError, HangError, HardwareJob, Job, Result
from tb.campaigns.arena import Allocator, Arena
from tb.campaigns.tally import Tally
from tb.coverage.collect import collector
from tb.coverage.queue import Data, data_of, samples

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
        self.note(job, hold=hold)
        return context

    def note(self, job: HardwareJob, *, hold: bool) -> None:
        """Remember a job that somebody else gives to the hardware."""
        self.jobs.append(job)
        self.held.append(hold)


class WatchedDevice(RtlDevice):
    """The RTL device, every access checked, with a view of what it tells the hardware and of what that answers.

    Attributes:
        commits: the hardware jobs so far.
        measured: the results of those that have ended, in the same order.
        log: the triggers and events that `take_log` has found.
    """

    def __init__(
        self, config: Config, *, stall: float, latency: int, seed: int, waves: str | None, base: int = MEMORY_BASE
    ) -> None:
        memory = Memory(MEMORY_BYTES, base, poison=True)
        super().__init__(config, memory, Options(stall, latency, seed, waves, check_guards=True))
        self.commits = CommitLog(self.harness)
        self._driver = self.commits
        self.measured: list[JobResult] = []
        self.log: list[LogEntry] = []
        self._kept: list[Placed] = []

    def _finish(self) -> JobResult:
        self.measured.append(super()._finish())
        return self.measured[-1]

    def submit(self, job: Job, *, hold: bool = False) -> int:
        """Give a job that is one hardware job to the hardware and do not wait for it; returns its context.

        Its operands lie in device memory and are not written by a job in the queue. `hold`: see `Driver.submit`.
        """
        return self.commits.submit(self.put(job), hold=hold)

    def put(self, job: Job) -> HardwareJob:
        """Place a job that is one hardware job, and permit its accesses; nobody commits it."""
        placed = self._place(job, lambda: None)
        self._kept.append(placed)  # a copy of an operand must stay where it is
        (hardware,) = placed.hardware
        self._permit(hardware)
        return hardware

    def result(self, context: int) -> JobResult:
        """Return what the result registers of a context say."""
        return self.commits.result(context)

    def take_log(self) -> list[LogEntry]:
        """Return the triggers and events since the last call of this."""
        log = self.harness.take_log()
        self.log += log
        return log

    def releases(self) -> list[int]:
        """Return for each job since the last call of this the cycle of the TRIGGER that let it run."""
        taken = [entry.cycle for entry in self.take_log() if entry.kind == "trigger"]
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

    def rtl(self, stall: float = 0.0, latency: int = 0, base: int = MEMORY_BASE) -> WatchedDevice:
        """Return a fresh RTL device whose memory begins at an address."""
        seed = self.draw_seed()
        return WatchedDevice(self.config, stall=stall, latency=latency, seed=seed, waves=self.waves, base=base)

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
            data = data_of(scene.jobs) if collector() else frozenset()
            try:
                results = device.run(scene.jobs)
            except HangError as error:
                return Tally(jobs=len(expected), hangs=1, examples=(str(error),))
            except (SimulationError, DeviceError, RegisterError) as error:
                return Tally(jobs=len(expected), rules=1, examples=(f"{type(error).__name__}: {error}",))
            released = device.releases()
        tally = compare_memory(wanted, scene)
        ended = [entry.cycle for entry in device.log if entry.kind == "event"]
        tally += Tally(pairs=_queued_pairs(device.commits.jobs, released, ended))
        for job, got, want in zip(scene.jobs, results, expected, strict=True):
            tally += Tally(jobs=1, cycles=got.cycles or 0)
            if got.flags != want.flags:
                tally += Tally(flags=1, examples=(f"{describe(job)}: flags {got.flags}, golden {want.flags}",))
        if not stall and not latency:
            tally += compare_law(device.commits.jobs, self.config, device.measured, released)
        if not tally.failures:
            self.sample(device, device.measured, stall, latency, data)
        return tally

    def sample(
        self, device: WatchedDevice, results: Sequence[JobResult], stall: float, latency: int, data: Data = frozenset()
    ) -> None:
        """Tell functional coverage, if it is counted, of the first jobs of a device, which have ended as they should.

        Args:
            device: whose log is complete.
            results: of the jobs that are meant, in the order of the queue.
            stall, latency: of its memory.
            data: classes of the operands, see `tb.coverage.queue`.
        """
        if (coverage := collector()) is not None:
            jobs, held = device.commits.jobs[: len(results)], device.commits.held[: len(results)]
            for each in samples(self.config, jobs, results, device.log, held, stall=stall, latency=latency, data=data):
                coverage.sample(each)


def _queued_pairs(jobs: Sequence[HardwareJob], released: Sequence[int], ended: Sequence[int]) -> int:
    """Return how many jobs waited behind one of another operation, shape or formats that had not ended."""
    neighbours = zip(released[1:], ended, jobs, jobs[1:], strict=False)
    return sum(begun < end and str(job) != str(behind) for begun, end, job, behind in neighbours)


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
