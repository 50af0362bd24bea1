# SPDX-License-Identifier: Apache-2.0
"""Drives the fabric beside its model, and judges shares and waits by what was promised, not by the model."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from typing import Any

from tb.cluster.fabric.model import WORD_BITS, WORD_BYTES, Access, Config, Fabric, Grants, Response, Shape
from tb.pins import Pins, pack, unpack

OUTPUTS = (
    *("conflict", "log_gnt", "log_r_valid", "log_r_datas", "log_r_errs"),
    *("wide_gnt", "wide_r_valid", "wide_r_datas", "wide_r_errs"),
)


def shape_of_environment() -> Shape:
    """Return the parameters of the build."""
    names = ("NUMPORTS", "NUMWIDE", "PORTWIDTH", "NUMBANKS", "BANKWORDS", "BASE")
    return Shape(*(int(os.environ[name]) for name in names))


class Promises:
    """Shares and waits since the configuration was set."""

    def __init__(self, shape: Shape, config: Config) -> None:
        self.shape, self.config = shape, config
        self.wins: list[bool] = []  # of the branch without priority, in each conflict cycle
        self.log_waits = [0] * shape.ports  # conflict cycles
        self.wide_waits = [0] * shape.wide
        self.overtaken = [0] * shape.ports  # others that the wanted bank served meanwhile
        self.worst_log = self.worst_wide = 0

    @property
    def log_bound(self) -> int | None:
        """Most conflict cycles that a logarithmic request waits, if there is a bound."""
        return self.shape.ports * self.config.den if self._bounded(not self.config.wide_first) else None

    @property
    def wide_bound(self) -> int | None:
        """Most conflict cycles that a wide request waits, if there is a bound."""
        return self.shape.wide * self.config.den if self._bounded(self.config.wide_first) else None

    def _bounded(self, first: bool) -> bool:
        """The branch with priority needs a conflict cycle that the other one does not win."""
        num, den = self.config.num, self.config.den
        return (num < den) if first and den else bool(num and den)

    def see(self, fabric: Fabric, log: Sequence[Access | None], wide: Sequence[Access | None], grants: Grants) -> None:
        """Judge a cycle."""
        if grants.conflict:
            self.wins.append(grants.wide_wins != self.config.wide_first)
            self._judge_window()
        for port, access in enumerate(log):
            if access is None or port in grants.log:
                self.log_waits[port] = self.overtaken[port] = 0
                continue
            self.log_waits[port] += grants.conflict
            (bank,) = fabric.banks(access)
            self.overtaken[port] += bank in grants.served
            assert self.overtaken[port] < self.shape.ports, f"port {port} was overtaken too often"
            self.worst_log = max(self.worst_log, self.log_waits[port])
        for number, request in enumerate(wide):
            waits = request is not None and number not in grants.wide
            self.wide_waits[number] = self.wide_waits[number] + grants.conflict if waits else 0
            self.worst_wide = max(self.worst_wide, self.wide_waits[number])
        assert self.log_bound is None or self.worst_log <= self.log_bound, self.config
        assert self.wide_bound is None or self.worst_wide <= self.wide_bound, self.config

    def _judge_window(self) -> None:
        """The last den conflict cycles hold num wins; never or always outside of 0 < num < den."""
        num, den = self.config.num, self.config.den
        if not num or not den:
            assert not self.wins[-1], self.config
        elif num >= den:
            assert self.wins[-1], self.config
        elif len(self.wins) >= den:
            assert sum(self.wins[-den:]) == num, self.config


class Bench:
    """The fabric with its initiators. A request that is put into `log` or `wide` stays there until it is granted."""

    def __init__(self, dut: Any) -> None:
        self.shape = shape_of_environment()
        self.pins = Pins(dut, OUTPUTS)
        self.fabric = Fabric(self.shape)
        self.log: list[Access | None] = [None] * self.shape.ports
        self.wide: list[Access | None] = [None] * self.shape.wide
        self.log_due: list[Response | None] = [None] * self.shape.ports
        self.wide_due: list[Response | None] = [None] * self.shape.wide
        self.promises = Promises(self.shape, Config())
        self.granted = [0] * (self.shape.ports + self.shape.wide)
        self.errors = 0

    async def start(self) -> None:
        """Reset the fabric and write all of its memory."""
        await self.pins.start()
        lanes = self.shape.lanes
        for word in range(0, self.shape.words, lanes):
            be = (1 << min(lanes, self.shape.words - word) * WORD_BYTES) - 1
            data = random.getrandbits(lanes * WORD_BITS)
            self.wide[0] = Access(self.shape.base + word * WORD_BYTES, False, be, data, lanes)
            await self.cycle()
        await self.drain()

    async def cycle(self, config: Config | None = None) -> Grants:
        """One cycle, with a configuration that shows from the next one on; all that is seen is what the model says."""
        shape, fabric = self.shape, self.fabric
        expected = fabric.grant(self.log, self.wide)
        got = await self.pins.cycle(**self.drives(config))
        told = f"cycle {self.pins.now}: "
        assert got["log_gnt"] == sum(1 << port for port in expected.log), told + "grants of ports"
        assert got["wide_gnt"] == sum(1 << number for number in expected.wide), told + "grants of wide initiators"
        assert got["conflict"] == expected.conflict, told + "conflict"
        self._compare(got, "log", self.log_due, WORD_BITS)
        self._compare(got, "wide", self.wide_due, shape.lanes * WORD_BITS)
        self.promises.see(fabric, self.log, self.wide, expected)
        fabric.move(expected, self.wide)
        self.log_due = [self._take(self.log, port, expected.log) for port in range(shape.ports)]
        self.wide_due = [self._take(self.wide, number, expected.wide) for number in range(shape.wide)]
        for number in (*expected.log, *(shape.ports + number for number in expected.wide)):
            self.granted[number] += 1
        if config is not None:
            fabric.configure(config)
            self.promises = Promises(shape, config)
        return expected

    def drives(self, config: Config | None) -> dict[str, int]:
        """Return what the pins show with the present requests and a configuration to set."""
        pins = self._requests("log", self.log, 1) | self._requests("wide", self.wide, self.shape.lanes)
        if config is not None:
            pins |= {"cfg_set": 1, "cfg_wide_first": config.wide_first, "cfg_num": config.num, "cfg_den": config.den}
        return pins

    def _requests(self, kind: str, requests: Sequence[Access | None], lanes: int) -> dict[str, int]:
        """The pins of the initiators of a kind."""
        return {
            f"{kind}_req": pack((access is not None for access in requests), 1),
            f"{kind}_adds": pack((access.add if access else 0 for access in requests), WORD_BITS),
            f"{kind}_wens": pack((access.wen if access else 0 for access in requests), 1),
            f"{kind}_bes": pack((access.be if access else 0 for access in requests), lanes * WORD_BYTES),
            f"{kind}_datas": pack((access.data if access else 0 for access in requests), lanes * WORD_BITS),
        }

    def _compare(self, got: dict[str, int], kind: str, due: Sequence[Response | None], width: int) -> None:
        """Each response that is due comes, and no other."""
        count = len(due)
        valid = unpack(got[f"{kind}_r_valid"], 1, count)
        assert valid == [response is not None for response in due], f"cycle {self.pins.now}: responses of {kind}"
        datas, errs = unpack(got[f"{kind}_r_datas"], width, count), unpack(got[f"{kind}_r_errs"], 1, count)
        for number, response in enumerate(due):
            if response is not None:
                seen = Response(datas[number], bool(errs[number]))
                assert seen == response, f"cycle {self.pins.now}: {kind} {number}: {seen}, not {response}"
                self.errors += response.err

    def _take(self, requests: list[Access | None], number: int, granted: frozenset[int]) -> Response | None:
        """A granted access leaves its initiator; returns its response."""
        access = requests[number]
        if access is None or number not in granted:
            return None
        requests[number] = None
        return self.fabric.perform(access)

    async def drain(self) -> None:
        """No new request until all are answered."""
        while any((*self.log, *self.wide, *self.log_due, *self.wide_due)):
            await self.cycle()

    async def reset(self) -> None:
        """Reset in the middle of everything: requests and responses are gone, the memory stays."""
        self.pins.reset_n.value = 0
        self.log, self.wide = [None] * self.shape.ports, [None] * self.shape.wide
        self.log_due, self.wide_due = [None] * self.shape.ports, [None] * self.shape.wide
        self.fabric.reset()
        self.promises = Promises(self.shape, Config())
        await self.cycle()
        self.pins.reset_n.value = 1
