# SPDX-License-Identifier: Apache-2.0
"""The report of a sweep: one page with figures and tables, and the same figures as PNG."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from redmule.config import Config
from redmule.report import comparison, figures, html
from redmule.report.picture import Picture
from redmule.report.study import ALL_WORKLOADS, good, highlights, means, slices
from redmule.sweep import AXES, FRONTS, Front, Row, meaning, on_any_front
from redmule.sweep.front import by_workload, figure
from redmule.sweep.grid import BASE, label
from redmule.workload import Workload

Progress = Callable[[int, int], None]

OPEN_PANELS = 4
"""So many workloads are shown at once; of more, a click shows the others."""

LONG_TABLE = 12
"""A table with more rows scrolls inside the page."""

MOST_ROWS = 3000
"""A larger table shows only the rows on fronts; the file of the sweep has all."""

FIRST_ARRAY = "date22"

TABLE = {
    "config": "config",
    "workload": "workload",
    "cycles": "cycles",
    "utilisation": "util.",
    "efficiency": "eff.",
    "mac_per_cycle": "MAC/cycle",
    "mac_per_byte": "MAC/byte",
    "f_mhz": "MHz",
    "gflops": "GFLOPS",
    "area_kge": "kGE",
    "area_mm2": "mm²",
    "power_mw": "mW",
    "gflops_per_w": "GFLOPS/W",
    "gflops_per_w_low": "(low)",
    "gflops_per_w_high": "(high)",
    "gflops_per_mm2": "GFLOPS/mm²",
    "equals_golden": "bits = golden",
    "equals_law": "cycles = law",
}
"""Columns of the page's table -> their heads."""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page: what it says, its figures, its tables."""

    heading: str
    text: str
    pictures: Sequence[Picture] = ()
    wide: bool = False
    below: str = ""

    def html(self) -> str:
        """Return it as HTML: the first figures, and the others behind a click."""
        shown, rest = self.pictures[:OPEN_PANELS], self.pictures[OPEN_PANELS:]
        parts = [html.paragraph(self.text)]
        if shown:
            parts.append(html.panels(shown, wide=self.wide))
        if rest:
            parts.append(html.folded(f"{len(rest)} more figure{'s' if len(rest) > 1 else ''}", html.panels(rest)))
        return "".join((*parts, self.below))


def sections(rows: Sequence[Row]) -> list[Section]:
    """Return the report of a sweep's rows.

    Raises:
        ValueError: no row has figures.
    """
    usable = good(rows)
    if not usable:
        raise ValueError(f"none of the {len(rows)} points of the table has figures: each has an error")
    return [
        _swept(rows),
        *(_front(usable, front) for front in FRONTS),
        _utilisation(usable),
        _roofline(usable),
        _lost(usable),
        _energy(usable),
        _published(),
        _table(usable),
    ]


def page(parts: Sequence[Section], title: str, progress: Progress | None = None) -> str:
    """Return the page that the sections make."""
    content = {}
    for done, part in enumerate(parts, 1):
        content[part.heading] = part.html()
        if progress:
            progress(done, 0)
    return html.document(title, content)


def _swept(rows: Sequence[Row]) -> Section:
    """What the table is of, and what failed."""
    usable = good(rows)
    listed = {field: sorted({figure(row, field) for row in rows}) for field in AXES.values()}
    several = {field: values for field, values in listed.items() if len(values) > 1}
    first = usable[0]
    workloads = list(by_workload(rows))
    known = {
        "configurations": str(len({str(row["config"]) for row in rows})),
        "workloads": f"{len(workloads)}: {', '.join(workloads)}",
        **{field.replace("_", " "): ", ".join(f"{value:g}" for value in values) for field, values in several.items()},
        "supply": f"{figure(first, 'volt'):.2f} V; the clock follows from the logic depth",
        "energy for": str(first["stimulus"]),
        "backend": f"{first['backend']}, seed {first['seed']}",
        "version": f"{first['version']}, sources {first['sources']}",
    }
    text = (
        "A point is a configuration of the accelerator and a workload. Cycles are exact (each product alone, its jobs "
        "in one queue), area and energy are estimates with intervals, as 22 nm equivalents; energy is that of the "
        "cluster, memory included."
    )
    failed = [row for row in rows if row["error"]]
    below = html.facts(known)
    if failed:
        columns = {"config": "", "workload": "", "error": "what went wrong"}
        lines = [[str(row[column]) for column in columns] for row in failed]
        below += html.warning(f"{len(failed)} of {len(rows)} points failed") + html.table(columns, lines, tall=True)
    return Section("What was swept", text, below=below)


def _front(rows: Sequence[Row], front: Front) -> Section:
    """The front over all workloads, that of each, and the points on the first as a table."""
    y, x = figures.NAMES[front.y], figures.NAMES[front.x]
    groups = by_workload(rows)
    if len(groups) > 1:
        groups = {ALL_WORKLOADS: means(rows)} | groups
    drawn = [figures.pareto(group, front, name, _first_array(name, front)) for name, group in groups.items() if group]
    name, group = next((name, group) for name, group in groups.items() if group)
    columns = {column: TABLE[column] for column in ("config", "mac_per_cycle", "utilisation", *_figures_of(front))}
    lines = [[row[column] for column in columns] for row in front.of(group)]
    text = (
        f"{'Left' if front.least_x else 'Right'} and up is better. A ring is a point that no other one beats in both "
        f"figures; the line joins them. The table lists those of the first figure ({name})."
    )
    below = html.table({head: meaning(column) for column, head in columns.items()}, lines, tall=len(lines) > LONG_TABLE)
    return Section(f"{y} against {x}", text, drawn, below=below)


