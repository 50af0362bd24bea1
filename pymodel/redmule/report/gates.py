# SPDX-License-Identifier: Apache-2.0
"""What each block of the accelerator takes in generic gates, and what each mechanism adds to it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from redmule.config import Config
from redmule.report.synthesis import REAL_BITS, Cells, Synthesis, Unit

GATE_WEIGHTS: Mapping[str, float] = {
    "NAND": 1,
    "NOR": 1,
    "NOT": 0.67,
    "AND": 1.33,
    "OR": 1.33,
    "XOR": 2.33,
    "XNOR": 2.33,
    "MUX": 2.33,
}
"""Area of a gate in NAND2 gates: round figures of common standard cell libraries, of none in particular."""
FLIP_FLOP = 5.67
ASYNCHRONOUS_RESET = 1.0
SYNCHRONOUS_RESET = GATE_WEIGHTS["AND"]
ENABLE = GATE_WEIGHTS["MUX"]
"""Area of a flip-flop, and what is added to it. An enable is a multiplexer at each bit: no clock is gated."""

_FLIP_FLOP = re.compile(r"\$_(?P<sync>S?)DFFC?(?P<enable>E?)_(?P<polarities>\w+)_")
_GATE = re.compile(r"\$_(?P<gate>[A-Z]+)_")
_POLARITIES_WITHOUT_RESET = 1
KILO = 1000

ALL, NONE = "all", "none"
_OFF: Mapping[str, Any] = {"transposes": False, "row_groups": 1, "contexts": 1}
_MECHANISMS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "transposes": ("Transposes", {"transposes": True}),
    "groups_2": ("RowGroups = 2", {"row_groups": 2}),
    "groups_4": ("RowGroups = 4", {"row_groups": 4}),
    "contexts": ("NumContexts = 4: queue, overlap, hazards", {"contexts": 4}),
}
_MOST: Mapping[str, Any] = {"transposes": True, "row_groups": 4, "contexts": 4}
VARIANTS: Mapping[str, Mapping[str, Any]] = {
    ALL: _MOST,
    NONE: _OFF,
    **{f"only {key}": {**_OFF, **fields} for key, (_, fields) in _MECHANISMS.items()},
    "without transposes": {**_MOST, "transposes": False},
    "without groups_2": {**_MOST, "row_groups": 1},
    "without groups_4": {**_MOST, "row_groups": 2},
    "without contexts": {**_MOST, "contexts": 1},
}
"""What is synthesised: name -> fields of the configuration."""

# Bits of the ports of type `place_t` that a configuration without the mechanism never raises or never lowers.
_PLACES = ("beat_place_i", "z_place_i")
_GROUP_AND_SPLIT_BITS = range(22, 26)
_ALONG_BIT = 9


@dataclass(frozen=True, slots=True)
class Area:
    """What a block takes.

    Attributes:
        gates: area in NAND2 gates.
        enables: the part of it that is the enables of flip-flops.
        bits: flip-flops.
    """

    gates: float = 0.0
    enables: float = 0.0
    bits: float = 0.0

    def __add__(self, other: Area) -> Area:
        return Area(self.gates + other.gates, self.enables + other.enables, self.bits + other.bits)

    def __sub__(self, other: Area) -> Area:
        return self + other * -1

    def __mul__(self, times: float) -> Area:
        return Area(self.gates * times, self.enables * times, self.bits * times)

    def as_dict(self) -> dict[str, float]:
        """Return the figures by name."""
        return {"gates": self.gates, "enables": self.enables, "bits": self.bits}


Areas = dict[str, Area]
"""Block -> what it takes."""


def area_of(cells: Cells) -> Area:
    """Return what cells of Yosys take. Cells that are no gates (modules, notes on scopes) take nothing.

    Raises:
        ValueError: a gate or flip-flop without a weight.
    """
    total = Area()
    for name, count in cells.items():
        flip_flop, gate = _FLIP_FLOP.fullmatch(name), _GATE.fullmatch(name)
        if flip_flop:
            enable = ENABLE if flip_flop["enable"] else 0.0
            has_reset = len(flip_flop["polarities"]) - len(flip_flop["enable"]) > _POLARITIES_WITHOUT_RESET
            reset = SYNCHRONOUS_RESET if flip_flop["sync"] else ASYNCHRONOUS_RESET if has_reset else 0.0
            total += Area(FLIP_FLOP + enable + reset, enable, 1) * count
        elif gate and gate["gate"] in GATE_WEIGHTS:
            total += Area(GATE_WEIGHTS[gate["gate"]]) * count
        elif name.startswith("$_"):
            raise ValueError(f"{name} has no weight")
    return total


def extended(one_bit: Area, two_bits: Area) -> Area:
    """Return what a buffer of whole elements takes, from buffers of elements of one bit and of two: bits are alike."""
    return one_bit + (two_bits - one_bit) * (REAL_BITS - 1)


def areas(synthesis: Synthesis, config: Config) -> Areas:
    """Synthesise the blocks of a configuration and return what each takes in the whole."""
    rows, elements = config.rows, config.num_ces
    groups = {"RowGroups": config.row_groups}
    array = {"NumRows": rows, "RowLen": config.row_len, "PipeRegs": config.pipe_regs}
    port = {"PortWidth": config.port_width}
    tile = {"NumRows": rows, "TileCols": config.tile_cols, **groups, **port}
    lanes = {"UnitElems": config.port_elems, "NumLanes": config.port_bytes}
    x_chunks = {"ChunkLines": config.x_chunk, "NumChunks": config.x_chunks}
    w_chunks = {"ChunkLines": config.w_chunk, "NumChunks": config.w_chunks}
    transposes = int(config.transposes)
    row = {name: value for name, value in array.items() if name != "NumRows"}
    zeros = [(place, bit) for place in _PLACES for bit in _GROUP_AND_SPLIT_BITS if config.row_groups == 1]
    ones = [(place, _ALONG_BIT) for place in _PLACES if not config.transposes]

    def whole(unit: Unit) -> Area:
        return sum(map(area_of, synthesis.cells(unit).values()), Area())

    def buffer(unit: Unit) -> Area:
        return extended(whole(replace(unit, element_bits=1)), whole(replace(unit, element_bits=2)))

    x_buffer = {"LineElems": rows, **x_chunks, **lanes, "FillsAlong": transposes}
    w_buffer = {"LineElems": config.tile_cols, **w_chunks, **lanes, **groups, "FillsAcross": transposes}
    yz_buffer = {"NumRows": rows, "TileCols": config.tile_cols, **lanes, "Transposes": transposes}
    x_loader = {**tile, "OfX": 1, "ChunkLines": config.x_chunk, "NumChunks": config.x_chunks}
    w_loader = {**tile, "OfX": 0, "ChunkLines": config.w_chunk, "NumChunks": config.w_chunks}
    yz_units = [Unit("redmule_yz_access", {**tile, "LastOfJob": last}) for last in (0, 1)]
    return {
        "computing elements": whole(Unit("redmule_ce", {"PipeRegs": config.pipe_regs})) * elements,
        "rows: X values": whole(Unit("redmule_row", row, without=["redmule_ce"])) * rows,
        "array: entry, W choice, flags": whole(Unit("redmule_array", {**array, **groups}, without=["redmule_row"])),
        "run sequencer": whole(Unit("redmule_run", {**array, **groups})),
        "X buffer": buffer(Unit("redmule_line_buffer", x_buffer, memories=False)),
        "W line buffer": buffer(Unit("redmule_line_buffer", w_buffer)),
        "W rows": buffer(
            Unit("redmule_w_rows", {"RowLen": config.row_len, "TileCols": config.tile_cols, **groups}, memories=False)
        ),
        "YZ buffer": buffer(Unit("redmule_yz_buffer", yz_buffer, memories=False, zeros=zeros, ones=ones)),
        "casts": whole(Unit("redmule_cast_lanes_in", port)) + whole(Unit("redmule_cast_lanes_out", port)),
        "X loader": whole(Unit("redmule_line_loader", x_loader)),
        "W loader": whole(Unit("redmule_line_loader", w_loader)),
        "Y loader, Z storer": sum(map(whole, yz_units), Area()),
        "job feeds": whole(Unit("redmule_job_feed", {"NumContexts": config.contexts})) * _JOB_FEEDS,
        "port": whole(Unit("redmule_port", port)),
        **_control(synthesis, config, {**array, **port, **groups, "Transposes": transposes}),
    }


_JOB_FEEDS = 5
_PARTS_OF_CONTROL = {"u_queue": "control: queue", "u_hazard": "control: hazards", "u_results": "control: results"}
_REST_OF_CONTROL = "control: registers, checks"


def _control(synthesis: Synthesis, config: Config, parameters: Mapping[str, int]) -> Areas:
    """Return the parts of control, told apart by the instances in it."""
    more = {"NumContexts": config.contexts, "NumCores": config.cores, "IdWidth": config.id_width}
    cells = synthesis.cells(Unit("redmule_control", {**parameters, **more}, hierarchy=True))
    parts = dict.fromkeys([*_PARTS_OF_CONTROL.values(), _REST_OF_CONTROL], Area())
    for module, counts in cells.items():
        instance = re.search(r"redmule_control\.(\w+)", module)
        part = _PARTS_OF_CONTROL.get(instance[1] if instance else "", _REST_OF_CONTROL)
        parts[part] += area_of(counts)
    return parts


def total(blocks: Areas) -> Area:
    """Return what all blocks take together."""
    return sum(blocks.values(), Area())


BLOCK_COLUMNS = ("block", "kGE", "of these enables", "flip-flop bits", "share", "kGE without the mechanisms")
PRICE_COLUMNS = ("mechanism", "alone: kGE", "flip-flop bits", "share", "taken from all: kGE", "flip-flop bits", "share")


def block_rows(blocks: Areas, plain: Areas | None = None) -> list[list[str]]:
    """Return a line for each block and one for the whole; `plain`: the blocks without the mechanisms."""
    whole = total(blocks)
    plain = plain or {}
    lines = {**blocks, "whole": whole}
    others = {**plain, "whole": total(plain)}
    return [
        [
            name,
            _kilo(area.gates),
            _kilo(area.enables),
            f"{area.bits:.0f}",
            _percent(area.gates / whole.gates),
            _kilo(others[name].gates) if plain else "-",
        ]
        for name, area in lines.items()
    ]


def price_rows(variants: Mapping[str, Areas]) -> list[list[str]]:
    """Return a line for each mechanism, one for all of them and one for the whole.

    "Alone" is against the accelerator without any, "taken from all" against the one with all; both in shares of that.
    """
    most, least = total(variants[ALL]), total(variants[NONE])

    def cells(alone: Area, taken: Area) -> list[str]:
        pairs = ((alone, least), (taken, most))
        return [
            text
            for area, base in pairs
            for text in (_kilo(area.gates), f"{area.bits:.0f}", _percent(area.gates / base.gates))
        ]

    lines = [
        [label, *cells(total(variants[f"only {key}"]) - least, most - total(variants[f"without {key}"]))]
        for key, (label, _) in _MECHANISMS.items()
    ]
    return [*lines, ["all of them", *cells(most - least, most - least)], ["the accelerator", *cells(least, most)]]


def markdown(variants: Mapping[str, Areas], config: str) -> str:
    """Return the tables as a Markdown page that says how they were made."""
    weights = ", ".join(f"{gate} {weight}" for gate, weight in GATE_WEIGHTS.items())
    return f"""<!-- SPDX-License-Identifier: Apache-2.0 -->
