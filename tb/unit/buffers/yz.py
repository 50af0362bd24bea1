# SPDX-License-Identifier: Apache-2.0
"""Cocotb test of the buffer of the accumulators: Y comes in by rows or columns and leaves by columns of all
groups, and Z takes its place."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, replace
from typing import Any

import cocotb

from tb.pins import Pins, pack, unpack
from tb.unit.buffers.traffic import ELEM_BITS, GROUPS, JOBS, Beat, Matrix, Size, beats, matrix

STATES = ("free", "y_ready", "z_here", "z_arriving", "z_ready")
OUTPUTS = (*STATES, "y", "z_elem")


@dataclass(frozen=True, slots=True)
class Tile:
    """What a tile takes in (None: no Y) and gives out: for each group of rows a matrix; all but the last are whole."""

    y: list[Matrix] | None
    z: list[Matrix]

    @property
    def last_cols(self) -> int:
        """Live columns of the last group."""
        return len(self.z[-1][0])

    @property
    def cols(self) -> int:
        """Columns in which any group is live."""
        return len(self.z[0][0])

    @classmethod
    def draw(cls, size: Size, use_y: bool) -> Tile:
        """Any split that the rows allow, any live rows and columns."""
        groups = random.choice([groups for groups in GROUPS if groups <= min(size.groups, size.rows)])
        rows = random.randint(1, size.rows // groups)
        cols = [size.cols] * (groups - 1) + [random.randint(1, size.cols)]
        y, z = ([matrix(rows, count) for count in cols] for _ in range(2))
        return cls(y if use_y else None, z)


class Bench:
    """Loader, array and storer around one buffer; each does its next thing as soon as it may, or some cycles later."""

    def __init__(self, pins: Pins, size: Size) -> None:
        self.pins, self.size = pins, size
        self.overlaps = self.early = self.columns = self.stored = 0

    def begin(self, with_y: float) -> None:
        """Jobs of a few tiles, some with Y, nothing in the buffer."""
        self.y, self.z = "free", "free"
        self.tiles = [Tile.draw(self.size, random.random() < with_y) for _ in range(5)]
        self.asked = -1  # the tile whose Y was asked for last
        self.tile = self.col = 0  # the next step of the array
        self.arrives: tuple[Tile, int] | None = None  # the tile of Z, and its column that is on its way
        self.loads: deque[Beat] = deque()
        self.stores: deque[Beat] = deque()

    @property
    def draining(self) -> bool:
        """All tiles have begun and ended in the array."""
        return self.tile >= len(self.tiles)

    @property
    def use_y(self) -> bool:
        """Whether the tile that the array is at has Y."""
        return not self.draining and self.tiles[self.tile].y is not None

    def _beats(self, groups: list[Matrix]) -> list[Beat]:
        """The beats of a Y or Z, stored by rows or by columns; they complete no lines."""
        along = random.random() < 0.5 or not self.size.transposes
        patch = beats(groups, along, self.size.unit, random.random() < 0.5)
        return [replace(beat, lines=0) for beat in patch]

    def _load(self) -> dict[str, int]:
        """The loader: asks for the Y of the next tile when the buffer is free, and brings it.

        That is the tile after the one that the array is in; one that has no Y leaves the place to the next.
        """
        if self.loads:
            beat = self.loads.popleft()
            self.loaded_last = beat.last
            return {"y_valid": 1} | beat.pins(2 * self.size.unit)
        following = self.tile + (self.col > 0)
        if self.y == self.z == "free" and self.asked < following < len(self.tiles):
            y = self.tiles[following].y
            if y is not None:
                self.early += following > self.tile and self.tiles[self.tile].y is None
                self.asked = following
                self.loads.extend(self._beats(y))
                return {"y_begins": 1}
        return {}

    def _step(self) -> dict[str, int]:
        """The array: takes the next column of Y; the tile before leaves on the way, or alone at the end."""
        if self.col == 0 and (self.z != "free" or self.y != ("filled" if self.use_y else "free")):
            return {}
        col, self.col = self.col, self.col + 1
        if self.tile and col < self.tiles[self.tile - 1].cols:
            self.arrives = self.tiles[self.tile - 1], col
        inputs = {"z_start": int(col == 0 and self.tile > 0)}
        if not self.draining:
            inputs |= {"y_start": int(col == 0), "y_take": int(col < self.tiles[self.tile].cols)}
        return inputs

    def _waits(self) -> dict[str, int]:
        """The column of Y that the array is at, which it shows also in a cycle without a step."""
        if self.draining:
            return {}
        return {"y_col": self.col, "y_last": int(self.col == self.tiles[self.tile].cols - 1)}

    def _rows(self, tile: Tile, groups: list[Matrix], col: int) -> dict[int, int]:
        """The live elements of a column, by the row of the array that has them."""
        each = self.size.rows // len(groups)
        return {
            group * each + r: row[col]
            for group, rows in enumerate(groups)
            for r, row in enumerate(rows)
            if col < len(row)
        }

    def _arrive(self) -> dict[str, int]:
        """The column of Z that the last step pushed out of the array."""
        if self.arrives is None:
            return {}
        (tile, col), self.arrives = self.arrives, None
        live = self._rows(tile, tile.z, col)
        values = [live.get(r, random.getrandbits(ELEM_BITS)) for r in range(self.size.rows)]
        if col == tile.cols - 1:
            self.stores.extend(self._beats(tile.z))
        return {
            "z_valid": 1,
            "z_last": int(col == tile.cols - 1),
            "z_live": sum(1 << r for r in live),
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
        self.loaded_last = False
        inputs = {"clear": int(clear), "use_y": int(self.use_y)} | self._waits() | self._arrive()
        before = self.tile, self.col
        if random.random() < pace:
            inputs |= self._load()
        if random.random() < pace:
            inputs |= self._step()
        store = self.stores[0] if self.z == "stored" else None
        if store:
            inputs["z_place"] = store.place
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
            number, col = step
            tile = self.tiles[number]
            expected = dict.fromkeys(range(self.size.rows), 0) if tile.y is None else self._rows(tile, tile.y, col)
            seen = unpack(got["y"], ELEM_BITS, self.size.rows)
            assert {r: seen[r] for r in expected} == expected, f"column {col} of Y"
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
        if self.loaded_last:
            self.y = "filled"
        if inputs.get("y_start") and self.use_y:
            self.y = "leaving"
        if inputs.get("y_take") and inputs["y_last"] and self.use_y:
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
        bench.begin(with_y=random.choice([0.0, 0.5, 0.5, 1.0]))
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
    assert bench.early
    assert bench.columns > JOBS
    assert bench.stored > JOBS
