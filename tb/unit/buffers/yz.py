# SPDX-License-Identifier: Apache-2.0
"""Cocotb test of the buffer of the accumulators: Y comes in by rows and leaves by columns, and Z takes its place."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass
from typing import Any

import cocotb

from tb.pins import Pins, pack, unpack
from tb.unit.buffers.traffic import ELEM_BITS, JOBS, Beat, Size, beats, matrix

STATES = ("free", "y_ready", "z_here", "z_arriving", "z_ready")
OUTPUTS = (*STATES, "y", "z_elem")


@dataclass(frozen=True, slots=True)
class Tile:
    """What a tile takes in (None: no Y) and gives out, by rows."""

    y: list[list[int]] | None
    z: list[list[int]]

    @property
    def cols(self) -> int:
        """Live columns."""
        return len(self.z[0])


class Bench:
    """Loader, array and storer around one buffer; each does its next thing as soon as it may, or some cycles later."""

    def __init__(self, pins: Pins, size: Size) -> None:
        self.pins, self.size = pins, size
        self.overlaps = self.columns = self.stored = 0

    def begin(self, use_y: bool) -> None:
        """A new job of a few tiles, nothing in the buffer."""
        self.use_y = use_y
        self.y, self.z = "free", "free"
        shapes = [(random.randint(1, self.size.rows), random.randint(1, self.size.cols)) for _ in range(4)]
        self.tiles = [Tile(matrix(*shape) if use_y else None, matrix(*shape)) for shape in shapes]
        self.byte_format = random.random() < 0.5
        self.asked = -1  # the tile whose Y was asked for last
        self.tile = self.col = 0  # the next step of the array
        self.arrives: tuple[list[list[int]], int] | None = None  # the tile of Z, and its column that is on its way
        self.loads: deque[Beat] = deque()
        self.stores: deque[Beat] = deque()

    def _load(self) -> dict[str, int]:
        """The loader: asks for the Y of the next tile when the buffer is free, and brings it."""
        if self.loads:
            beat = self.loads.popleft()
            return {"y_valid": 1} | beat.pins(2 * self.size.unit)
        if self.y == self.z == "free" and self.asked < self.tile and self.tile < len(self.tiles) and self.col == 0:
            y = self.tiles[self.tile].y
            if y is not None:
                self.asked = self.tile
                self.loads.extend(beats(y, self.size.unit, self.byte_format))
                return {"y_begins": 1}
        return {}

    def _step(self) -> dict[str, int]:
        """The array: takes the next column of Y; the tile before leaves on the way, or alone at the end."""
        draining = self.tile == len(self.tiles)
        if self.col == 0:
            y_there = self.y == ("filled" if self.use_y and not draining else "free")
            if self.z != "free" or not y_there:
                return {}
        col, self.col = self.col, self.col + 1
        if self.tile and col < self.tiles[self.tile - 1].cols:
            self.arrives = self.tiles[self.tile - 1].z, col
        inputs = {"z_start": int(col == 0 and self.tile > 0)}
        if not draining:
            cols = self.tiles[self.tile].cols
            last, take = int(col == cols - 1), int(col < cols)
            inputs |= {"y_start": int(col == 0), "y_take": take, "y_last": last, "y_col": col}
        return inputs

    def _arrive(self) -> dict[str, int]:
        """The column of Z that the last step pushed out of the array."""
        if self.arrives is None:
            return {}
        (z, col), self.arrives = self.arrives, None
        values = [z[r][col] if r < len(z) else random.getrandbits(ELEM_BITS) for r in range(self.size.rows)]
        live = (1 << len(z)) - 1
        if col == len(z[0]) - 1:
            self.stores.extend(beats(z, self.size.unit, self.byte_format))
        return {
            "z_valid": 1,
            "z_last": int(col == len(z[0]) - 1),
            "z_live": live,
            "z": pack(values, ELEM_BITS),
        }

    async def cycle(self, pace: float, clear: bool) -> bool:
        """One cycle; returns whether the job is over."""
        expected = (
            self.y == self.z == "free",
            self.y == ("filled" if self.use_y else "free"),
            self.z != "free",
            self.z == "arriving",
            self.z == "stored",
        )
        inputs = {"clear": int(clear), "use_y": int(self.use_y)} | self._arrive()
        before = self.tile, self.col
        if random.random() < pace:
            inputs |= self._load()
        if random.random() < pace:
            inputs |= self._step()
        store = self.stores[0] if self.z == "stored" else None
        if store:
            inputs |= {"z_row": store.row, "z_unit": store.unit}
            if random.random() < pace:
                self.stores.popleft()
                self.stored += 1
                inputs["z_ends"] = int(store.last)
        got = await self.pins.cycle(**inputs)
        assert tuple(got[name] for name in STATES) == expected, f"Y {self.y}, Z {self.z}: {got}"
        self._compare(got, inputs, before, store)
        self._move(inputs, clear)
        return self.tile > len(self.tiles) and self.z == "free"

    def _compare(self, got: dict[str, int], inputs: dict[str, int], step: tuple[int, int], store: Beat | None) -> None:
        """Columns of Y and beats of Z are those of the tiles."""
        if inputs.get("y_take"):
            tile, col = step
            y = self.tiles[tile].y
            expected = [row[col] for row in y] if y else [0] * self.size.rows
            assert unpack(got["y"], ELEM_BITS, len(expected)) == expected, f"column {col} of Y"
            self.columns += 1
        lanes = unpack(got["z_elem"], ELEM_BITS, 2 * self.size.unit)
        if store:
            assert tuple(lanes[: len(store.values)]) == store.values, f"row {store.row}, unit {store.unit} of Z"
        else:
            assert not any(lanes)

    def _move(self, inputs: dict[str, int], clear: bool) -> None:
        """Follow the life of Y and Z."""
        self.overlaps += self.y == "leaving" and self.z == "stored"
        if inputs.get("y_begins"):
            self.y = "filling"
        if inputs.get("y_valid") and inputs["last"]:
            self.y = "filled"
        if inputs.get("y_start") and self.use_y:
            self.y = "leaving"
        if inputs.get("y_take") and inputs["y_last"]:
            self.y = "free"
        if inputs.get("z_start"):
            self.z = "arriving"
        if inputs.get("z_last"):
            self.z = "stored"
        if inputs.get("z_ends"):
            self.z = "free"
        if self.col == self.size.cols:
            self.tile, self.col = self.tile + 1, 0
        if clear:
            self.y = self.z = "free"


@cocotb.test()
async def z_takes_the_place_of_y_column_by_column(dut: Any) -> None:
    pins = Pins(dut, OUTPUTS)
    await pins.start()
    bench = Bench(pins, Size.of_the_top())
    cleared = 0
    for number in range(JOBS):
        bench.begin(use_y=random.random() < 0.7)
        pace = random.choice([1.0, 0.7, 0.4])
        stop = random.randrange(40) if number % 3 == 1 else None
        over, cycles = False, 0
        while not over:
            over = await bench.cycle(pace, clear=cycles == stop)
            if cycles == stop:
                cleared += 1
                break
            cycles += 1
    assert cleared
    assert bench.overlaps
    assert bench.columns > JOBS
    assert bench.stored > JOBS
