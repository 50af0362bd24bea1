# SPDX-License-Identifier: Apache-2.0
"""The figures of a report: Pareto fronts, roofline, heat maps, and what cycles and energy go to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise, product
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from redmule.report.palette import HEAT, LIGHT, SERIES, cycled
from redmule.report.picture import Picture, picture, styled
from redmule.report.study import losses
from redmule.sweep import Front, Row
from redmule.sweep.columns import energy_parts
from redmule.sweep.front import by_workload, figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.transforms import Bbox

NAMES: Mapping[str, str] = {
    "gflops_per_w": "GFLOPS/W",
    "gflops_per_mm2": "GFLOPS/mm²",
    "area_kge": "area (kGE)",
    "mac_per_cycle": "MAC/cycle",
    "mac_per_byte": "MAC per byte moved",
    "utilisation": "utilisation",
}
"""Column -> the name of an axis."""

Mark = tuple[float, float, str]
"""A point from elsewhere: x, y, its label."""

LABEL_PLACES = (
    (-6, 4, "right", "bottom"),
    (6, 4, "left", "bottom"),
    (6, -4, "left", "top"),
    (-6, -4, "right", "top"),
    (0, 9, "center", "bottom"),
    (0, -9, "center", "top"),
)
"""Where a label may stand beside its spot, in points, the best place first."""

LINE_PLACES = 24

WHITE_ABOVE = 0.63
"""Where the colours of a heat map are as far from white as from black."""

BAR_HEIGHT = 0.27
"""Inches of a bar and the gap behind it."""


def stem(*words: object) -> str:
    """Return a name for a file from any words."""
    text = "-".join(str(word) for word in words).lower()
    return "".join(letter if letter.isalnum() else "-" for letter in text).strip("-")


@styled()
def pareto(rows: Sequence[Row], front: Front, title: str, marks: Iterable[Mark] = ()) -> Picture:
    """Return all points of a workload by two figures, those on the front labelled and joined."""
    drawn = picture(stem("pareto", front.y, front.x, title), title)
    axes = drawn.axes
    ports = sorted({figure(row, "port_width") for row in rows})
    for port, colour in zip(ports, cycled(len(ports)), strict=True):
        group = [row for row in rows if figure(row, "port_width") == port]
        spots = axes.scatter(
            [figure(row, front.x) for row in group],
            [figure(row, front.y) for row in group],
            s=13,
            color=colour,
            alpha=0.75,
            linewidths=0,
            label=f"{port:g}-bit port",
        )
        drawn.tip(spots, [_tip(row, (front.x, front.y)) for row in group])
    best = front.of(rows)
    best_x, best_y = ([figure(row, column) for row in best] for column in (front.x, front.y))
    axes.plot(best_x, best_y, color=LIGHT["ink"], linewidth=0.9, zorder=1.5)
    ring = axes.scatter(best_x, best_y, s=34, facecolors="none", edgecolors=LIGHT["ink"], linewidths=0.9)
    drawn.tip(ring, [_tip(row, (front.x, front.y)) for row in best])
    for x, y, text in marks:
        axes.scatter([x], [y], s=44, marker="D", color=LIGHT["bad"], zorder=4, label=text)
    axes.set_xlabel(NAMES[front.x])
    axes.set_ylabel(NAMES[front.y])
    if front.least_x:
        axes.set_xscale("log")
        axes.set_yscale("log")
        _plain_numbers(axes)
    axes.margins(0.09)
    _legend(drawn)
    others = [(figure(row, front.x), figure(row, front.y)) for row in rows]
    _label(drawn, list(zip(best_x, best_y, (str(row["config"]) for row in best), strict=True)), others)
    return drawn


def _plain_numbers(axes: Axes) -> None:
    """Write the numbers of logarithmic axes as people do, few of them."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    for axis in (axes.xaxis, axes.yaxis):
        low, high = sorted(axis.get_data_interval())
        subs = (1.0, 2.0, 5.0) if high < 100 * low else (1.0,)
        axis.set_major_locator(LogLocator(subs=subs))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_formatter(NullFormatter())


