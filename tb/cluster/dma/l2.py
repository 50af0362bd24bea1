# SPDX-License-Identifier: Apache-2.0
"""Cocotb tests of the L2 memory, alone and behind the DMA."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Sequence
from typing import Any

import cocotb

from redmule.cluster.regs_dma import DirectionCode, L2Cfg, Offset
from tb.cluster.dma.agent import BUS_BYTES, FIFO, L2_BASE, TCDM_BASE, Bench
from tb.cluster.dma.model import Transfer

BYTES = 4096  # L2Bytes of the top
FILLED = 1024
ALL = (1 << BUS_BYTES) - 1


class Host:
    """Asks the memory directly, and knows what it must answer and when."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.data = bytearray(BYTES)
        self.known = 0  # bytes from the first one on that have been written
        self.due: deque[tuple[int, int | None, int]] = deque()  # cycle, data, error
        self.grants: list[int] = []

    async def cycle(self, latency: int, interval: int, request: tuple[int, int, int, int] | None = None) -> bool:
        """One cycle with a request (address, wen, enables, data); returns whether it was granted. Checks the answer."""
        addr, wen, be, data = request or (0, 0, 0, 0)
        now = self.bench.pins.now
        got = await self.bench.cycle(
            mem_req=request is not None,
            mem_add=addr,
            mem_wen=wen,
            mem_be=be,
            mem_data=data,
            mem_latency=latency,
            mem_interval=interval,
        )
        due = bool(self.due) and self.due[0][0] <= now
        assert got["mem_r_valid"] == due, f"cycle {now}, due {list(self.due)[:1]}"
        if due:
            _, expected, err = self.due.popleft()
            assert got["mem_r_err"] == err
            assert expected is None or got["mem_r_data"] == expected
        granted = request is not None and bool(got["mem_gnt"])
        if granted:
            self.grants.append(now)
            self.due.append((now + max(latency, 1), *self._take(addr, wen, be, data)))
        return granted

    def _take(self, addr: int, wen: int, be: int, data: int) -> tuple[int | None, int]:
        first = (addr - L2_BASE) % (1 << 32)
        if first >= BYTES:
            return 0, 1
        if wen:
            return int.from_bytes(self.data[first : first + BUS_BYTES], "little") if first < self.known else None, 0
        for lane in range(BUS_BYTES):
            if be >> lane & 1:
                self.data[first + lane] = data >> 8 * lane & 0xFF
        return None, 0

    async def fill(self) -> None:
        """Write the part that is read later, one word a cycle."""
        for first in range(0, FILLED, BUS_BYTES):
            word = random.getrandbits(8 * BUS_BYTES)
            assert await self.cycle(1, 1, (L2_BASE + first, 0, ALL, word))
        self.known = FILLED
        await self.drain()

    async def drain(self, latency: int = 1, interval: int = 1) -> None:
        """Wait for all answers."""
        while self.due:
            await self.cycle(latency, interval)

    async def contents(self) -> bytes:
        """Read the part that is known, through the port."""
        while not (await self.bench.cycle(mem_latency=1, mem_interval=1))["mem_gnt"]:
            pass
        words: list[int] = []
        for first in range(0, FILLED, BUS_BYTES):
            got = await self.bench.cycle(
                mem_req=1, mem_add=L2_BASE + first, mem_wen=1, mem_be=ALL, mem_latency=1, mem_interval=1
            )
            words += [got["mem_r_data"]] if first else []
        words.append((await self.bench.cycle(mem_latency=1, mem_interval=1))["mem_r_data"])
        return b"".join(word.to_bytes(BUS_BYTES, "little") for word in words)


async def _host(dut: Any) -> Host:
    host = Host(Bench(dut))
    await host.bench.start()
    await host.fill()
    return host


def _request() -> tuple[int, int, int, int]:
    """Any access; a few lie outside of the memory, on both sides, far or just beyond its end."""
    first = random.randrange(0, FILLED, BUS_BYTES)
    if random.random() < 0.1:
        first = random.choice([BYTES, -BUS_BYTES, BYTES + first, (1 << 31) + first])
    return (L2_BASE + first) % (1 << 32), random.randrange(2), random.randint(0, ALL), random.getrandbits(8 * BUS_BYTES)


@cocotb.test()
async def every_access_is_answered_in_order_after_its_latency(dut: Any) -> None:
    host = await _host(dut)
    for latency, interval in ((1, 1), (0, 0), (2, 1), (1, 3), (5, 2), (40, 1), (3, 255), (1023, 1), (1023, 17)):
        await host.drain()
        cycles = 40 * interval if interval > 100 else max(400, latency * 2 + 200)
        pace, asked = random.choice([0.4, 1.0]), None
        for _ in range(cycles):
            asked = asked or (_request() if random.random() < pace else None)
            if await host.cycle(latency, interval, asked):
                asked = None
        await host.drain(latency, interval)
    assert await host.contents() == bytes(host.data[:FILLED])


