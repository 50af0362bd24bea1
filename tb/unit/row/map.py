# SPDX-License-Identifier: Apache-2.0
"""Cocotb test of the row map: the group of every row and its place there, for every array and every split."""

from __future__ import annotations

import os
from typing import Any

import cocotb

from tb.pins import Pins, split, unpack

ROWS = int(os.environ["MAXROWS"])
GROUPS = (1, 2, 4)
ENTRY = (1, 1, 2, 5)  # in a group, in the last one; group, place


def _expected(rows: int, groups: int) -> list[tuple[int, ...]]:
    """Each group in turn takes as many neighbouring rows as all groups can have; what is left over is in none."""
    each = rows // groups
    entries = [(1, int(group == groups - 1), group, place) for group in range(groups) for place in range(each)]
    return entries + [(0,)] * (rows % groups)


@cocotb.test()
async def every_row_has_its_group_and_its_place_there(dut: Any) -> None:
    pins = Pins(dut, ("maps",))
    await pins.start()
    compared = 0
    for code, groups in enumerate(GROUPS):
        maps = unpack((await pins.cycle(split=code))["maps"], ROWS * sum(ENTRY), len(GROUPS) * ROWS)
        for number, bits in enumerate(maps):
            most, rows = GROUPS[number // ROWS], number % ROWS + 1
            if groups > min(most, rows):
                continue  # no block is ever split like this
            entries = [split(entry, ENTRY) for entry in unpack(bits, sum(ENTRY), rows)]
            for row, (entry, expected) in enumerate(zip(entries, _expected(rows, groups), strict=True)):
                assert entry[: len(expected)] == expected, f"row {row} of {rows} in {groups} of up to {most} groups"
                compared += 1
    assert compared > ROWS * ROWS
