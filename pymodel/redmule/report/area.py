# SPDX-License-Identifier: Apache-2.0
"""The page about area and logic depth: what was measured, what the model makes of it, what was published."""

from __future__ import annotations

import operator
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass, replace

import numpy as np

from redmule.area import blocks, fit
from redmule.area.model import Model
from redmule.area.points import Measured, all_configs
from redmule.config import CONFIGS, Config
from redmule.report.gates import ALL, NONE, table

_PUBLISHED_REGISTERS = 3
_PUBLISHED_MHZ = {"0.65 V": 470, "0.80 V": 613, "highest": 666}  # arXiv 2301.03904, 2204.11192
_GATES = 1000  # of a kGE
_PICOSECONDS = 1000  # of a ns
_LINE = 120
_INTRODUCTION = """<!-- SPDX-License-Identifier: Apache-2.0 -->
# Area and logic depth

Written by `python scripts/area.py --write` (`make area`) with Yosys, OpenSTA and the library osu018 (0.18 um, open).
Areas are in thousand gates of the size of a NAND2 (kGE) after synthesis, each block alone; buffers with elements of
one bit and of two, extended to 16. There is no layout, no clock tree, no memory macro: buffers are flip-flops, and an
enable is a multiplexer. `redmule.area.estimate(config)` gives the figures of the model without any tool.
"""
_YARDSTICKS: Mapping[str, Sequence[str]] = {
    "without the mechanisms": ("8 x 4, none", "none", "f09", "12 x 8, none"),
    "with all": ("8 x 4, all", "all"),
}
"""Arrays with three pipeline registers and a port of 256 bits, by mechanisms."""


@dataclass(frozen=True, slots=True)
class Section:
    """A table of the page, with what there is to say about it."""

    title: str
    text: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


def sections(measured: Measured, model: Model) -> list[Section]:
    """Return the tables in the order of the page."""
    low, high = model.interval
    um2_low, um2_high = model.um2_interval
    return [
        Section(
            "Named configurations",
            f"""By the model. The interval of kGE is {low - 1:+.1%} to {high - 1:+.1%}, two standard deviations of the
            residuals below and 5 % at least, and {model.spared_kge:.0f} kGE less at its low end, which synthesis in one
            piece may spare. It holds for this library and these tools. "22 nm equivalent" rests on one published point,
            0.07 mm2 for 8 x 4 in 22 nm (arXiv 2204.11192): it assumes that our 8 x 4 without transposes, row groups and
            queue would take just that, which makes {model.um2_per_kge:.0f} um2 for thousand gates. Its interval
            ({um2_low - 1:+.0%} to {um2_high - 1:+.0%}) spans the rounding of 0.07 and the figures of a published model
            of that accelerator (SoftHier, GVSoC).""",
            ("configuration", "kGE", "interval", "mm2, 22 nm equivalent", "interval"),
            [_estimate_row(name, config, model) for name, config in CONFIGS.items()],
        ),
        Section(
            "Against the published accelerator",
            """A line through measured arrays with three pipeline registers and a port of 256 bits, beside that
            published model. What goes with an element includes its share of the buffers. With all mechanisms only two
            arrays are measured; most of their fixed part is the W line buffer, whose size is the same in both.""",
            ("accelerator", "fixed, kGE", "per element, kGE", "the element alone"),
            _comparison_rows(measured),
        ),
        Section(
            "The paper array by blocks",
            """Measured, and by the model, which has not seen this size; on the right measured over estimated of all
            held-out configurations. Prices of the mechanisms: `gates.md`.""",
            ("block", "kGE, all mechanisms", "model", "kGE without them", "model", "measured / model, least", "most"),
            _block_rows(measured, model),
        ),
        Section(
            "In one piece",
            """Is the sum of the blocks what the whole takes? A block alone keeps what its neighbours do not use: a job
            feed shows the whole job, of which a loader needs a part, and in so small arrays the buffers see indices
            wider than they need. Most of this lies in control and loaders, which do not grow with the array.
            Accelerators in one piece are built without Yosys's memories, which makes their W buffers up to a tenth
            larger.""",
            ("what", "kGE in one piece", "blocks added up", "difference"),
            _whole_rows(measured),
        ),
        Section(
            "Held-out configurations",
            "Measured over estimated, of configurations that the model was not fitted to.",
            ("configuration", "rows x length, registers, port", "kGE", "model", "measured / model"),
            _residual_rows(measured, model),
        ),
        Section(
            "Logic depth",
            f"""In FO4, the delay of an inverter that drives four of its kind ({measured.fo4_ns * _PICOSECONDS:.0f} ps
            in this library). The delay and the set-up time of registers are in it, wires are not. "Inside" is from
            register to register, "entering" from an input, "leaving" to an output. Elements of buffers have one bit
            here.""",
            ("what", "inside", "entering", "leaving", "through"),
            _depth_rows(measured),
        ),
        Section(
            "Clock",
            f"""The longest path in FO4: that of an array (2 x 2) with so many pipeline registers in an element, or that
            of a small accelerator outside of its array, which leads from the Z storer through the reading of the YZ
            buffer and a cast into the register of the port; larger buffers make it somewhat longer. The clocks are
            those of the published array with {_PUBLISHED_REGISTERS} registers, in MHz, scaled by the longest path: they
            assume that the path of the published array is as long as ours without the mechanisms.""",
            ("mechanisms", "registers", "array", "longest path", *(f"published {point}" for point in _PUBLISHED_MHZ)),
            _clock_rows(model),
        ),
        Section(
            "Coefficients",
            "Gates (NAND2) that each feature adds. None is negative, so nothing shrinks as an array grows.",
            ("block", "feature", "gates for each"),
            [
                [block, feature, f"{kge * _GATES:.2f}"]
                for block, its in model.kge.items()
                for feature, kge in its.items()
            ],
        ),
    ]


