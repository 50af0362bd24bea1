# SPDX-License-Identifier: Apache-2.0
"""The default sweep, over array sizes, and the page that says what came of it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence

from redmule.report import comparison, figures
from redmule.report.html import shown
from redmule.report.picture import Picture
from redmule.report.study import ALL_WORKLOADS, means, slices
from redmule.sweep import FRONTS, Point, Row, grid
from redmule.sweep.front import best, by_workload, figure
from redmule.sweep.grid import BASE
from redmule.workload import Workload, networks

AXES: Mapping[str, Sequence[int]] = {
    "rows": (4, 8, 12, 16, 24, 32),
    "row_len": (2, 4, 8, 16),
    "pipe_regs": (1, 3),
    "port_width": (128, 256, 512),
}
SIZES = (16, 32, 64, 128, 256, 512)
BATCHES = (1, 16)

LONG = f"gemm:{SIZES[-1]}"
"""The workload that shows an array and its port, for which edges and fixed cost hardly count."""

VECTOR, MATRIX = "autoencoder:train", f"autoencoder:train:{BATCHES[-1]}"
"""Products of matrices and vectors; the same network with a batch."""

WELL_USED = 0.95
TEXT_WIDTH = 120

HEADS = {
    "config": "configuration",
    "utilisation": "utilisation",
    "mac_per_cycle": "MAC/cycle",
    "area_kge": "kGE",
    "gflops": "GFLOPS",
    "gflops_per_w": "GFLOPS/W",
    "gflops_per_mm2": "GFLOPS/mm²",
}


def points() -> list[Point]:
    """Return the points of the study."""
    names = [f"gemm:{size}" for size in SIZES]
    names += [Workload.parse(f"{network}:train:{batch}").name for network in networks() for batch in BATCHES]
    workloads = [Workload.parse(name) for name in names]
    return [Point(config, workload) for config in grid(AXES) for workload in workloads]


def bytes_a_cycle(row: Row) -> float:
    """Return what an array asks of its port in every cycle, for large products in FP16, in bytes.

    In the P + 1 cycles in which its elements do a step for each of D = H (P + 1) columns, the array takes one element
    of W for each column and one of X for each row: 2 (L + D) bytes in P + 1 cycles.
    """
    return 2 * (figure(row, "rows") / (figure(row, "pipe_regs") + 1) + figure(row, "row_len"))


def pictures(rows: Sequence[Row]) -> dict[str, Picture]:
    """Return the figures of the page, by the stem of their files."""
    table = means(rows)
    maps = slices(table)
    drawn = {f"sweep_front_{front.y}": figures.pareto(table, front, ALL_WORKLOADS) for front in FRONTS}
    drawn["sweep_roofline"] = figures.roofline(rows)
    for port, group in maps.items():
        drawn[f"sweep_utilisation_{port}"] = figures.heat_map(group, f"{ALL_WORKLOADS}, {port}-bit port")
    published = [row for row in rows if row["config"] == BASE]
    drawn["sweep_lost_cycles"] = figures.lost_cycles(published, f"{BASE}: what keeps the array from full use")
    drawn["sweep_energy"] = figures.energy(published, f"{BASE}: energy of a multiply-add")
    drawn["sweep_published"] = comparison.published_picture(comparison.compare())
    return drawn


def markdown(rows: Sequence[Row], drawn: Mapping[str, Picture]) -> str:
    """Return the page: figures with what they say, then the tables."""
    configs = {str(row["config"]) for row in rows}
    workloads = by_workload(rows)
    lines = [
        "<!-- SPDX-License-Identifier: Apache-2.0 -->",
        "# Sweep over array sizes",
        "",
        *_wrapped(
            "Written by `make sweep`, which leaves the table of all points and the whole report in `build/sweep/`. "
            f"{len(configs)} configurations on {len(workloads)} workloads, backend `{rows[0]['backend']}`."
        ),
        "",
        f"* rows {_listed('rows')}; elements of a row {_listed('row_len')}; pipeline registers {_listed('pipe_regs')};",
        f"  port {_listed('port_width')} bits; groups, transposes and queue as in `{BASE}`",
        f"* `gemm` of {_joined(SIZES)} cubed in FP16; a training step of four networks, batch {_joined(BATCHES)}",
        "* cycles are exact, each product alone (`law.md`); area and energy are estimates as 22 nm equivalents",
        "  (`area.md`, `energy.md`), energy that of the whole cluster, at 0.65 V; the clock is 470 MHz times the logic",
        "  depth of the published array over that of the configuration",
        "* `24x8 p1 b512`: 24 rows of 8 elements, 1 pipeline register, a port of 512 bits",
        "",
        "## What the figures say",
        "",
    ]
    for heading, text, names in _findings(rows):
        lines += [f"### {heading}", "", *_wrapped(text), ""]
        lines += [f"![{drawn[name].title}](../pictures/{name}.png)" for name in names] + [""] * bool(names)
    lines += ["## Points on the fronts", "", f"Figures are means: {ALL_WORKLOADS}.", ""]
    table = means(rows)
    for front in FRONTS:
        lines += [f"{figures.NAMES[front.y]} against {figures.NAMES[front.x]}:", ""]
        lines += [*_table(HEADS.values(), ([row[column] for column in HEADS] for row in front.of(table))), ""]
    columns = ("mac_per_cycle", "gflops_per_w", "gflops_per_mm2")
    lines += ["## Best configuration of each workload", ""]
    heads = ["workload", *(f"most {HEADS[column]}" for column in columns), f"`{BASE}`: utilisation"]
    lines += [*_table(heads, (_best_line(name, group, columns) for name, group in workloads.items())), ""]
    return "\n".join(lines)


def _findings(rows: Sequence[Row]) -> list[tuple[str, str, list[str]]]:
    """Return what the study shows: heading, text with the figures of this table, names of pictures."""
    table = means(rows)
    workloads = by_workload(rows)
    return [
        ("The port decides how large an array may be", _port(workloads[LONG]), ["sweep_roofline"]),
        (
            "Small products decide how large it should be",
            _edges(table, workloads),
            [f"sweep_utilisation_{port}" for port in slices(table)],
        ),
        ("One pipeline register or three", _pipeline(table), []),
        ("Energy against silicon", _fronts(rows, table), [f"sweep_front_{front.y}" for front in FRONTS]),
        (
            "The published array",
            _published(rows, table),
            ["sweep_lost_cycles", "sweep_energy", "sweep_published"],
        ),
    ]


def _port(rows: Sequence[Row]) -> str:
    """What a port can feed: the rule, and how well it tells the cycles."""
    errors, starved = [], []
    for row in rows:
        share = min(1.0, figure(row, "port_width") / 8 / bytes_a_cycle(row))
        errors.append(abs(figure(row, "utilisation") - share))
        if share < 1:
            starved.append(row)
    half, most = (sorted(errors)[int(len(errors) * share)] for share in (0.5, 0.9))
    worst = min(starved, key=lambda row: figure(row, "utilisation"))
    return (
        "For large products an array of L rows of H elements with P pipeline registers takes 2 (L / (P + 1) + H) bytes "
        f"of operands in a cycle. A port that carries less sets the speed: {len(starved)} of the {len(rows)} "
        f"configurations are starved, {worst['config']} most of all: it asks for {bytes_a_cycle(worst):.0f} bytes of "
        f"{figure(worst, 'port_width') / 8:.0f} and has a utilisation of {figure(worst, 'utilisation'):.2f}. "
        f"On `{LONG}` the rule alone tells the utilisation within {half:.3f} for half of the configurations, "
        f"{most:.2f} for nine of ten and {max(errors):.2f} for all. Longer rows cost the port more than more rows do, "
        "and a deeper pipeline asks for less, as its tiles are wider."
    )


def _edges(table: Sequence[Row], workloads: Mapping[str, Sequence[Row]]) -> str:
    """How utilisation falls with the size of the array, where the port is wide."""
    port = max(AXES["port_width"])
    wide = sorted(slices(table)[port], key=lambda row: figure(row, "ces"))
    small, large = wide[0], wide[-1]
    vector, matrix = (_best(workloads[name], "mac_per_cycle") for name in (VECTOR, MATRIX))
    return (
        f"With a port of {port} bits and {large['pipe_regs']} pipeline registers, mean utilisation falls from "
        f"{figure(small, 'utilisation'):.2f} ({small['config']}) to {figure(large, 'utilisation'):.2f} "
        f"({large['config']}): rows and columns past the edges of the matrices are idle, and fill and drain of a "
        f"larger array are a larger part of a small product. `{VECTOR}` is the extreme: with one sample its products "
        "are of matrices and vectors, each element of a matrix is used once, and no array does more than "
        f"{figure(vector, 'mac_per_cycle'):.1f} MAC/cycle; {BATCHES[-1]} samples give up to "
        f"{figure(matrix, 'mac_per_cycle'):.0f}. There a batch is worth more than any array."
    )


def _pipeline(table: Sequence[Row]) -> str:
    """One register against three, on the same array and port."""
    pairs: dict[tuple[float, ...], dict[float, Row]] = {}
    for row in table:
        others = tuple(figure(row, name) for name in ("rows", "row_len", "port_width"))
        pairs.setdefault(others, {})[figure(row, "pipe_regs")] = row
    few, many = AXES["pipe_regs"]

    def ratio(column: str) -> str:
        ratios = sorted(figure(pair[few], column) / figure(pair[many], column) for pair in pairs.values())
        return f"{ratios[len(ratios) // 2]:.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"

    return (
        f"With {few} register instead of {many}, tiles have half the columns. The median of the ratio over all arrays "
        f"and ports, and its range: MAC/cycle {ratio('mac_per_cycle')}, GFLOPS {ratio('gflops')}, area "
        f"{ratio('area_kge')}, GFLOPS/W {ratio('gflops_per_w')}, GFLOPS/mm² {ratio('gflops_per_mm2')}. Narrow tiles "
        "fit small matrices and need less storage; starved ports pay for them, because narrow tiles ask for more of X. "
        "How much slower the clock is follows from logic depth before layout, the least certain figure of this page."
    )


def _fronts(rows: Sequence[Row], table: Sequence[Row]) -> str:
    """Where efficiency comes from, where it ends, and how sure the order is."""
    efficient, dense = (_best(table, column) for column in ("gflops_per_w", "gflops_per_mm2"))
    smallest = min(table, key=lambda row: figure(row, "ces"))
    largest = max(table, key=lambda row: (figure(row, "ces"), figure(row, "gflops_per_w")))
    front = FRONTS[0].of(table)
    return (
        "Energy favours large arrays: a cluster takes its energy in every cycle, and more multiply-adds share it: "
        f"{figure(smallest, 'gflops_per_w'):.0f} GFLOPS/W on {smallest['config']}, "
        f"{figure(efficient, 'gflops_per_w'):.0f} on {efficient['config']}. It ends where the array is idle too often: "
        f"{largest['config']} has {figure(largest, 'gflops_per_w'):.0f}. Silicon favours arrays that small products "
        f"fill: the densest is {dense['config']} with {figure(dense, 'gflops_per_mm2'):.0f} GFLOPS/mm². The front has "
        f"{len(front)} points, within {_spread(front, 'gflops_per_w'):.0%} of each other in GFLOPS/W and "
        f"{_spread(front, 'gflops_per_mm2'):.0%} in GFLOPS/mm², while their areas differ by a factor of "
        f"{1 + _spread(front, 'area_kge'):.1f}: on the front the choice is one of size. The interval of GFLOPS/W is "
        f"{_interval(rows, 'gflops_per_w')} of the value, that of GFLOPS/mm² {_interval(rows, 'gflops_per_mm2')}: "
        "neighbours on the front are in the order of the models, not in a certain one."
    )


def _published(rows: Sequence[Row], table: Sequence[Row]) -> str:
    """The published array among the others."""
    (own,) = (row for row in table if row["config"] == BASE)
    columns = ("gflops_per_w", "gflops_per_mm2")
    better = [row for row in table if all(figure(row, column) > figure(own, column) for column in columns)]
    full = [row for row in rows if row["config"] == BASE and figure(row, "utilisation") >= WELL_USED]
    beaten = "No other configuration is better in both GFLOPS/W and GFLOPS/mm²."
    if better:
        least = min(better, key=lambda row: figure(row, "area_kge"))
        beaten = (
            f"{len(better)} configurations are better in both GFLOPS/W and GFLOPS/mm²; the smallest of them is "
            f"{least['config']} with {figure(least, 'area_kge'):.0f} kGE against {figure(own, 'area_kge'):.0f}."
        )
    return (
        f"`{BASE}` (12x4 p3 b256) asks for {bytes_a_cycle(own):.0f} of its port's "
        f"{figure(own, 'port_width') / 8:.0f} bytes, and {len(full)} of {len(by_workload(rows))} workloads use "
        f"{WELL_USED:.0%} of it or more; what others lose, they lose at edges of tiles and in fill and drain, and with "
        f"one sample for Y and Z. {beaten}"
    )


def _spread(rows: Sequence[Row], column: str) -> float:
    """Return by how much the largest figure exceeds the least."""
    values = [figure(row, column) for row in rows]
    return max(values) / min(values) - 1


def _interval(rows: Sequence[Row], column: str) -> str:
    """Return the ends of the interval of a figure over its value, of the published array."""
    own = next(row for row in rows if row["config"] == BASE and row["workload"] == LONG)
    low, high = (figure(own, f"{column}_{end}") / figure(own, column) for end in ("low", "high"))
    return f"{low:.0%} to {high:.0%}"


def _best(rows: Iterable[Row], column: str) -> Row:
    row = best(rows, column)
    assert row is not None
    return row


def _best_line(name: str, rows: Sequence[Row], columns: Sequence[str]) -> list[str]:
    found = [(column, _best(rows, column)) for column in columns]
    own = [f"{figure(row, 'utilisation'):.3f}" for row in rows if row["config"] == BASE]
    return [f"`{name}`", *(f"{row['config']}: {figure(row, column):.4g}" for column, row in found), *own]


def _table(heads: Iterable[str], rows: Iterable[Sequence[str | int | float | bool | None]]) -> list[str]:
    """Return a table in Markdown, numbers to the right."""
    names = list(heads)
    lines = [[shown(cell) for cell in row] for row in rows]
    return [
        f"| {' | '.join(names)} |",
        f"|---|{'---:|' * (len(names) - 1)}",
        *(f"| {' | '.join(line)} |" for line in lines),
    ]


def _wrapped(text: str) -> list[str]:
    """Return a paragraph as lines."""
    return textwrap.wrap(text, TEXT_WIDTH, break_long_words=False, break_on_hyphens=False)


def _listed(field: str) -> str:
    return _joined(AXES[field])


def _joined(values: Iterable[int]) -> str:
    return ", ".join(map(str, values))
