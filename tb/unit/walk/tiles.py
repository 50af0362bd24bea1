# SPDX-License-Identifier: Apache-2.0
"""Cocotb test of the tile walk alone: every small matrix, split as the rule says."""

from __future__ import annotations

import os
import random
from typing import Any

import cocotb

from tb.pins import Pins
from tb.unit.walk.model import ADDRESS_SPACE, GROUPS, tiles

ROWS = int(os.environ["NUMROWS"])
TILE_COLS = int(os.environ["TILECOLS"])
ROW_GROUPS = int(os.environ["ROWGROUPS"])
ADDRESS_BITS = 32
LARGEST = (1 << 16) - 1  # M and K
MOST_ROWS, MOST_COLS = 2 * ROWS + 1, 6 * TILE_COLS + 1


async def _walk(pins: Pins, m: int, k: int, stop: int | None = None) -> set[int]:
    """Walk all tiles of a matrix, with holds, or clear at the tile `stop`; returns the groups seen."""
    base, block_step, tile_step = (random.getrandbits(ADDRESS_BITS) for _ in range(3))
    seen = set()
    for number, tile in enumerate(tiles(m, k, ROWS, TILE_COLS, ROW_GROUPS)):
        place = base + tile.row // ROWS * block_step + tile.col // TILE_COLS * tile_step
        shown = {
            "rows": tile.rows,
            "cols": tile.cols,
            "split": GROUPS.index(tile.groups),
            "place": place % ADDRESS_SPACE,
            "block_ends": int(tile.col + tile.cols == k),
            "last": int(tile.row + tile.rows == m and tile.col + tile.cols == k),
        }
        seen.add(tile.groups)
        advance = False
        while not advance:
            advance = random.random() < 0.8
            clear = advance and number == stop
            inputs = {"m": m, "k": k, "base": base, "block_step": block_step, "tile_step": tile_step}
            got = await pins.cycle(advance=advance, clear=clear, **inputs)
            assert got == shown, f"tile {number} of {m} x {k}: {got}, not {shown}"
            if clear:
                return seen
    return seen


async def _start(dut: Any) -> Pins:
    pins = Pins(dut, ("rows", "cols", "split", "place", "block_ends", "last"))
    await pins.start()
    return pins


@cocotb.test()
async def every_small_matrix_is_split_as_the_rule_says(dut: Any) -> None:
    pins = await _start(dut)
    seen = set()
    for m in range(1, MOST_ROWS + 1):
        for edge in range(1, MOST_COLS + 1, TILE_COLS):
            for k in {max(edge - 1, 1), edge, min(edge + random.randrange(TILE_COLS), MOST_COLS)}:
                seen |= await _walk(pins, m, k)
    assert seen == {groups for groups in GROUPS if groups <= min(ROWS, ROW_GROUPS)}


@cocotb.test()
async def large_matrices_and_clears_at_any_tile(dut: Any) -> None:
    pins = await _start(dut)
    for _ in range(60):
        m, k = random.choice([(random.randint(1, LARGEST), 1), (1, random.randint(1, LARGEST)), (LARGEST, LARGEST)])
        assert await _walk(pins, m, k, stop=random.randrange(20))
        assert await _walk(pins, random.randint(1, MOST_ROWS), random.randint(1, MOST_COLS))
