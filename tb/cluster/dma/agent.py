# SPDX-License-Identifier: Apache-2.0
"""The DMA between a host and two memories in Python, cycle by cycle."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from typing import Any

from redmule.cluster.regs_dma import L2Cfg, Offset
from tb.cluster.dma.model import Memory, Port, Transfer, apply
from tb.pins import Pins, pack, unpack

LANES = int(os.environ["NUMDMA"])
QUEUE = int(os.environ["QUEUEDEPTH"])
FIFO = int(os.environ["FIFOBEATS"])
WORD_BYTES, WORD_BITS = 4, 32
BUS_BYTES = LANES * WORD_BYTES
CORES = 4
TCDM_BASE, L2_BASE = 0x1000_0000, 0x1C00_0000
SIZE = 2048
PATIENCE = 50_000  # cycles in which any batch of transfers ends
FAULT = os.environ.get("FAULT")  # number of the one that the unit has, if it was built with faults
OUTPUTS = (
    *("reg_gnt", "reg_r_valid", "reg_r_data", "reg_r_id", "reg_r_err", "event", "l2_latency", "l2_interval"),
    *("tcdm_req", "tcdm_add", "tcdm_wen", "tcdm_be", "tcdm_data"),
    *("l2_req", "l2_add", "l2_wen", "l2_be", "l2_data"),
    *("mem_gnt", "mem_r_valid", "mem_r_data", "mem_r_err"),
)


class Bench:
    """The DMA, its memories and its host."""

    def __init__(self, dut: Any, tcdm_base: int = TCDM_BASE, l2_base: int = L2_BASE) -> None:
        self.pins = Pins(dut, OUTPUTS)
        if FAULT:
            dut.fault.value = int(FAULT)
        self.tcdm = Memory(tcdm_base, bytearray(random.randbytes(SIZE)))
        self.l2 = Memory(l2_base, bytearray(random.randbytes(SIZE)))
        self.lanes = [Port(self.tcdm, WORD_BYTES) for _ in range(LANES)]
        self.l2_port = Port(self.l2, BUS_BYTES)
        self.joined = False  # the L2 memory is the one in hardware
        self.events: list[tuple[int, int]] = []  # cycle and lines
        self.written: dict[int, int] = {}  # registers, as the host wrote them
        self.core: int | None = None  # the one that asked in the cycle before
        self.ended = self.failed = 0

    async def start(self) -> None:
        """Reset the DMA."""
        await self.pins.start()

    async def reset(self, cycles: int) -> None:
        """Reset it at any time; the memories forget what they have not answered."""
        self.pins.reset_n.value = 0
        for port in (*self.lanes, self.l2_port):
            port.due.clear()
            port.next_grant = 0
        for _ in range(cycles):
            await self.pins.cycle()
        self.pins.reset_n.value = 1
        self.written.clear()
        self.core = None
        self.ended = self.failed = 0

    async def cycle(self, **host: int) -> dict[str, int]:
        """One cycle: the memories answer, grant and take over; the host does what it is told."""
        now = self.pins.now
        driven = [lane.drive(now) for lane in self.lanes]
        l2 = self.l2_port.drive(now)
        got = await self.pins.cycle(
            **host,
            join=self.joined,
            tcdm_gnt=pack((gnt for gnt, *_ in driven), 1),
            tcdm_r_valid=pack((valid for _, valid, _, _ in driven), 1),
            tcdm_r_data=pack((data for _, _, data, _ in driven), WORD_BITS),
            tcdm_r_err=pack((err for *_, err in driven), 1),
            l2_gnt=l2[0],
            l2_r_valid=l2[1],
            l2_r_data=l2[2],
            l2_r_err=l2[3],
        )
        if got["tcdm_req"]:
            self._take_lanes(now, got, [gnt for gnt, *_ in driven])
        if got["l2_req"] and l2[0] and not self.joined:
            self.l2_port.granted(now, got["l2_add"], got["l2_wen"], got["l2_be"], got["l2_data"])
        if got["event"]:
            self.events.append((now, got["event"]))
        assert got["reg_gnt"] == 1
        assert got["reg_r_valid"] == (self.core is not None), "an answer comes in the cycle after the access"
        assert self.core is None or got["reg_r_id"] == self.core
        self.core = host.get("reg_id") if host.get("reg_req") else None
        return got

    def _take_lanes(self, now: int, got: dict[str, int], granted: list[bool]) -> None:
        addresses = unpack(got["tcdm_add"], WORD_BITS, LANES)
        enables = unpack(got["tcdm_be"], WORD_BYTES, LANES)
        data = unpack(got["tcdm_data"], WORD_BITS, LANES)
        for lane in range(LANES):
            if got["tcdm_req"] >> lane & 1 and granted[lane]:
                wen = got["tcdm_wen"] >> lane & 1
                self.lanes[lane].granted(now, addresses[lane], wen, enables[lane], data[lane])

    async def write(self, offset: int, value: int, core: int = 0, be: int = 15) -> None:
        """Write a register; its answer comes with the next cycle."""
        await self.cycle(reg_req=1, reg_add=offset, reg_wen=0, reg_be=be, reg_data=value, reg_id=core)
        if be == 15:
            self.written[offset] = value

    async def read(self, offset: int, core: int = 0) -> tuple[int, int]:
        """Read a register; returns data and error."""
        await self.cycle(reg_req=1, reg_add=offset, reg_wen=1, reg_be=15, reg_id=core)
        got = await self.cycle()
        return got["reg_r_data"], got["reg_r_err"]

    async def value(self, offset: int) -> int:
        """Read a register that is there."""
        data, err = await self.read(offset)
        assert not err
        return data

    async def queue(self, transfer: Transfer) -> bool:
        """Write what has changed, and START; returns whether the transfer was queued."""
        for offset, value in transfer.registers.items():
            if self.written.get(offset) != value:
                await self.write(offset, value, transfer.core)
        await self.write(Offset.START, transfer.start, transfer.core)
        return not (await self.cycle())["reg_r_err"]

    async def settle(self, events: int) -> None:
        """Run until there were so many events."""
        last = self.pins.now + PATIENCE
        while len(self.events) < events:
            await self.cycle()
            assert self.pins.now < last, "the DMA hangs"

    def timing(self, cfg: L2Cfg) -> None:
        """Let the L2 memory in Python behave as the register says."""
        self.l2_port.latency, self.l2_port.interval = cfg.latency, cfg.interval

    async def run(self, transfers: Sequence[Transfer]) -> int:
        """Run transfers that meet no error, at most as many as the queue holds; returns the cycles from START to event.

        Everything is checked: bytes, accesses, events and their order, counters.
        """
        expected = apply(transfers, self.l2, self.tcdm)
        self.l2.allow(transfers, "l2")
        self.tcdm.allow(transfers, "tcdm")
        self.events.clear()
        began = self.pins.now
        for transfer in transfers:
            assert await self.queue(transfer)
            began = self.pins.now - 2 if len(transfers) == 1 else began
        await self.settle(len(transfers))
        assert [lines for _, lines in self.events] == [1 << transfer.core for transfer in transfers]
        assert bytes(self.l2.data) == expected["l2"], f"L2 after {transfers}"
        assert bytes(self.tcdm.data) == expected["tcdm"], f"TCDM after {transfers}"
        moved = sum(transfer.row_bytes * transfer.rows for transfer in transfers)
        assert self.l2.read_bytes + self.tcdm.read_bytes == moved, "each byte is read once"
        assert self.l2.written_bytes + self.tcdm.written_bytes == moved, "each byte is written once"
        assert not any(port.due for port in (*self.lanes, self.l2_port)), "the event comes after the last answer"
        self.ended += len(transfers)
        return self.events[-1][0] - began
