# SPDX-License-Identifier: Apache-2.0
"""From measurements and published points to the table of costs.

Three steps: an event costs what its benches say, linear in the sizes of the accelerator; one factor carries these costs
from the library to 22 nm and makes one published point exact; what the rest of the cluster takes in a cycle makes a
second one exact. Every other point is a prediction.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from statistics import fmean

import numpy as np

from redmule.area.synthesis import REAL_BITS
from redmule.energy.bench import REST
from redmule.energy.corners import REFERENCE, Corner
from redmule.energy.measure import DESIGN, HELD_OUT, Measurement, by_bench, gated
from redmule.energy.model import priced
from redmule.energy.points import FITS_REST, FITS_SCALE, Point, points, published_model
from redmule.energy.table import DATA, NORMAL, PIPE_REGS, Cost, Table, sizes

__all__ = ["PARTS", "PER_SIZE", "fit", "per_event", "residuals"]

WORD_BYTES = 4

LIBRARY = "osu018, 1.8 V"
CHIP_NODE = f"22 nm, {REFERENCE.volt} V"

_SUMMED: Mapping[str, Sequence[str]] = {"beats_in": ("bus", "fp16"), "beats_out": ("fp16",)}
"""Benches whose cases happen together; of others the mean counts."""

_UNITS_AT_REST = (
    *("w_broadcasts", "x_writes", "w_writes", "y_writes", "arbitrations"),
    *("advances", "x_beats", "w_beats", "y_beats", "z_beats"),
)
"""Benches that have each unit once, at rest; what they take then is taken in every cycle."""

PARTS: Mapping[str, Mapping[str, Sequence[str]]] = {
    "elements": {
        name: (name,)
        for name in ("multiply_adds", "arithmetic_minmax", "minmax", "carried", "unused_elements", "held_elements")
    },
    "rows": {
        "w_broadcasts": ("w_broadcasts",),
        "w_row_writes": ("w_reads", "w_row_writes"),
        "x_takes": ("x_reads", "w_row_writes"),  # its register is one like those of the rows of W
    },
    "buffers": {name: (name,) for name in ("x_writes", "w_writes", "y_writes", "y_reads", "z_writes", "z_reads")},
    "casts and port": {
        "x_beats": ("x_beats", "beats_in"),
        "w_beats": ("w_beats", "beats_in"),
        "y_beats": ("y_beats", "beats_in"),
        "z_beats": ("z_beats", "beats_out"),
        "arbitrations": ("arbitrations",),
    },
    "sequencers, clock": {"advances": ("advances",), "cycles": ("cycles",)},
}
"""Part of the accelerator -> event -> the benches whose costs add up to its cost."""

SURE: Mapping[str, tuple[float, float]] = {"elements": (0.8, 1.25)}
"""Intervals of parts. The published points fix the elements, which are most of it; other parts are not seen apart."""
UNSURE = (0.5, 2.0)
_PIPES = tuple(f"pipe_{regs}" for regs in PIPE_REGS)

PER_SIZE: Mapping[str, Sequence[str]] = {
    **dict.fromkeys(("multiply_adds", "arithmetic_minmax", "minmax"), _PIPES),
    **dict.fromkeys(("carried", "unused_elements", "held_elements"), _PIPES),
    **dict.fromkeys(("x_beats", "w_beats", "y_beats", "z_beats", "advances", "cycles"), ("one",)),
    "w_broadcasts": ("one", "tile_cols"),
    "w_row_writes": ("one",),
    "w_reads": ("one", "w_entries"),
    "x_reads": ("one", "x_entries"),
    "x_writes": ("one",),
    "w_writes": ("one", "w_places"),
    "y_writes": ("one", "yz_size"),
    "y_reads": ("one", "tile_cols"),
    "z_writes": ("one", "yz_size"),
    "z_reads": ("one", "yz_size"),
    "beats_in": ("lanes", "w_size"),
    "beats_out": ("lanes",),
    "arbitrations": ("one", "lanes"),
}
"""What the cost of each bench's event is linear in."""


