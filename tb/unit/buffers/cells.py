# SPDX-License-Identifier: Apache-2.0
"""Cocotb tests of the cells that buffers and loaders are made of: FIFO, credit, lines, spread, rows of W."""

from __future__ import annotations

import os
import random
from collections import deque
from collections.abc import Iterator
from typing import Any

import cocotb

from tb.pins import Pins, pack, unpack
from tb.unit.buffers.traffic import ELEM_BITS, JOBS, lane_pins, matrix

DEPTH = int(os.environ["DEPTH"])
ROW_LEN = int(os.environ["ROWLEN"])
COLS = int(os.environ["TILECOLS"])
GROUPS = int(os.environ["ROWGROUPS"])
LINES = int(os.environ["CHUNKLINES"])
TURN_COLS = COLS // ROW_LEN
UNIT = int(os.environ["PORTWIDTH"]) // ELEM_BITS
CYCLES = 60 * JOBS


def _paces() -> Iterator[tuple[bool, bool, bool]]:
    """Whether something would come, go and be cleared, in each cycle: phases that fill, drain, and do both."""
    for number in range(CYCLES):
        if number % 30 == 0:
            filling, draining = random.choice([(1.0, 0.2), (0.2, 1.0), (0.5, 0.5), (1.0, 1.0)])
        yield random.random() < filling, random.random() < draining, random.random() < 0.02


@cocotb.test()
async def a_fifo_gives_back_what_went_in_whatever_the_pace(dut: Any) -> None:
    pins = Pins(dut, ("fifo_valid", "fifo_data", "fifo_count"))
    await pins.start()
    held: deque[int] = deque()
    counts, popped = set(), 0
    for comes, goes, clear in _paces():
        push, pop = comes and len(held) < DEPTH, goes and bool(held)
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
    assert counts == set(range(DEPTH + 1))
    assert popped > JOBS


@cocotb.test()
async def a_credit_is_free_until_all_places_are_reserved(dut: Any) -> None:
    pins = Pins(dut, ("credit_free",))
    await pins.start()
    used, counts = 0, set()
    for comes, goes, clear in _paces():
        reserve, give = comes and used < DEPTH, goes and used > 0
        got = await pins.cycle(clear=clear, reserve=reserve, give=give)
        assert got["credit_free"] == (used < DEPTH), f"{used} of {DEPTH} reserved"
        counts.add(used)
        used = 0 if clear else used + reserve - give
    assert counts == set(range(DEPTH + 1))


@cocotb.test()
async def lines_are_counted_as_they_come_in_any_number_and_go_one_by_one(dut: Any) -> None:
    pins = Pins(dut, ("lines_count",))
    await pins.start()
    there, counts, most = 0, set(), 0
    for comes, goes, clear in _paces():
        add = random.randint(0, DEPTH - there) if comes else 0
        take = goes and there > 0
        got = await pins.cycle(clear=clear, add=add, take=take)
        assert got["lines_count"] == there
        counts.add(there)
        most = max(most, add)
        there = 0 if clear else there + add - take
    assert counts == set(range(DEPTH + 1))
    assert most > 1


@cocotb.test()
async def a_beat_spreads_over_exactly_the_elements_it_covers(dut: Any) -> None:
    pins = Pins(dut, ("hit", "spread"))
    await pins.start()
    for unit in range(-(-COLS // UNIT)):
        for count in range(1, 2 * UNIT + 1):
            values = matrix(1, count)[0]
            inputs = {"unit": unit} | lane_pins(values, 2 * UNIT)
            got = await pins.cycle(spread_valid=1, **inputs)
            first = unit * UNIT
            covered = range(first, min(first + count, COLS))
            hits = unpack(got["hit"], 1, COLS)
            assert [e for e, hit in enumerate(hits) if hit] == list(covered), f"unit {unit}, {count} elements"
            spread = unpack(got["spread"], ELEM_BITS, COLS)
            assert [spread[e] for e in covered] == values[: len(covered)]
            assert (await pins.cycle(**inputs))["hit"] == 0


@cocotb.test()
async def every_column_gives_out_its_rows_of_w_one_element_a_step(dut: Any) -> None:
    pins = Pins(dut, ("w",))
    await pins.start()
    rows: list[list[list[int]] | None] = [None] * ROW_LEN  # of each column: its row in every group
    places = [0] * ROW_LEN
    lacking = [False] * ROW_LEN  # elements that are still on their way
    compared = kept = late = 0
    for number in range(CYCLES):
        if number % 100 == 0:
            pace, turns = random.choice([1.0, 0.5]), random.choice([1 / COLS, 1.0])
        step = random.random() < pace
        due = [h for h in range(ROW_LEN) if rows[h] is None or places[h] == COLS - 1 or random.random() < turns / 4]
        column = random.choice(due) if step and due else None
        load = column is not None and (rows[column] is None or random.random() < 0.7)
        given = matrix(GROUPS, COLS)
        filling, group, element = random.random() < 0.8, random.randrange(GROUPS), random.randrange(COLS)
        lacked, lacking = lacking, [filling and (lacks or (load and h == column)) for h, lacks in enumerate(lacking)]
        dues = [max((h + 1) * TURN_COLS, places[h] + 1 if lacked[h] else 0) for h in range(ROW_LEN)]
        legal = next((h for h in range(ROW_LEN) if lacking[h] and element < dues[h]), LINES)
        most = min(legal, random.choice([0, random.randint(1, LINES)]))
        hits, values = [line < most for line in range(LINES)], matrix(1, LINES)[0]
        got = await pins.cycle(
            filling=filling,
            late_group=group,
            late_col=element,
            late_hit=pack(hits, 1),
            late_elem=pack(values, ELEM_BITS),
            row=pack((code for row in given for code in row), ELEM_BITS),
            load=load,
            step=step,
            turn=0 if column is None else 1 << column,
        )
        seen = unpack(got["w"], ELEM_BITS, GROUPS * ROW_LEN)
        for h, row in enumerate(rows):
            if row is not None:
                expected = [of_group[places[h]] for of_group in row]
                assert seen[h::ROW_LEN] == expected, f"column {h}, element {places[h]}"
                compared += 1
        if step:
            places = [(place + 1) % COLS for place in places]
        if column is not None:
            places[column] = 0
            rows[column] = given if load else rows[column]
            kept += not load
        for h, row in enumerate(rows):
            if row is not None and lacking[h] and hits[h]:
                row[group][element] = values[h]
                late += 1
    assert compared > CYCLES
    assert kept
    assert late
