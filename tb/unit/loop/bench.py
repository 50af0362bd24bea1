# SPDX-License-Identifier: Apache-2.0
"""Cocotb tests of a nest of two loops with pointers, against Python's own loops."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cocotb

from tb.pins import Pins

OUTER_WIDTH, INNER_WIDTH, INNER_SIZE_WIDTH, PLACE_WIDTH = 6, 8, 4, 12
LEVEL = ("left", "size", "first", "last", "place")
OUTPUTS = tuple(f"{loop}_{name}" for loop in ("outer", "inner") for name in LEVEL)


@dataclass(frozen=True, slots=True)
class Nest:
    """Totals and steps of both levels, and how far their places move."""

    outer: tuple[int, int]  # total, step
    inner: tuple[int, int]
    base: int
    strides: tuple[int, int]

    @classmethod
    def draw(cls, outer: tuple[int, int] | None = None, inner: tuple[int, int] | None = None) -> Nest:
        """A nest with what is given, the rest at random."""
        outer = outer or (random.randrange(1, 1 << random.randint(1, OUTER_WIDTH)), random.randrange(1, 64))
        inner = inner or (random.randrange(1, 1 << random.randint(1, INNER_WIDTH)), random.randrange(1, 16))
        base, *strides = (random.getrandbits(PLACE_WIDTH) for _ in range(3))
        return cls(outer, inner, base, (strides[0], strides[1]))

    def iterations(self) -> Iterator[dict[str, int]]:
        """What the nest shows in each iteration of the inner loop."""
        (outer_total, outer_step), (inner_total, inner_step) = self.outer, self.inner
        for outer in range(0, outer_total, outer_step):
            outer_place = self.base + outer // outer_step * self.strides[0]
            outer_level = _level("outer", outer, *self.outer, outer_place)
            for inner in range(0, inner_total, inner_step):
                inner_place = outer_place + inner // inner_step * self.strides[1]
                yield outer_level | _level("inner", inner, *self.inner, inner_place)


def _level(loop: str, done: int, total: int, step: int, place: int) -> dict[str, int]:
    """What one level shows in the iteration that begins when `done` is covered."""
    left = total - done
    values = (left, min(left, step), int(done == 0), int(left <= step), place % (1 << PLACE_WIDTH))
    return {f"{loop}_{name}": value for name, value in zip(LEVEL, values, strict=True)}


async def _iterate(pins: Pins, nest: Nest, holds: float = 0.0, stop: int | None = None) -> bool:
    """Run a nest to its end, or clear it in the iteration `stop`; returns whether it was cleared."""
    for number, expected in enumerate(nest.iterations()):
        hold = True
        while hold:
            hold = random.random() < holds
            clear = number == stop and not hold
            got = await pins.cycle(
                clear=clear,
                advance=random.getrandbits(1) if clear else not hold,
                outer_total=nest.outer[0] if expected["outer_first"] else random.getrandbits(OUTER_WIDTH),
                inner_total=nest.inner[0] if expected["inner_first"] else random.getrandbits(INNER_WIDTH),
                outer_step=nest.outer[1],
                inner_step=nest.inner[1],
                base=nest.base if expected["outer_first"] else random.getrandbits(PLACE_WIDTH),
                outer_stride=nest.strides[0],
                inner_stride=nest.strides[1],
            )
            assert got == expected, f"iteration {number} of {nest} shows {got}, not {expected}"
            if clear:
                return True
    return False


async def _start(dut: Any) -> Pins:
    pins = Pins(dut, OUTPUTS)
    await pins.start()
    return pins


@cocotb.test()
async def every_small_total_and_step_runs_to_exhaustion_and_the_next_follows_at_once(dut: Any) -> None:
    pins = await _start(dut)
    begun = pins.now
    count = 0
    for total in range(1, 33):
        for step in range(1, 16):
            nest = Nest.draw((1, random.randrange(1, 64)), (total, step))
            await _iterate(pins, nest)
            count += -(-total // step)
    assert pins.now - begun == count


@cocotb.test()
async def every_small_outer_loop_around_a_random_inner_one(dut: Any) -> None:
    pins = await _start(dut)
    for total in range(1, 17):
        for step in range(1, 17):
            assert not await _iterate(pins, Nest.draw((total, step), (random.randrange(1, 9), random.randrange(1, 9))))


@cocotb.test()
async def totals_as_wide_as_the_counter(dut: Any) -> None:
    pins = await _start(dut)
    for outer in ((63, 63), (63, 1), (63, 62), (62, 63)):
        for inner in ((255, 15), (255, 14), (1, 15), (16, 15)):
            assert not await _iterate(pins, Nest.draw(outer, inner))


@cocotb.test()
async def holds_keep_and_clears_restart_a_nest_in_any_iteration(dut: Any) -> None:
    pins = await _start(dut)
    cleared = 0
    for _ in range(150):
        nest = Nest.draw((random.randrange(1, 20), random.randrange(1, 8)), (random.randrange(1, 40), 5))
        length = sum(1 for _ in nest.iterations())
        stop = random.choice([None, 0, length - 1, random.randrange(length)])
        cleared += await _iterate(pins, nest, random.choice([0.0, 0.3, 0.7]), stop)
    assert cleared > 50
