# SPDX-License-Identifier: Apache-2.0
"""Cocotb tests of the fabric under random traffic, under conflict in every cycle, and at the ends of the memory."""

from __future__ import annotations

import itertools
import os
import random
from dataclasses import dataclass
from typing import Any

import cocotb

from tb.cluster.fabric.bench import Bench
from tb.cluster.fabric.model import WORD_BITS, WORD_BYTES, Access, Config, Shape

CYCLES = int(os.environ["CYCLES"])
SHARES = [(0, 0), (0, 5), (3, 0), (1, 1), (1, 2), (3, 7), (200, 255), (7, 3), (255, 255), (254, 255), (1, 255), (2, 4)]
CONFIGS = [Config(first, *share) for first in (False, True) for share in SHARES]
FULL_WORD = (1 << WORD_BYTES) - 1
ADDRESSES = 1 << WORD_BITS
PHASE = 60  # cycles of the same weather
SHORT, LONG = 20, 300  # conflict cycles in which a share is watched: at least, and at most for all ports to have a turn


@dataclass(slots=True)
class Weather:
    """What the initiators ask for.

    Attributes:
        log_pace, wide_pace: probability that an idle one asks.
        banks: those that the ports want.
        outside: probability of an address that may be outside of the memory.
        wide_row: wide accesses begin at multiples of a row, so all touch the same banks.
    """

    log_pace: float
    wide_pace: float
    banks: list[int]
    outside: float
    wide_row: bool

    @classmethod
    def random(cls, shape: Shape) -> Weather:
        """Calm or stormy, a few banks or all."""
        few = random.sample(range(shape.banks), random.choice([1, 2, shape.banks]))
        paces = random.choice([0.05, 0.5, 1.0]), random.choice([0.0, 0.1, 0.5, 1.0])
        return cls(*paces, few, random.choice([0.0, 0.02, 0.5]), random.random() < 0.2)