@cocotb.test()
async def a_grant_comes_in_every_interval_and_never_sooner(dut: Any) -> None:
    host = await _host(dut)
    for interval in (0, 1, 2, 7, 255):
        await host.drain()
        for _ in range(interval + 1):  # the pause of the interval before
            await host.cycle(20, interval)
        host.grants.clear()
        least = max(interval, 1)
        for _ in range(20 * least):
            await host.cycle(20, interval, _request())
        steps = [after - before for before, after in zip(host.grants, host.grants[1:], strict=False)]
        assert set(steps) == {least}, f"{steps} for an interval of {interval}"


@cocotb.test()
async def a_latency_that_changes_keeps_order_and_answers(dut: Any) -> None:
    host = await _host(dut)
    bench = host.bench
    for _ in range(6):
        order: deque[int] = deque()
        for latency, interval, cycles in ((1023, 3, 1200), (1, 1, 1500), (1023, 1, 30), (2, 1, 30)):
            for _ in range(cycles):
                first = random.randrange(0, FILLED, BUS_BYTES)
                timing = {"mem_latency": latency, "mem_interval": interval}
                got = await bench.cycle(mem_req=1, mem_add=L2_BASE + first, mem_wen=1, mem_be=ALL, **timing)
                if got["mem_r_valid"]:
                    assert got["mem_r_data"] == order.popleft()
                if got["mem_gnt"]:
                    order.append(int.from_bytes(host.data[first : first + BUS_BYTES], "little"))
        while order:
            got = await bench.cycle(mem_latency=1, mem_interval=1)
            assert not got["mem_r_valid"] or got["mem_r_data"] == order.popleft()
        for _ in range(1200):
            assert not (await bench.cycle(mem_latency=1, mem_interval=1))["mem_r_valid"]


async def _run_joined(host: Host, transfers: Sequence[Transfer]) -> int:
    """Run transfers with the memory in hardware behind the DMA; compare its contents with the copy in Python."""
    bench = host.bench
    bench.joined = True
    bench.l2.data[:FILLED] = host.data[:FILLED]
    bench.l2.allow([], "l2")
    bench.tcdm.allow(transfers, "tcdm")
    bench.events.clear()
    for transfer in transfers:
        assert await bench.queue(transfer)
        began = bench.pins.now - 2
        await bench.settle(len(bench.events) + 1)
        for reads, writes in zip(transfer.rows_of(transfer.source), transfer.rows_of(transfer.target), strict=True):
            for read, write in zip(reads, writes, strict=True):
                if transfer.target == "l2":
                    host.data[write - L2_BASE] = bench.tcdm.data[read - TCDM_BASE]
                else:
                    assert bench.tcdm.data[write - TCDM_BASE] == host.data[read - L2_BASE]
    bench.joined = False
    assert await host.contents() == bytes(host.data[:FILLED])
    return bench.events[-1][0] - began


@cocotb.test()
async def the_dma_hides_the_latency_of_the_memory_as_far_as_its_buffer_goes(dut: Any) -> None:
    host = await _host(dut)
    for latency, interval in ((1, 1), (20, 1), (60, 1), (100, 1), (1023, 1), (4, 4)):
        await host.bench.write(Offset.L2_CFG, L2Cfg(latency=latency, interval=interval).pack())
        for direction in DirectionCode:
            transfer = Transfer(direction, L2_BASE + 3, TCDM_BASE + 6, 900)
            cycles = await _run_joined(host, [transfer])
            beats = max(transfer.beats(memory, BUS_BYTES) for memory in ("l2", "tcdm"))
            open_beats = FIFO if direction == DirectionCode.TO_TCDM else 1 << 10
            rounds = max(interval, (latency + 3) / open_beats)  # cycles a beat, while so many are open
            assert cycles <= beats * max(rounds, 1) + latency + 16, f"{transfer}: {cycles} cycles, latency {latency}"


@cocotb.test()
async def transfers_to_and_from_the_memory_are_byte_exact(dut: Any) -> None:
    host = await _host(dut)
    for _ in range(30):
        cfg = L2Cfg(latency=random.choice([0, 1, 7, 50]), interval=random.choice([0, 1, 5]))
        await host.bench.write(Offset.L2_CFG, cfg.pack())
        for lane in host.bench.lanes:
            lane.grants = random.choice([1.0, 0.5])
        transfers = [
            Transfer(
                random.choice(list(DirectionCode)),
                L2_BASE + random.randrange(200),
                TCDM_BASE + random.randrange(200),
                random.randint(1, 60),
                random.randint(1, 5),
                random.randint(60, 150),
                random.randint(60, 150),
            )
            for _ in range(random.randint(1, 3))
        ]
        await _run_joined(host, transfers)
