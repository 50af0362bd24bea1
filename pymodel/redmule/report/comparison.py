# SPDX-License-Identifier: Apache-2.0
"""The published figures of this accelerator beside those of the models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from redmule import published
from redmule.area.fit import PUBLISHED_MM2
from redmule.config import Config
from redmule.energy import CORNERS, REFERENCE, Corner
from redmule.energy import points as energy_points
from redmule.report.palette import LIGHT, SERIES
from redmule.report.picture import Picture, picture, styled
from redmule.sweep import Point, Row, Settings
from redmule.sweep.front import figure
from redmule.sweep.point import evaluate
from redmule.workload import Workload

FP8 = "e5m2"
"""The papers do not say which FP8 format; both have the same cycles."""

SPEED = "speed (fits nothing)"

_COLUMN_OF_UNIT = {"%": ("utilisation", 0.01), "MAC/cycle": ("mac_per_cycle", 1.0), "GFLOPS": ("gflops", 1.0)}


@dataclass(frozen=True, slots=True)
class Published:
    """A published figure.

    Attributes:
        config: the array, with everything that ours has.
        workload: what it ran, as far as it is known.
        corner: supply and clock.
        column: of the table of a sweep.
        value: as published.
        use: what the models took it for.
    """

    config: Config
    workload: str
    corner: Corner
    column: str
    value: float
    use: str


def published_figures() -> list[Published]:
    """Return what has been published: speeds, the one area, efficiencies."""
    corners = {corner.mhz: corner for corner in CORNERS.values()}
    found = []
    for speed in published.POINTS:
        column, scale = _COLUMN_OF_UNIT[speed.unit]
        workload = _gemm("gemm", speed.size, speed.elem_bytes)
        corner = corners.get(speed.f_mhz, REFERENCE)
        figure_ = float(speed.figure) * scale
        found.append(Published(Config.named(speed.config), workload, corner, column, figure_, SPEED))
    first = found[0]
    found.append(Published(first.config, first.workload, REFERENCE, "area_mm2", PUBLISHED_MM2, "fits um2 of a gate"))
    for point in energy_points.points():
        workload = _gemm(point.op, energy_points.SIZE, point.bytes)
        found.append(Published(point.full, workload, point.corner, "gflops_per_w", point.gflops_per_w, point.use))
    return found


def _gemm(op: str, size: int, elem_bytes: int) -> str:
    """Return the name of a product of square matrices."""
    return f"{op}:{size}:{FP8}" if elem_bytes == 1 else f"{op}:{size}"


UNITS = {
    "mac_per_cycle": "MAC/cycle",
    "area_mm2": "mm²",
    "gflops_per_w": "GFLOPS/W",
    "utilisation": "utilisation",
    "gflops": "GFLOPS",
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """A published figure, and what the models say: of the array as published, and of this accelerator as a whole.

    Attributes:
        plain: with what was published only: one context, no row groups, no transposes.
        low, high: interval of `plain`.
        full: with everything.
    """

    published: Published
    plain: float
    low: float
    high: float
    full: float

    @property
    def ratio(self) -> float:
        """The model's figure over the published one."""
        return self.plain / self.published.value


def compare() -> list[Comparison]:
    """Return all published figures beside the models'."""
    found = []
    for each in published_figures():
        plain, full = (_figures(config, each) for config in (published.plain(each.config), each.config))
        value = figure(plain, each.column)
        ends = [plain.get(f"{each.column}_{end}", value) for end in ("low", "high")]
        low, high = (float(end) for end in ends if isinstance(end, int | float))
        found.append(Comparison(each, value, low, high, figure(full, each.column)))
    return found


def _figures(config: Config, each: Published) -> Row:
    return evaluate(Point(config, Workload.parse(each.workload)), Settings(corner=each.corner))


def name_of(each: Published) -> str:
    """Return what a published figure is of, in one line."""
    array = f"{each.config.rows}x{each.config.row_len}"
    return f"{array} {each.workload}, {each.corner.volt:.2f} V: {UNITS[each.column]}"


@styled()
def published_picture(comparisons: Sequence[Comparison]) -> Picture:
    """Return the models' figures over the published ones, with their intervals."""
    drawn = picture("published", "Model over published, with its interval", 1.2 + 0.24 * len(comparisons))
    axes = drawn.axes
    axes.axvline(1.0, color=LIGHT["muted"], linewidth=0.9)
    for place, each in enumerate(comparisons):
        value = each.published.value
        axes.plot([each.low / value, each.high / value], [place, place], color=SERIES[0], linewidth=2.2, alpha=0.4)
        dot = axes.scatter([each.ratio], [place], s=26, color=SERIES[0], zorder=3)
        drawn.tip(dot, [f"{name_of(each.published)}: model {each.plain:.4g}, published {value:g}"])
    axes.set_yticks(range(len(comparisons)), [name_of(each.published) for each in comparisons], fontsize=7.5)
    axes.invert_yaxis()
    axes.set_xlabel("model / published")
    axes.tick_params(axis="y", length=0)
    return drawn
