# SPDX-License-Identifier: Apache-2.0
"""The energy model beside what is published, and what it says: the tables of `docs/results/energy.md`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean

from redmule.config import Config
from redmule.energy import CORNERS, REFERENCE, Corner, Energy, Events, corner_of, costs, estimate, events_of
from redmule.energy.benches import ROW_STEPS
from redmule.energy.events import STEP_OF_OP
from redmule.energy.fit import per_event
from redmule.energy.measure import HELD_OUT, Measurement, by_bench, gated
from redmule.energy.points import PIPE_REGS, performance, points, published_model
from redmule.energy.table import DATA, NORMAL, Cost
from redmule.law import Shape, queue_cycles
from redmule.plan import plan, strip_shape
from redmule.published import plain
from redmule.workload import Product

__all__ = ["MOST_ERROR", "POINT_COLUMNS", "point_errors", "point_rows", "products_events", "row_check"]

MOST_ERROR = 0.10
"""How far the model may be from a published point."""

Cells = Sequence[Sequence[str]]


def products_events(products: Iterable[Product], config: Config) -> Events:
    """Return what happens in products that follow each other in the queue, as planned."""
    shapes: list[Shape] = []
    for p in products:
        strips = plan(p.m, p.n, p.k, config, p.elem_bytes, p.trans)
        shapes += [strip_shape(strip, p.m, p.n, p.k, p.elem_bytes, p.trans) for strip in strips]
    return events_of(shapes, queue_cycles(shapes, config), config)


def point_errors() -> dict[str, float]:
    """Return by what part the model's efficiency is above each published one."""
    return {
        point.name: estimate(point.events(), point.plain, point.corner).gflops_per_w / point.gflops_per_w - 1
        for point in points()
    }


NODES = ("library", "22 nm")
POINT_COLUMNS = (
    *("point", "use", "published GFLOPS/W", "model", "error", "between", "published mW", "model mW"),
    *("our full variant GFLOPS/W", "between", "source"),
)
CORNER_COLUMNS = ("supply", "MHz", "GFLOPS", "mW", "between", "GFLOPS/W", "between", "pJ a step")
JOB_COLUMNS = ("job", "steps", "cycles", "library, uJ", "22 nm, uJ", "between", "mW", "GFLOPS/W", "operands")
COST_COLUMNS = (
    *("event", "part", "library pJ, plain", "full", "22 nm pJ, plain", "full", "interval", "origin", "how"),
)


def point_rows() -> Cells:
    """Return a line for each published point, in the order of `POINT_COLUMNS`."""
    lines = []
    for point in points():
        model = estimate(point.events(), point.plain, point.corner)
        ours = estimate(point.events_of_ours(), point.full, point.corner)
        published_mw = model.gflops / point.gflops_per_w * 1000
        lines.append(
            [
                *(point.name, point.use, f"{point.gflops_per_w:.0f}", f"{model.gflops_per_w:.0f}"),
                f"{model.gflops_per_w / point.gflops_per_w - 1:+.1%}",
                _range(model.gflops_per_w_interval, ".0f"),
                *(f"{published_mw:.1f}", f"{model.power_mw:.1f}", f"{ours.gflops_per_w:.0f}"),
                *(_range(ours.gflops_per_w_interval, ".0f"), point.source),
            ]
        )
    return lines


def performance_rows() -> Cells:
    """Return a line for each published speed: published, and what array, utilisation and clock give."""
    return [
        [
            f"{name}, {speed['corner']}",
            f"{speed['gflops']:.4g}",
            f"{_gflops(speed['rows'], speed['row_len'], speed['utilisation'], corner_of(speed['corner'])):.4g}",
        ]
        for name, speed in performance().items()
    ]


def _gflops(rows: int, row_len: int, utilisation: float, corner: Corner) -> float:
    return 2 * rows * row_len * utilisation * corner.mhz / 1000


def corner_rows(events: Events, config: Config) -> Cells:
    """Return a line for each of some supplies."""
    lines = []
    for corner in (0.6, "0.65V", 0.7, 0.75, "0.80V", 0.9):
        found = estimate(events, config, corner)
        name = f"{found.corner.volt:.2f} V{', published' if corner in CORNERS else ''}"
        lines.append(
            [
                *(name, f"{found.corner.mhz:.0f}", f"{found.gflops:.1f}", f"{found.power_mw:.1f}"),
                *(_range(_scaled(found, found.power_mw), ".0f"), f"{found.gflops_per_w:.0f}"),
                *(_range(found.gflops_per_w_interval, ".0f"), f"{found.pj_per_mac:.2f}"),
            ]
        )
    return lines


def cost_rows(config: Config) -> Cells:
    """Return a line for each entry of the table of costs, at the sizes of a configuration, plain and full."""
    every = costs()
    scale = every.scale.of(config)
    lines = []
    for name, cost in every.events.items():
        library = [cost.of(its) for its in (plain(config), config)]
        figures = [f"{pj:.3g}" for pj in (*library, *(pj * scale for pj in library))]
        lines.append([name, cost.part, *figures, _factors(cost), cost.origin, cost.how])
    for name, cost in every.chip.items():
        figures = ["-", "-", *[f"{cost.of(config):.4g}"] * 2]
        lines.append([f"{name} ({cost.unit})", cost.part, *figures, _factors(cost), cost.origin, cost.how])
    return lines