def per_event(measurements: Sequence[Measurement]) -> dict[str, dict[tuple[str, str], float]]:
    """Return what an event costs, in pJ of the library: event -> (configuration, operands) -> cost.

    A bench counts against the one at rest before it. Elements of one bit and of two are extended to 16.
    """
    by_case: dict[tuple[str, str, str, str], dict[int, float]] = defaultdict(lambda: defaultdict(float))
    at_rest: tuple[object, Mapping[str, float]] = (None, {})
    for bench in by_bench(measurements):
        [one, *_], pj = bench, gated(bench)
        unit = one.config, one.event, one.module, one.element_bits
        if one.case == REST:
            at_rest = unit, pj
            continue
        rest = at_rest[1] if at_rest[0] == unit else {NORMAL: 0.0}
        for data, its in pj.items():
            extra = its - rest.get(data, rest[NORMAL])
            by_case[one.event, one.config, data, one.case][one.element_bits] += extra / one.rate
    cases: dict[tuple[str, str, str], dict[str, float]] = defaultdict(dict)
    for (event, config, data, case), by_bits in by_case.items():
        cases[event, config, data][case] = _extended(by_bits)
    costs: dict[str, dict[tuple[str, str], float]] = defaultdict(dict)
    for (event, config, data), found in cases.items():
        if event in _SUMMED:
            costs[event][config, data] = sum(found.get(case, 0.0) for case in _SUMMED[event])
        else:
            costs[event][config, data] = fmean(found.values())
    costs["cycles"] = _at_rest(measurements)
    return dict(costs)


def _at_rest(measurements: Sequence[Measurement]) -> dict[tuple[str, str], float]:
    """Return what all units take in a cycle in which nothing happens, as `per_event` does."""
    found: dict[tuple[str, str], dict[int, float]] = defaultdict(lambda: defaultdict(float))
    for one in measurements:
        if one.case == REST and one.event in _UNITS_AT_REST and one.data == NORMAL:
            found[one.config, one.event][one.element_bits] += one.clock
    costs: dict[tuple[str, str], float] = defaultdict(float)
    for (config, _), by_bits in found.items():
        costs[config, NORMAL] += _extended(by_bits)
    return dict(costs)


def _extended(by_bits: Mapping[int, float]) -> float:
    """Return the energy of whole elements, from those of one bit and of two if they were not whole."""
    if REAL_BITS in by_bits:
        return by_bits[REAL_BITS]
    return by_bits[1] + (by_bits[2] - by_bits[1]) * (REAL_BITS - 1)


def linear(names: Sequence[str], found: Mapping[str, float]) -> dict[str, float]:
    """Return least squares coefficients, none below 0, of costs that are linear in sizes of configurations.

    Args:
        names: of the sizes.
        found: costs by configuration; those held out do not count.
    """
    used = [config for config in found if config not in HELD_OUT]
    y = np.array([found[config] for config in used])
    while True:
        a = np.array([[sizes(DESIGN[config])[name] for name in names] for config in used], float)
        solved = np.linalg.lstsq(a / y[:, None], np.ones_like(y), rcond=None)[0]  # relative errors count
        if solved.min() >= 0 or len(names) == 1:
            return dict(zip(names, np.maximum(solved, 0.0).tolist(), strict=True))
        names = [name for name, each in zip(names, solved, strict=True) if each >= 0]


def residuals(measurements: Sequence[Measurement]) -> dict[str, dict[str, float]]:
    """Return for each bench's event and configuration by what part the linear cost is above the measured one."""
    measured = per_event(measurements)
    found = {event: _normal(measured[event]) for event in PER_SIZE}
    return {
        event: {config: _value(linear(PER_SIZE[event], by_config), config) / pj - 1 for config, pj in by_config.items()}
        for event, by_config in found.items()
    }


def _normal(costs: Mapping[tuple[str, str], float]) -> dict[str, float]:
    return {config: pj for (config, data), pj in costs.items() if data == NORMAL}


def _value(per_size: Mapping[str, float], config: str) -> float:
    return sum(each * sizes(DESIGN[config])[name] for name, each in per_size.items())


def fit(measurements: Sequence[Measurement]) -> Table:
    """Return the table of costs."""
    measured = per_event(measurements)
    events = {
        event: _event_cost(part, benches, measured)
        for part, its_events in PARTS.items()
        for event, benches in its_events.items()
    }
    return _calibrated(events)


