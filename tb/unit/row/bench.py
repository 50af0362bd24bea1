# SPDX-License-Identifier: Apache-2.0
"""Cocotb tests of one row of the array: accumulators pass its elements in order and meet what is there then."""

from __future__ import annotations

import os
import random
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import cocotb

from redmule.fp import scalar
from redmule.fp.formats import FP16
from redmule.fp.ops import OPS
from tb.pins import Pins, pack, unpack

ROW_LEN = int(os.environ["ROWLEN"])
LATENCY = int(os.environ["PIPEREGS"]) + 1
PASSAGE = ROW_LEN * LATENCY
OP_BITS, FLAG_BITS = 3, 4
CYCLES = 1500
EXPONENTS = range(FP16.bias - 3, FP16.bias + 4)


def _operand() -> int:
    """A random code: anything now and then, else of a size at which sums cancel and round."""
    code = random.getrandbits(FP16.width)
    if random.random() < 0.2:
        return code
    return code & (FP16.sign_mask | (1 << FP16.mantissa_bits) - 1) | random.choice(EXPONENTS) << FP16.mantissa_bits


@dataclass(slots=True)
class Accumulator:
    """What travels: its code, its advances so far, and the flags of the element it has just left."""

    code: int
    age: int = 0
    flags: int = 0


@dataclass(slots=True)
class Row:
    """The row beside its model. An accumulator is at element h for LATENCY advances, and the first of them counts."""

    pins: Pins
    x: list[int | None] = field(default_factory=lambda: [None] * ROW_LEN)
    travelling: deque[Accumulator] = field(default_factory=deque)
    left: int = 0

    async def cycle(self, en: bool = True, valid: bool = True, clear: bool = False, active: float = 0.8) -> None:
        """One cycle with random operands; the outputs are those of the model."""
        load = random.choice([None, *range(ROW_LEN)])
        x, acc = _operand(), _operand()
        actives = [random.random() < active and code is not None for code in self.x]
        ops = random.choices(OPS, k=ROW_LEN)
        w = [_operand() for _ in range(ROW_LEN)]
        got = await self.pins.cycle(
            clear=clear,
            en=en,
            load=0 if load is None else 1 << load,
            x=x,
            active=pack(actives, 1),
            op=pack((op.code for op in ops), OP_BITS),
            w=pack(w, FP16.width),
            valid=valid,
            acc=acc,
        )
        self._compare(got)
        if clear:
            self.travelling.clear()
        elif en:
            if valid:
                self.travelling.append(Accumulator(acc))
            for accumulator in self.travelling:
                h, phase = divmod(accumulator.age, LATENCY)
                x_held = self.x[h] if h < ROW_LEN else None
                if phase == 0:
                    accumulator.flags = 0
                    if x_held is not None and actives[h]:
                        accumulator.code, flags = scalar.step(ops[h], x_held, w[h], accumulator.code)
                        accumulator.flags = flags.bits
                accumulator.age += 1
            if self.travelling and self.travelling[0].age > PASSAGE:
                self.travelling.popleft()
        if en and load is not None:
            self.x[load] = x

    def _compare(self, got: dict[str, int]) -> None:
        """The oldest accumulator leaves after its passage; the flags of an element come with what leaves it."""
        oldest = self.travelling[0] if self.travelling and self.travelling[0].age == PASSAGE else None
        assert got["valid"] == (oldest is not None)
        if oldest is not None:
            assert got["acc"] == oldest.code, f"{got['acc']:#06x} leaves, not {oldest.code:#06x}"
            self.left += 1
        flags = [0] * ROW_LEN
        for accumulator in self.travelling:
            h, phase = divmod(accumulator.age, LATENCY)
            if phase == 0 and h > 0:
                flags[h - 1] = accumulator.flags
        assert unpack(got["flags"], FLAG_BITS, ROW_LEN) == flags


async def _start(dut: Any) -> Row:
    row = Row(Pins(dut, ("valid", "acc", "flags")))
    await row.pins.start()
    return row


@cocotb.test()
async def accumulators_pass_the_row_in_order_one_a_cycle(dut: Any) -> None:
    row = await _start(dut)
    for _ in range(CYCLES):
        await row.cycle(active=1.0)
    assert row.left == CYCLES - PASSAGE


@cocotb.test()
async def holds_gaps_and_inactive_elements_change_no_result(dut: Any) -> None:
    row = await _start(dut)
    for number in range(CYCLES):
        if number % 100 == 0:
            enabled, valid = random.choice([0.3, 0.9]), random.choice([0.5, 1.0])
        await row.cycle(random.random() < enabled, random.random() < valid)
    assert row.left > CYCLES // 10


@cocotb.test()
async def a_clear_drops_all_that_travels_and_keeps_x(dut: Any) -> None:
    row = await _start(dut)
    for _ in range(CYCLES // 20):
        for _ in range(random.randrange(2 * PASSAGE)):
            await row.cycle(random.random() < 0.8)
        await row.cycle(random.random() < 0.5, clear=True)
    assert row.left > PASSAGE
