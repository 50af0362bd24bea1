# SPDX-License-Identifier: Apache-2.0
"""What happens in the accelerator while it runs jobs, counted: steps, buffer accesses, casts, beats, cycles.

Cycles and beats come from the cycle law or from the hardware's counters; all else follows from the shapes of the jobs
and the loops of the sequencers (`rtl/control/redmule_run.sv`, `rtl/control/redmule_tile_walk.sv`,
`rtl/port/redmule_line_loader.sv`). What a step costs depends on the kind of its operation: there is a count for each.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil
from types import MappingProxyType
from typing import Any

from numpy.typing import NDArray

from redmule import checks
from redmule.config import Config
from redmule.fp import OPS
from redmule.fp.ops import Term
from redmule.job import Job, Part, Result
from redmule.law import Cycles, Shape
from redmule.plan import Strip, strip_shape

__all__ = ["EVENTS", "STEP_OF_OP", "Events", "events_of", "events_of_result"]

WORD_BYTES = 4
"""Bytes of a word of the memory's banks."""

EVENTS: Mapping[str, str] = {
    "multiply_adds": "steps of a computing element of matmul and gemm",
    "arithmetic_minmax": "its steps of addmax, addmin, mulmax, mulmin: an addition or product, then a comparison",
    "minmax": "its steps of maxmin and minmax: two comparisons, the multiply-add holds",
    "carried": "its steps behind the end of N: the accumulator is handed on",
    "unused_elements": "cycles of an element without a step while the array moves: rows or columns past the edge",
    "held_elements": "cycles of an element in which the array holds",
    "advances": "cycles in which the array takes a column in",
    "w_broadcasts": "elements of W shown to a column of computing elements",
    "w_row_writes": "elements of W taken from a line into the rows that are broadcast",
    "x_takes": "elements of X taken from a line into the computing elements",
    "x_writes": "elements written into the X buffer",
    "w_writes": "elements written into the W buffer",
    "y_writes": "elements of Y written into the accumulator buffer",
    "y_reads": "elements of Y that go from there to the array",
    "z_writes": "elements of Z written into the accumulator buffer",
    "z_reads": "elements of Z read from there",
    "casts_in": "elements that pass the casts on the way in",
    "casts_out": "elements that pass the casts on the way out",
    "x_beats": "transfers of the memory port for X",
    "w_beats": "transfers for W",
    "y_beats": "transfers for Y",
    "z_beats": "transfers for Z",
    "bank_reads": "words read in the banks of the memory, matrices beginning at words",
    "bank_writes": "words written there",
    "arbitrations": "decisions about which stream gets the port",
    "cycles": "clock cycles from the first TRIGGER to the last event",
}
"""Every event that is counted, and what it is."""

_COMPARISONS = {Term.MAX, Term.MIN}

STEP_OF_OP: Mapping[str, str] = {
    op.name: "multiply_adds" if op.op2 is Term.ADD else "minmax" if op.op1 in _COMPARISONS else "arithmetic_minmax"
    for op in OPS
}
"""The event that a step of an operation is."""


@dataclass(frozen=True, slots=True)
class Events:
    """Counts of events; those of several jobs on one accelerator add up.

    Attributes:
        counts: by the names of `EVENTS`; one left out is 0.
        provenance: where the cycles come from: "law", "rtl", "model", or several of them.

    Raises:
        ValueError: an unknown event, or a count below 0.
    """

    counts: Mapping[str, int]
    provenance: str = "law"

    def __post_init__(self) -> None:
        for name, count in self.counts.items():
            checks.choice("event", name, EVENTS)
            checks.number(f"count of {name}", count, 0, float("inf"))
        object.__setattr__(self, "counts", MappingProxyType({name: self.counts.get(name, 0) for name in EVENTS}))

    def __getitem__(self, event: str) -> int:
        return self.counts[event]

    def __add__(self, other: Events) -> Events:
        provenances = sorted({*self.provenance.split(" + "), *other.provenance.split(" + ")})
        return Events({name: self[name] + other[name] for name in EVENTS}, " + ".join(provenances))

    @property
    def macs(self) -> int:
        """Steps that did work: products of matmul and gemm, or their likes in other operations."""
        return self["multiply_adds"] + self["arithmetic_minmax"] + self["minmax"]


def events_of(shapes: Sequence[Shape], cycles: Sequence[Cycles], config: Config, op: str = "gemm") -> Events:
    """Return what happens in jobs of one operation, by the law.

    Args:
        shapes: the hardware jobs.
        cycles: what each of them takes, as `law.queue_cycles` says.
        config: the accelerator.
        op: their operation.

    Raises:
        ValueError: no such operation, no shape, not as many cycles as shapes, or something else as `config`.
    """
    if len(shapes) != len(cycles):
        raise checks.refused("cycles", len(cycles), f"is one for each of the {len(shapes)} shapes")
    return _events(shapes, sum(job.total for job in cycles), config, op, "law")


def events_of_result(result: Result, job: Job, config: Config, provenance: str = "rtl") -> Events:
    """Return what happened in a job that a device ran; on a memory that always grants the numbers of the law.

    A matrix counts as read in the direction in which it lies.

    Args:
        result: what the device gave; `cycles` of the hardware's counters.
        job: what it ran.
        config: the accelerator.
        provenance: which device it was.

    Raises:
        ValueError: the result has no cycles: the golden model counts none.
    """
    if result.cycles is None:
        raise checks.refused("result.cycles", None, "are those of a device that counts them: rtl or model")
    return _events([_shape(part, job, config) for part in result.parts], result.cycles, config, job.op, provenance)