def _event_cost(part: str, benches: Sequence[str], measured: Mapping[str, Mapping[tuple[str, str], float]]) -> Cost:
    """Return the cost of an event: what its benches cost together."""
    per_size: dict[str, float] = defaultdict(float)
    held_out = []
    for bench in benches:
        found = _normal(measured[bench])
        for name, each in linear(PER_SIZE[bench], found).items():
            per_size[name] += each
    rounded = {name: _rounded(each) for name, each in per_size.items()}
    for config in HELD_OUT:
        pj = sum(_normal(measured[bench])[config] for bench in benches)
        held_out.append(f"{_value(rounded, config) / pj - 1:+.1%} on {config}, held out")
    low, high = SURE.get(part, UNSURE)
    how = f"benches {', '.join(benches)}; {', '.join(held_out)}"
    return Cost(part, rounded, "pJ an event", LIBRARY, low, high, "netlist", how, _data_factors(benches, measured))


def _data_factors(benches: Sequence[str], measured: Mapping[str, Mapping[tuple[str, str], float]]) -> dict[str, float]:
    """Return the factors of stimuli on the cost with normal operands, over all configurations together."""
    totals = dict.fromkeys(DATA, 0.0)
    for bench in benches:
        found = measured[bench]
        for config, pj in _normal(found).items():
            for data in DATA:
                totals[data] += max(found.get((config, data), pj), 0.0)
    factors = {data: _rounded(pj / totals[NORMAL]) for data, pj in totals.items()}
    return {} if set(factors.values()) == {1.0} else factors


def _rounded(value: float) -> float:
    """Return a figure with four digits: more would pretend."""
    return float(f"{value:.4g}")


def _calibrated(events: Mapping[str, Cost]) -> Table:
    """Return the table in which the two points that fit it are met exactly."""
    known = published_model()

    def table(scale: float, rest_pj: float) -> Table:
        of_scale = Cost(
            *("all", {"one": scale}, f"pJ in {CHIP_NODE}, for a pJ in {LIBRARY}", CHIP_NODE, 0.5, 2.0, "fitted"),
            how=f"meets {_the(FITS_SCALE).name} of {_the(FITS_SCALE).source}",
        )
        rest = Cost(
            *("rest of the cluster", {"one": rest_pj}, "pJ a cycle", CHIP_NODE, 0.7, 1.4, "fitted"),
            how=f"meets {_the(FITS_REST).name} of {_the(FITS_REST).source}",
        )
        bank = Cost(
            *("memory", {"one": _rounded(_between(known.memory_pj_per_byte) * WORD_BYTES)}, "pJ a word", CHIP_NODE),
            *(0.5, 2.0, "published"),
            how="0.29 pJ a byte at 0.6 V, 0.80 at 1.0 V (GVSoC's model), by the square of the supply between them",
        )
        leakage = Cost(
            *("leakage", {"one": _rounded(_leakage(known.leakage_uw_per_kge))}, "uW a kGE", CHIP_NODE),
            *(0.5, 2.0, "published"),
            how="0.5 uW a kGE at 0.6 V, 1.2 at 1.0 V (GVSoC's model), exponential between them",
        )
        return Table(of_scale, events, {"bank_access": bank, "cluster_cycle": rest, "leakage": leakage})

    fitting = [_the(FITS_SCALE), _the(FITS_REST)]
    # Energy is linear in both unknowns: what it is without them, and what one of each adds.
    base, of_scale, of_rest = (
        np.array([_pj_per_step(table(*unknowns), point) for point in fitting]) for unknowns in ((0, 0), (1, 0), (0, 1))
    )
    wanted = np.array([point.pj_per_step for point in fitting])
    scale, rest_pj = np.linalg.solve(np.stack([of_scale - base, of_rest - base], axis=1), wanted - base).tolist()
    return table(_rounded(scale), _rounded(rest_pj))


def _the(use: str) -> Point:
    [point] = [point for point in points() if point.use == use]
    return point


def _pj_per_step(table: Table, point: Point) -> float:
    return priced(table, point.events(), point.plain, point.corner).pj_per_mac


def _between(by_volt: Mapping[float, float]) -> float:
    """Return a coefficient at the reference corner: C V^2 with the C of both supplies that are known, on average."""
    return fmean(value / volt**2 for volt, value in by_volt.items()) * REFERENCE.volt**2


def _leakage(by_volt: Mapping[float, float]) -> float:
    """Return leakage at the reference corner, by the rule of corners from the lowest supply that is known."""
    volt = min(by_volt)
    return by_volt[volt] * REFERENCE.leakage(Corner(volt, REFERENCE.mhz))
