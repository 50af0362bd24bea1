# SPDX-License-Identifier: Apache-2.0
"""What is synthesised, and what came of it: `design.yaml` says what; `scripts/area.py` writes `measured.yaml`."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import astuple, dataclass, replace
from pathlib import Path

import yaml

from redmule.area import blocks, data
from redmule.area.blocks import Size, Sizes
from redmule.area.synthesis import Unit
from redmule.area.timing import Depth, Timing
from redmule.config import Config

FIT, PAPER, WHOLE, ARRAYS = "fit", "paper", "whole", "arrays"
"""Why a configuration is synthesised; see `design.yaml`."""

MEASURED = Path(__file__).with_name("measured.yaml")
"""What was measured."""

_DESIGN = Path(__file__).with_name("design.yaml")
_DEPTH_CONFIG = "all"  # paper with all mechanisms
_ELEMENT = "computing element, P = {}"
_PIPE_REGS = range(5)
_HEADER = """# SPDX-License-Identifier: Apache-2.0
# Written by `python scripts/area.py --write`. Sizes: kGE, flip-flop bits, those with an enable. Depths, in FO4: inside,
# entering, leaving, through. In one piece: kGE, kGE of the blocks added up, depths.
"""


@dataclass(frozen=True, slots=True)
class Whole:
    """Several blocks synthesised in one piece.

    Attributes:
        kge: what they take.
        composed_kge: what they take alone, added up.
        depth: the longest paths, in FO4.
    """

    kge: float
    composed_kge: float
    depth: Depth


@dataclass(frozen=True, slots=True)
class Measured:
    """All that was measured.

    Attributes:
        fo4_ns: delay of an inverter of the library that drives four of its kind.
        sizes: name of a configuration -> block -> what it takes.
        accelerators: name of a configuration -> what it is in one piece.
        arrays: the same, of arrays alone.
        depths: unit or block -> its longest paths, in FO4.
    """

    fo4_ns: float
    sizes: Mapping[str, Sizes]
    accelerators: Mapping[str, Whole]
    arrays: Mapping[str, Whole]
    depths: Mapping[str, Depth]


@functools.cache
def design() -> Mapping[str, Mapping[str, Config]]:
    """Return the configurations to synthesise: why -> name -> configuration.

    Raises:
        ValueError: a parameter is unknown, or its value not allowed.
    """
    reasons = yaml.safe_load(_DESIGN.read_text(encoding="utf-8"))
    return {
        reason: {name: Config.from_parameters(name, parameters) for name, parameters in named.items()}
        for reason, named in reasons.items()
    }


def all_configs() -> dict[str, Config]:
    """Return all configurations of the design that are measured by blocks, by name."""
    return {name: config for reason, named in design().items() if reason != ARRAYS for name, config in named.items()}


def num_steps() -> int:
    """Return the steps of `measure`."""
    return len(all_configs()) + len(design()[WHOLE]) + len(design()[ARRAYS]) + len(_depth_units())


def measure(timing: Timing, done: Callable[[int], None]) -> Measured:
    """Synthesise and time everything in the design; what was made before comes from the cache.

    Args:
        timing: the tools.
        done: is told how many steps are done.

    Raises:
        RuntimeError: a tool is missing, or fails.
    """
    steps = itertools.count(1)

    def whole(unit: Unit, its_blocks: Sizes) -> Whole:
        size = blocks.size_of_unit(timing.synthesis, unit)
        result = Whole(size.kge, blocks.total(its_blocks).kge, timing.depth(unit))
        done(next(steps))
        return result

    sizes, accelerators, arrays, depths = {}, {}, {}, {}
    for name, config in all_configs().items():
        sizes[name] = blocks.sizes(timing.synthesis, config)
        done(next(steps))
    for name, config in design()[WHOLE].items():
        accelerators[name] = whole(blocks.accelerator(config), sizes[name])
    for name, config in design()[ARRAYS].items():
        alone = blocks.sizes_of_parts(timing.synthesis, blocks.array_parts(config))
        arrays[name] = whole(blocks.array(config), alone)
    for name, units in _depth_units().items():
        depths[name] = _longest(map(timing.depth, units))
        done(next(steps))
    return Measured(timing.fo4_ns(), sizes, accelerators, arrays, depths)


def save(measured: Measured) -> None:
    """Write what was measured into the package."""
    data.write(MEASURED, _HEADER, measured)


def load() -> Measured:
    """Return what was measured, as the package holds it."""
    figures = yaml.safe_load(MEASURED.read_text(encoding="utf-8"))

    def wholes(of: str) -> dict[str, Whole]:
        return {name: Whole(kge, alone, Depth(*depth)) for name, (kge, alone, depth) in figures[of].items()}

    return Measured(
        figures["fo4_ns"],
        {name: {block: Size(*its) for block, its in sizes.items()} for name, sizes in figures["sizes"].items()},
        wholes("accelerators"),
        wholes("arrays"),
        {name: Depth(*its) for name, its in figures["depths"].items()},
    )


def _depth_units() -> dict[str, list[Unit]]:
    """Return the units whose paths are measured: elements of every depth, and the blocks of `paper`.

    Elements of buffers have one bit here, so the lines that select them drive less than they would.
    """
    config = all_configs()[_DEPTH_CONFIG]
    elements = {_ELEMENT.format(registers): [Unit("redmule_ce", {"PipeRegs": registers})] for registers in _PIPE_REGS}
    its_blocks = {
        block: [replace(part.unit, element_bits=1) if part.bits_alike else part.unit for part in its_parts]
        for block, its_parts in blocks.parts(config).items()
        if block not in blocks.ARRAY
    }
    return {**elements, **its_blocks, "control": [replace(blocks.control(config), hierarchy=False)]}


def _longest(depths: Iterator[Depth]) -> Depth:
    """Return the longest path of each kind."""
    return Depth(*map(max, zip(*map(astuple, depths), strict=True)))