def _legend(drawn: Picture, columns: int = 4) -> None:
    """Write what the colours mean, below the axes, where nothing is covered."""
    handles = drawn.axes.get_legend_handles_labels()
    legend = drawn.figure.legend(
        *handles, loc="outside lower center", ncols=columns, handletextpad=0.3, columnspacing=1.2
    )
    for handle in legend.legend_handles:
        if handle is not None:
            handle.set_alpha(1.0)


def _label(drawn: Picture, spots: Sequence[Mark], others: Sequence[tuple[float, float]]) -> None:
    """Write labels beside the spots of a line, those that find a place: first the ends, then what lies between.

    A label covers neither another one nor the line, and no other point either if there is such a place, else one.
    """
    axes = drawn.axes
    drawn.figure.draw_without_rendering()
    frame = axes.get_window_extent()
    place = axes.transData.transform
    line = _along(place([spot[:2] for spot in spots]))
    points = place(others)
    taken: list[Bbox] = []
    style: dict[str, Any] = {"textcoords": "offset points", "fontsize": 7, "color": LIGHT["muted"]}
    style["bbox"] = {"facecolor": LIGHT["panel"], "edgecolor": "none", "alpha": 0.7, "pad": 0.5}
    order = [spot for pair in zip(spots, reversed(spots), strict=True) for spot in pair]
    for x, y, text in dict.fromkeys(order):
        for most, (dx, dy, side, base) in product(range(2), LABEL_PLACES):
            label = axes.annotate(text, (x, y), (dx, dy), ha=side, va=base, **style)
            box = label.get_window_extent()
            inside = frame.contains(box.x0, box.y0) and frame.contains(box.x1, box.y1)
            free = not box.count_overlaps(taken) and not box.count_contains(line) and box.count_contains(points) <= most
            if inside and free:
                taken.append(box.padded(2))
                break
            label.remove()


