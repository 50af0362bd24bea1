# SPDX-License-Identifier: Apache-2.0
"""Cocotb tests of the counter; `wrong_count` and `past_the_limit` fail on purpose."""

from __future__ import annotations

import os
import random
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, FallingEdge

LATENCY = 2  # the flop of the input, and the counter


async def _count(dut: Any, cycles: int) -> int:
    """Reset the counter, enable it for some cycles and return what it counted."""
    Clock(dut.clk_i, 10, unit="ns").start()
    dut.en_i.value = 0
    dut.rst_ni.value = 0
    await ClockCycles(dut.clk_i, 2)
    await FallingEdge(dut.clk_i)
    dut.rst_ni.value = 1
    dut.en_i.value = 1
    await ClockCycles(dut.clk_i, cycles)
    await FallingEdge(dut.clk_i)
    dut.en_i.value = 0
    await ClockCycles(dut.clk_i, LATENCY)
    await FallingEdge(dut.clk_i)
    return int(dut.count_o.value)


@cocotb.test()
async def counts_the_enabled_cycles(dut: Any) -> None:
    cycles = random.randrange(1, 100)
    assert await _count(dut, cycles) == cycles % 2 ** int(os.environ["WIDTH"])


@cocotb.test()
async def wrong_count(dut: Any) -> None:
    assert await _count(dut, 5) == 6


@cocotb.test()
async def past_the_limit(dut: Any) -> None:
    assert await _count(dut, int(os.environ["LIMIT"]) + 1) >= 0
