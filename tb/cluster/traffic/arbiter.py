# SPDX-License-Identifier: Apache-2.0
"""Cocotb tests of the registers of the arbiter."""

from __future__ import annotations

import os
import random
from typing import Any

import cocotb

from redmule.cluster.regs_arbiter import Config, Offset
from tb.cluster.traffic.agent import Bench

WIDE, LOG = int(os.environ["NUMWIDE"]), int(os.environ["NUMPORTS"])
COUNTERS = (Offset.CONFLICTS, Offset.WORST_WIDE, Offset.WORST_LOG)


class Waits:
    """What the counters must hold: fed with what each cycle shows."""

    def __init__(self, count: int) -> None:
        self.waited = [0] * count
        self.worst = 0

    def feed(self, lines: int, conflict: bool, clear: bool) -> None:
        """One cycle."""
        self.worst = max(self.worst, *self.waited)  # known a cycle later
        self.waited = [(w + conflict) * (lines >> i & 1) for i, w in enumerate(self.waited)]
        if clear:
            self.waited, self.worst = [0] * len(self.waited), 0


class Arbiter:
    """The registers and their model."""

    def __init__(self, dut: Any) -> None:
        self.bench = Bench(dut)
        self.wide, self.log = Waits(WIDE), Waits(LOG)
        self.conflicts = 0
        self.lines = [0, 0]
        self.stickiness = 0.9

    async def cycle(self, write: int | None = None) -> None:
        """One cycle of random waits; a request that waits tends to go on waiting."""
        for side, count in ((0, WIDE), (1, LOG)):
            for line in range(count):
                if random.random() > self.stickiness:
                    self.lines[side] ^= 1 << line
        conflict = random.random() < 0.6 and any(self.lines)
        pins = {"conflict": int(conflict), "wide_wait": self.lines[0], "log_wait": self.lines[1]}
        if write is None:
            await self.bench.cycle(**pins)
        else:
            await self.bench.write(write, random.getrandbits(32), arbiter=True, **pins)
        self.conflicts = 0 if write == Offset.CONFLICTS else self.conflicts + conflict
        self.wide.feed(self.lines[0], conflict, write == Offset.WORST_WIDE)
        self.log.feed(self.lines[1], conflict, write == Offset.WORST_LOG)

    async def counters(self) -> list[int]:
        """Read the counters; meanwhile nobody waits."""
        self.lines = [0, 0]
        return [await self.bench.value(offset, arbiter=True) for offset in COUNTERS]


@cocotb.test()
async def counters_follow_conflicts_and_waits(dut: Any) -> None:
    arbiter = Arbiter(dut)
    await arbiter.bench.start()
    for _ in range(40):
        arbiter.stickiness = random.choice([0.5, 0.9, 0.99])
        for _ in range(random.randrange(100)):
            write = random.choice(COUNTERS) if random.random() < 0.03 else None
            await arbiter.cycle(write)
        seen = await arbiter.counters()
        for side in (arbiter.wide, arbiter.log):
            side.feed(0, False, False)
        assert seen == [arbiter.conflicts, arbiter.wide.worst, arbiter.log.worst]


@cocotb.test()
async def the_configuration_changes_in_the_cycle_after_it_is_announced(dut: Any) -> None:
    bench = Bench(dut)
    await bench.start()
    config = Config()
    assert await bench.value(Offset.CONFIG, arbiter=True) == config.pack()
    for _ in range(200):
        value, be = random.getrandbits(32), random.randrange(16)
        mask = sum(0xFF << 8 * byte for byte in range(4) if be >> byte & 1)
        await bench.write(Offset.CONFIG, value, be=be, arbiter=True)
        assert bench.got["cfg_set"] == (be != 0)
        assert (bench.got["wide_first"], bench.got["num"], bench.got["den"]) == (
            *(config.wide_first, config.num),
            config.den,
        )
        config = Config.unpack((config.pack() & ~mask) | (value & mask))
        got = await bench.cycle()
        assert not got["cfg_set"]
        assert (got["wide_first"], got["num"], got["den"]) == (config.wide_first, config.num, config.den)
        assert await bench.read(Offset.CONFIG, arbiter=True) == (config.pack(), 0)


@cocotb.test()
async def holes_are_errors(dut: Any) -> None:
    bench = Bench(dut)
    await bench.start()
    for place in (*range(max(Offset) + 4, 0x100, 4), *(offset + 3 for offset in Offset)):
        assert await bench.read(place, arbiter=True) == (0, 1)
        await bench.write(place, 0xFFFF_FFFF, arbiter=True)
        assert not bench.got["cfg_set"]
        assert (await bench.cycle())["reg_r_err"]
    assert await bench.value(Offset.CONFIG, arbiter=True) == Config().pack()
