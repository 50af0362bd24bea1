# SPDX-License-Identifier: Apache-2.0
"""Cocotb tests of the supervisor alone: watchdogs of more cycles than a simulation has time for."""

from __future__ import annotations

from typing import Any

import cocotb

from tb.pins import Pins

LONGEST = (1 << 32) - 1
NEAR_THE_END = LONGEST - 4  # silent cycles of a job that is already waiting for long


async def _silent_job(dut: Any, watchdog: int, cycles: int) -> list[int]:
    """A job whose port has been silent for long is silent for some more cycles; returns `end` in each."""
    pins = Pins(dut, ("run", "end"))
    await pins.start()
    dut.silent_q.value = NEAR_THE_END
    seen = [await pins.cycle(head_valid=1, head_watchdog=watchdog) for _ in range(cycles)]
    assert all(got["run"] for got in seen)
    return [got["end"] for got in seen]


@cocotb.test()
async def a_watchdog_of_0_never_ends_a_job(dut: Any) -> None:
    assert await _silent_job(dut, 0, cycles=20) == [0] * 20


@cocotb.test()
async def the_longest_watchdog_ends_a_job_after_so_many_silent_cycles(dut: Any) -> None:
    assert await _silent_job(dut, LONGEST, cycles=LONGEST - NEAR_THE_END) == [0, 0, 0, 1]
