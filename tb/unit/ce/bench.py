# SPDX-License-Identifier: Apache-2.0
"""Cocotb tests of one computing element: every op, holds, steps that are not valid or not active, clears."""

from __future__ import annotations

import os
import random
from collections import deque
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge

from redmule.fp import scalar
from redmule.fp.formats import FP16
from redmule.fp.ops import GEMM, OPS, Op

LATENCY = int(os.environ["PIPEREGS"]) + 1
STEPS = 400
SPECIAL = (0x0000, 0x8000, 0x0001, 0x83FF, 0x0400, 0x3C00, 0x7BFF, 0x7C00, 0xFC00, 0x7C01, 0x7E00, 0xFE01)

Shown = tuple[int, int, int] | None  # valid accumulator, its code, its flag bits


def _operand() -> int:
    """A random code: special, anything, or of a size at which sums cancel and round."""
    match random.randrange(4):
        case 0:
            return random.choice(SPECIAL)
        case 1:
            return random.getrandbits(FP16.width)
        case _:
            exponent = random.randrange(FP16.bias - 3, FP16.bias + 4) << FP16.mantissa_bits
            return exponent | random.getrandbits(FP16.mantissa_bits) | FP16.sign_mask * random.getrandbits(1)


class Bench:
    """Drives the element at falling edges and compares what it shows with the golden model in every cycle."""

    def __init__(self, dut: Any) -> None:
        self.dut = dut
        self.in_flight: deque[Shown] = deque([None] * LATENCY, maxlen=LATENCY)
        self.compared = 0

    async def start(self) -> None:
        """Reset."""
        Clock(self.dut.clk_i, 10, unit="ns").start()
        for name in ("rst_ni", "clear_i", "en_i", "valid_i", "active_i", "op_i", "x_i", "w_i", "acc_i"):
            getattr(self.dut, name).value = 0
        await FallingEdge(self.dut.clk_i)
        self.dut.rst_ni.value = 1
        await FallingEdge(self.dut.clk_i)

    async def cycle(
        self, op: Op, *, en: bool = True, valid: bool = True, active: bool = True, clear: bool = False
    ) -> None:
        """One clock cycle with random operands; afterwards the outputs are those of the model."""
        x, w, acc = _operand(), _operand(), _operand()
        dut = self.dut
        dut.op_i.value, dut.x_i.value, dut.w_i.value, dut.acc_i.value = op.code, x, w, acc
        dut.en_i.value, dut.valid_i.value, dut.active_i.value, dut.clear_i.value = en, valid, active, clear
        await FallingEdge(dut.clk_i)
        if clear:
            self.in_flight.extend([None] * LATENCY)
        elif en:
            code, bits = acc, 0
            if active:
                code, flags = scalar.step(op, x, w, acc)
                bits = flags.bits
            self.in_flight.append((1, code, bits) if valid else None)
        shown = self.in_flight[0]
        got = int(dut.valid_o.value), int(dut.acc_o.value), int(dut.flags_o.value)
        if shown is None:
            assert got[::2] == (0, 0), f"{op.name}: valid and flags are {got[::2]} without a step"
        else:
            assert got == shown, f"{op.name}: (valid, acc, flags) is {got}, not {shown}"
            self.compared += 1


@cocotb.test()
async def every_op_gives_the_golden_step_after_its_latency(dut: Any) -> None:
    bench = Bench(dut)
    await bench.start()
    for op in OPS:
        for _ in range(STEPS):
            await bench.cycle(op)
    assert bench.compared >= len(OPS) * STEPS - LATENCY


@cocotb.test()
async def ops_holds_gaps_and_inactive_steps_mix(dut: Any) -> None:
    bench = Bench(dut)
    await bench.start()
    for _ in range(len(OPS) * STEPS):
        await bench.cycle(
            random.choice(OPS), en=random.random() < 0.7, valid=random.random() < 0.8, active=random.random() < 0.8
        )
    assert bench.compared > STEPS


@cocotb.test()
async def a_clear_drops_every_step_in_flight(dut: Any) -> None:
    bench = Bench(dut)
    await bench.start()
    for _ in range(STEPS):
        for _ in range(random.randrange(2 * LATENCY)):
            await bench.cycle(random.choice(OPS), en=random.random() < 0.8)
        await bench.cycle(random.choice(OPS), en=random.random() < 0.5, clear=True)
    for _ in range(LATENCY):
        await bench.cycle(GEMM)
    assert bench.compared >= 1


@cocotb.test()
async def data_registers_rest_without_a_step_that_needs_them(dut: Any) -> None:
    bench = Bench(dut)
    await bench.start()
    for op in OPS:
        for _ in range(2 * LATENCY):
            await bench.cycle(op)
        idle: list[dict[str, bool]] = [{"en": False}, {"valid": False}, {"valid": True, "active": False}]
        for condition in idle:
            for _ in range(LATENCY):  # what is in flight leaves
                await bench.cycle(op, **{"en": True, "valid": False} | condition)
            held = int(dut.fma_regs_o.value), int(dut.acc_o.value), int(dut.carry_o.value)
            for _ in range(STEPS // 10):
                await bench.cycle(op, **condition)
                assert int(dut.fma_regs_o.value) == held[0], f"{op.name}, {condition}: the multiply-add moved"
                if not condition.get("active", True):
                    continue  # an inactive step carries its accumulator
                assert (int(dut.acc_o.value), int(dut.carry_o.value)) == held[1:], f"{op.name}, {condition}: data moved"


@cocotb.test()
async def the_accumulator_does_not_travel_beside_a_multiply_add_that_has_it(dut: Any) -> None:
    bench = Bench(dut)
    await bench.start()
    held = int(dut.carry_o.value)
    for _ in range(STEPS):
        await bench.cycle(GEMM)
        assert int(dut.carry_o.value) == held
