# SPDX-License-Identifier: Apache-2.0
"""A traffic generator and the registers of the arbiter between a host and a memory in Python."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass
from typing import Any

from tb.pins import Pins

BANKS, REGION = int(os.environ["NUMBANKS"]), int(os.environ["REGIONWORDS"])
WORD_BYTES = 4
BASE, WORDS = 0x1000_0000, 4096  # of the memory
FAULT = os.environ.get("FAULT")  # number of the one that the unit has, if it was built with faults
OUTPUTS = (
    *("reg_gnt", "reg_r_valid", "reg_r_data", "reg_r_id", "reg_r_err"),
    *("tcdm_req", "tcdm_add", "tcdm_wen", "tcdm_be", "tcdm_data"),
    *("wide_first", "num", "den", "cfg_set"),
)


@dataclass(frozen=True, slots=True)
class Access:
    """A granted request, and the cycle of its grant."""

    cycle: int
    addr: int
    wen: int
    be: int
    data: int

    @property
    def word(self) -> int:
        """Number of the word in the memory."""
        return (self.addr - BASE) // WORD_BYTES


class Bench:
    """The unit, a memory that answers in the next cycle, and a host."""

    def __init__(self, dut: Any, base: int = BASE) -> None:
        self.pins = Pins(dut, OUTPUTS)
        self.base = base  # of the memory
        if FAULT:
            dut.fault.value = int(FAULT)
        self.memory = [random.getrandbits(32) for _ in range(WORDS)]
        self.grants = 1.0
        self.answer: tuple[int, int] | None = None  # data and error, due in this cycle
        self.spoil = 0.0  # share of reads that return a wrong bit
        self.spoiled: list[Access] = []
        self.accesses: list[Access] = []
        self.waits: list[int] = []  # length of each wait, the present one last
        self.present = 0
        self.asked: int | None = None
        self.got: dict[str, int] = {}

    async def start(self) -> None:
        """Reset the unit."""
        await self.pins.start()

    async def cycle(self, **host: int) -> dict[str, int]:
        """One cycle."""
        now = self.pins.now
        gnt = random.random() < self.grants
        data, err = self.answer or (random.getrandbits(32), 1)
        got = await self.pins.cycle(
            **host, tcdm_gnt=gnt, tcdm_r_valid=self.answer is not None, tcdm_r_data=data, tcdm_r_err=err
        )
        self.answer = None
        if got["tcdm_req"] and gnt:
            self._take(Access(now, got["tcdm_add"], got["tcdm_wen"], got["tcdm_be"], got["tcdm_data"]))
            self.waits.append(self.present)
            self.present = 0
        elif got["tcdm_req"]:
            self.present += 1
        assert got["reg_gnt"] == 1
        assert got["reg_r_valid"] == (self.asked is not None)
        assert self.asked is None or got["reg_r_id"] == self.asked
        self.asked = host.get("reg_id", 0) if host.get("reg_req") else None
        self.got = got
        return got

    def _take(self, access: Access) -> None:
        self.accesses.append(access)
        word = (access.addr - self.base) // WORD_BYTES
        if not 0 <= word < WORDS:
            self.answer = (0, 1)
            return
        if not access.wen:
            mask = sum(0xFF << 8 * byte for byte in range(WORD_BYTES) if access.be >> byte & 1)
            self.memory[word] = (self.memory[word] & ~mask) | (access.data & mask)
            self.answer = (random.getrandbits(32), 0)
            return
        data = self.memory[word]
        if random.random() < self.spoil:
            data ^= 1 << random.randrange(32)
            self.spoiled.append(access)
        self.answer = (data, 0)

    async def write(self, offset: int, value: int, *, be: int = 15, arbiter: bool = False, **pins: int) -> None:
        """Write a register."""
        host = {"reg_req": 1, "reg_add": offset, "reg_wen": 0, "reg_be": be, "reg_data": value}
        await self.cycle(**host, reg_arbiter=arbiter, reg_id=random.getrandbits(32), **pins)

    async def read(self, offset: int, *, arbiter: bool = False) -> tuple[int, int]:
        """Read a register; returns data and error."""
        host = {"reg_req": 1, "reg_add": offset, "reg_wen": 1, "reg_be": 15}
        await self.cycle(**host, reg_arbiter=arbiter, reg_id=random.getrandbits(32))
        got = await self.cycle()
        return got["reg_r_data"], got["reg_r_err"]

    async def value(self, offset: int, *, arbiter: bool = False) -> int:
        """Read a register that is there."""
        data, err = await self.read(offset, arbiter=arbiter)
        assert not err
        return data
