# SPDX-License-Identifier: Apache-2.0
"""The study of shapes as a page, a table of every shape, and a picture."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from redmule.report.shapes import (
    ALONE_TARGET,
    FIXED_CYCLES,
    JUDGED_BATCH,
    LEAST_N,
    NETWORK_TARGET,
    QUEUED_TARGET,
    Row,
    geometric_mean,
    share,
    slower_than_published,
)
from redmule.workload import LAYOUTS

Table = Sequence[Row]

COLUMNS = (
    *("of", "batch", "layout", "name", "m", "n", "k", "x_trans", "w_trans", "ideal", "bound", "published", "before"),
    *("alone", "queued", "strips"),
)

# The picture: a panel for each range, its shapes from left to right in the order of their bound.
WIDTH, PANEL, GAP, MARGIN = 760, 220, 46, 46
TICKS = (0.2, 0.4, 0.6, 0.8, 1.0)
SERIES = (("before", "#c0703a"), ("now", "#2b5fa8"))


@dataclass(frozen=True, slots=True)
class Verdict:
    """A figure that has to reach a target."""

    name: str
    figure: float
    target: float

    @property
    def ok(self) -> bool:
        """Whether it does."""
        return self.figure >= self.target


def is_range(table: Table) -> bool:
    """Whether the products are random ones, not layers of a network."""
    return table[0].product.batch == 0


def verdicts(tables: Iterable[Table]) -> list[Verdict]:
    """Return what was asked for: of ranges against the tile bound, of networks in their better layout against ideal."""
    found = []
    networks: dict[str, list[Table]] = {}
    for table in tables:
        of, batch = table[0].product.of, table[0].product.batch
        if is_range(table):
            alone = geometric_mean(table, lambda row: row.alone) / bound_alone(table)
            queued = geometric_mean(table, lambda row: row.queued) / geometric_mean(table, lambda row: row.bound)
            found.append(Verdict(f"{of}: geometric mean over that of the tile bound, each alone", alone, ALONE_TARGET))
            found.append(Verdict(f"{of}: the same in one queue, without fixed cost", queued, QUEUED_TARGET))
        elif batch == JUDGED_BATCH:
            networks.setdefault(of, []).append(table)
    for of, layouts in networks.items():
        shares = {table[0].product.layout: share(table, lambda row: row.alone) for table in layouts}
        both = ", ".join(f"{layout} {figure:.4f}" for layout, figure in shares.items())
        name = f"{of}, batch {JUDGED_BATCH}: sum of ideal over sum of cycles ({both})"
        found.append(Verdict(name, max(shares.values()), NETWORK_TARGET))
    return found


def bound_alone(table: Table) -> float:
    """Return the geometric mean of ideal over the tile bound and the fixed cost of a job alone."""
    return geometric_mean(table, lambda row: row.bound + FIXED_CYCLES)


def title(table: Table) -> str:
    """Return whose shapes these are."""
    p = table[0].product
    return p.of if is_range(table) else f"{p.of}, batch {p.batch}, {p.layout}"


def summary_cells(table: Table) -> list[str]:
    """Return a line of the summary: whose shapes, how many, and efficiencies."""
    if is_range(table):
        kind, mean = "geometric mean", geometric_mean
    else:
        kind, mean = "sum over sum", share
    bound = mean(table, lambda row: row.bound + FIXED_CYCLES)
    figures = (
        mean(table, lambda row: row.published),
        mean(table, lambda row: row.before),
        mean(table, lambda row: row.alone),
        bound,
        mean(table, lambda row: row.queued),
        mean(table, lambda row: row.bound),
    )
    return [title(table), str(len(table)), kind, *(f"{f:.3f}" for f in figures)]


SUMMARY_COLUMNS = (
    "shapes",
    "count",
    "mean",
    "published law",
    "before",
    "alone",
    "bound",
    "queued",
    "bound, no fixed cost",
)


def cells(row: Row) -> list[object]:
    """Return a row of the table of every shape."""
    p = row.product
    strips = "; ".join(
        f"{s.rows}x{s.cols}@{s.row0},{s.col0}{'' if s.orientation == 'normal' else 'T'}" for s in row.strips
    )
    size = (p.m, p.n, p.k, int(p.trans[0]), int(p.trans[1]))
    return [
        p.of,
        p.batch,
        p.layout,
        p.name,
        *size,
        row.ideal,
        row.bound,
        row.published,
        row.before,
        row.alone,
        row.queued,
        strips,
    ]


def as_csv(tables: Iterable[Table]) -> str:
    """Return every shape with its cycles as CSV."""
    text = io.StringIO()
    text.write("# SPDX-License-Identifier: Apache-2.0\n")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(cells(row) for table in tables for row in table)
    return text.getvalue()


def markdown(tables: Sequence[Table], command: str) -> str:
    """Return the summary as a Markdown page that names the command it came from."""
    lines = [
        "<!-- SPDX-License-Identifier: Apache-2.0 -->",
        "# Shapes",
        "",
        f"Written by `{command}`; every shape is in [shapes.csv](shapes.csv).",
        "Cycles are those of the law, configuration `paper`, FP16; efficiency is ideal over cycles.",
        "",
        "* *published law*: the published RTL; *before*: the plain array, without row groups, transposes, choice of",
        "  orientation and strips (X and W lie as it needs them);",
        "* *alone*: from the first TRIGGER to the last event of one product; *queued*: in its turn in one queue of all",
        "  products of the line;",
        f"* *bound*: tiles only, not less than ideal, with {FIXED_CYCLES} cycles of fixed cost or without;",
        "* *channels last*: activations are stored by places (X is M x N), *channels first*: by channels (X and Z are",
        "  stored transposed). A network is judged in the better of the two.",
        "",
        "![Efficiency of every shape](../pictures/shapes.svg)",
        "",
        f"| {' | '.join(SUMMARY_COLUMNS)} |",
        f"|{'---|' * len(SUMMARY_COLUMNS)}",
        *(f"| {' | '.join(summary_cells(table))} |" for table in tables),
        "",
        "| asked for | figure | at least | ok |",
        "|---|---|---|---|",
        *(f"| {v.name} | {v.figure:.4f} | {v.target} | {'yes' if v.ok else 'NO'} |" for v in verdicts(tables)),
        "",
        *(slower_line(tables, layout) for layout in LAYOUTS),
        "",
    ]
    return "\n".join(lines)


def slower_line(tables: Iterable[Table], layout: str) -> str:
    """Return a sentence on the shapes (networks: those of a layout) that are slower than the published law."""
    kept = [table for table in tables if table[0].product.layout in ("", layout)]
    slower = [row for table in kept for row in slower_than_published(table)]
    worst = max((row.alone / row.published for row in slower), default=1.0)
    share_lost = f", by {worst - 1:.1%} at most" if slower else ""
    return f"Shapes with N >= {LEAST_N} slower than the published law, {layout}: {len(slower)}{share_lost}."


def svg(tables: Iterable[Table]) -> str:
    """Return a picture of the ranges: efficiency alone of every shape, before and now, and its bound as a line."""
    panels = [table for table in tables if is_range(table)]
    height = len(panels) * (PANEL + GAP) + GAP
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif">',
        "<style>text{font-size:12px;fill:#16243a}</style>",
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
    ]
    for index, (name, colour) in enumerate((*SERIES, ("tile bound", "#555555"))):
        x = MARGIN + 110 * index
        parts.append(f'<circle cx="{x}" cy="18" r="4" fill="{colour}"/><text x="{x + 9}" y="22">{name}</text>')
    for index, table in enumerate(panels):
        parts += _panel(table, GAP + index * (PANEL + GAP))
    return "\n".join([*parts, "</svg>", ""])


def _panel(table: Table, top: int) -> list[str]:
    """Return the parts of one panel."""

    def at(index: int, efficiency: float) -> str:
        x = MARGIN + (WIDTH - 2 * MARGIN) * (index + 0.5) / len(table)
        return f'{x:.1f}" cy="{top + PANEL * (1 - efficiency):.1f}'

    ordered = sorted(table, key=lambda row: row.ideal / (row.bound + FIXED_CYCLES))
    parts = []
    for tick in TICKS:
        y = top + PANEL * (1 - tick)
        parts.append(f'<line x1="{MARGIN}" y1="{y:.1f}" x2="{WIDTH - MARGIN}" y2="{y:.1f}" stroke="#dddddd"/>')
        parts.append(f'<text x="{MARGIN - 6}" y="{y + 4:.1f}" text-anchor="end">{tick}</text>')
    for index, row in enumerate(ordered):
        figures = (row.ideal / row.before, row.ideal / row.alone)
        for (_, colour), efficiency in zip(SERIES, figures, strict=True):
            parts.append(f'<circle cx="{at(index, efficiency)}" r="2" fill="{colour}"/>')
        parts.append(f'<circle cx="{at(index, row.ideal / (row.bound + FIXED_CYCLES))}" r="1" fill="#555555"/>')
    label = (
        f"ideal / cycles, {len(table)} shapes from {table[0].product.of} in each dimension, in the order of their bound"
    )
    return [*parts, f'<text x="{MARGIN}" y="{top + PANEL + 18}">{label}</text>']
