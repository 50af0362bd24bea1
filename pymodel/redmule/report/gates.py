# SPDX-License-Identifier: Apache-2.0
"""What each block of the paper configuration takes, and what each mechanism adds to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from redmule.area.blocks import Size, Sizes, total

ALL, NONE = "all", "none"
"""Names of the configurations with all mechanisms, and without any."""

MECHANISMS: Mapping[str, str] = {
    "transposes": "Transposes",
    "groups_2": "RowGroups = 2",
    "groups_4": "RowGroups = 4",
    "contexts": "NumContexts = 4: queue, overlap, hazards",
}
"""Mechanism, as the names of the configurations "only ..." and "without ..." have it -> what the table says."""

BLOCK_COLUMNS = ("block", "kGE", "flip-flop bits", "with enable", "share", "kGE without the mechanisms")
PRICE_COLUMNS = ("mechanism", "alone: kGE", "flip-flop bits", "share", "taken from all: kGE", "flip-flop bits", "share")


def block_rows(blocks: Sizes, plain: Sizes) -> list[list[str]]:
    """Return a line for each block and one for the whole; `plain`: the blocks without the mechanisms."""
    whole, plain_whole = total(blocks), total(plain)
    lines = [(name, size, plain[name]) for name, size in blocks.items()]
    return [
        [
            name,
            f"{size.kge:.1f}",
            f"{size.bits:.0f}",
            f"{size.enabled:.0f}",
            f"{size.kge / whole.kge:.1%}",
            f"{bare.kge:.1f}",
        ]
        for name, size, bare in [*lines, ("whole", whole, plain_whole)]
    ]


def price_rows(variants: Mapping[str, Sizes]) -> list[list[str]]:
    """Return a line for each mechanism, one for all of them and one for the whole.

    "Alone" is against the accelerator without any, "taken from all" against the one with all; both in shares of that.
    """
    most, least = total(variants[ALL]), total(variants[NONE])

    def cells(alone: Size, taken: Size) -> list[str]:
        pairs = ((alone, least), (taken, most))
        return [text for size, base in pairs for text in (*_cells(size), f"{size.kge / base.kge:.1%}")]

    lines = [
        [label, *cells(total(variants[f"only {key}"]) - least, most - total(variants[f"without {key}"]))]
        for key, label in MECHANISMS.items()
    ]
    return [*lines, ["all of them", *cells(most - least, most - least)], ["the accelerator", *cells(least, most)]]


def page(variants: Mapping[str, Sizes]) -> str:
    """Return the tables as a Markdown page that says how they were made."""
    return f"""<!-- SPDX-License-Identifier: Apache-2.0 -->
# Gates

Written by `python scripts/area.py --write`, for the `paper` array (12 x 4, 256-bit port). Areas are in thousand gates
of the size of a NAND2 (kGE) of the library osu018, after synthesis by Yosys: no layout, no wires, no clock gates. An
enable is a multiplexer at each bit, of about 2 gates, which gated clocks would save. How well blocks add up: `area.md`.

## Mechanisms

{table(PRICE_COLUMNS, price_rows(variants))}

*Alone*: added to the accelerator with none of them; *taken from all*: saved in the one with all, for `RowGroups = 4` by
going back to 2, for `RowGroups = 2` by going back from 4 to 1. One context has neither overlap nor hazards.

## Blocks, with all mechanisms

{table(BLOCK_COLUMNS, block_rows(variants[ALL], variants[NONE]))}
"""


def _cells(size: Size) -> list[str]:
    return [f"{size.kge:.1f}", f"{size.bits:.0f}"]


def table(columns: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    return "\n".join(f"| {' | '.join(line)} |" for line in (columns, ["---"] * len(columns), *lines))
