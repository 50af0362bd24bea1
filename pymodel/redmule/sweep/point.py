# SPDX-License-Identifier: Apache-2.0
"""One point of a sweep, computed: cycles by the law or on the RTL, then clock, area, energy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import redmule.area as area_model
import redmule.energy as energy_model
from redmule import checks
from redmule.config import Config
from redmule.energy import Corner, corner_of
from redmule.law import Cycles, Shape, ideal_cycles, queue_cycles
from redmule.plan import plan, strip_shape
from redmule.published import plain
from redmule.sweep.columns import LOW_HIGH, Row, energy_column
from redmule.sweep.grid import BASE, label
from redmule.workload import Product, Workload

BACKENDS = ("model", "rtl")
MOST_SEED = (1 << 63) - 1
"""A column of the table is a signed integer of 64 bits."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What all points of a sweep have in common.

    Attributes:
        backend: "model" (the cycle law) or "rtl" (simulated, and compared with golden model and law).
        corner: supply and clock of the published array; the clock of others follows from their logic depth.
        seed: of the random operands of "rtl", 0 to 2^63 - 1.

    Raises:
        ValueError: one is wrong.
    """

    backend: str = "model"
    corner: Corner = energy_model.REFERENCE
    seed: int = 0

    def __post_init__(self) -> None:
        checks.choice("backend", self.backend, BACKENDS)
        checks.integer("seed", self.seed, range(MOST_SEED + 1))


@dataclass(frozen=True, slots=True)
class Point:
    """A configuration and a workload."""

    config: Config
    workload: Workload

    def row(self) -> Row:
        """Return the columns that say which point it is."""
        values = asdict(self.config)
        return {
            "config": label(self.config),
            **{name: value for name, value in values.items() if name != "name"},
            "ces": self.config.num_ces,
            "workload": self.workload.name,
            "op": self.workload.op,
            "format": self.workload.format,
            "products": len(self.workload.products),
            "macs": self.workload.macs,
            "bytes_once": self.workload.bytes_once,
        }


@dataclass(frozen=True, slots=True)
class Jobs:
    """The hardware jobs of a product that runs alone, all in the queue at once, and what each takes."""

    shapes: tuple[Shape, ...]
    cycles: tuple[Cycles, ...]

    @property
    def total(self) -> int:
        """Cycles from the first TRIGGER to the last event."""
        return sum(job.total for job in self.cycles)


def evaluate(point: Point, settings: Settings) -> Row:
    """Return the columns that say what a point does.

    Raises:
        ValueError, RuntimeError: the simulation fails, or the models have no figures for the configuration.
    """
    workload, config = point.workload, point.config
    distinct = Counter(_alike(product, config) for product in workload.products)
    jobs = {product: jobs_of(product, config) for product in distinct}
    verdict: Row = {}
    if settings.backend == "rtl":
        from redmule.sweep.rtl import compare  # the simulator, only when it is needed

        verdict = compare(jobs, workload.op, config, settings.seed)
    shapes = [shape for product, times in distinct.items() for shape in jobs[product].shapes * times]
    cycles = [each for product, times in distinct.items() for each in jobs[product].cycles * times]
    speed = _speed(workload, config, cycles)
    return speed | _cost(workload, config, shapes, cycles, settings) | verdict


def jobs_of(product: Product, config: Config) -> Jobs:
    """Return the hardware jobs of a product, as the devices plan them, and their cycles by the law.

    Without transposes in hardware, software has to lay matrices down as the hardware reads them; it is not counted.
    """
    size = (product.m, product.n, product.k)
    strips = plan(*size, config, product.elem_bytes, product.trans, most_strips=config.contexts)
    shapes = tuple(strip_shape(strip, *size, product.elem_bytes, product.trans) for strip in strips)
    return Jobs(shapes, queue_cycles(shapes, config))


def _alike(product: Product, config: Config) -> Product:
    """Return the product of which all that run alike are copies."""
    trans = product.trans if config.transposes else (False, False, False)
    return Product("", "", 0, "", product.m, product.n, product.k, trans, product.y, product.format)


def _speed(workload: Workload, config: Config, cycles: list[Cycles]) -> Row:
    """Return how long a workload takes, why, and what it moves."""
    total = sum(each.total for each in cycles)
    ideal = sum(ideal_cycles(p.m, p.n, p.k, config, p.elem_bytes) for p in workload.products)
    stalls = Counter[str]()
    for each in cycles:
        stalls.update(each.stalls)
    moved = sum(sum(each.transfers) for each in cycles) * config.port_bytes
    return {
        "jobs": len(cycles),
        "cycles": total,
        "ideal_cycles": ideal,
        "utilisation": workload.macs / (config.num_ces * total),
        "efficiency": ideal / total,
        "mac_per_cycle": workload.macs / total,
        "steps": sum(each.steps for each in cycles),
        **{f"stall_{reason}": count for reason, count in stalls.items()},
        "port_bytes_moved": moved,
        "mac_per_byte": workload.macs / moved,
    }


def _cost(workload: Workload, config: Config, shapes: list[Shape], cycles: list[Cycles], settings: Settings) -> Row:
    """Return clock, area and energy."""
    area = area_model.estimate(config)
    corner = clock(config, settings.corner)
    events = energy_model.events_of(shapes, cycles, config, workload.op)
    energy = energy_model.estimate(events, config, corner)
    low, high = energy.low, energy.high
    return {
        "volt": corner.volt,
        "fo4": area.fo4,
        "f_mhz": corner.mhz,
        "time_us": energy.time_us,
        "gflops": energy.gflops,
        **_interval("area_kge", area.kge, *area.kge_interval),
        **_interval("area_mm2", area.mm2, *area.mm2_interval),
        **_interval("energy_pj", energy.total_pj, *energy.interval_pj),
        **{energy_column(part): pj for part, pj in energy.pj_by_part.items()},
        **_interval("power_mw", energy.power_mw, energy.power_mw * low, energy.power_mw * high),
        **_interval("gflops_per_w", energy.gflops_per_w, energy.gflops_per_w / high, energy.gflops_per_w / low),
        **_interval("gflops_per_mm2", *(energy.gflops / mm2 for mm2 in (area.mm2, *reversed(area.mm2_interval)))),
        "stimulus": energy.stimulus,
    }


def _interval(column: str, value: float, low: float, high: float) -> Mapping[str, float]:
    """Return a figure and the ends of its interval as columns."""
    return {column: value} | dict(zip((f"{column}_{end}" for end in LOW_HIGH), (low, high), strict=True))


def clock(config: Config, corner: Corner) -> Corner:
    """Return the corner at which a configuration runs: that of the published array, scaled by their logic depths."""
    depth = area_model.estimate(plain(Config.named(BASE))).fo4
    return Corner(corner.volt, corner.mhz * depth / area_model.estimate(config).fo4)


def named_corner(text: str) -> Corner:
    """Return the corner that a command line means: `0.65V`, or `0.72` volts.

    Raises:
        ValueError: it means none.
    """
    if text in energy_model.CORNERS:
        return corner_of(text)
    try:
        volt = float(text.removesuffix("V"))
    except ValueError:
        allowed = f"are {', '.join(energy_model.CORNERS)}, or volts"
        raise checks.refused("corner", text, allowed) from None
    return corner_of(volt)
