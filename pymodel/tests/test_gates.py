# SPDX-License-Identifier: Apache-2.0
"""The price list of the mechanisms: its arithmetic, on figures made up here. Needs no synthesis."""

from __future__ import annotations

from redmule.area.blocks import Size
from redmule.area.points import PAPER, design
from redmule.report import gates


def made_up(**sizes: Size) -> dict[str, dict[str, Size]]:
    """Return variants of one block: all alike, but for those that are given."""
    return {name: {"block": sizes.get(name.replace(" ", "_"), Size(1, 10, 5))} for name in design()[PAPER]}


def test_the_price_of_a_mechanism_is_the_difference_it_makes() -> None:
    variants = made_up(all=Size(2, 40, 20), only_contexts=Size(1.25, 15, 5))
    lines = {line[0]: line[1:] for line in gates.price_rows(variants)}
    contexts = next(line for label, line in lines.items() if "NumContexts" in label)
    assert contexts == ["0.2", "5", "25.0%", "1.0", "30", "50.0%"]
    assert lines["all of them"] == ["1.0", "30", "100.0%", "1.0", "30", "50.0%"]


def test_the_shares_of_the_blocks_are_of_the_whole() -> None:
    blocks = {"a": Size(3, 1, 0), "b": Size(1, 2, 1)}
    lines = gates.block_rows(blocks, {name: size * 0.5 for name, size in blocks.items()})
    assert [(line[0], line[4]) for line in lines] == [("a", "75.0%"), ("b", "25.0%"), ("whole", "100.0%")]
    assert lines[-1][1:4] == ["4.0", "3", "1"]
    assert lines[-1][5] == "2.0"


def test_every_mechanism_is_synthesised_alone_and_left_out() -> None:
    named = {f"{way} {mechanism}" for way in ("only", "without") for mechanism in gates.MECHANISMS}
    assert set(design()[PAPER]) == named | {gates.ALL, gates.NONE}
