# SPDX-License-Identifier: Apache-2.0
"""The columns of a sweep's table, and what they mean."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import fields
from itertools import takewhile

from redmule.config import Config
from redmule.job import STALLS

Value = str | int | float | bool | None
Row = dict[str, Value]
"""A point with all that is known of it, by column; None: not known."""

LOW_HIGH = ("low", "high")

_INTERVALS = {
    "area_kge": "area in thousand gates of the size of a NAND2",
    "area_mm2": "area as 22 nm equivalent, mm2",
    "energy_pj": "energy of the accelerator and the cluster around it, pJ",
    "power_mw": "mean power, mW",
    "gflops_per_w": "GFLOPS for each W",
    "gflops_per_mm2": "GFLOPS for each mm2",
}

COLUMNS: Mapping[str, str] = {
    "config": "label of the configuration",
    **{field.name: f"parameter {field.name} of the configuration" for field in fields(Config) if field.name != "name"},
    "ces": "computing elements",
    "workload": "name of the workload",
    "op": "operation",
    "format": "format of all matrices",
    "products": "products of the workload",
    "jobs": "hardware jobs they are cut into",
    "macs": "steps of the array, multiply-adds in a gemm",
    "bytes_once": "bytes of the matrices, those of each product once",
    "cycles": "cycles, each product from its first TRIGGER to its last event",
    "ideal_cycles": "least cycles of any machine with this array and port",
    "utilisation": "macs over elements times cycles",
    "efficiency": "ideal cycles over cycles",
    "mac_per_cycle": "macs over cycles",
    "steps": "cycles in which the array steps",
    **{f"stall_{reason}": f"cycles that are no steps: {reason}" for reason in STALLS},
    "port_bytes_moved": "beats on the port times its bytes",
    "mac_per_byte": "macs over bytes moved",
    "volt": "supply, V",
    "fo4": "logic depth of the longest path, delays of an inverter that drives four",
    "f_mhz": "clock: that of the corner times the depth of the published array over its own, MHz",
    "time_us": "cycles at this clock, us",
    "gflops": "two operations for each of the macs, in 1e9 a second",
    **{
        name: text
        for column, what in _INTERVALS.items()
        for name, text in ((column, what), *((f"{column}_{end}", f"{end} end of its interval") for end in LOW_HIGH))
    },
    "stimulus": "operands that the energy is for",
    "backend": "model (cycle law) or rtl (simulated)",
    "seed": "of the random operands",
    "equals_golden": "rtl: whether bits and flags are those of the golden model",
    "equals_law": "rtl: whether cycles and stalls are those of the law",
    "version": "of the package",
    "sources": "hash of the sources behind the figures",
    "error": "why the point failed, empty if it did not",
}
"""Column -> what it means. Each part that takes energy has a column more: see `energy_column`."""

TEXTS = ("config", "workload", "op", "format", "stimulus", "backend", "version", "sources", "error")
FLAGS = ("transposes", "equals_golden", "equals_law")
"""Columns that are no numbers."""

_OF_POINT = tuple(takewhile(lambda column: column != "jobs", COLUMNS))
"""Columns that a point has that failed."""

_MAY_BE_ZERO = ("pipe_regs", "seed", *(f"stall_{reason}" for reason in STALLS))

_ENERGY_PREFIX, _ENERGY_SUFFIX = "energy_", "_pj"


def energy_column(part: str) -> str:
    """Return the column for the energy that a part takes."""
    return f"{_ENERGY_PREFIX}{'_'.join(re.findall(r'\w+', part.lower()))}{_ENERGY_SUFFIX}"


def energy_parts(columns: Iterable[str]) -> dict[str, str]:
    """Return those of the columns that are energies of parts, and the names of the parts."""
    return {
        column: column.removeprefix(_ENERGY_PREFIX).removesuffix(_ENERGY_SUFFIX).replace("_", " ")
        for column in columns
        if column not in COLUMNS and column.startswith(_ENERGY_PREFIX)
    }


def meaning(column: str) -> str:
    """Return what a column means."""
    part = energy_parts([column]).get(column)
    return COLUMNS[column] if part is None else f"energy of the part {part}, pJ"


def is_whole(row: Row) -> bool:
    """Whether a row says which point it is and has all figures, or an error; and each value is one that can be."""
    failed = isinstance(row.get("error"), str) and row["error"] != ""
    return all(_possible(column, row.get(column)) for column in (_OF_POINT if failed else COLUMNS))


def _possible(column: str, value: Value) -> bool:
    """Whether a column can have this value in a row without error."""
    if column in TEXTS:
        return isinstance(value, str)
    if column in FLAGS:
        return isinstance(value, bool) or (value is None and column != "transposes")
    if not isinstance(value, int | float) or not math.isfinite(value):
        return False
    return value > 0 or (value == 0 and column in _MAY_BE_ZERO)


def ordered(rows: Iterable[Row]) -> list[str]:
    """Return the columns of a table: `COLUMNS`, and behind the total the energies of the parts that rows have."""
    parts = [column for column in dict.fromkeys(name for row in rows for name in row) if column not in COLUMNS]
    names = list(COLUMNS)
    behind = names.index("energy_pj_high") + 1
    return names[:behind] + parts + names[behind:]