def _figures_of(front: Front) -> tuple[str, ...]:
    return tuple(dict.fromkeys(column for column in (front.x, front.y, "gflops_per_w") if column != "mac_per_cycle"))


def _first_array(workload: str, front: Front) -> list[figures.Mark]:
    """Return the one published array of which area and efficiency are known, beside products as large as its own."""
    if not workload.startswith("gemm") or (front.x, front.y) != ("gflops_per_mm2", "gflops_per_w"):
        return []
    known = [each for each in comparison.published_figures() if label(each.config) == FIRST_ARRAY]
    first = {each.column: each for each in known}
    speed, efficiency = first["mac_per_cycle"], first["gflops_per_w"]
    own, published = (Workload.parse(name) for name in (workload, speed.workload))
    if own.format != published.format or own.macs < published.macs:
        return []
    gflops = 2 * speed.value * efficiency.corner.mhz / 1000
    return [(gflops / first["area_mm2"].value, efficiency.value, "published 8x4, 0.65 V")]


def _utilisation(rows: Sequence[Row]) -> Section:
    """Heat maps: means for each port, then the workloads on the port of the published array if it is there."""
    workloads = by_workload(rows)
    by_port = slices(means(rows))
    drawn = []
    if len(workloads) > 1:
        drawn += [figures.heat_map(group, f"{ALL_WORKLOADS}, {port}-bit port") for port, group in by_port.items()]
    ports = list(slices(rows))
    port = min(ports, key=lambda each: abs(each - Config.named(BASE).port_width))
    drawn += [
        figures.heat_map(slices(group)[port], f"{name}, {port}-bit port")
        for name, group in workloads.items()
        if port in slices(group)
    ]
    like = next(iter(slices(rows).values()))[0]
    text = (
        "The share of the array's multiply-adds that a workload uses, by the shape of the array; "
        f"{like['pipe_regs']} pipeline registers. A row longer than the port feeds waits, an array larger than the "
        "matrices has idle elements."
    )
    return Section("Utilisation", text, drawn)


def _roofline(rows: Sequence[Row]) -> Section:
    text = (
        "Each point is a configuration on a workload. The slanted lines are what a port of so many bits can carry, the "
        "level ones what an array of so many elements can do. Bytes are those that the port moved, with reloads."
    )
    return Section("Roofline", text, [figures.roofline(rows)], wide=True)


def _lost(rows: Sequence[Row]) -> Section:
    text = (
        "What keeps the array from a step with every element in every cycle: elements without work at the edges of "
        "tiles, and cycles without a step: until the first operands are there (start), after the last step (drain), or "
        "because of X, W, Y or Z."
    )
    return Section("Lost cycles", text, _of_highlights(rows, figures.lost_cycles))


def _energy(rows: Sequence[Row]) -> Section:
    text = "Energy for each multiply-add, by part of the chip. Its interval is that of the column energy of the table."
    return Section("Energy", text, _of_highlights(rows, figures.energy))


def _of_highlights(rows: Sequence[Row], draw: Callable[[Sequence[Row], str], Picture]) -> list[Picture]:
    """Return a figure for each configuration that is worth a closer look."""
    return [
        draw([row for row in rows if row["config"] == each.config], f"{each.config}: {each.reason}")
        for each in highlights(rows)
    ]


def _published() -> Section:
    compared = comparison.compare()
    text = (
        "The models beside what has been published (DATE 2022, arXiv 2204.11192; FGCS 2023, arXiv 2301.03904): of the "
        "array as it was published, without row groups, transposes and queue, and of this accelerator with everything. "
        "Cycles are fitted to nothing; the last column says to which of the other figures a model is fitted. The "
        "papers do not name the sizes of their products: those of the speeds are the ones for which the published law "
        "gives the figures."
    )
    columns = {
        "figure": "what was published",
        "published": "its value",
        "model": "of the array as published",
        "low": "low end of the interval",
        "high": "high end of the interval",
        "model / published": "1 is equal",
        "with everything": "this accelerator with groups, transposes and queue",
        "used": "what the models took the published figure for",
    }
    lines: list[list[html.Cell]] = [
        [
            comparison.name_of(each.published),
            float(each.published.value),
            *(each.plain, each.low, each.high, each.ratio, each.full),
            each.published.use,
        ]
        for each in compared
    ]
    drawn = [comparison.published_picture(compared)]
    return Section("Published points", text, drawn, wide=True, below=html.table(columns, lines))


def _table(rows: Sequence[Row]) -> Section:
    shown = list(rows) if len(rows) <= MOST_ROWS else on_any_front(rows)
    columns = {column: head for column, head in TABLE.items() if any(row.get(column) is not None for row in shown)}
    which = "All" if len(shown) == len(rows) else f"The {len(shown)} that are on a front, of"
    text = f"{which} {len(rows)} points; results.csv and results.parquet have all columns. A click on a head sorts."
    lines = [[row.get(column) for column in columns] for row in shown]
    return Section("All points", text, below=html.table({h: meaning(c) for c, h in columns.items()}, lines, tall=True))
