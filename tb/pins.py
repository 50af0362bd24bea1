# SPDX-License-Identifier: Apache-2.0
"""Drives a unit with flat ports cycle by cycle: inputs at the start of a cycle, outputs as they are at its end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from cocotb.triggers import RisingEdge

from tb.agents.clock import start_clock

RESET_CYCLES = 2


class Pins:
    """The ports of a top: `clk_i`, `rst_ni`, inputs that end in `_i`, outputs that end in `_o`."""

    def __init__(self, dut: Any, outputs: Sequence[str]) -> None:
        """Take all inputs, and the outputs that a test reads, by their names without `_i` and `_o`."""
        self.clock, self.reset_n = dut.clk_i, dut.rst_ni
        names = [str(pin._name) for pin in dut if pin._name.endswith("_i") and pin._name != "clk_i"]
        self.inputs = {name.removesuffix("_i"): getattr(dut, name) for name in names}
        self.outputs = {name: getattr(dut, f"{name}_o") for name in outputs}
        self.driven: dict[str, int] = {}
        self.now = 0

    async def start(self) -> None:
        """Start the clock and reset the unit, all inputs 0."""
        start_clock(self.clock)
        self.reset_n.value = 0
        for _ in range(RESET_CYCLES):
            await self.cycle()
        self.reset_n.value = 1

    async def cycle(self, **values: int) -> dict[str, int]:
        """One clock cycle with these inputs, all others 0; returns the outputs of the cycle."""
        for name, pin in self.inputs.items():
            value = int(values.pop(name, 0))
            if self.driven.get(name) != value:
                self.driven[name] = value
                pin.value = value
        assert not values, f"unknown inputs {values}"
        await RisingEdge(self.clock)
        self.now += 1
        return {name: int(pin.value) for name, pin in self.outputs.items()}


def pack(values: Iterable[int], width: int) -> int:
    """Return equal fields side by side, the first in the lowest bits."""
    bits = 0
    for place, value in enumerate(values):
        bits |= int(value) << place * width
    return bits


def unpack(bits: int, width: int, count: int) -> list[int]:
    """Return the fields that `pack` put side by side."""
    return [bits >> place * width & (1 << width) - 1 for place in range(count)]


def join(values: Sequence[int], widths: Sequence[int]) -> int:
    """Return a packed struct, its first field in the highest bits."""
    bits = 0
    for value, width in zip(values, widths, strict=True):
        bits = bits << width | int(value)
    return bits


def split(bits: int, widths: Sequence[int]) -> tuple[int, ...]:
    """Return the fields of a packed struct."""
    fields = []
    for width in reversed(widths):
        fields.append(bits & (1 << width) - 1)
        bits >>= width
    return tuple(reversed(fields))