def _outside(shape: Shape, span: int) -> int:
    """An address near an end of the memory or of all addresses, or any."""
    near = random.choice([shape.base, shape.end, 0, ADDRESSES // 2, random.getrandbits(WORD_BITS)])
    return (near + random.randint(-span, span) * WORD_BYTES) % ADDRESSES // WORD_BYTES * WORD_BYTES


def log_access(shape: Shape, weather: Weather) -> Access:
    """An access of one word, with any byte enables."""
    word = random.randrange(shape.bank_words) * shape.banks + random.choice(weather.banks)
    add = shape.base + word * WORD_BYTES
    if random.random() < weather.outside:
        add = _outside(shape, 2)
    be = random.choice([FULL_WORD, random.getrandbits(WORD_BYTES)])
    return Access(add, random.random() < 0.5, be, random.getrandbits(WORD_BITS))


def wide_be(lanes: int) -> int:
    """Byte enables: all, a run of bytes, whole words, any, one byte, none."""
    count = lanes * WORD_BYTES
    first = random.randrange(count)
    return random.choice(
        [
            (1 << count) - 1,
            (1 << count) - 1,
            (1 << random.randint(first, count)) - (1 << first),
            sum(FULL_WORD << lane * WORD_BYTES for lane in range(lanes) if random.random() < 0.5),
            random.getrandbits(count),
            random.getrandbits(count) & random.getrandbits(count) & random.getrandbits(count),
            1 << first,
            0 if random.random() < 0.3 else 1,
        ]
    )


def wide_access(shape: Shape, weather: Weather) -> Access:
    """An access of several words inside of the memory, or near its ends."""
    lanes = shape.lanes
    be = wide_be(lanes)
    word = random.randrange(shape.words - lanes + 1)
    if weather.wide_row:
        word -= word % shape.banks
    add = shape.base + word * WORD_BYTES
    if random.random() < weather.outside:
        add = _outside(shape, lanes)
    return Access(add, random.random() < 0.5, be, random.getrandbits(lanes * WORD_BITS), lanes)


def ask(bench: Bench, weather: Weather) -> None:
    """Idle initiators make up their minds."""
    for port, access in enumerate(bench.log):
        if access is None and random.random() < weather.log_pace:
            bench.log[port] = log_access(bench.shape, weather)
    for number, access in enumerate(bench.wide):
        if access is None and random.random() < weather.wide_pace:
            bench.wide[number] = wide_access(bench.shape, weather)


async def _start(dut: Any) -> Bench:
    bench = Bench(dut)
    await bench.start()
    return bench


@cocotb.test()
async def random_traffic_reads_what_was_written_under_every_share_and_through_resets(dut: Any) -> None:
    bench = await _start(dut)
    weather = Weather.random(bench.shape)
    conflicts = 0
    for number in range(CYCLES):
        config = None
        if number % PHASE == 0:
            weather = Weather.random(bench.shape)
            config = random.choice([None, random.choice(CONFIGS)])
        if random.random() < 0.002:
            await bench.reset()
        ask(bench, weather)
        conflicts += (await bench.cycle(config)).conflict
    await bench.drain()
    assert min(bench.granted) > CYCLES // 50
    assert conflicts > CYCLES // 100
    assert bench.errors > CYCLES // 100


@cocotb.test()
async def shares_and_waits_are_as_promised_with_a_conflict_in_every_cycle(dut: Any) -> None:
    bench = await _start(dut)
    shape = bench.shape
    storm = Weather(1.0, 1.0, [0], 0.0, wide_row=True)
    every_word = (1 << shape.lanes * WORD_BYTES) - 1
    worst = {}
    for config in CONFIGS:
        await bench.cycle(config)
        cycles = max((shape.wide + 1) * config.den, min(shape.ports * config.den, LONG)) + SHORT
        for _ in range(cycles):
            for port, access in enumerate(bench.log):
                if access is None:
                    bench.log[port] = Access(shape.base, True, FULL_WORD, 0)
            for number, access in enumerate(bench.wide):
                if access is None:
                    wide = wide_access(shape, storm)
                    bench.wide[number] = Access(wide.add, wide.wen, every_word, wide.data, wide.lanes)
            grants = await bench.cycle()
            assert grants.conflict
        promises = bench.promises
        assert len(promises.wins) == cycles
        worst[config] = (promises.worst_log, promises.worst_wide)
    await bench.drain()
    # The bounds are near what really happens.
    assert worst[Config(True, 1, 255)][0] >= 254
    assert worst[Config(True, 1, 2)][1] <= 2 * shape.wide - 1
    assert worst[Config(False, 1, 255)][1] == 255 * shape.wide - 1
    assert worst[Config(True, 3, 7)][0] > shape.ports
    if shape.wide > 1:
        assert worst[Config(True, 0, 5)][1] == shape.wide - 1


@cocotb.test()
async def without_conflicts_every_initiator_is_granted_in_every_cycle(dut: Any) -> None:
    bench = await _start(dut)
    shape = bench.shape
    everything = Weather(1.0, 1.0, list(range(shape.banks)), 0.0, wide_row=True)
    wide_banks = set(range(shape.lanes))
    for used, free in ((True, sorted(set(range(shape.banks)) - wide_banks)), (False, list(range(shape.banks)))):
        granted = 0
        ports = min(len(free), shape.ports)
        for turn in range(CYCLES // 10):
            for port in range(ports):
                everything.banks = [free[(port + turn) % len(free)]]
                bench.log[port] = log_access(shape, everything)
            if used:
                bench.wide[turn % shape.wide] = wide_access(shape, everything)
            grants = await bench.cycle()
            granted += len(grants.log) + len(grants.wide)
        assert granted == (ports + used) * (CYCLES // 10)
    for _ in range(CYCLES // 10):
        for number, access in enumerate(bench.wide):
            if access is None:
                bench.wide[number] = wide_access(shape, everything)
        assert len((await bench.cycle()).wide) == 1
    await bench.drain()


@cocotb.test()
async def nothing_beyond_the_ends_of_the_memory_is_touched(dut: Any) -> None:
    bench = await _start(dut)
    shape = bench.shape
    lanes = shape.lanes
    ends = {shape.base, shape.end, 0, ADDRESSES, shape.base + ADDRESSES // 2}
    for end, step in itertools.product(sorted(ends), range(-lanes - 1, lanes + 2)):
        add = (end + step * WORD_BYTES) % ADDRESSES
        for lane in range(lanes):
            be = random.choice([FULL_WORD << lane * WORD_BYTES, FULL_WORD << lane * WORD_BYTES | wide_be(lanes)])
            data = random.getrandbits(lanes * WORD_BITS)
            bench.wide[lane % shape.wide] = Access(add, lane % 3 == 0, be, data, lanes)
            bench.log[lane % shape.ports] = Access(add, lane % 2 == 0, lane % 16, data & (1 << WORD_BITS) - 1)
            await bench.cycle()
            await bench.drain()
    assert bench.errors
    for word in range(shape.words):
        bench.log[0] = Access(shape.base + word * WORD_BYTES, True, FULL_WORD, 0)
        await bench.cycle()
    await bench.drain()


@cocotb.test()
async def what_is_asked_in_a_reset_is_not_answered(dut: Any) -> None:
    bench = await _start(dut)
    shape = bench.shape
    everything = Weather(1.0, 1.0, list(range(shape.banks)), 0.0, wide_row=False)
    ask(bench, everything)
    bench.pins.reset_n.value = 0
    for _ in range(2):
        await bench.pins.cycle(**bench.drives(None))
    bench.pins.reset_n.value = 1
    for _ in range(2):
        got = await bench.pins.cycle()
        assert (got["log_r_valid"], got["wide_r_valid"]) == (0, 0)


@cocotb.test()
async def every_byte_enable_writes_its_bytes_and_no_other(dut: Any) -> None:
    bench = await _start(dut)
    shape = bench.shape
    for be, port in itertools.product(range(FULL_WORD + 1), range(shape.ports)):
        add = shape.base + random.randrange(shape.words) * WORD_BYTES
        for wen in (False, True):  # the read follows at once
            bench.log[port] = Access(add, wen, be if not wen else FULL_WORD, random.getrandbits(WORD_BITS))
            assert port in (await bench.cycle()).log
    lanes = shape.lanes
    for byte, number in itertools.product(range(lanes * WORD_BYTES), range(shape.wide)):
        add = shape.base + random.randrange(shape.words - lanes + 1) * WORD_BYTES
        for wen in (False, True):
            be = 1 << byte if not wen else (1 << lanes * WORD_BYTES) - 1
            bench.wide[number] = Access(add, wen, be, random.getrandbits(lanes * WORD_BITS), lanes)
            assert number in (await bench.cycle()).wide
    await bench.drain()
