# SPDX-License-Identifier: Apache-2.0
"""Cocotb tests of the DMA: bytes, rates, errors, queue, registers."""

from __future__ import annotations

import os
import random
from typing import Any

import cocotb

from redmule.cluster.regs_dma import DirectionCode, L2Cfg, Offset, Status
from tb.cluster.dma.agent import BUS_BYTES, CORES, FIFO, L2_BASE, QUEUE, SIZE, TCDM_BASE, Bench
from tb.cluster.dma.model import Transfer

ROUNDS = int(os.environ["ROUNDS"])
LENGTHS = range(1, 21, int(os.environ["STEP"]))
FIXED = 9  # cycles of a transfer beyond its beats, with memories that answer in the next cycle
PER_ROW = 1  # and of a row
LONG = 512
FULL = FIFO > 3  # beats enough to keep requests going until the first answer is there


def _transfer(most: int = 40) -> Transfer:
    """Any transfer that fits the memories; rows may overlap, in the source and in the target."""
    row_bytes, rows = random.randint(1, most), random.randint(1, 6)
    strides = [random.choice([0, row_bytes, random.randint(0, 2 * most)]) for _ in range(2)]
    places = [random.randint(0, SIZE - row_bytes - stride * (rows - 1)) for stride in strides]
    return Transfer(
        random.choice(list(DirectionCode)),
        L2_BASE + places[0],
        TCDM_BASE + places[1],
        row_bytes,
        rows,
        strides[0],
        strides[1],
        random.randrange(CORES),
    )


def _patience(bench: Bench) -> None:
    """Give the memories another temper."""
    for port in (*bench.lanes, bench.l2_port):
        port.grants = random.choice([1.0, 0.8, 0.3])
        port.latency = random.choice([1, 1, 2, 9])
        port.jitter = random.choice([0, 0, 5])
    bench.l2_port.interval = random.choice([1, 1, 3])


@cocotb.test()
async def every_alignment_and_row_length_is_copied_byte_exactly(dut: Any) -> None:
    bench = Bench(dut)
    await bench.start()
    for direction in DirectionCode:
        for l2_offset in range(BUS_BYTES):
            for tcdm_offset in range(BUS_BYTES):
                for length in LENGTHS:
                    strides = length + random.randrange(9), length + random.randrange(9)
                    transfer = Transfer(
                        direction, L2_BASE + 64 + l2_offset, TCDM_BASE + 64 + tcdm_offset, length, 2, *strides
                    )
                    cycles = await bench.run([transfer])
                    beats = max(transfer.beats(memory, BUS_BYTES) for memory in ("l2", "tcdm"))
                    assert not FULL or cycles <= beats + 2 * PER_ROW + FIXED, f"{transfer}: {cycles} cycles"


@cocotb.test()
async def random_transfers_survive_stalls_latencies_and_queueing(dut: Any) -> None:
    bench = Bench(dut)
    await bench.start()
    for _ in range(ROUNDS):
        _patience(bench)
        await bench.run([_transfer() for _ in range(random.randint(1, QUEUE))])
    assert await bench.value(Offset.DONE) == bench.ended
    assert await bench.value(Offset.ERRORS) == 0


@cocotb.test()
async def long_rows_run_at_the_full_rate_at_any_alignment(dut: Any) -> None:
    bench = Bench(dut)
    await bench.start()
    for latency in (1, 4):
        bench.l2_port.latency = latency
        full = latency + 2 < FIFO  # requests and answers on their way, and one in the buffer
        for direction in DirectionCode:
            for l2_offset in range(BUS_BYTES):
                places = L2_BASE + l2_offset, TCDM_BASE + random.randrange(BUS_BYTES)
                transfer = Transfer(direction, *places, LONG, 3, LONG + 16, LONG + 8)
                cycles = await bench.run([transfer])
                beats = max(transfer.beats(memory, BUS_BYTES) for memory in ("l2", "tcdm"))
                assert not full or cycles <= beats + 3 * PER_ROW + FIXED + latency - 1, f"{transfer}: {cycles} cycles"


