# SPDX-License-Identifier: Apache-2.0
"""Cocotb tests of the cells that the buffers are made of: FIFO and spread."""

from __future__ import annotations

import random
from collections import deque
from typing import Any

import cocotb

from tb.pins import Pins, unpack
from tb.unit.buffers.traffic import ELEM_BITS, JOBS, Beat, Size, matrix


@cocotb.test()
async def a_fifo_gives_back_what_went_in_whatever_the_pace(dut: Any) -> None:
    depth = Size.of_the_top().w_ahead
    pins = Pins(dut, ("fifo_valid", "fifo_data", "fifo_count"))
    await pins.start()
    held: deque[int] = deque()
    counts, popped = set(), 0
    for number in range(60 * JOBS):
        if number % 30 == 0:
            filling, draining = random.choice([(1.0, 0.2), (0.2, 1.0), (0.5, 0.5), (1.0, 1.0)])
        push = len(held) < depth and random.random() < filling
        pop = bool(held) and random.random() < draining
        clear = random.random() < 0.02
        data = random.getrandbits(ELEM_BITS)
        got = await pins.cycle(clear=clear, push=push, pop=pop, data=data)
        assert (got["fifo_valid"], got["fifo_count"]) == (bool(held), len(held))
        assert not held or got["fifo_data"] == held[0]
        counts.add(len(held))
        if pop:
            held.popleft()
            popped += 1
        if push:
            held.append(data)
        if clear:
            held.clear()
    assert counts == set(range(depth + 1))
    assert popped > JOBS


@cocotb.test()
async def a_beat_spreads_over_exactly_the_elements_it_covers(dut: Any) -> None:
    size = Size.of_the_top()
    pins = Pins(dut, ("hit", "spread"))
    await pins.start()
    for unit in range(-(-size.cols // size.unit)):
        for count in range(1, 2 * size.unit + 1):
            values = matrix(1, count)[0]
            inputs = Beat(0, unit, tuple(values), last=False).pins(2 * size.unit)
            got = await pins.cycle(spread_valid=1, **inputs)
            first = unit * size.unit
            covered = range(first, min(first + count, size.cols))
            hits = unpack(got["hit"], 1, size.cols)
            assert [e for e, hit in enumerate(hits) if hit] == list(covered), f"unit {unit}, {count} elements"
            spread = unpack(got["spread"], ELEM_BITS, size.cols)
            assert [spread[e] for e in covered] == values[: len(covered)]
            assert (await pins.cycle(**inputs))["hit"] == 0
