# SPDX-License-Identifier: Apache-2.0
"""The table of costs, `costs.yaml`: what an event costs, where that is from, and how sure it is."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil, inf
from pathlib import Path
from typing import Any

import yaml

from redmule import checks
from redmule.config import Config
from redmule.energy.events import EVENTS

__all__ = ["CHIP", "COSTS", "DATA", "ORIGINS", "Cost", "Table", "costs", "sizes", "table_of", "text_of"]

COSTS = Path(__file__).with_name("costs.yaml")

NORMAL, RANDOM = "normal", "random"

DATA: Mapping[str, str] = {
    NORMAL: "normally distributed operands",
    RANDOM: "uniform random bits, also as accumulators",
    "half_zeros": "normally distributed operands, each zero with probability 1/2",
    "zeros": "all operands zero",
    "training": "operands recorded in a training step of the demo",
}
"""The stimuli that costs have been measured with; `NORMAL` is what a cost is for if nothing else is said."""

CHIP: Mapping[str, str] = {
    "bank_access": "a word read or written in the banks of the TCDM",
    "cluster_cycle": "the rest of the cluster, in a cycle",
    "leakage": "leakage of a thousand gates, in a microsecond",
}
"""What is beside the accelerator, or does not switch."""

ORIGINS = ("netlist", "published", "fitted")
PIPE_REGS = range(5)


@dataclass(frozen=True, slots=True)
class Cost:
    """What one event costs.

    Attributes:
        part: of the chip, where the energy goes.
        per_size: the cost, for each unit of a size of the accelerator (see `sizes`).
        unit, node: of these figures; the node with its supply.
        low, high: factors of the interval.
        origin: one of `ORIGINS`.
        how: how the figure was obtained.
        data: for each stimulus, the factor on the cost with normal operands; one left out is 1.
    """

    part: str
    per_size: Mapping[str, float]
    unit: str
    node: str
    low: float
    high: float
    origin: str
    how: str
    data: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        known = sizes(Config.named("paper"))
        for name, each in self.per_size.items():
            checks.choice("size", name, known)
            checks.number(f"cost per {name}", each, 0, inf)
        for name, factor in self.data.items():
            checks.choice("data", name, DATA)
            checks.number(f"factor of {name}", factor, 0, inf)
        checks.number("low", self.low, 0, 1)
        checks.number("high", self.high, 1, inf)
        checks.choice("origin", self.origin, ORIGINS)

    def of(self, config: Config, data: str = NORMAL) -> float:
        """Return the cost in an accelerator that works on such operands."""
        size = sizes(config)
        return self.data.get(data, 1.0) * sum(each * size[name] for name, each in self.per_size.items())


@dataclass(frozen=True, slots=True)
class Table:
    """All costs.

    Attributes:
        scale: pJ in 22 nm at the reference corner for a pJ of the library.
        events: by event, in the library.
        chip: by the names of `CHIP`, in 22 nm at the reference corner.
    """

    scale: Cost
    events: Mapping[str, Cost]
    chip: Mapping[str, Cost]


@functools.lru_cache(maxsize=4096)
def sizes(config: Config) -> Mapping[str, int]:
    """Return the sizes of an accelerator that costs may be proportional to; `one` is 1, elements are of 16 bits."""
    x_entries = config.x_chunks * config.x_chunk
    w_entries = config.w_chunks * config.w_chunk
    w_units = ceil(config.tile_cols / config.port_elems)
    pipes = {f"pipe_{regs}": int(regs == config.pipe_regs) for regs in PIPE_REGS}
    return {
        "one": 1,
        "rows": config.rows,
        "tile_cols": config.tile_cols,
        "lanes": config.port_bytes,
        "x_entries": x_entries,  # lines that the X buffer holds
        "w_entries": w_entries,
        "w_places": w_entries * config.row_groups * w_units,  # of the W buffer, where an element of a beat may go
        "w_size": w_entries * config.row_groups * config.tile_cols,  # elements that it holds
        "yz_size": config.rows * config.tile_cols,
        **pipes,  # 1 for so many pipeline registers, else 0: what an element takes is not linear in them
    }


@functools.cache
def costs() -> Table:
    """Return the table of the package."""
    return table_of(COSTS.read_text(encoding="utf-8"))


def table_of(text: str) -> Table:
    """Return the table that a text in the form of `costs.yaml` holds.

    Raises:
        ValueError: an entry is missing, unknown or wrong; the message names it.
    """
    loaded = yaml.safe_load(text)
    if not isinstance(loaded, dict) or loaded.keys() != {"scale", "events", "chip"}:
        raise checks.refused("table of costs", loaded, "is a mapping of scale, events and chip")
    events, chip = (
        {checks.choice(kind, name, names): _cost(name, entry) for name, entry in loaded[kind].items()}
        for kind, names in (("events", EVENTS), ("chip", CHIP))
    )
    if chip.keys() != CHIP.keys():
        raise checks.refused("chip", sorted(chip), f"are all of {', '.join(CHIP)}")
    return Table(_cost("scale", loaded["scale"]), events, chip)


def _cost(name: str, entry: Mapping[str, Any]) -> Cost:
    try:
        return Cost(**entry)
    except (TypeError, ValueError) as error:
        raise ValueError(f"cost {name}: {error}") from error


def text_of(table: Table) -> str:
    """Return a table in the form of `costs.yaml`."""

    def entry(cost: Cost) -> dict[str, Any]:
        fields = {name: getattr(cost, name) for name in Cost.__slots__}
        return {name: dict(value) if isinstance(value, Mapping) else value for name, value in fields.items() if value}

    of_events, of_chip = ({name: entry(cost) for name, cost in kind.items()} for kind in (table.events, table.chip))
    entries = {"scale": entry(table.scale), "events": of_events, "chip": of_chip}
    dumped: str = yaml.safe_dump(entries, sort_keys=False, width=110, default_flow_style=None)
    return f"{_HEAD}{dumped}"


_HEAD = """# SPDX-License-Identifier: Apache-2.0
# What events cost. Written by `python scripts/energy.py --fit` from activity.csv and published.yaml: see fit.py.
"""
