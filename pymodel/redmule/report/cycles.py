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
        relation: how a figure must stand to the limits: "<=", ">=" or "=".
        must: the figure to meet.
        aim: the figure aimed at; None: no other than `must`.
        measured: on the RTL; None: not measured in this run.
        law: by the cycle law; None: outside it (a memory that stalls).
        published: of the published RTL; None: unknown.
        ok: whether there is a figure, measured and law agree, and `must` is met.
        reached: whether the aim is met as well.
    """

    name: str
    relation: str
    must: float
    aim: float | None
    measured: float | None
    law: float | None
    published: float | None = None
    ok: bool = field(init=False)
    reached: bool = field(init=False)

    def __post_init__(self) -> None:
        meets = _MEETS[self.relation]
        figures = {figure for figure in (self.measured, self.law) if figure is not None}
        ok = len(figures) == 1 and all(meets(figure, self.must) for figure in figures)
        reached = ok and (self.aim is None or all(meets(figure, self.aim) for figure in figures))
        object.__setattr__(self, "ok", ok)
        object.__setattr__(self, "reached", reached)


Section = Callable[[Bench], list[Line]]

COLUMNS = ("job", "published", "must", "aim", "measured", "law", "ok", "aim reached")

DECIMALS = 2
"""Of figures in the table."""

LONG_CYCLES = 1_000_000
"""Jobs longer than this are left to the law unless they are asked for."""

# Sizes around the tile of the paper configuration (12 rows, 4 elements a row, 16 columns) without row groups: their
# blocks have too many rows, or too few tiles.
FIXED_COST_SHAPES = [
    (m, n, k)
    for m in (1, 7, 12, 13, 19, 24, 31, 36)
    for n in (16, 17, 33, 64)
    for k in (1, 9, 16, 17, 32, 47)
    if k <= 16 or not 1 <= m % 12 <= 6
]
FIXED_COST = (72, 58)
"""The limits of a line: must, aim."""

QUEUED = Case(48, 64, 48, jobs=3)
QUEUED_COST = (64, 8)

NAMED: Mapping[Case, tuple[int, int]] = {
    Case(96, 96, 96, orientation="auto"): (18504, 18490),
    Case(64, 64, 64, orientation="auto"): (6216, 5700),
    Case(1, 64, 64, orientation="auto"): (1096, 320),
    Case(64, 64, 1, orientation="auto"): (1608, 350),
    Case(64, 64, 1, y=False, orientation="auto"): (1608, 350),
    Case(33, 33, 33, orientation="auto"): (1368, 1080),
}

FP8 = Case(192, 192, 192, "paper_fp8", "e5m2")
FP8_RATE, FP8_PUBLISHED = (95.85, 95.9), 95.84

STALLED = Case(96, 96, 96)
STALLS = {0.1: (18560, 18510, 18650), 0.5: (19200, 18850, 20370)}
"""Probability: must, aim, published (after a fix)."""

STALL_SEEDS = range(10)

MOST_BUSY = 0.9
ALLOWANCES = (24, 8)
"""Other configurations: how busy tiles may keep the port, and what a job may cost beyond its unhidden beats."""

# Parameters of the unnamed configurations whose jobs are surveyed by the law: rows, elements a row, registers, port.
SURVEY = ((1, 2, 5, 8, 12, 24, 32), (1, 2, 3, 4, 5, 8, 16), range(5), (64, 128, 256, 512, 1024))
SURVEY_FORMATS = ("fp16", "e5m2")


def fixed_cost(bench: Bench) -> list[Line]:
    """The cost of a job beyond its tiles: the worst of many shapes, leftovers included."""
    cases = [Case(*shape) for shape in FIXED_COST_SHAPES]
    name = f"beyond its tiles, worst of {len(cases)} shapes without row groups"
    return [Line(name, "<=", *FIXED_COST, *_worst(bench, cases), FIXED_CYCLES)]


def queued(bench: Bench) -> list[Line]:
    """The cost between the events of two equal jobs in the queue."""
    name = f"{_sizes(QUEUED)} between its equals, beyond its tiles"
    return [Line(name, "<=", *QUEUED_COST, *_worst(bench, [QUEUED]))]


def named(bench: Bench) -> list[Line]:
    """The jobs with limits of their own, as `gemm_op` runs them: in the orientation and the strips of the plan."""
    known = {(row.m, row.n, row.k): row.cycles for row in published_rows()}
    lines = []
    for case, limits in NAMED.items():
        shape = (case.m, case.n, case.k)
        published = known.get(shape, published_cycles(*shape))
        name = _sizes(case) if case.y else f"{_sizes(case)} without Y"
        lines.append(Line(name, "<=", *limits, bench.measure(case), case.law_cycles, published))
    return lines


def fp8(bench: Bench) -> list[Line]:
    """FP8 throughput of the published 12 x 8 array."""
    macs = FP8.m * FP8.n * FP8.k
    measured, law = (macs / cycles for cycles in (bench.measure(FP8), FP8.law_cycles))
    return [Line(f"paper_fp8 {_sizes(FP8)} e5m2, MAC/cycle", ">=", *FP8_RATE, measured, law, FP8_PUBLISHED)]


def stalled(bench: Bench) -> list[Line]:
    """A memory that denies grants at random."""
    lines = []
    for stall, (must, aim, published) in STALLS.items():
        mean = fmean(bench.measure_stalled(STALLED, stall, seed) for seed in STALL_SEEDS)
        name = f"{_sizes(STALLED)}, grant denied with p = {stall}, mean of {len(STALL_SEEDS)} seeds"
        lines.append(Line(name, "<=", must, aim, mean, None, published))
    return lines


def other_configurations(bench: Bench) -> list[Line]:
    """The cost beyond the tiles on the other named configurations."""
    lines = []
    for name, config in CONFIGS.items():
        formats = ("fp16", "e5m2") if name == FP8.config else ("fp16",)
        for fmt in formats if name != "paper" else ():
            shapes = hidden_shapes(config, fmt)
            label = f"{name} {fmt}, beyond its tiles, worst of {len(shapes)} shapes"
            limits = fixed_cost_limits(config, fmt)
            lines.append(Line(label, "<=", *limits, *_worst(bench, [Case(*shape, name, fmt) for shape in shapes])))
    return lines


def hidden_shapes(config: Config, fmt: str) -> list[tuple[int, int, int]]:
    """Return sizes whose tiles leave the port idle for a tenth of their cycles at least: whole tiles and leftovers."""
    rows, cols = config.rows, config.tile_cols
    inner = [n for n in (16, 32, 64, 65, 128) if _tile_beats(config, fmt, n) <= MOST_BUSY * _cycles_of_tile(config, n)]
    return [(m, n, k) for n in inner for m, k in ((rows, cols), (2 * rows, 2 * cols), (2 * rows + 1, 2 * cols + 1))]


def fixed_cost_limits(config: Config, fmt: str) -> tuple[int, int]:
    """Return what a job may cost beyond its tiles: beats of the first X chunk, Y, W row; D; Z beats; allowance."""
    x_chunk, row = _beats(config, fmt, config.x_chunk), _beats(config, fmt, config.tile_cols)
    unhidden = config.rows * (x_chunk + row) + row + config.tile_cols + config.rows * row
    must, aim = (unhidden + allowance for allowance in ALLOWANCES)
    return must, aim


def survey() -> str:
    """Return a sentence on how many jobs of unnamed configurations keep to `fixed_cost_limits`, by the law alone."""
    beyond_must, beyond_aim = [], []
    configs = [Config(*parameters) for parameters in product(*SURVEY)]
    for config, fmt in product(configs, SURVEY_FORMATS):
        sizes = (format_by_name(fmt).bytes,) * 4
        must, aim = fixed_cost_limits(config, fmt)
        for shape in hidden_shapes(config, fmt):
            cost = shape_cycles(*shape, config, sizes).total - tile_cycles(*shape, config)
            beyond_must.append(cost - must)
            beyond_aim.append(cost - aim)
    within_must, within_aim = (sum(cycles <= 0 for cycles in beyond) for beyond in (beyond_must, beyond_aim))
    return (
        f"By the law, of {len(beyond_must)} jobs on {len(configs)} unnamed configurations {within_must} meet what the "
        f"other configurations must, {within_aim} the aim; the worst misses the former by {max(beyond_must)} cycles."
    )


def published(bench: Bench, most_cycles: float = LONG_CYCLES) -> list[Line]:
    """Every measured job of the published RTL: never slower. Jobs above `most_cycles` are left to the law."""
    lines = []
    for row in published_rows():
        case = Case(row.m, row.n, row.k, orientation="auto")
        measured = _measured(bench, case, most_cycles)
        lines.append(
            Line(f"{_sizes(case)} as published", "<=", row.cycles, None, measured, case.law_cycles, row.cycles)
        )
    return lines


def read_pins(path: Path) -> dict[str, tuple[Case, int]]:
    """Return the pinned jobs of a YAML file: name -> case and cycles."""
    pins = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {name: (_case(pin), pin["cycles"]) for name, pin in pins.items()}


def pinned(bench: Bench, path: Path, most_cycles: float = LONG_CYCLES) -> list[Line]:
    """The pinned jobs, which may change only on purpose. Jobs above `most_cycles` are left to the law."""
    return [
        Line(f"pinned: {name}", "=", cycles, None, _measured(bench, case, most_cycles), case.law_cycles)
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
        "*must* has to be met (*ok*: it is, and the law agrees); *aim* is what the architecture was meant to reach.",
        "",
        f"| {' | '.join(COLUMNS)} |",
        f"|{'---|' * len(COLUMNS)}",
    ]
    return "\n".join([*head, *(f"| {' | '.join(cells(line))} |" for line in lines), "", remark, ""])


def cells(line: Line) -> list[str]:
    """Return a line as people read it, a text for each of COLUMNS."""
    published, must, measured, law = map(_figure, (line.published, line.must, line.measured, line.law))
    ok = "yes" if line.ok else "NO"
    if line.aim is None:
        return [line.name, published, f"{line.relation} {must}", "-", measured, law, ok, "-"]
    aim, reached = _figure(line.aim), "yes" if line.reached else "missed"
    return [line.name, published, f"{line.relation} {must}", f"{line.relation} {aim}", measured, law, ok, reached]


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
    costs = []
    for case in cases:
        measured, law = (cycles - case.tile_cycles for cycles in (bench.measure(case), case.law_cycles))
        if measured != law:
            return measured, law
        costs.append((measured, law))
    return max(costs)


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
