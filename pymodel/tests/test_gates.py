# SPDX-License-Identifier: Apache-2.0
"""The price list of the mechanisms: its arithmetic, on figures made up here. Needs no synthesis."""

from __future__ import annotations

from collections import Counter

import pytest

from redmule.report import gates
from redmule.report.gates import Area


def test_a_flip_flop_pays_for_its_reset_and_its_enable() -> None:
    plain, reset, enabled, both, synchronous = (
        gates.area_of(Counter({name: 1}))
        for name in ("$_DFF_P_", "$_DFF_PN0_", "$_DFFE_PP_", "$_DFFE_PN0P_", "$_SDFFCE_PP0P_")
    )
    assert plain == Area(gates.FLIP_FLOP, 0, 1)
    assert reset == plain + Area(gates.ASYNCHRONOUS_RESET)
    assert enabled == plain + Area(gates.ENABLE, gates.ENABLE)
    assert both == enabled + Area(gates.ASYNCHRONOUS_RESET)
    assert synchronous == enabled + Area(gates.SYNCHRONOUS_RESET)


def test_modules_and_notes_take_nothing_and_gates_their_weight() -> None:
    cells = Counter({"$_NAND_": 3, "$_MUX_": 2, "$scopeinfo": 7, "redmule_row$a.b": 12})
    assert gates.area_of(cells).gates == pytest.approx(3 + 2 * gates.GATE_WEIGHTS["MUX"])


def test_a_cell_without_a_weight_is_refused() -> None:
    with pytest.raises(ValueError, match="no weight"):
        gates.area_of(Counter({"$_DLATCH_P_": 1}))


def test_a_buffer_of_sixteen_bits_is_extended_from_one_and_two() -> None:
    common, bit = Area(100, 5, 10), Area(7, 2, 3)
    extended = gates.extended(common + bit, common + bit * 2)
    assert extended == common + bit * 16


def test_the_price_of_a_mechanism_is_the_difference_it_makes() -> None:
    variants = {name: {"block": Area(1000, 0, 10)} for name in gates.VARIANTS}
    variants["all"] = {"block": Area(2000, 0, 40)}
    variants["only contexts"] = {"block": Area(1250, 0, 15)}
    lines = {line[0]: line[1:] for line in gates.price_rows(variants)}
    contexts = next(line for label, line in lines.items() if "NumContexts" in label)
    assert contexts == ["0.2", "5", "25.0%", "1.0", "30", "50.0%"]
    assert lines["all of them"] == ["1.0", "30", "100.0%", "1.0", "30", "50.0%"]


def test_the_shares_of_the_blocks_are_of_the_whole() -> None:
    lines = gates.block_rows({"a": Area(3000, 0, 1), "b": Area(1000, 0, 2)})
    assert [(line[0], line[4]) for line in lines] == [("a", "75.0%"), ("b", "25.0%"), ("whole", "100.0%")]
    assert lines[-1][3] == "3"
