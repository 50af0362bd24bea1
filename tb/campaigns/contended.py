# SPDX-License-Identifier: Apache-2.0
"""Trials in the cluster: jobs, transfers and traffic at once, under every rule of the arbiter.

Every byte of the memories that jobs and DMA may touch is compared, the cores' generators check their own data, and the
waits of both branches are held against their bounds.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import DTypeLike, NDArray

from redmule.cluster import PATTERNS, PRIORITIES, Cluster, Traffic
from redmule.cluster.regs_dma import DirectionCode
from redmule.config import Config
from redmule.device import MEMORY_BASE, ClusterDevice, GoldenDevice, Memory
from redmule.device.dma import Dma, Place
from redmule.device.driver import Driver, JobResult
from redmule.device.harness import RegisterError, SimulationError
from redmule.device.options import Options
from redmule.device.placement import place
from redmule.device.tiling import Tiling
from redmule.fp import Flags, format_by_name
from redmule.job import DeviceError, HangError, HardwareJob, Job, Result
from redmule.regs import ErrorCode
from tb.campaigns.arena import Arena
from tb.campaigns.operands import Sizes, random_job
from tb.campaigns.stage import Build, Scene, Stage, compare_memory, describe
from tb.campaigns.tally import Tally
from tb.coverage.collect import collector
from tb.coverage.functional import JobSample

CLUSTERS = {
    1: Cluster(accelerators=1, l2_bytes=256 << 10, traffic="linear:0"),
    2: Cluster(accelerators=2, dmas=1, l2_bytes=256 << 10, traffic="linear:0"),
}
"""By the number of accelerators: what is built. Arbiter, traffic and L2 are set anew for every trial."""

ARENA_BYTES, MOST_JOBS = 52 << 10, 4
MOST_SIZE, STEPS = 24, 3_000
"""So many jobs of these sizes always fit an arena, and two arenas the TCDM."""

SHARES = ((1, 4), (1, 2), (3, 7), (1, 1), (1, 16), (7, 8), (200, 255), (0, 4), (0, 0))
CALM_RATE, CALM_BANK_RATE = 0.4, 0.05
"""The most traffic where the share is no guarantee: more could keep the other branch away from its banks for good."""

COPIES, COPY_BYTES = 6, 1024
END_CYCLES = 400
PATIENCE_CYCLES = 400_000


class _InL2:
    """A device whose arrays are in L2."""

    def __init__(self, device: ClusterDevice) -> None:
        self._device = device
        self.memory = device.l2

    def alloc(self, shape: Sequence[int], dtype: DTypeLike) -> NDArray[np.generic]:
        """Return a new array in L2."""
        return self._device.alloc(shape, dtype, "l2")


def contended(accelerators: int) -> Callable[[Stage], Tally]:
    """Return the trial of a cluster with so many accelerators."""

    def trial(stage: Stage) -> Tally:
        options = Options(seed=stage.draw_seed(), waves=stage.waves)
        with ClusterDevice(stage.config, CLUSTERS[accelerators], options) as device:
            _draw_setting(stage.random, device)
            try:
                tally = KINDS[stage.random.integers(len(KINDS))](stage, device)
            except HangError as error:
                return Tally(jobs=1, hangs=1, examples=(str(error),))
            except (SimulationError, DeviceError, RegisterError) as error:
                return Tally(jobs=1, rules=1, examples=(f"{type(error).__name__}: {error}",))
            return tally + _fairness(device)

    return trial


def _draw_setting(random: np.random.Generator, device: ClusterDevice) -> None:
    """Set arbiter, traffic and L2 at random."""
    num, den = SHARES[random.integers(len(SHARES))]
    bounded = 0 < num < den
    priority = str(random.choice(PRIORITIES))
    pattern, rate = str(random.choice(PATTERNS)), float(random.choice((0.0, 1.0, random.random())))
    if not bounded:
        rate *= CALM_BANK_RATE if pattern == "bank" else CALM_RATE
    device.configure(
        priority=priority,
        share=(num, den),
        traffic=Traffic(pattern, rate, float(random.choice((0.0, 0.5, 0.9)))),
        l2_latency=int(np.exp(random.uniform(0, np.log(200)))),
        l2_interval=int(random.choice((1, 1, 2, 7))),
    )
    device.reset_counters()


def _fairness(device: ClusterDevice) -> Tally:
    """Let the traffic end; judge its data, and the waits of both branches in conflict cycles."""
    device.configure(traffic=None)
    device.harness.step(END_CYCLES)
    seen = device.contention()
    wrong = [f"{seen.errors} answers of the cores' accesses were wrong"] if seen.errors else []
    worst = (("wide", seen.worst_wide), ("log", seen.worst_log))
    for (name, waited), bound in zip(worst, device.cluster.bounds(device.config), strict=True):
        if bound is not None and waited > bound:
            wrong.append(f"a {name} request waited {waited} conflict cycles, bound {bound}")
    return Tally(rules=len(wrong), examples=tuple(wrong))


def _draw_jobs(config: Config, length: int) -> Build:
    usual = Sizes.of(config, STEPS)
    sizes = Sizes(min(usual.m, MOST_SIZE), min(usual.n, MOST_SIZE), min(usual.k, MOST_SIZE), STEPS)

    def build(arena: Arena, random: np.random.Generator) -> list[Job]:
        return [random_job(random, arena, config, sizes) for _ in range(length)]

    return build


def _golden(config: Config, build: Build, seed: int) -> tuple[Scene, list[Result]]:
    """Return the scene after its jobs have run on the golden model, and their results."""
    with GoldenDevice(config, Memory(2 * ARENA_BYTES, MEMORY_BASE)) as device:
        scene = Scene.make(device, build, seed, ARENA_BYTES)
        return scene, device.run(scene.jobs)


def _compare(wanted: Scene, expected: Sequence[Result], got: Scene, flags: Sequence[object]) -> Tally:
    tally = compare_memory(wanted, got)
    for job, want, raised in zip(got.jobs, expected, flags, strict=True):
        text = f"{describe(job)}: flags {raised}, golden {want.flags}"
        tally += Tally(jobs=1, flags=int(raised != want.flags), examples=(text,) if raised != want.flags else ())
    return tally


def _tiles(stage: Stage, device: ClusterDevice) -> Tally:
    """Jobs whose matrices lie in L2, cut into tiles of any size."""
    random, config = stage.random, stage.config
    build, seed = _draw_jobs(config, int(random.integers(1, 3))), stage.draw_seed()
    wanted, expected = _golden(config, build, seed)
    scene = Scene.make(_InL2(device), build, seed, ARENA_BYTES)
    if random.random() < 2 / 3:
        limits = (3 * config.rows, 3 * config.x_chunk, 3 * config.tile_cols)
        m, n, k = (int(random.integers(1, limit + 1)) for limit in limits)
        device.fixed_tiling = Tiling(m, n, k, bool(random.integers(2)))
    results = device.run(scene.jobs)
    return _compare(wanted, expected, scene, [result.flags for result in results])


def _side_by_side(stage: Stage, device: ClusterDevice) -> Tally:
    """A queue of jobs in the TCDM for each accelerator, while the DMA copies beside them."""
    random, config = stage.random, stage.config
    golden, scenes = [], []
    for _ in range(device.cluster.accelerators):
        build, seed = _draw_jobs(config, int(random.integers(1, MOST_JOBS + 1))), stage.draw_seed()
        golden.append(_golden(config, build, seed))
        scenes.append(Scene.make(device, build, seed, ARENA_BYTES))
    copier = _Copier(random, device)
    queues = [_Queue(device, number, scene.jobs) for number, scene in enumerate(scenes)]
    users: list[_Queue | _Copier] = [*queues, copier]
    while left := [user for user in users if not user.advance()]:
        if not device.harness.run_any(dict(user.wait() for user in left), PATIENCE_CYCLES):
            raise HangError(f"nothing ended within {PATIENCE_CYCLES} cycles", {})
    tally = copier.judge()
    for (wanted, expected), scene, queue in zip(golden, scenes, queues, strict=True):
        tally += _compare(wanted, expected, scene, queue.flags)
    if not tally.failures and (coverage := collector()) is not None:
        for job, result in (ended for queue in queues for ended in queue.ended):
            coverage.sample(JobSample(config, job, flags=result.flags, stalls=result.stalls, cluster=True))
    return tally


def _mixed(stage: Stage, device: ClusterDevice) -> Tally:
    """One run of jobs in the TCDM and of jobs in L2, in any order."""
    random, config = stage.random, stage.config
    golden, scenes = [], []
    for place_of in (device, _InL2(device)):
        build, seed = _draw_jobs(config, int(random.integers(1, 4))), stage.draw_seed()
        golden.append(_golden(config, build, seed))
        scenes.append(Scene.make(place_of, build, seed, ARENA_BYTES))
    order = random.permutation([index for index, scene in enumerate(scenes) for _ in scene.jobs])
    queues = [iter(scene.jobs) for scene in scenes]
    results = device.run([next(queues[index]) for index in order])
    tally = Tally()
    for index, ((wanted, expected), scene) in enumerate(zip(golden, scenes, strict=True)):
        flags = [result.flags for result, owner in zip(results, order, strict=True) if owner == index]
        tally += _compare(wanted, expected, scene, flags)
    return tally


KINDS = (_tiles, _mixed, _side_by_side, _side_by_side)


class _Queue:
    """The jobs of one accelerator.

    Attributes:
        flags: of the jobs that have ended.
        ended: their parts, with results.
    """

    def __init__(self, device: ClusterDevice, number: int, jobs: Sequence[Job]) -> None:
        self._device = device
        self._driver: Driver = device.drivers[number]
        self._line = number * device.config.cores
        self._events = device.harness.events(self._line)
        self._placed = [place(job, device.memory, lambda: None, device.config) for job in jobs]
        self._left = deque((index, part) for index, placed in enumerate(self._placed) for part in placed.hardware)
        self._running: deque[tuple[int, HardwareJob, int]] = deque()  # job, its part, context
        self.ended: list[tuple[HardwareJob, JobResult]] = []
        self.flags = [Flags() for _ in self._placed]

    def advance(self) -> bool:
        """Take out what has ended, put in what there is room for; whether all has ended."""
        while self._running and self._device.harness.events(self._line) > self._events:
            self._events += 1
            index, part, context = self._running.popleft()
            result = self._driver.result(context)
            if result.error != ErrorCode.NONE:
                raise DeviceError(result.error, result.error_address, self._placed[index].hardware[0])
            self.flags[index] |= result.flags
            self.ended.append((part, result))
        while self._left and len(self._running) < self._device.config.contexts:
            index, part = self._left.popleft()
            self._running.append((index, part, self._driver.submit(part)))
        if not self._running:
            for placed in self._placed:
                placed.collect()
        return not self._running

    def wait(self) -> tuple[int, int]:
        """Return the event to wait for: its line and count."""
        return self._line, self._events + 1


class _Copier:
    """Rectangles that the DMA carries between blocks of random bytes in both memories, at any alignment."""

    def __init__(self, random: np.random.Generator, device: ClusterDevice) -> None:
        self._random, self._memories = random, (device.l2, device.memory)
        dtype = format_by_name("e5m2").dtype
        self._blocks = [memory.alloc((COPY_BYTES,), dtype).view(np.uint8) for memory in self._memories]
        for block in self._blocks:
            block[:] = random.integers(0, 256, COPY_BYTES, np.uint8)
        self._wanted = [block.copy() for block in self._blocks]
        self._dma = Dma(device.harness, device.cluster.accelerators * device.config.cores)
        self._errors = self._dma.errors()
        self._left = int(random.integers(COPIES + 1))

    def advance(self) -> bool:
        """Queue what there is room for; whether all has ended."""
        while self._left and self._dma.has_room():
            self._left -= 1
            rows, row_bytes = (int(self._random.integers(1, limit)) for limit in (7, 70))
            places, views = [], []
            for memory, block, wanted in zip(self._memories, self._blocks, self._wanted, strict=True):
                stride = row_bytes + int(self._random.integers(0, 40))
                start = int(self._random.integers(0, COPY_BYTES - (rows - 1) * stride - row_bytes + 1))
                places.append(Place(memory.address(block) + start, rows, row_bytes, stride))
                views.append(np.ndarray((rows, row_bytes), np.uint8, wanted, start, (stride, 1)))
            direction = DirectionCode(int(self._random.integers(2)))
            source, target = views if direction == DirectionCode.TO_TCDM else views[::-1]
            target[...] = source
            self._dma.copy(places[0], places[1], direction)
        return self._dma.done == self._dma.issued

    def wait(self) -> tuple[int, int]:
        """Return the event to wait for: its line and count."""
        return self._dma.line, self._dma.next_event

    def judge(self) -> Tally:
        """Compare what was copied, and all around it."""
        pairs = zip(self._blocks, self._wanted, strict=True)
        wrong = sum(int(np.count_nonzero(block != wanted)) for block, wanted in pairs)
        errors = self._dma.errors() - self._errors
        return Tally(stray=wrong, rules=errors, examples=(f"{wrong} bytes of copies wrong",) if wrong else ())
