# SPDX-License-Identifier: Apache-2.0
"""A product that comes from L2 in tiles: how much of the array's speed is left, by bandwidth and latency of L2."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from redmule import golden, law
from redmule.cluster import Cluster
from redmule.config import Config
from redmule.device import ClusterDevice
from redmule.device.options import Options
from redmule.job import Job

SIZE = 512
"""The product is SIZE x SIZE x SIZE in fp16."""

PORTS, LATENCIES, INTERVALS = (2, 1), (1, 100, 400, 1000), (1, 2, 4, 8)
USUAL_LATENCY = 10
TARGET = 0.95
"""What is asked for where the bandwidth allows it."""


@dataclass(frozen=True, slots=True)
class Point:
    """One measurement.

    Attributes:
        ports, interval, latency: of DMA and L2, as in `Cluster`.
        tile: M, N, K of the tiles that software chose.
        cycles: from the first transfer to the last.
        without_dma: what the law says for the same jobs, all matrices in the TCDM, in one queue.
        utilisation: of the array.
        exact: result and flags are those of the golden model.
    """

    ports: int
    interval: int
    latency: int
    tile: tuple[int, int, int]
    cycles: int
    without_dma: int
    utilisation: float
    exact: bool

    @property
    def bytes_per_cycle(self) -> float:
        """What the DMA can move from L2."""
        return Cluster(dmas=self.ports, l2_interval=self.interval, l2_latency=self.latency).dma_bytes_per_cycle

    @property
    def kept(self) -> float:
        """The share of the speed without DMA that is left."""
        return self.without_dma / self.cycles


def settings() -> Iterator[tuple[int, int, int]]:
    """Yield what is measured: ports, interval, latency."""
    wide, narrow = PORTS
    for interval in INTERVALS:
        yield wide, interval, USUAL_LATENCY
    for latency in LATENCIES:
        yield wide, 1, latency
    for interval in INTERVALS[:-1]:
        yield narrow, interval, USUAL_LATENCY


def measure(
    config: Config,
    progress: Callable[[int, int], None],
    size: int = SIZE,
    chosen: Sequence[tuple[int, int, int]] | None = None,
    seed: int = 1,
) -> list[Point]:
    """Measure settings on the RTL.

    Args:
        config: the accelerator.
        progress: told the settings done and the cycles simulated.
        size: of the product in all dimensions.
        chosen: ports, interval, latency of each; default: all.
        seed: of the operands.
    """
    random = np.random.default_rng(seed)
    x, w, y = (random.standard_normal((size, size)).astype(np.float16) for _ in range(3))
    wanted = golden.gemm_op(x, w, y)
    points: list[Point] = []
    simulated = 0
    for ports, interval, latency in settings() if chosen is None else chosen:
        cluster = Cluster(dmas=ports, l2_interval=interval, l2_latency=latency)
        with ClusterDevice(config, cluster, Options(seed=seed)) as device:
            result = device.run([Job(x, w, y)])[0]
            run = device.last_tiles
        assert result.cycles is not None
        assert run is not None
        simulated += result.cycles
        without = sum(cycles.total for cycles in law.queue(run.jobs, config))
        right = np.array_equal(result.z.view(np.uint16), wanted.z.view(np.uint16)) and result.flags == wanted.flags
        tile = (run.tiling.m, run.tiling.n, run.tiling.k)
        used = size**3 / (config.num_ces * result.cycles)
        points.append(Point(ports, interval, latency, tile, result.cycles, without, used, right))
        progress(len(points), simulated)
    return points


COLUMNS = (
    *("DMA ports", "L2 interval", "L2 latency", "bytes/cycle", "tile", "cycles", "without DMA"),
    *("utilisation", "kept", "exact"),
)


def rows(points: list[Point]) -> list[list[str]]:
    """Return the table."""
    return [
        [
            str(p.ports),
            str(p.interval),
            str(p.latency),
            f"{p.bytes_per_cycle:.2g}",
            " x ".join(map(str, p.tile)),
            str(p.cycles),
            str(p.without_dma),
            f"{p.utilisation:.2%}",
            f"{p.kept:.2%}",
            "yes" if p.exact else "NO",
        ]
        for p in points
    ]