def page(measured: Measured, model: Model) -> str:
    """Return the page."""
    parts = [
        f"## {section.title}\n\n{_wrapped(section.text)}\n\n{table(section.columns, section.rows)}\n"
        for section in sections(measured, model)
    ]
    return _INTRODUCTION + "\n" + "\n".join(parts)


def _wrapped(text: str) -> str:
    return textwrap.fill(" ".join(text.split()), _LINE)


def _estimate_row(name: str, config: Config, model: Model) -> list[str]:
    area = model.estimate(config)
    (kge_low, kge_high), (mm2_low, mm2_high) = area.kge_interval, area.mm2_interval
    kges = [f"{area.kge:.0f}", f"{kge_low:.0f} to {kge_high:.0f}"]
    return [name, *kges, f"{area.mm2:.3f}", f"{mm2_low:.3f} to {mm2_high:.3f}"]


def _comparison_rows(measured: Measured) -> list[list[str]]:
    rows = []
    for mechanisms, names in _YARDSTICKS.items():
        elements = [all_configs()[name].num_ces for name in names]
        each, fixed = np.polyfit(elements, [blocks.total(measured.sizes[name]).kge for name in names], 1)
        alone = measured.sizes[names[0]][blocks.ARRAY[0]].kge / elements[0]
        rows.append([f"this one, {mechanisms}", f"{fixed:.0f}", f"{each:.2f}", f"{alone:.2f}"])
    return [*rows, ["published", f"{fit.PUBLISHED_FIXED_KGE:.0f}", f"{fit.PUBLISHED_CE_KGE:.2f}", "-"]]


def _block_rows(measured: Measured, model: Model) -> list[list[str]]:
    estimates = {name: model.estimate(config).blocks for name, config in all_configs().items()}
    sizes = {name: {block: size.kge for block, size in its.items()} for name, its in measured.sizes.items()}

    def row(block: str, kge: Callable[[Mapping[str, float]], float]) -> list[str]:
        paper = [kge(of[name]) for name in (ALL, NONE) for of in (sizes, estimates)]
        ratios = [kge(sizes[name]) / kge(estimates[name]) for name in model.residuals if kge(estimates[name])]
        return [block, *(f"{figure:.1f}" for figure in paper), f"{min(ratios):.2f}", f"{max(ratios):.2f}"]

    rows = [row(block, operator.itemgetter(block)) for block in sizes[ALL]]
    return [*rows, row("whole", lambda blocks: sum(blocks.values()))]


def _whole_rows(measured: Measured) -> list[list[str]]:
    return [
        [f"{what} {name}", f"{its.kge:.1f}", f"{its.composed_kge:.1f}", f"{its.composed_kge / its.kge - 1:+.1%}"]
        for what, wholes in (("array of", measured.arrays), ("accelerator", measured.accelerators))
        for name, its in wholes.items()
    ]


def _residual_rows(measured: Measured, model: Model) -> list[list[str]]:
    rows = []
    for name, residual in model.residuals.items():
        config, kge = all_configs()[name], blocks.total(measured.sizes[name]).kge
        shape = f"{config.rows} x {config.row_len}, {config.pipe_regs}, {config.port_width}"
        rows.append([name, shape, f"{kge:.1f}", f"{kge / residual:.1f}", f"{residual:.3f}"])
    return rows


def _clock_rows(model: Model) -> list[list[str]]:
    plain, full = (all_configs()[name] for name in (NONE, ALL))
    published_fo4 = model.estimate(replace(plain, pipe_regs=_PUBLISHED_REGISTERS)).fo4
    rows = []
    for mechanisms, config in (("none", plain), ("all", full)):
        for registers, array_fo4 in enumerate(model.array_fo4):
            fo4 = model.estimate(replace(config, pipe_regs=registers)).fo4
            clocks = [f"{mhz * published_fo4 / fo4:.0f}" for mhz in _PUBLISHED_MHZ.values()]
            rows.append([mechanisms, f"{registers}", f"{array_fo4:.0f}", f"{fo4:.0f}", *clocks])
    return rows


def _depth_rows(measured: Measured) -> list[list[str]]:
    depths = {
        **measured.depths,
        **{f"array of {name}": its.depth for name, its in measured.arrays.items()},
        **{f"accelerator {name}": its.depth for name, its in measured.accelerators.items()},
    }
    return [[name, *(f"{fo4:.0f}" if fo4 else "-" for fo4 in astuple(depth))] for name, depth in depths.items()]