@cocotb.test()
async def short_rows_cost_at_most_a_cycle_more_than_their_beats(dut: Any) -> None:
    bench = Bench(dut)
    await bench.start()
    for _ in range(40):
        length, rows = random.randint(1, 2 * BUS_BYTES), 30
        strides = random.randint(length, 40), random.randint(length, 40)
        transfer = Transfer(
            random.choice(list(DirectionCode)),
            L2_BASE + random.randrange(BUS_BYTES),
            TCDM_BASE + random.randrange(BUS_BYTES),
            length,
            rows,
            *strides,
        )
        cycles = await bench.run([transfer])
        most = 0
        for pair in zip(transfer.rows_of("l2"), transfer.rows_of("tcdm"), strict=True):
            most += max((row.stop - 1) // BUS_BYTES - row.start // BUS_BYTES + 1 for row in pair) + PER_ROW
        assert not FULL or cycles <= most + FIXED, f"{transfer}: {cycles} cycles, {most} expected"


@cocotb.test()
async def a_queued_transfer_reads_what_the_one_before_wrote(dut: Any) -> None:
    bench = Bench(dut)
    await bench.start()
    for _ in range(20):
        _patience(bench)
        there = Transfer(DirectionCode.TO_TCDM, L2_BASE + 3, TCDM_BASE + 8, 50)
        back = Transfer(DirectionCode.TO_L2, L2_BASE + 1001, TCDM_BASE + 8, 50, core=1)
        await bench.run([there, back][:QUEUE])
        bench.l2.data[3:53] = random.randbytes(50)


@cocotb.test()
async def a_transfer_of_nothing_ends_at_once(dut: Any) -> None:
    bench = Bench(dut)
    await bench.start()
    for row_bytes, rows in ((0, 5), (5, 0), (0, 0)):
        transfer = Transfer(DirectionCode.TO_TCDM, L2_BASE, TCDM_BASE, row_bytes, rows, core=3)
        assert await bench.run([transfer]) <= 2
    assert await bench.value(Offset.DONE) == 3


@cocotb.test()
async def addresses_count_modulo_two_to_the_32(dut: Any) -> None:
    base = (1 << 32) - SIZE // 2
    bench = Bench(dut, tcdm_base=base, l2_base=base)
    await bench.start()
    for direction in DirectionCode:
        for _ in range(10):
            ends = (1 << 32) - random.randrange(40), (1 << 32) - random.randrange(40)
            await bench.run([Transfer(direction, ends[0] % (1 << 32), ends[1] % (1 << 32), 60, 2, 100, (1 << 32) - 90)])


@cocotb.test()
async def a_full_queue_refuses_start_and_keeps_what_it_has(dut: Any) -> None:
    bench = Bench(dut)
    await bench.start()
    bench.l2_port.grants = 0.0
    transfers = [
        Transfer(DirectionCode.TO_TCDM, L2_BASE + 100 * i, TCDM_BASE + 60 * i, 30, core=i % CORES) for i in range(QUEUE)
    ]
    bench.l2.allow(transfers, "l2")
    bench.tcdm.allow(transfers, "tcdm")
    for number, transfer in enumerate(transfers):
        assert Status.unpack(await bench.value(Offset.STATUS)) == Status(busy=number > 0, free=QUEUE - number)
        assert await bench.queue(transfer)
    assert Status.unpack(await bench.value(Offset.STATUS)) == Status(busy=1, free=0)
    for _ in range(3):
        assert not await bench.queue(Transfer(DirectionCode.TO_L2, L2_BASE, TCDM_BASE, 64))
    await bench.write(Offset.START, 1, be=0)
    assert not (await bench.cycle())["reg_r_err"], "a write that enables no byte is none"
    bench.l2_port.grants = 1.0
    await bench.settle(QUEUE)
    assert [lines for _, lines in bench.events] == [1 << transfer.core for transfer in transfers]
    for transfer in transfers:
        source, target = transfer.l2_addr - L2_BASE, transfer.tcdm_addr - TCDM_BASE
        assert bench.tcdm.data[target : target + 30] == bench.l2.data[source : source + 30]
    assert Status.unpack(await bench.value(Offset.STATUS)) == Status(busy=0, free=QUEUE)
    assert await bench.value(Offset.DONE) == QUEUE


@cocotb.test()
async def an_error_ends_its_transfer_and_the_queue_goes_on(dut: Any) -> None:
    bench = Bench(dut)
    await bench.start()
    for bad in range(1, ROUNDS + 1):
        _patience(bench)
        transfer = _transfer()
        name = random.choice(["l2", "tcdm"])
        memory, step = (bench.l2, BUS_BYTES) if name == "l2" else (bench.tcdm, 4)
        touched = {memory.index(addr) // step * step for row in transfer.rows_of(name) for addr in row}
        memory.poison = {random.choice(sorted(touched))}
        before = {"l2": bytes(bench.l2.data), "tcdm": bytes(bench.tcdm.data)}
        bench.events.clear()
        bench.l2.allow([transfer], "l2")
        bench.tcdm.allow([transfer], "tcdm")
        assert await bench.queue(transfer)
        await bench.settle(1)
        assert bench.events[0][1] == 1 << transfer.core
        assert not any(port.due for port in (*bench.lanes, bench.l2_port)), "the event comes after the last answer"
        assert bytes(getattr(bench, transfer.source).data) == before[transfer.source]
        memory.poison = set()
        await bench.run([_transfer()])
        assert (await bench.value(Offset.ERRORS), await bench.value(Offset.DONE)) == (bad, bench.ended + bad)


@cocotb.test()
async def outside_of_the_memories_a_transfer_ends_with_an_error(dut: Any) -> None:
    bench = Bench(dut)
    await bench.start()
    for number, (l2, tcdm) in enumerate(((SIZE, 0), (0, SIZE), (SIZE - 8, 0), (0, SIZE - 3)), 1):
        transfer = Transfer(DirectionCode.TO_TCDM, L2_BASE + l2, TCDM_BASE + tcdm, 16)
        bench.l2.allow([transfer], "l2")
        bench.tcdm.allow([transfer], "tcdm")
        bench.events.clear()
        assert await bench.queue(transfer)
        await bench.settle(1)
        assert await bench.value(Offset.ERRORS) == number


@cocotb.test()
async def a_reset_in_any_cycle_leaves_a_fresh_dma(dut: Any) -> None:
    bench = Bench(dut)
    await bench.start()
    for _ in range(ROUNDS):
        _patience(bench)
        transfers = [_transfer() for _ in range(random.randint(1, QUEUE))]
        bench.l2.allow(transfers, "l2")
        bench.tcdm.allow(transfers, "tcdm")
        for transfer in transfers:
            await bench.queue(transfer)
        for _ in range(random.randrange(60)):
            await bench.cycle()
        await bench.reset(random.randint(1, 3))
        assert Status.unpack(await bench.value(Offset.STATUS)) == Status(busy=0, free=QUEUE)
        assert (await bench.value(Offset.DONE), await bench.value(Offset.ERRORS)) == (0, 0)
        await bench.run([_transfer()])


@cocotb.test()
async def registers_read_back_byte_for_byte_and_holes_are_errors(dut: Any) -> None:
    bench = Bench(dut)
    await bench.start()
    words = dict.fromkeys(
        (Offset.L2_ADDR, Offset.TCDM_ADDR, Offset.ROW_BYTES, Offset.ROWS, Offset.L2_STRIDE, Offset.TCDM_STRIDE), 0
    ) | {Offset.L2_CFG: L2Cfg().pack()}
    listed = dict.fromkeys(words, 0xFFFF_FFFF) | {Offset.L2_CFG: L2Cfg(latency=1023, interval=255).pack()}
    for _ in range(300):
        offset, be, value = random.choice(list(words)), random.randrange(16), random.getrandbits(32)
        mask = sum(0xFF << 8 * byte for byte in range(4) if be >> byte & 1)
        await bench.write(offset, value, be=be)
        words[offset] = ((words[offset] & ~mask) | (value & mask)) & listed[offset]
        offset = random.choice(list(words))
        assert await bench.read(offset, core=random.getrandbits(32)) == (words[offset], 0)
    cfg = L2Cfg.unpack(words[Offset.L2_CFG])
    got = await bench.cycle()
    assert (got["l2_latency"], got["l2_interval"]) == (cfg.latency, cfg.interval)
    for offset in (Offset.STATUS, Offset.DONE, Offset.ERRORS):
        before = await bench.value(offset)
        await bench.write(offset, 0xFFFF_FFFF)
        assert not (await bench.cycle())["reg_r_err"]
        assert await bench.value(offset) == before
    assert await bench.read(Offset.START) == (0, 0)
    for place in (*range(max(Offset) + 4, 0x100, 4), *(offset + 2 for offset in Offset)):
        assert await bench.read(place) == (0, 1)
        await bench.write(place, 0xFFFF_FFFF)
        assert (await bench.cycle())["reg_r_err"]
    for offset, value in words.items():
        assert await bench.value(offset) == value
    assert not bench.events
