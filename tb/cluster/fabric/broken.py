# SPDX-License-Identifier: Apache-2.0
"""Cocotb test without a model: initiators that follow the grants of a fabric with a fault, or that break a rule."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import cocotb

from tb.cluster.fabric.bench import Bench
from tb.cluster.fabric.model import WORD_BITS, WORD_BYTES, Access, Config
from tb.cluster.fabric.traffic import Weather, ask
from tb.pins import unpack

FAULT = int(os.environ["FAULT"])
HABIT = os.environ["HABIT"]
KIND = os.environ["KIND"]
CYCLES = 3000
PHASE = 10

HABITS: dict[str, Callable[[Access], Access | None]] = {
    "withdraws": lambda access: None,
    "moves": lambda access: replace(access, add=access.add ^ WORD_BYTES),
    "turns": lambda access: replace(access, wen=not access.wen),
    "enables": lambda access: replace(access, be=access.be ^ 1),
    "rewrites": lambda access: replace(access, data=access.data ^ 1) if not access.wen else access,
}
"""What an initiator does to a request that waits."""


class Loose(Bench):
    """A bench that believes what the fabric says."""

    waited = False  # somebody was not granted in the last cycle

    async def loose_cycle(self, config: Config | None) -> None:
        """One cycle; who is granted by the fabric goes on."""
        unset = {"cfg_num": random.getrandbits(4), "cfg_den": 255} if config is None else {}
        got = await self.pins.cycle(**self.drives(config), **unset, fault=FAULT)
        self.waited = False
        for kind, requests in (("log", self.log), ("wide", self.wide)):
            granted = unpack(got[f"{kind}_gnt"], 1, len(requests))
            for number, access in enumerate(requests):
                if access is not None:
                    requests[number] = None if granted[number] else self._habit(kind, access)
                    self.waited |= not granted[number]

    def _habit(self, kind: str, access: Access) -> Access | None:
        """The request that follows one that was not granted."""
        return HABITS[HABIT](access) if HABIT in HABITS and kind == KIND else access


@cocotb.test()
async def initiators_under_conflicts(dut: Any) -> None:
    bench = Loose(dut)
    await bench.pins.start()
    for number in range(CYCLES):
        config = None
        if number % PHASE == 0:
            weather = Weather.random(bench.shape)
            config = Config(bool(random.getrandbits(1)), 1, random.choice([2, 3]))
        requests, lanes = (bench.log, 1) if KIND == "log" else (bench.wide, bench.shape.lanes)
        if HABIT == "misaligns" and requests[0] is None:
            requests[0] = Access(bench.shape.base + 2, True, 1, random.getrandbits(WORD_BITS), lanes)
        if HABIT != "withdraws" or not bench.waited:  # one that withdraws does not come with another request at once
            ask(bench, weather)
        await bench.loose_cycle(config)
