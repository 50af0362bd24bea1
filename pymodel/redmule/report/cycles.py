# SPDX-License-Identifier: Apache-2.0
"""The table of cycles: what was asked for, what the RTL takes, what the law says, what the published RTL takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import product
from math import ceil
from pathlib import Path
from statistics import fmean
from typing import Any

import yaml

from redmule.config import CONFIGS, Config
from redmule.fp import format_by_name
from redmule.law import shape_cycles
from redmule.published import FIXED_CYCLES, published_cycles, published_rows, tile_cycles
from redmule.report.bench import Bench, Case

# Whether a measured figure satisfies a limit.
_MEETS: Mapping[str, Callable[[float, float], bool]] = {
    "<=": lambda measured, limit: measured <= limit,
    ">=": lambda measured, limit: measured >= limit,
    "=": lambda measured, limit: measured == limit,
}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the table.

    Attributes:
        name: what is counted; cycles unless it says otherwise.
        relation: how a figure must stand to the limit: "<=", ">=" or "=".
        limit: the figure to meet.
        measured: on the RTL; None: not measured in this run.
        law: by the cycle law; None: outside it (a memory that stalls).
        published: of the published RTL; None: unknown.
    """

    name: str
    relation: str
    limit: float
    measured: float | None
    law: float | None
    published: float | None = None
    ok: bool = field(init=False)

    def __post_init__(self) -> None:
        figures = [figure for figure in (self.measured, self.law) if figure is not None]
        met = all(_MEETS[self.relation](figure, self.limit) for figure in figures)
        object.__setattr__(self, "ok", bool(figures) and met and len(set(figures)) == 1)


Section = Callable[[Bench], list[Line]]

DECIMALS = 2
"""Of figures in the table."""

LONG_CYCLES = 1_000_000
"""Jobs longer than this are left to the law unless they are asked for."""

# Sizes around the tile of the paper configuration: 12 rows, 4 elements a row, 16 columns.
FIXED_COST_SHAPES = [
    (m, n, k) for m in (1, 7, 12, 13, 24, 31, 36) for n in (16, 17, 33, 64) for k in (1, 9, 16, 17, 32, 47)
]
FIXED_COST_LIMIT = 72

QUEUED = Case(48, 64, 48)
QUEUED_LIMIT = 64

NAMED_LIMITS = {(96, 96, 96): 18504, (64, 64, 64): 6216, (1, 64, 64): 1096, (64, 64, 1): 1608, (33, 33, 33): 1368}

FP8 = Case(192, 192, 192, "paper_fp8", "e5m2")
FP8_LIMIT, FP8_PUBLISHED = 95.85, 95.84

STALLED = Case(96, 96, 96)
STALL_LIMITS = {0.1: (18560, 18650), 0.5: (19200, 20370)}  # probability: limit, published (after a fix)
STALL_SEEDS = range(10)

MOST_BUSY = 0.9
ALLOWANCE_CYCLES = 24
"""Other configurations: how busy tiles may keep the port, and what a job may cost beyond its unhidden beats."""

# Parameters of the unnamed configurations whose jobs are surveyed by the law: rows, elements a row, registers, port.
SURVEY = ((1, 2, 5, 8, 12, 24, 32), (1, 2, 3, 4, 5, 8, 16), range(5), (64, 128, 256, 512, 1024))
SURVEY_FORMATS = ("fp16", "e5m2")


def fixed_cost(bench: Bench) -> list[Line]:
    """The cost of a job beyond its tiles: the worst of many shapes, leftovers included."""
    cases = [Case(*shape) for shape in FIXED_COST_SHAPES]
    name = f"beyond its tiles, worst of {len(cases)} shapes"
    measured, law = _worst(bench, cases)
    return [Line(name, "<=", FIXED_COST_LIMIT, measured, law, FIXED_CYCLES)]