def _shape(part: Part, job: Job, config: Config) -> Shape:
    """Return the shape of a hardware job that a job ran as."""
    operands = job.operands
    given = (operands.x_format.bytes, operands.w_format.bytes, operands.y_format.bytes, operands.z_format.bytes)
    elem_bytes = given if operands.y is not None else (given[0], given[1], 0, given[3])
    z = None if job.z_out is None else job.z_out.T if job.z_trans else job.z_out
    z_by_columns = job.z_trans if z is None else _by_columns(z)
    trans = (_by_columns(operands.x), _by_columns(operands.w), z_by_columns)
    rows, cols = (part.m, part.k) if part.orientation == "normal" else (part.k, part.m)
    strip = Strip(0, rows, 0, cols, part.orientation)
    shape = strip_shape(strip, operands.m, operands.n, operands.k, elem_bytes, trans)
    return shape if config.transposes else replace(shape, trans=(False, False, False))


def _by_columns(matrix: NDArray[Any]) -> bool:
    """Whether the columns of a matrix lie in memory as rows do elsewhere."""
    return abs(matrix.strides[0]) < abs(matrix.strides[1])


def _events(shapes: Sequence[Shape], cycles: int, config: Config, op: str, provenance: str) -> Events:
    """Return the events of hardware jobs of one operation that take so many cycles together."""
    checks.choice("op", op, STEP_OF_OP)
    if not isinstance(config, Config):
        raise checks.refused("config", config, "is a redmule.Config")
    if not shapes:
        raise checks.refused("shapes", shapes, "is one or more hardware jobs")
    counts = Counter[str]()
    for shape in shapes:
        counts.update(_counts(shape, config))
    steps = counts.pop("steps")
    counts[STEP_OF_OP[op]] = steps
    counts["unused_elements"] = config.num_ces * counts["advances"] - steps - counts["carried"]
    counts["held_elements"] = config.num_ces * (cycles - counts["advances"])
    counts["cycles"] = cycles
    return Events(counts, provenance)


@functools.lru_cache(maxsize=65536)
def _counts(shape: Shape, config: Config) -> Mapping[str, int]:
    """Return what does not depend on time: events of a job by name, and `steps` of whatever operation.

    Tiles of D columns; each block of rows walks them one at a time, or in sets where the rows form groups.
    """
    m, n, k = shape.m, shape.n, shape.k
    x_trans, w_trans, z_trans = shape.trans
    blocks = _blocks(m, config.rows)
    tiles = ceil(k / config.tile_cols)
    passes = ceil(n / config.row_len)
    x_stays = n <= config.x_chunk * config.x_chunks
    sets = {rows: _sets(rows, k, config) for rows in blocks}
    x_loads = {rows: 1 if x_stays else sets[rows] for rows in blocks}
    w_loads = sum(blocks.values())
    y_used = shape.elem_bytes[2] > 0

    def moved(unit_bytes: int) -> dict[str, int]:
        """Return how many units of a stored row's patches are moved, by stream: beats, or words of banks."""
        x_bytes, w_bytes, y_bytes, z_bytes = shape.elem_bytes

        def units(length: int, patch: int, elem_bytes: int) -> int:
            whole, rest = divmod(length, patch)
            return whole * ceil(patch * elem_bytes / unit_bytes) + ceil(rest * elem_bytes / unit_bytes)

        def result(elem_bytes: int) -> int:
            if z_trans:
                return k * units(m, config.rows, elem_bytes)
            return m * units(k, config.tile_cols, elem_bytes)

        def x_units(rows: int) -> int:
            return n * units(rows, rows, x_bytes) if x_trans else rows * units(n, config.x_chunk, x_bytes)

        w = k * units(n, config.w_chunk, w_bytes) if w_trans else n * units(k, config.tile_cols, w_bytes)
        return {
            "x": sum(count * x_loads[rows] * x_units(rows) for rows, count in blocks.items()),
            "w": w * w_loads,
            "y": result(y_bytes),
            "z": result(z_bytes),
        }

    x_writes = n * sum(rows * count * x_loads[rows] for rows, count in blocks.items())
    w_lines = n * config.tile_cols * tiles * w_loads
    results = m * k
    beats, words = moved(config.port_bytes), moved(WORD_BYTES)
    return {
        "steps": m * n * k,
        "carried": m * k * (passes * config.row_len - n),
        "advances": passes * config.tile_cols * sum(count * sets[rows] for rows, count in blocks.items()),
        "w_broadcasts": passes * config.row_len * config.tile_cols * tiles * w_loads,
        "w_row_writes": w_lines,
        "x_takes": m * n * tiles,
        "x_writes": x_writes,
        "w_writes": n * k * w_loads,
        "y_writes": results * y_used,
        "y_reads": results * y_used,
        "z_writes": results,
        "z_reads": results,
        "casts_in": x_writes + n * k * w_loads + results * y_used,
        "casts_out": results,
        **{f"{stream}_beats": count for stream, count in beats.items()},
        "bank_reads": words["x"] + words["w"] + words["y"],
        "bank_writes": words["z"],
        "arbitrations": sum(beats.values()),
    }


def _blocks(m: int, rows: int) -> dict[int, int]:
    """Return how many blocks of so many rows M is cut into."""
    whole, rest = divmod(m, rows)
    return {height: count for height, count in ((rows, whole), (rest, 1)) if height and count}


def _sets(rows: int, k: int, config: Config) -> int:
    """Return the steps from tiles to tiles in a block of so many rows, where they form as many groups as they can."""
    sets, left = 0, k
    groups = config.row_groups
    while left > 0:
        while groups > 1 and (rows > config.rows // groups or left <= config.tile_cols * (groups - 1)):
            groups //= 2
        some = max((left - config.tile_cols * (groups - 1) - 1) // (config.tile_cols * groups) + 1, 1)
        sets += some
        left -= some * config.tile_cols * groups
    return sets
