# SPDX-License-Identifier: Apache-2.0
"""The accelerator among other users of the TCDM: its speed against their traffic, and everyone's longest wait."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from redmule import golden
from redmule.cluster import PATTERNS, PRIORITIES, Cluster, Traffic
from redmule.config import Config
from redmule.device import ClusterDevice
from redmule.device.options import Options
from redmule.job import Job

SIZE = 96
"""The product is SIZE x SIZE x SIZE in fp16."""

RATES = (0.0, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0)
SHARES = ((1, 8), (1, 4), (1, 2), (3, 4))
SETTLE_CYCLES = 300


@dataclass(frozen=True, slots=True)
class Point:
    """One measurement.

    Attributes:
        priority: the branch that wins conflicts.
        share: (num, den) of them that the other branch wins.
        pattern, rate: traffic of each core.
        mac_per_cycle: of the accelerator.
        granted: accesses of all cores in a cycle.
        worst_wide, bound_wide: the longest wait of a wide request and its bound, in conflict cycles.
        worst_log, bound_log: the same of the cores.
        exact: the product and all data of the cores are right.
    """

    priority: str
    share: tuple[int, int]
    pattern: str
    rate: float
    mac_per_cycle: float
    granted: float
    worst_wide: int
    bound_wide: int
    worst_log: int
    bound_log: int
    exact: bool

    @property
    def ok(self) -> bool:
        """Whether the data are right and the waits within their bounds."""
        return self.exact and self.worst_wide <= self.bound_wide and self.worst_log <= self.bound_log


def settings() -> Iterator[tuple[str, tuple[int, int], str, float]]:
    """Yield what is measured: priority, share, pattern, rate."""
    for priority in PRIORITIES:
        for share in SHARES:
            for pattern in PATTERNS:
                for rate in RATES:
                    yield priority, share, pattern, rate


def measure(config: Config, progress: Callable[[int, int], None], seed: int = 1) -> list[Point]:
    """Measure all settings on the RTL of the default cluster.

    Args:
        config: the accelerator.
        progress: told the settings done and the cycles simulated.
        seed: of operands and traffic.
    """
    random = np.random.default_rng(seed)
    x, w, y = (random.standard_normal((SIZE, SIZE)).astype(np.float16) for _ in range(3))
    wanted = golden.gemm_op(x, w, y)
    cluster = Cluster(traffic=Traffic("linear", 0))
    points = []
    with ClusterDevice(config, cluster, Options(seed=seed)) as device:
        job = Job(_placed(device, x), _placed(device, w), _placed(device, y))
        for done, (priority, share, pattern, rate) in enumerate(settings(), start=1):
            device.configure(priority=priority, share=share, traffic=Traffic(pattern, rate))
            bounds = device.cluster.bounds(config)
            device.harness.step(SETTLE_CYCLES)
            device.reset_counters()
            start = device.harness.cycle
            result = device.run([job])[0]
            seen, cycles = device.contention(), device.harness.cycle - start
            assert result.cycles is not None
            right = np.array_equal(result.z.view(np.uint16), wanted.z.view(np.uint16)) and result.flags == wanted.flags
            points.append(
                Point(
                    priority,
                    share,
                    pattern,
                    rate,
                    SIZE**3 / result.cycles,
                    seen.grants / cycles,
                    seen.worst_wide,
                    bounds[0] or 0,
                    seen.worst_log,
                    bounds[1] or 0,
                    right and seen.errors == 0,
                )
            )
            progress(done, device.harness.cycle)
    return points


def _placed(device: ClusterDevice, matrix: NDArray[np.float16]) -> NDArray[Any]:
    there = device.alloc(matrix.shape, matrix.dtype)
    there[...] = matrix
    return there


COLUMNS = (
    "priority",
    "share",
    "traffic",
    *(f"{rate:.0%}" for rate in RATES),
    "worst wide",
    "worst core or DMA",
    "exact",
)


def rows(points: list[Point]) -> list[list[str]]:
    """Return a line for each priority, share and pattern: MAC/cycle at each rate, waits and bounds."""
    lines = []
    groups: dict[tuple[str, tuple[int, int], str], list[Point]] = {}
    for point in points:
        groups.setdefault((point.priority, point.share, point.pattern), []).append(point)
    for (priority, (num, den), pattern), group in groups.items():
        lines.append(
            [
                priority,
                f"{num}/{den}",
                pattern,
                *(f"{point.mac_per_cycle:.2f}" for point in group),
                f"{max(point.worst_wide for point in group)} of {group[0].bound_wide}",
                f"{max(point.worst_log for point in group)} of {group[0].bound_log}",
                "yes" if all(point.ok for point in group) else "NO",
            ]
        )
    return lines


def draw(points: list[Point], config: Config, path: Path) -> None:
    """Write the picture: MAC/cycle against the rate, a panel for each pattern, a line for each rule of the arbiter."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "redmule"
    from matplotlib import pyplot as plt

    figure, panels = plt.subplots(1, len(PATTERNS), figsize=(13, 3.6), sharey=True, layout="constrained")
    for panel, pattern in zip(panels, PATTERNS, strict=True):
        for priority, style in zip(PRIORITIES, ("-", "--"), strict=True):
            for index, share in enumerate(SHARES):
                chosen = [p for p in points if (p.priority, p.share, p.pattern) == (priority, share, pattern)]
                panel.plot(
                    [p.rate * 100 for p in chosen],
                    [p.mac_per_cycle for p in chosen],
                    style,
                    color=f"C{index}",
                    label=f"{priority} first, {share[0]}/{share[1]}",
                )
        panel.set_title(f"{config.cores} cores, {pattern}")
        panel.set_xlabel("cycles in which a core begins an access, %")
        panel.grid(alpha=0.3)
    panels[0].set_ylabel("MAC/cycle")
    panels[0].set_ylim(0, config.num_ces * 1.02)
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=4, fontsize="small")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})
