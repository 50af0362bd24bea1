# SPDX-License-Identifier: Apache-2.0
"""Measures what events cost in the library: every bench on the netlist of its unit, in a design of configurations.

What comes of it is data of the package, `activity.csv`, so that nobody needs the tools to use the model.
"""

from __future__ import annotations

import csv
import io
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from redmule.area.synthesis import Synthesis, Unit
from redmule.config import Config
from redmule.energy import liberty, netlist
from redmule.energy.bench import Bench
from redmule.energy.benches import benches, checks
from redmule.energy.evaluate import Evaluator, split_pj
from redmule.energy.signals import WARM_UP
from redmule.energy.table import DATA, NORMAL, RANDOM

__all__ = [
    "ACTIVITY",
    "DESIGN",
    "HELD_OUT",
    "Measurement",
    "by_bench",
    "gated",
    "load",
    "measure",
    "planned",
    "stimuli_of",
    "text",
]

ACTIVITY = Path(__file__).with_name("activity.csv")

_PLAIN: Mapping[str, Any] = {"row_groups": 1, "transposes": False, "contexts": 1}
_PAPER = Config.named("paper")

DESIGN: Mapping[str, Config] = {
    "4x4 plain": Config(4, 4, 3, 128, **_PLAIN),
    "8x4 plain": Config(8, 4, 3, 256, **_PLAIN),
    "8x8 plain": Config(8, 8, 3, 256, **_PLAIN),
    "4x4": Config(4, 4, 3, 128),
    "4x4, P = 2": Config(4, 4, 2, 512, row_groups=2),
    "8x4, P = 1": Config(8, 4, 1, 256, row_groups=2, x_chunks=4, w_ahead=12, contexts=2),
    "2x2, P = 1": Config(2, 2, 1, 64),
    "3x4, P = 4": Config(3, 4, 4, 256, row_groups=1, contexts=1),
    "6x3, P = 0": Config(6, 3, 0, 64, row_groups=1),
    "paper plain": replace(_PAPER, **_PLAIN),
}
"""Configurations in which every bench runs; all but the last are of the design of `redmule.area`."""

HELD_OUT = ("paper plain",)
"""Those that costs are not fitted to."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """Energy of a lane cycle of a bench, in pJ of the library.

    Attributes:
        config: name in `DESIGN`.
        event, case, rate: of the bench.
        module, element_bits, gates, flops: its unit.
        data: the operands.
        logic, clock, free_clock: see `Split`.
    """

    config: str
    event: str
    case: str
    module: str
    element_bits: int
    gates: int
    flops: int
    rate: float
    data: str
    logic: float
    clock: float
    free_clock: float


def measure(synthesis: Synthesis, design: Mapping[str, Config] = DESIGN) -> Iterator[Measurement]:
    """Yield the measurements of configurations, one after the other as they are made.

    Raises:
        RuntimeError: a tool is missing, or fails.
    """
    unit: Unit | None = None
    for name, bench in planned(design):
        if bench.unit != unit:
            unit = bench.unit
            made = synthesis.netlist(unit)
            library = liberty.read(synthesis.liberty)
            evaluator = Evaluator(netlist.load(made, library))
        yield from _measured(name, bench, evaluator, library.volt)


def planned(design: Mapping[str, Config] = DESIGN) -> Iterator[tuple[str, Bench]]:
    """Yield the benches with the names of their configurations; those that belong to none come first."""
    yield from (("", bench) for bench in checks())
    for name, config in design.items():
        yield from ((name, bench) for bench in benches(config))


def stimuli_of(bench: Bench) -> tuple[str, ...]:
    """Return the operands with which a bench is run."""
    return tuple(DATA) if bench.by_data else (NORMAL,)


def _measured(config: str, bench: Bench, evaluator: Evaluator, volt: float) -> Iterator[Measurement]:
    its = evaluator.netlist
    for data in stimuli_of(bench):
        rng = np.random.default_rng(zlib.crc32(f"{config} {bench.event} {bench.case} {data}".encode()))
        split = split_pj(its, evaluator.run(bench.drive(data, rng), WARM_UP), volt, bench.written)
        energies = (round(pj, 4) for pj in (split.logic, split.clock, split.free_clock))
        unit = its.name, bench.unit.element_bits, len(its.gates), len(its.flops)
        yield Measurement(config, bench.event, bench.case, *unit, bench.rate, data, *energies)


def text(measurements: Iterable[Measurement]) -> str:
    """Return measurements as the text of `activity.csv`."""
    out = io.StringIO()
    out.write(
        "# SPDX-License-Identifier: Apache-2.0\n# Written by scripts/activity.py; see redmule/energy/measure.py.\n"
    )
    writer = csv.DictWriter(out, [field.name for field in fields(Measurement)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(measurement) for measurement in measurements)
    return out.getvalue()


def load(path: Path = ACTIVITY) -> list[Measurement]:
    """Return the measurements of the package."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(line for line in file if not line.startswith("#"))
        return [Measurement(**{name: _KINDS.get(name, str)(value) for name, value in row.items()}) for row in rows]


_KINDS: Mapping[str, Callable[[str], Any]] = {
    **dict.fromkeys(("element_bits", "gates", "flops"), int),
    **dict.fromkeys(("rate", "logic", "clock", "free_clock"), float),
}


def by_bench(measurements: Iterable[Measurement]) -> Iterator[list[Measurement]]:
    """Yield the measurements of each bench, which stand together."""
    for _, group in groupby(measurements, lambda one: (one.config, one.event, one.case, one.module, one.element_bits)):
        yield list(group)


def gated(bench: Sequence[Measurement]) -> dict[str, float]:
    """Return what a bench takes in a lane cycle with gated clocks, by operands.

    With random bits as operands, registers that are enabled change in nearly every cycle: that tells how often clocks
    run, for all operands.
    """
    clocks = {one.data: one.clock for one in bench}
    clock = clocks.get(RANDOM, clocks[NORMAL])
    return {one.data: one.logic + clock for one in bench}