def queued(bench: Bench) -> list[Line]:
    """The cost between the events of two equal jobs in the queue."""
    measured = bench.measure_queued(QUEUED) - QUEUED.tile_cycles
    law = QUEUED.law_cycles - QUEUED.tile_cycles
    return [Line(f"{_sizes(QUEUED)} behind its equal, beyond its tiles", "<=", QUEUED_LIMIT, measured, law)]


def named(bench: Bench) -> list[Line]:
    """The jobs with a limit of their own."""
    known = {(row.m, row.n, row.k): row.cycles for row in published_rows()}
    lines = []
    for shape, limit in NAMED_LIMITS.items():
        case = Case(*shape)
        published = known.get(shape, published_cycles(*shape))
        lines.append(Line(_sizes(case), "<=", limit, bench.measure(case), case.law_cycles, published))
    return lines


def fp8(bench: Bench) -> list[Line]:
    """FP8 throughput of the published 12 x 8 array."""
    macs = FP8.m * FP8.n * FP8.k
    measured, law = (macs / cycles for cycles in (bench.measure(FP8), FP8.law_cycles))
    return [Line(f"paper_fp8 {_sizes(FP8)} e5m2, MAC/cycle", ">=", FP8_LIMIT, measured, law, FP8_PUBLISHED)]


def stalled(bench: Bench) -> list[Line]:
    """A memory that denies grants at random."""
    lines = []
    for stall, (limit, published) in STALL_LIMITS.items():
        mean = fmean(bench.measure_stalled(STALLED, stall, seed) for seed in STALL_SEEDS)
        name = f"{_sizes(STALLED)}, grant denied with p = {stall}, mean of {len(STALL_SEEDS)} seeds"
        lines.append(Line(name, "<=", limit, mean, None, published))
    return lines


def other_configurations(bench: Bench) -> list[Line]:
    """The cost beyond the tiles on the other named configurations."""
    lines = []
    for name, config in CONFIGS.items():
        formats = ("fp16", "e5m2") if name == FP8.config else ("fp16",)
        for fmt in formats if name != "paper" else ():
            shapes = hidden_shapes(config, fmt)
            measured, law = _worst(bench, [Case(*shape, name, fmt) for shape in shapes])
            label = f"{name} {fmt}, beyond its tiles, worst of {len(shapes)} shapes"
            lines.append(Line(label, "<=", fixed_cost_limit(config, fmt), measured, law))
    return lines


def hidden_shapes(config: Config, fmt: str) -> list[tuple[int, int, int]]:
    """Return sizes whose tiles leave the port idle for a tenth of their cycles at least: whole tiles and leftovers."""
    rows, cols = config.rows, config.tile_cols
    inner = [n for n in (16, 32, 64, 65, 128) if _tile_beats(config, fmt, n) <= MOST_BUSY * _cycles_of_tile(config, n)]
    return [(m, n, k) for n in inner for m, k in ((rows, cols), (2 * rows, 2 * cols), (2 * rows + 1, 2 * cols + 1))]


def fixed_cost_limit(config: Config, fmt: str) -> int:
    """Return what a job may cost beyond its tiles: beats of the first X chunk, Y and W row, D, Z beats, and 24."""
    x_chunk, row = _beats(config, fmt, config.x_chunk), _beats(config, fmt, config.tile_cols)
    return config.rows * (x_chunk + row) + row + config.tile_cols + config.rows * row + ALLOWANCE_CYCLES


def survey() -> str:
    """Return a sentence on how many jobs of unnamed configurations keep to `fixed_cost_limit`, by the law alone."""
    excess = []
    configs = [Config(*parameters) for parameters in product(*SURVEY)]
    for config, fmt in product(configs, SURVEY_FORMATS):
        sizes = (format_by_name(fmt).bytes,) * 4
        limit = fixed_cost_limit(config, fmt)
        for shape in hidden_shapes(config, fmt):
            excess.append(shape_cycles(*shape, config, sizes).total - tile_cycles(*shape, config) - limit)
    within = sum(cycles <= 0 for cycles in excess)
    return (
        f"By the law, {within} of {len(excess)} jobs on {len(configs)} unnamed configurations keep to the limit of the "
        f"other configurations; the worst misses it by {max(excess)} cycles."
    )