# Gates

Written by `python scripts/gates.py --config {config} --write` with Yosys (`python -m pip install pyosys==0.70`).
Areas are in NAND2 gates (kGE: thousands) after synthesis to generic gates: no library, no timing, no layout; compare
them with each other only. Weights: {weights}; a flip-flop
{FLIP_FLOP}, with asynchronous reset {ASYNCHRONOUS_RESET} more, with synchronous reset {SYNCHRONOUS_RESET} more, with an
enable {ENABLE:g} more (a multiplexer at each bit; gated clocks would save most of it).

Each block is synthesised alone and the whole is their sum. Buffers are synthesised with elements of one bit and of two
and extended to {REAL_BITS}, as their bits are alike. In the YZ buffer what a configuration leaves out is tied off at
the ports; the loaders keep what they need for transposed matrices.

## Mechanisms

{_table(PRICE_COLUMNS, price_rows(variants))}

*Alone*: added to the accelerator with none of them; *taken from all*: saved in the one with all, for `RowGroups = 4` by
going back to 2, for `RowGroups = 2` by going back from 4 to 1. One context has neither overlap nor hazards.

## Blocks, with all mechanisms

{_table(BLOCK_COLUMNS, block_rows(variants[ALL], variants[NONE]))}
"""


def _table(columns: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    return "\n".join(f"| {' | '.join(line)} |" for line in (columns, ["---"] * len(columns), *lines))


def _kilo(gates: float) -> str:
    return f"{gates / KILO:.1f}"


def _percent(share: float) -> str:
    return f"{share:.1%}"
