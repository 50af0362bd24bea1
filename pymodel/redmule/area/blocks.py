# SPDX-License-Identifier: Apache-2.0
"""The blocks of the accelerator: the units that make up each, and what it takes when they are synthesised.

Each unit is synthesised alone, and the whole is the sum of its blocks. Buffers are synthesised with elements of one bit
and of two and extended to 16, as their bits are alike.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, replace

from redmule.area.synthesis import REAL_BITS, Cells, Synthesis, Unit
from redmule.config import Config

_FLIP_FLOP = re.compile(r"\$_S?DFF(?:C|SR)?(?P<enable>E?)_\w+_")
_KILO = 1000


@dataclass(frozen=True, slots=True)
class Size:
    """What a block takes.

    Attributes:
        kge: area in thousand NAND2 gates.
        bits: flip-flops.
        enabled: those of them with an enable; each has a multiplexer, which gated clocks would save.
    """

    kge: float = 0.0
    bits: float = 0.0
    enabled: float = 0.0

    def __add__(self, other: Size) -> Size:
        return Size(*(mine + its for mine, its in zip(astuple(self), astuple(other), strict=True)))

    def __sub__(self, other: Size) -> Size:
        return self + other * -1

    def __mul__(self, times: float) -> Size:
        return Size(*(mine * times for mine in astuple(self)))


Sizes = Mapping[str, Size]
"""Block -> what it takes."""

ARRAY = ("computing elements", "rows: X values", "array: entry, W choice, flags")
"""The blocks of the array."""


@dataclass(frozen=True, slots=True)
class Part:
    """Units of one kind in a block.

    Attributes:
        unit: what is synthesised.
        times: how many there are.
        bits_alike: a buffer, whose size follows from elements of one bit and of two.
    """

    unit: Unit
    times: int = 1
    bits_alike: bool = False


Parts = Mapping[str, Sequence[Part]]
"""Block -> the units in it."""

# Bits of the ports of type `place_t` that a configuration without the mechanism never raises or never lowers.
_PLACES = ("beat_place_i", "z_place_i")
_GROUP_AND_SPLIT_BITS = range(22, 26)
_ALONG_BIT = 9

_INDEX_BITS = 7  # of a column that comes late, to the rows of W; without transposes none does

_JOB_FEEDS = 5
_CONTROL = "redmule_control"
_PARTS_OF_CONTROL = {"u_queue": "control: queue", "u_hazard": "control: hazards", "u_results": "control: results"}
_REST_OF_CONTROL = "control: registers, checks"


def parts(config: Config) -> Parts:
    """Return the parts of each block of a configuration but control."""
    groups = {"RowGroups": config.row_groups}
    row = {"RowLen": config.row_len, "PipeRegs": config.pipe_regs}
    array = {"NumRows": config.rows, **row, **groups}
    port = {"PortWidth": config.port_width}
    tile = {"NumRows": config.rows, "TileCols": config.tile_cols, **groups, **port}
    lanes = {"UnitElems": config.port_elems, "NumLanes": config.port_bytes}
    x_chunks = {"ChunkLines": config.x_chunk, "NumChunks": config.x_chunks}
    w_chunks = {"ChunkLines": config.w_chunk, "NumChunks": config.w_chunks}
    transposes = int(config.transposes)

    x_buffer = {"LineElems": config.rows, **x_chunks, **lanes, "FillsAlong": transposes}
    w_buffer = {"LineElems": config.tile_cols, **w_chunks, **lanes, **groups, "FillsAcross": transposes}
    w_rows = {"RowLen": config.row_len, "TileCols": config.tile_cols, **groups, "ChunkLines": config.w_chunk}
    loader = {**tile, "RowLen": config.row_len}
    yz_buffer = {"NumRows": config.rows, "TileCols": config.tile_cols, **lanes, "Transposes": transposes}
    zeros = [(place, bit) for place in _PLACES for bit in _GROUP_AND_SPLIT_BITS if config.row_groups == 1]
    never_late = [("late_col_i", bit) for bit in range(_INDEX_BITS) if not config.transposes]
    ones = [(place, _ALONG_BIT) for place in _PLACES if not config.transposes]

    def buffer(unit: Unit) -> tuple[Part, ...]:
        return (Part(unit, bits_alike=True),)

    return {
        ARRAY[0]: (Part(Unit("redmule_ce", {"PipeRegs": config.pipe_regs}), config.num_ces),),
        ARRAY[1]: (Part(Unit("redmule_row", row, without=["redmule_ce"]), config.rows),),
        ARRAY[2]: (Part(Unit("redmule_array", array, without=["redmule_row"])),),
        "run sequencer": (Part(Unit("redmule_run", array)),),
        "X buffer": buffer(Unit("redmule_line_buffer", x_buffer, memories=False)),
        "W line buffer": buffer(Unit("redmule_line_buffer", w_buffer)),
        "W rows": buffer(Unit("redmule_w_rows", w_rows, memories=False, zeros=never_late)),
        "YZ buffer": buffer(Unit("redmule_yz_buffer", yz_buffer, memories=False, zeros=zeros, ones=ones)),
        "casts": tuple(Part(Unit(f"redmule_cast_lanes_{way}", port)) for way in ("in", "out")),
        "X loader": (Part(Unit("redmule_line_loader", {**loader, **x_chunks, "OfX": 1})),),
        "W loader": (Part(Unit("redmule_line_loader", {**loader, **w_chunks, "OfX": 0})),),
        "Y loader, Z storer": tuple(Part(Unit("redmule_yz_access", {**tile, "LastOfJob": last})) for last in (0, 1)),
        "job feeds": (Part(Unit("redmule_job_feed", {"NumContexts": config.contexts}), _JOB_FEEDS),),
        "port": (Part(Unit("redmule_port", port)),),
    }


def control(config: Config) -> Unit:
    """Return the unit of control; its blocks are told apart by the instances in it."""
    return Unit(_CONTROL, config.parameters(), hierarchy=True)


def array_parts(config: Config) -> Parts:
    """Return the parts of the array."""
    return {block: parts(config)[block] for block in ARRAY}


def array(config: Config) -> Unit:
    """Return the array as one unit."""
    return replace(parts(config)[ARRAY[-1]][0].unit, without=())


def accelerator(config: Config) -> Unit:
    """Return the whole as one unit."""
    return Unit("redmule_top", config.parameters(), memories=False)


def size_of(cells: Cells, cell_areas: Mapping[str, float]) -> Size:
    """Return what cells take. Those that are no gates (modules, notes on scopes) take nothing.

    Args:
        cells: of the library, and flip-flops as they were before mapping, which count as bits.
        cell_areas: of the library, in NAND2 gates.

    Raises:
        ValueError: a gate of Yosys that was not mapped.
    """
    kge = bits = enabled = 0.0
    for name, count in cells.items():
        if flip_flop := _FLIP_FLOP.fullmatch(name):
            bits += count
            enabled += count if flip_flop["enable"] else 0
        elif name.startswith("$_"):
            raise ValueError(f"{name} was not mapped to a cell of the library")
        else:
            kge += cell_areas.get(name, 0.0) * count / _KILO
    return Size(kge, bits, enabled)


def extended(one_bit: Size, two_bits: Size) -> Size:
    """Return what a buffer of whole elements takes, from buffers of elements of one bit and of two: bits are alike."""
    return one_bit + (two_bits - one_bit) * (REAL_BITS - 1)


def total(blocks: Sizes) -> Size:
    """Return what all blocks take together."""
    return sum(blocks.values(), Size())


def size_of_unit(synthesis: Synthesis, unit: Unit) -> Size:
    """Synthesise a unit and return what it takes.

    Raises:
        RuntimeError: a tool is missing, or fails.
    """
    cell_areas = synthesis.cell_areas()
    return total({module: size_of(cells, cell_areas) for module, cells in synthesis.cells(unit).items()})


def sizes_of_parts(synthesis: Synthesis, its_parts: Parts) -> Sizes:
    """Synthesise parts and return what each block takes.

    Raises:
        RuntimeError: a tool is missing, or fails.
    """

    def size(part: Part) -> Size:
        if part.bits_alike:
            alike = (size_of_unit(synthesis, replace(part.unit, element_bits=bits)) for bits in (1, 2))
            return extended(*alike) * part.times
        return size_of_unit(synthesis, part.unit) * part.times

    return {block: sum(map(size, its), Size()) for block, its in its_parts.items()}


def sizes(synthesis: Synthesis, config: Config) -> Sizes:
    """Synthesise the blocks of a configuration and return what each takes in the whole.

    Raises:
        RuntimeError: a tool is missing, or fails.
    """
    its_control = dict.fromkeys([*_PARTS_OF_CONTROL.values(), _REST_OF_CONTROL], Size())
    cell_areas = synthesis.cell_areas()
    for module, cells in synthesis.cells(control(config)).items():
        instance = re.search(rf"{_CONTROL}\.(\w+)", module)
        block = _PARTS_OF_CONTROL.get(instance[1] if instance else "", _REST_OF_CONTROL)
        its_control[block] += size_of(cells, cell_areas)
    return {**sizes_of_parts(synthesis, parts(config)), **its_control}