def _factors(cost: Cost) -> str:
    return f"{cost.low:g} to {cost.high:g}"


def data_rows(measurements: Sequence[Measurement]) -> Cells:
    """Return what a step of an element takes for each kind of operands, with gated clocks and with others."""
    [config] = HELD_OUT
    lines = []
    for (of, event), label in STEPS.items():
        name = config if of else ""
        found = [bench for bench in by_bench(measurements) if (bench[0].config, bench[0].event) == (name, event)]
        for clock, energies in (("gated", map(gated, found)), ("always on", map(_always_on, found))):
            by_case = list(energies)
            cells = (f"{fmean(pj[data] for pj in by_case) / found[0][0].rate:.0f}" for data in DATA)
            lines.append([label, clock, *cells])
    return lines


STEPS: Mapping[tuple[bool, str], str] = {
    (False, "fma_alone"): "multiply-add alone, operands new in each step",
    **{(True, event): f"element: {event}" for event in (*STEP_OF_OP.values(), "carried", "unused_elements")},
    (False, ROW_STEPS): "row, for each step of an element",
}
"""Whether it was measured for a configuration, and event -> what it is."""


def _always_on(bench: Sequence[Measurement]) -> dict[str, float]:
    return {one.data: one.logic + one.free_clock for one in bench}


def row_check(measurements: Sequence[Measurement]) -> tuple[float, float]:
    """Return pJ of a step of an element within a row: as measured on the whole row, and as its parts add up to."""
    [config] = HELD_OUT
    costs_of = per_event(measurements)
    [row] = [bench for bench in by_bench(measurements) if bench[0].event == ROW_STEPS]
    rate = row[0].rate
    takes = 1 / (PIPE_REGS + 1)  # of a register of X, for each step of the row
    parts = costs_of["multiply_adds"][config, NORMAL] + takes / rate * costs_of["w_row_writes"][config, NORMAL]
    return gated(row)[NORMAL] / rate, parts


def part_rows(energies: Mapping[str, Energy]) -> Cells:
    """Return a line for each part and one for the whole: library and 22 nm, for each of some jobs."""
    names = list(dict.fromkeys(part for energy in energies.values() for part in energy.pj_by_part))
    lines = []
    for name in names:
        line = [name]
        for energy in energies.values():
            library, chip = energy.library_pj_by_part.get(name), energy.pj_by_part[name]
            line += ["-" if library is None else _share(library, energy.library_pj, energy.macs)]
            line += [_share(chip, energy.total_pj, energy.macs)]
        lines.append(line)
    total = ["all"]
    for energy in energies.values():
        interval = _range((energy.pj_per_mac * energy.low, energy.pj_per_mac * energy.high), ".2f")
        total += [f"{energy.library_pj / energy.macs:.1f}", f"{energy.pj_per_mac:.2f} ({interval})"]
    return [*lines, total]


def _share(pj: float, of_pj: float, macs: int) -> str:
    return f"{pj / macs:.2f} ({pj / of_pj:.1%})"


def w_buffer(config: Config) -> dict[str, float]:
    """Return what writing an element of W, and a beat of Y, cost in the library."""
    events = costs().events
    variants = {"full": config, "plain": plain(config)}
    return {
        f"{what}_{name}": events[event].of(its)
        for what, event in (("w_write", "w_writes"), ("beat", "y_beats"))
        for name, its in variants.items()
    }


def multiply_add(config: Config) -> dict[str, float]:
    """Return pJ of a multiply-add of an element in 22 nm at two supplies, by our table and by the published model."""
    every, known = costs(), published_model().fma_pj
    pj = every.events["multiply_adds"].of(config) * every.scale.of(config)
    ours = {volt: pj * corner_of(volt).switching(REFERENCE) for volt in known}
    low, high = sorted(known)
    return {"fma_low": ours[low], "fma_high": ours[high], "known_low": known[low], "known_high": known[high]}


def job_rows(energies: Mapping[str, Energy]) -> Cells:
    """Return a line for each of some jobs."""
    return [
        [
            *(name, f"{energy.macs}", f"{energy.cycles}", f"{energy.library_pj / 1e6:.3g} (factor 2)"),
            *(f"{energy.total_pj / 1e6:.3g}", _range([pj / 1e6 for pj in energy.interval_pj], ".3g")),
            *(f"{energy.power_mw:.1f}", f"{energy.gflops_per_w:.0f}", energy.stimulus),
        ]
        for name, energy in energies.items()
    ]


def stimulus_rows(events: Events, config: Config) -> Cells:
    """Return a line for each kind of operands."""
    return [
        [DATA[data], f"{found.pj_per_mac:.2f}", f"{found.gflops_per_w:.0f}", _range(found.gflops_per_w_interval, ".0f")]
        for data, found in ((data, estimate(events, config, data=data)) for data in DATA)
    ]


def _range(interval: Sequence[float], form: str) -> str:
    low, high = interval
    return f"{low:{form}} to {high:{form}}"


def _scaled(energy: Energy, value: float) -> tuple[float, float]:
    return value * energy.low, value * energy.high
