# SPDX-License-Identifier: Apache-2.0
"""The RTL device in its cluster: jobs in the TCDM run as they are, others are brought in by DMA, tile by tile."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from redmule import checks
from redmule.cluster import (
    ACCELERATOR_STEP,
    ARBITER_BASE,
    DMA_BASE,
    L2_BASE,
    PARTS,
    REGION_BYTES,
    STRIDE_WORDS,
    TCDM_BASE,
    TRAFFIC_BASE,
    TRAFFIC_STEP,
    WORD_BYTES,
    Cluster,
    Traffic,
    regs_arbiter,
    regs_dma,
    regs_traffic,
)
from redmule.config import Config
from redmule.device.base import Progress, progress_of
from redmule.device.cluster_harness import ClusterHarness
from redmule.device.driver import Driver
from redmule.device.harness import SimulationError
from redmule.device.memory import Memory, MemoryFullError, readable
from redmule.device.options import Options
from redmule.device.placement import Settle
from redmule.device.rtl import TIME_FLOOR_CYCLES, TIME_MARGIN, RtlDevice
from redmule.device.tile_layout import Layout, Matrices
from redmule.device.tiled import Outcome, TiledRun
from redmule.device.tiling import Problem, Tiling, choose
from redmule.job import STALLS, HangError, HardwareJob, Job, Result, utilisation
from redmule.regs import Word

AT_RUN_TIME = ("priority", "share", "traffic", "l2_latency", "l2_interval")
"""Fields of `Cluster` that are registers of the hardware."""

STARVED_CYCLES = 10_000
"""A request of the accelerator that waited so many conflict cycles, and has no bound, is given up."""

UNBOUNDED_DELAY = 1000
"""Cycles for which a beat may wait where the arbiter promises nothing; a longer wait on average counts as a hang."""

MEMORIES = ("tcdm", "l2")


@dataclass(frozen=True, slots=True)
class Contention:
    """What the arbiter and the cores saw since the last `reset_counters`.

    Attributes:
        conflicts: cycles in which both branches wanted a bank.
        worst_wide, worst_log: the most of them that one request of a branch waited.
        grants, waits, worst_wait, errors: of the traffic of all cores: accesses, cycles waited, the most cycles one
            waited, answers that were wrong.
    """

    conflicts: int
    worst_wide: int
    worst_log: int
    grants: int
    waits: int
    worst_wait: int
    errors: int


class ClusterDevice(RtlDevice):
    """The accelerators' RTL in the cluster.

    Attributes:
        cluster: what was built and how it runs.
        l2: the second memory, where jobs lie that do not fit the TCDM.
        drivers: one for each accelerator.
        fixed_tiling: how jobs are cut into tiles; None: chosen for each.
        last_tiles: what the last job in tiles gave.
    """

    def __init__(
        self,
        config: Config,
        cluster: Cluster,
        options: Options,
        progress: Progress | None = None,
        harness: ClusterHarness | None = None,
    ) -> None:
        """Build the model if the cache does not hold it, start it if it has not been, and set it as `cluster` says."""
        self.cluster = cluster
        free = cluster.free_bytes(config)
        progress = progress_of(progress)  # whatever is wrong is found before the model is built
        harness = harness or ClusterHarness(config, cluster, options)
        memory = Memory(free, TCDM_BASE, content=harness.tcdm, name="TCDM")
        super().__init__(config, memory, options, progress, harness)
        self.l2 = Memory(cluster.l2_bytes, L2_BASE, content=harness.l2, name="L2")
        self.harness: ClusterHarness = harness
        self.fixed_tiling: Tiling | None = None
        self.last_tiles: Outcome | None = None
        self._seed = options.seed
        self._has_regions = cluster.traffic is not None
        self.drivers = [Driver(harness, 0, number * ACCELERATOR_STEP) for number in range(cluster.accelerators)]
        self._beat_delay = self._delay()
        self._set_registers()

    def alloc(self, shape: Any, dtype: DTypeLike, memory: str = "tcdm") -> NDArray[Any]:
        """Return a new array of zeros in the TCDM, or in L2.

        Args:
            shape: sizes.
            dtype: dtype of one of the five formats.
            memory: "tcdm" or "l2".

        Raises:
            ValueError: no such format or memory, or the array does not fit.
        """
        checks.choice("memory", memory, MEMORIES)
        return (self.memory if memory == "tcdm" else self.l2).alloc(shape, dtype)

    def contention(self) -> Contention:
        """Return what the arbiter and the traffic generators have counted."""

        def arbiter(offset: regs_arbiter.Offset) -> int:
            return self.harness.read(ARBITER_BASE + offset)

        def traffic(offset: regs_traffic.Offset) -> list[int]:
            cores = range(self.config.cores)
            return [self.harness.read(TRAFFIC_BASE + core * TRAFFIC_STEP + offset) for core in cores]

        return Contention(
            arbiter(regs_arbiter.Offset.CONFLICTS),
            arbiter(regs_arbiter.Offset.WORST_WIDE),
            arbiter(regs_arbiter.Offset.WORST_LOG),
            sum(traffic(regs_traffic.Offset.GRANTS)),
            sum(traffic(regs_traffic.Offset.WAITS)),
            max(traffic(regs_traffic.Offset.WORST)),
            sum(traffic(regs_traffic.Offset.ERRORS)),
        )

    def reset_counters(self) -> None:
        """Set the counters of `contention` to 0."""
        offsets = regs_arbiter.Offset
        for offset in (offsets.CONFLICTS, offsets.WORST_WIDE, offsets.WORST_LOG):
            self.harness.write(ARBITER_BASE + offset, 0)
        of_traffic = regs_traffic.Offset
        for core in range(self.config.cores):
            for counter in (of_traffic.GRANTS, of_traffic.WAITS, of_traffic.WORST, of_traffic.ERRORS):
                self.harness.write(TRAFFIC_BASE + core * TRAFFIC_STEP + counter, 0)

    def configure(self, **changes: Any) -> None:
        """Run the cluster otherwise from now on.

        Args:
            changes: fields of `Cluster` that need no other hardware: priority, share, traffic, l2_latency, l2_interval.

        Raises:
            ValueError: a value is wrong, another field is named, or there is to be traffic in a cluster that was made
                without, so that its cores have no memory of their own.
        """
        for name in changes:
            checks.choice("field", name, AT_RUN_TIME)
        cluster = replace(self.cluster, **changes)
        if cluster.traffic is not None and not self._has_regions:
            raise checks.refused("traffic", changes.get("traffic"), "is None: the cluster was made without traffic")
        self.cluster = cluster
        self._beat_delay = self._delay()
        self._set_registers()

    def _set_registers(self) -> None:
        """Tell the hardware what `cluster` says."""
        cluster = self.cluster
        num, den = cluster.share
        arbiter = regs_arbiter.Config(wide_first=int(cluster.priority == "wide"), num=num, den=den)
        self.harness.write(ARBITER_BASE + arbiter.OFFSET, arbiter.pack())
        timing = regs_dma.L2Cfg(latency=cluster.l2_latency, interval=cluster.l2_interval)
        self.harness.write(DMA_BASE + timing.OFFSET, timing.pack())
        for core in range(self.config.cores):
            words: list[Word] = [regs_traffic.Enable(0)]
            if isinstance(cluster.traffic, Traffic):
                words += self._traffic_of(core, cluster.traffic)
            for word in words:
                self.harness.write(TRAFFIC_BASE + core * TRAFFIC_STEP + word.OFFSET, word.pack())

    def _traffic_of(self, core: int, traffic: Traffic) -> list[Word]:
        base = TCDM_BASE + self.cluster.tcdm_bytes - (core + 1) * REGION_BYTES
        return [
            regs_traffic.Pattern(regs_traffic.PatternCode[traffic.pattern.upper()]),
            regs_traffic.Rate(round(traffic.rate * PARTS)),
            regs_traffic.Writes(round(traffic.writes * PARTS)),
            regs_traffic.Stride(STRIDE_WORDS),
            regs_traffic.Seed((self._seed * self.config.cores + core) % (1 << 32)),
            regs_traffic.Base(base),
            regs_traffic.Enable(1),
        ]

    def _abandon(self) -> None:
        super()._abandon()
        with suppress(SimulationError):  # a model that failed is of no use, and its error is on the way already
            self._set_registers()

    def _judge_wait(self) -> None:
        bound, _ = self.cluster.bounds(self.config)
        if bound is None and self.contention().worst_wide > STARVED_CYCLES:
            num, den = self.cluster.share
            raise HangError(
                f"the accelerator got no bank for more than {STARVED_CYCLES} conflict cycles: with priority "
                f"{self.cluster.priority} and share {num}/{den} the arbiter promises it none",
                {},
            )

    def _delay(self) -> float:
        """Return the most cycles for which others may keep a beat from its banks, if there is a bound."""
        bound, _ = self.cluster.bounds(self.config)
        return float(UNBOUNDED_DELAY if bound is None else bound)

    # ---------------------------------------------------------------------------------------- jobs in tiles

    def _holds(self, array: NDArray[Any]) -> bool:
        return super()._holds(array) or self.l2.holds(array)

    def _submit(self, job: Job, finish: Callable[[], None], settle: Settle) -> Result | None:
        if not self._lies_in_l2(job):
            try:
                return super()._submit(job, finish, settle)
            except MemoryFullError:
                pass  # it does not fit the TCDM
        settle()
        return self._run_tiles(job)

    def _lies_in_l2(self, job: Job) -> bool:
        arrays = (job.x, job.w, job.y, job.z_out)
        return any(array is not None and self.l2.holds(array) for array in arrays)

    def _run_tiles(self, job: Job) -> Result:
        """Run a job through the TCDM in tiles."""
        operands = job.operands
        result, z = self._result_in_l2(job)
        matrices = Matrices(
            self._in_l2("x", operands.x, self._directions),
            self._in_l2("w", operands.w, self._directions),
            None if operands.y is None else self._y_in_l2(operands.y, z),
            z,
        )
        problem = Problem(
            operands.m,
            operands.n,
            operands.k,
            operands.x_format,
            operands.w_format,
            None if matrices.y is None else operands.y_format,
            operands.z_format,
            bias=matrices.y is not None and matrices.y.strides[0] == 0,
        )
        tiling = self.fixed_tiling or choose(
            problem,
            self.config,
            self.memory.largest_free,
            self.cluster.dma_bytes_per_cycle,
            self.cluster.accelerators,
        )
        run = TiledRun(
            Layout(job, matrices, problem, tiling, self.memory, self.cluster.accelerators),
            tiling,
            self.config,
            self.harness,
            (self.memory, self.l2),
            self.drivers,
            self._patience_of_tiles,
            self._judge_wait,
        )
        self.last_tiles = outcome = run.run(self._tell)
        self._events = self.harness.events(self._driver.core)  # its tiles raised some of these
        if job.z_out is not None and result is not job.z_out:
            job.z_out[...] = result
            result = job.z_out
        stalls = {name: sum(part.stalls[name] for part in outcome.results) for name in STALLS}
        busy = sum(part.cycles for part in outcome.results)
        return Result(
            z=result if job.z_out is not None else result.copy(order="C"),
            flags=outcome.flags,
            cycles=outcome.cycles,
            steps=sum(part.steps for part in outcome.results),
            stalls=stalls | {"dma": max(0, outcome.cycles - busy)},
            parts=tuple(outcome.parts),
            utilisation=utilisation(operands.m, operands.n, operands.k, outcome.cycles, self.config),
        )

    @property
    def _directions(self) -> tuple[bool, ...]:
        """How a tile may lie: by rows (False) or by columns (True). Tiles are never copied by software."""
        return (False, True) if self.config.transposes else (False,)

    def _in_l2(self, name: str, matrix: NDArray[Any], directions: tuple[bool, ...]) -> NDArray[Any]:
        """Return a matrix in L2, in one of these directions; as it came, if it may."""
        turned = next((turned for _, turned in readable(matrix) if turned in directions), None)
        if turned is not None and self.l2.holds(matrix):
            return matrix
        turned = directions[0] if turned is None else turned
        rows = matrix.T if turned else matrix
        copy = self.l2.alloc(rows.shape, rows.dtype, name)
        copy[...] = rows
        return copy.T if turned else copy

    def _y_in_l2(self, y: NDArray[Any], z: NDArray[Any]) -> NDArray[Any]:
        """Return Y in L2, in the direction in which Z lies; a bias keeps its one row if Z lies by rows."""
        directions = tuple(turned for _, turned in readable(z) if turned in self._directions)
        if y.strides[0] == 0 and False in directions:
            return np.broadcast_to(self._in_l2("y", y[:1], self._directions), y.shape)
        return self._in_l2("y", y, directions)

    def _result_in_l2(self, job: Job) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return where the result goes in L2, in the shape the caller asked for, and the same as M x K."""
        operands = job.operands
        if job.z_out is not None and self.l2.holds(job.z_out):
            z = job.z_out.T if job.z_trans else job.z_out
            if any(turned in self._directions for _, turned in readable(z)):
                return job.z_out, z
        by_columns = job.z_trans and self.config.transposes
        shape = (operands.k, operands.m) if by_columns else (operands.m, operands.k)
        z = self.l2.alloc(shape, operands.z_format.dtype, "z")
        z = z.T if by_columns else z
        return z.T if job.z_trans else z, z

    def _patience_of_tiles(self, hardware: HardwareJob | None) -> int:
        """Return the cycles that a hardware job of a tile may take; without one, the transfer of a tile."""
        if hardware is not None:
            return TIME_FLOOR_CYCLES + self.patience(hardware)
        words = self.cluster.tcdm_bytes // WORD_BYTES
        return TIME_FLOOR_CYCLES + TIME_MARGIN * words * (self.cluster.l2_interval + self.config.cores)