def _along(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return places along a line, close enough for no label to fit between."""
    parts = [np.linspace(a, b, LINE_PLACES) for a, b in pairwise(corners)]
    return np.concatenate([corners, *parts])


def _tip(row: Row, columns: Iterable[str]) -> str:
    """Return what is shown under the mouse."""
    figures = ", ".join(f"{NAMES[column]} {figure(row, column):.4g}" for column in columns)
    return f"{row['config']}: {figures}"


@styled()
def roofline(rows: Sequence[Row]) -> Picture:
    """Return MAC/cycle against MAC per byte: a colour for each workload, and what port and array allow."""
    drawn = picture("roofline", "Speed, and the ceilings of ports and arrays", 4.4)
    axes = drawn.axes
    columns = ("mac_per_byte", "mac_per_cycle")
    groups = by_workload(rows)
    for (name, group), colour in zip(groups.items(), cycled(len(groups)), strict=True):
        index = list(groups).index(name)
        spots = axes.scatter(
            [figure(row, columns[0]) for row in group],
            [figure(row, columns[1]) for row in group],
            s=9,
            marker="os^Dv"[index // len(SERIES) % 5],
            color=colour,
            alpha=0.5,
            linewidths=0,
            label=name,
        )
        drawn.tip(spots, [f"{name} on {_tip(row, columns)}" for row in group])
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.margins(0.06)
    low, high = axes.get_xlim()
    _, top = axes.get_ylim()
    style: dict[str, Any] = {"color": LIGHT["muted"], "linewidth": 0.9, "zorder": 1.5}
    label: dict[str, Any] = {"color": LIGHT["muted"], "fontsize": 7}
    ground = {"facecolor": LIGHT["panel"], "edgecolor": "none", "pad": 1.5}
    for port in sorted({figure(row, "port_width") for row in rows}):
        end = min(high, 1.25 * top / (port / 8))
        axes.plot([low, end], [low * port / 8, end * port / 8], **style)
        at = low * (high / low) ** 0.06
        axes.text(at, at * port / 8, f"{port:g} bit", **label, ha="center", va="center", bbox=ground)
    sizes = sorted({figure(row, "ces") for row in rows})
    for size in dict.fromkeys((sizes[0], sizes[len(sizes) // 2], sizes[-1])):
        axes.axhline(size, linestyle=(0, (4, 3)), **style)
        axes.annotate(f"{size:g} elements", (low, size), (6, 2), textcoords="offset points", **label)
    axes.set_xlim(low, high)
    axes.set_ylim(top=max(top, 1.3 * sizes[-1]))
    axes.set_xlabel(NAMES["mac_per_byte"])
    axes.set_ylabel(NAMES["mac_per_cycle"])
    _plain_numbers(axes)
    _legend(drawn, 3)
    return drawn


@styled()
def heat_map(rows: Sequence[Row], title: str, column: str = "utilisation") -> Picture:
    """Return a figure for each shape of the array as a colour and a number."""
    from matplotlib.colors import LinearSegmentedColormap, to_hex
    from matplotlib.patches import Rectangle

    drawn = picture(stem("heat", column, title), title)
    axes = drawn.axes
    values = {(int(figure(row, "row_len")), int(figure(row, "rows"))): figure(row, column) for row in rows}
    lens, heights = (sorted({shape[axis] for shape in values}) for axis in (0, 1))
    colours = LinearSegmentedColormap.from_list("heat", HEAT)
    for (row_len, height), value in values.items():
        at = (lens.index(row_len) - 0.5, heights.index(height) - 0.5)
        cell = Rectangle(at, 1, 1, facecolor=to_hex(colours(value)), edgecolor=LIGHT["panel"], linewidth=1.2)
        axes.add_patch(cell)
        drawn.tip(cell, [f"{height} rows of {row_len}: {NAMES[column]} {value:.4f}"])
        ink = "#fffffe" if value > WHITE_ABOVE else "#22180f"
        axes.text(at[0] + 0.5, at[1] + 0.5, f"{value:.2f}", ha="center", va="center", fontsize=8, color=ink)
    axes.set_xlim(-0.5, len(lens) - 0.5)
    axes.set_ylim(-0.5, len(heights) - 0.5)
    axes.set_xticks(range(len(lens)), [str(each) for each in lens])
    axes.set_yticks(range(len(heights)), [str(each) for each in heights])
    axes.set_xlabel("elements of a row")
    axes.set_ylabel("rows")
    axes.grid(visible=False)
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    return drawn


def lost_cycles(rows: Sequence[Row], title: str) -> Picture:
    """Return for each workload what keeps the array of a configuration from full use."""
    shares = {str(row["workload"]): losses(row) for row in rows}
    return _stacked(stem("stalls", title), title, shares, "share of the array's cycles that is lost", percent=True)


def energy(rows: Sequence[Row], title: str) -> Picture:
    """Return for each workload where the energy of a multiply-add goes, in a configuration."""
    parts = energy_parts(rows[0])
    shares = {
        str(row["workload"]): {name: figure(row, column) / figure(row, "macs") for column, name in parts.items()}
        for row in rows
    }
    return _stacked(stem("energy", title), title, shares, "pJ for each MAC", percent=False)


@styled()
def _stacked(name: str, title: str, bars: Mapping[str, Mapping[str, float]], axis: str, *, percent: bool) -> Picture:
    """Return bars, one below the other, each made of the same parts."""
    from matplotlib.ticker import PercentFormatter

    drawn = picture(name, title, 1.5 + BAR_HEIGHT * len(bars))
    axes = drawn.axes
    parts = list(dict.fromkeys(part for shares in bars.values() for part in shares))
    left = [0.0] * len(bars)
    for part, colour in zip(parts, cycled(len(parts)), strict=True):
        widths = [shares.get(part, 0.0) for shares in bars.values()]
        pieces = axes.barh(range(len(bars)), widths, left=left, color=colour, height=0.72, label=part)
        for piece, bar, width in zip(pieces, bars, widths, strict=True):
            drawn.tip(piece, [f"{bar}: {part} {f'{width:.2%}' if percent else f'{width:.3g} pJ'}"])
        left = [start + width for start, width in zip(left, widths, strict=True)]
    axes.set_yticks(range(len(bars)), list(bars))
    axes.invert_yaxis()
    axes.set_xlabel(axis)
    if percent:
        axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=None))
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    _legend(drawn)
    return drawn