def published(bench: Bench, most_cycles: float = LONG_CYCLES) -> list[Line]:
    """Every measured job of the published RTL: never slower. Jobs above `most_cycles` are left to the law."""
    lines = []
    for row in published_rows():
        case = Case(row.m, row.n, row.k)
        measured = _measured(bench, case, most_cycles)
        lines.append(Line(f"{_sizes(case)} as published", "<=", row.cycles, measured, case.law_cycles, row.cycles))
    return lines


def read_pins(path: Path) -> dict[str, tuple[Case, int]]:
    """Return the pinned jobs of a YAML file: name -> case and cycles."""
    pins = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {name: (_case(pin), pin["cycles"]) for name, pin in pins.items()}


def pinned(bench: Bench, path: Path, most_cycles: float = LONG_CYCLES) -> list[Line]:
    """The pinned jobs, which may change only on purpose. Jobs above `most_cycles` are left to the law."""
    return [
        Line(f"pinned: {name}", "=", cycles, _measured(bench, case, most_cycles), case.law_cycles)
        for name, (case, cycles) in read_pins(path).items()
    ]


def markdown(lines: Iterable[Line], remark: str, command: str) -> str:
    """Return the table and a remark as a Markdown page that names the command it came from."""
    head = [
        "<!-- SPDX-License-Identifier: Apache-2.0 -->",
        "# Cycles",
        "",
        f"Written by `{command}`. Figures are cycles unless the line says otherwise; *law* is the",
        "prediction of `redmule.law`, *published* the published RTL; a long job that was not simulated has no figure.",
        "",
        "| job | published | limit | measured | law | ok |",
        "|---|---|---|---|---|---|",
    ]
    return "\n".join([*head, *(f"| {' | '.join(cells(line))} |" for line in lines), "", remark, ""])


def cells(line: Line) -> list[str]:
    """Return a line as people read it: name, published, limit, measured, law, ok."""
    published, measured, law = map(_figure, (line.published, line.measured, line.law))
    return [line.name, published, f"{line.relation} {_figure(line.limit)}", measured, law, "yes" if line.ok else "NO"]


def _figure(figure: float | None) -> str:
    """Return a figure as people read it."""
    return "-" if figure is None else f"{round(figure, DECIMALS)}".removesuffix(".0")


def _case(pin: Mapping[str, Any]) -> Case:
    """Return the job of a pin."""
    return Case(**{key: value for key, value in pin.items() if key != "cycles"})


def _measured(bench: Bench, case: Case, most_cycles: float) -> int | None:
    """Return the cycles of a job on the RTL, or None if it is too long."""
    return bench.measure(case) if case.law_cycles <= most_cycles else None


def _worst(bench: Bench, cases: Iterable[Case]) -> tuple[int, int]:
    """Return the largest cost beyond the tiles, measured and by the law; a case where these differ ends the search."""
    worst = (0, 0)
    for case in cases:
        measured, law = (cycles - case.tile_cycles for cycles in (bench.measure(case), case.law_cycles))
        if measured != law:
            return measured, law
        worst = max(worst, (measured, law))
    return worst


def _tile_beats(config: Config, fmt: str, n: int) -> int:
    """Beats that one whole tile with an inner dimension of n moves: X, W, Y and Z."""
    x = config.rows * ceil(n / config.x_chunk) * _beats(config, fmt, config.x_chunk)
    return x + (n + 2 * config.rows) * _beats(config, fmt, config.tile_cols)


def _cycles_of_tile(config: Config, n: int) -> int:
    return ceil(n / config.row_len) * config.tile_cols


def _beats(config: Config, fmt: str, elems: int) -> int:
    """Beats of so many adjacent elements."""
    return ceil(elems / config.beat_elems(format_by_name(fmt).bytes))


def _sizes(case: Case) -> str:
    return f"{case.m} x {case.n} x {case.k}"
