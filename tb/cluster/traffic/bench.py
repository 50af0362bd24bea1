# SPDX-License-Identifier: Apache-2.0
"""Cocotb tests of the traffic generator: patterns, rates, shares, waiting, checking of data."""

from __future__ import annotations

import random
from typing import Any

import cocotb

from redmule.cluster.regs_traffic import Offset, PatternCode, Stride
from tb.cluster.traffic.agent import BANKS, BASE, REGION, WORD_BYTES, WORDS, Access, Bench

TRIALS = 12_000  # requests at the rate asked for; enough for 5 % of a share of a quarter
CLOSE = 0.05
BEGIN = BASE + 3 * WORD_BYTES  # of the region; not in bank 0


COUNTERS = (Offset.GRANTS, Offset.WAITS, Offset.WORST, Offset.ERRORS)


async def _generator(dut: Any, **settings: int) -> Bench:
    """A generator that runs, after writes to registers of these names (lower case)."""
    bench = Bench(dut)
    await bench.start()
    for name, value in ({"base": BEGIN, "seed": random.getrandbits(32), "rate": 256} | settings).items():
        await bench.write(Offset[name.upper()], value)
    await bench.write(Offset.ENABLE, 1)
    return bench


async def _run(bench: Bench, cycles: int) -> list[Access]:
    """Let it run; returns what was granted meanwhile."""
    first = len(bench.accesses)
    for _ in range(cycles):
        await bench.cycle()
    return bench.accesses[first:]


async def _stop(bench: Bench) -> None:
    """Switch it off, and let the last answer come."""
    await bench.write(Offset.ENABLE, 0)
    bench.grants = 1.0
    for _ in range(4):
        await bench.cycle()


def _places(accesses: list[Access]) -> list[int]:
    """Words of the region."""
    places = [(access.addr - BEGIN) // WORD_BYTES for access in accesses]
    assert all(0 <= place < REGION for place in places)
    return places


@cocotb.test()
async def nothing_happens_before_it_is_enabled(dut: Any) -> None:
    bench = Bench(dut)
    await bench.start()
    await bench.write(Offset.RATE, 256)
    assert not await _run(bench, 50)
    assert not bench.got["tcdm_req"]


@cocotb.test()
async def after_a_reset_nothing_is_known_of_the_region(dut: Any) -> None:
    bench = Bench(dut, base=0)  # where the region begins then
    await bench.start()
    await bench.write(Offset.RATE, 256)
    await bench.write(Offset.ENABLE, 1)
    assert len(await _run(bench, REGION)) > REGION // 2
    await _stop(bench)
    assert await bench.value(Offset.ERRORS) == 0


@cocotb.test()
async def linear_and_strided_patterns_go_from_word_to_word_and_wrap(dut: Any) -> None:
    for stride in (1, 2, 7, REGION - 1, REGION + 3, 65535):
        for pattern in (PatternCode.LINEAR, PatternCode.STRIDED):
            bench = await _generator(dut, pattern=pattern, stride=stride)
            places = _places(await _run(bench, 2 * REGION))
            step = stride if pattern == PatternCode.STRIDED else 1
            assert len(places) >= 2 * REGION - 1
            assert places == [index * step % REGION for index in range(len(places))]


@cocotb.test()
async def random_pattern_touches_every_word_and_bank_pattern_one_bank(dut: Any) -> None:
    bench = await _generator(dut, pattern=PatternCode.RANDOM)
    places = _places(await _run(bench, 16 * REGION))
    assert len(set(places)) == REGION
    assert max(places.count(place) for place in set(places)) < 60
    for bank in (0, 1, BANKS - 1, BANKS + 2):
        await bench.write(Offset.BANK, bank)
        await bench.write(Offset.PATTERN, PatternCode.BANK)
        await bench.cycle()
        accesses = await _run(bench, 16 * REGION // BANKS)
        assert {access.word % BANKS for access in accesses} == {bank % BANKS}
        assert len(set(_places(accesses))) == REGION // BANKS


@cocotb.test()
async def byte_enables_of_writes_are_random_and_reads_take_whole_words(dut: Any) -> None:
    bench = await _generator(dut, writes=128, pattern=PatternCode.RANDOM)
    accesses = await _run(bench, 1000)
    assert {access.be for access in accesses if access.wen} == {15}
    assert {access.be for access in accesses if not access.wen} == set(range(16))
    assert len({access.data for access in accesses if not access.wen}) > 450


@cocotb.test()
async def counters_say_what_happened_and_writing_clears_them(dut: Any) -> None:
    for grants in (1.0, 0.4, 0.1):
        bench = await _generator(dut, rate=random.choice([100, 256]), writes=100, pattern=PatternCode.RANDOM)
        bench.grants = grants
        await _run(bench, 800)
        await _stop(bench)
        for _ in range(2):  # reading changes nothing
            counters = [await bench.value(offset) for offset in COUNTERS]
            assert counters == [len(bench.accesses), sum(bench.waits), max(bench.waits), 0]
        for offset in (Offset.GRANTS, Offset.WAITS, Offset.WORST):
            await bench.write(offset, 0xFFFF_FFFF)
            assert await bench.value(offset) == 0


@cocotb.test()
async def clearing_worst_forgets_what_the_present_request_has_waited(dut: Any) -> None:
    bench = await _generator(dut)
    bench.grants = 0.0
    await _run(bench, 30)
    await bench.write(Offset.WORST, 0)
    await _run(bench, 10)
    assert 9 <= await bench.value(Offset.WORST) <= 13  # of a wait that goes on, the counter knows a cycle later


@cocotb.test()
async def what_was_written_comes_back_under_every_pattern_and_patience(dut: Any) -> None:
    bench = await _generator(dut, writes=100)
    for pattern in PatternCode:
        for grants in (1.0, 0.3):
            bench.grants = grants
            await bench.write(Offset.PATTERN, pattern)
            await _run(bench, 1500)
    await _stop(bench)
    assert await bench.value(Offset.ERRORS) == 0


@cocotb.test()
async def a_wrong_bit_in_an_answer_is_counted_if_its_byte_was_written(dut: Any) -> None:
    bench = await _generator(dut, writes=255, pattern=PatternCode.LINEAR)
    await _run(bench, 60 * REGION)  # every byte is known: 15 of 16 enables would be too few to miss one 60 times
    await bench.write(Offset.WRITES, 60)
    bench.spoil = 0.2
    await _run(bench, 1000)
    await _stop(bench)
    assert len(bench.spoiled) > 50
    assert await bench.value(Offset.ERRORS) == len(bench.spoiled)


@cocotb.test()
async def bytes_that_were_never_written_are_not_judged(dut: Any) -> None:
    bench = await _generator(dut, writes=0, pattern=PatternCode.RANDOM)
    bench.spoil = 1.0
    await _run(bench, 500)
    await _stop(bench)
    assert len(bench.spoiled) > 400
    assert await bench.value(Offset.ERRORS) == 0


@cocotb.test()
async def a_new_base_forgets_the_old_region_even_with_a_request_waiting(dut: Any) -> None:
    bench = await _generator(dut, writes=128, pattern=PatternCode.RANDOM)
    for number in range(60):
        bench.grants = random.choice([1.0, 0.3, 0.05])
        await _run(bench, random.randrange(40))
        begin = BASE + random.randrange(WORDS - REGION) * WORD_BYTES
        await bench.write(Offset.BASE, begin + number % WORD_BYTES)
        while bench.got["tcdm_req"] and bench.present:  # what waited may still be of the old region
            await bench.cycle()
        await bench.cycle()
        accesses = await _run(bench, 30)
        assert all(begin <= access.addr < begin + REGION * WORD_BYTES for access in accesses[1:])
        if number % 10 == 0:  # somebody else may write the regions that were given up
            bench.memory = [
                word if begin <= BASE + place * WORD_BYTES < begin + REGION * WORD_BYTES else ~word & 0xFFFF_FFFF
                for place, word in enumerate(bench.memory)
            ]
    await _stop(bench)
    assert await bench.value(Offset.ERRORS) == 0


@cocotb.test()
async def a_write_that_waits_while_the_base_changes_is_not_expected_back(dut: Any) -> None:
    bench = await _generator(dut, writes=255, pattern=PatternCode.LINEAR)
    for number in range(1, 9):
        bench.grants = 0.0
        await _run(bench, 3)
        assert bench.present
        await bench.write(Offset.BASE, BEGIN + REGION * WORD_BYTES * number)
        await bench.write(Offset.WRITES, 0)
        bench.grants = 1.0
        places = [access.addr for access in await _run(bench, REGION + 4)]
        assert places[0] < BEGIN + REGION * WORD_BYTES * number <= min(places[1:])
        await bench.write(Offset.WRITES, 255)
        await _run(bench, 2)
    await _stop(bench)
    assert await bench.value(Offset.ERRORS) == 0


@cocotb.test()
async def outside_of_the_memory_every_access_is_an_error(dut: Any) -> None:
    bench = await _generator(dut, base=BASE - REGION * WORD_BYTES, writes=128)
    accesses = await _run(bench, 100)
    await _stop(bench)
    assert len(accesses) > 90
    for _ in range(2):  # reading changes nothing
        assert await bench.value(Offset.ERRORS) == len(bench.accesses)
    await bench.write(Offset.ERRORS, 0xFFFF_FFFF)
    assert await bench.value(Offset.ERRORS) == 0


@cocotb.test()
async def switching_off_lets_the_waiting_request_finish(dut: Any) -> None:
    for _ in range(20):
        bench = await _generator(dut, rate=200)
        bench.grants = 0.0
        await _run(bench, 20)
        assert bench.got["tcdm_req"]
        await bench.write(Offset.ENABLE, 0)
        await _run(bench, random.randrange(5))
        assert bench.got["tcdm_req"]
        bench.grants = 1.0
        assert len(await _run(bench, 20)) == 1
        assert not bench.got["tcdm_req"]


@cocotb.test()
async def a_seed_makes_a_sequence_and_another_seed_another(dut: Any) -> None:
    runs = []
    for seed in (0, 1, 2, 0xFFFF_FFFF, 1):
        bench = await _generator(dut, seed=seed, rate=100, writes=128, pattern=PatternCode.RANDOM)
        accesses = await _run(bench, 300)
        runs.append([(access.addr, access.wen, access.be, access.data) for access in accesses])
    assert runs[1] == runs[4]
    assert len({tuple(run) for run in runs}) == 4
    addresses = [[access[0] for access in run[:60]] for run in runs[:4]]
    assert all(
        sum(a == b for a, b in zip(left, right, strict=False)) < 10
        for number, left in enumerate(addresses)
        for right in addresses[:number]
    )


@cocotb.test()
async def registers_read_back_and_holes_are_errors(dut: Any) -> None:
    bench = Bench(dut)
    await bench.start()
    widths = {
        Offset.PATTERN: 2,
        Offset.RATE: 9,
        Offset.WRITES: 8,
        Offset.STRIDE: 16,
        Offset.BANK: 10,
        Offset.SEED: 32,
        Offset.BASE: 32,
    }
    words = dict.fromkeys(widths, 0) | {Offset.STRIDE: Stride().pack()}
    await bench.write(Offset.ENABLE, 0xFFFF_FFFE)
    assert await bench.value(Offset.ENABLE) == 0
    for offset, word in words.items():
        assert await bench.value(offset) == word
    for _ in range(200):
        offset, be, value = random.choice(list(words)), random.randrange(16), random.getrandbits(32)
        mask = sum(0xFF << 8 * byte for byte in range(4) if be >> byte & 1)
        await bench.write(offset, value, be=be)
        words[offset] = ((words[offset] & ~mask) | (value & mask)) % (1 << widths[offset])
        offset = random.choice(list(words))
        assert await bench.read(offset) == (words[offset], 0)
    for place in (*range(max(Offset) + 4, 0x40, 4), *(offset + 1 for offset in Offset)):
        assert await bench.read(place) == (0, 1)
    assert await bench.value(0x40 * 5 + Offset.STRIDE) == words[Offset.STRIDE], "the window is not decoded here"


@cocotb.test()
async def requests_begin_at_the_rate_and_writes_have_their_share(dut: Any) -> None:
    for rate, share, grants in ((256, 255, 1.0), (256, 0, 0.5), (128, 128, 1.0), (64, 128, 0.8), (300, 64, 1.0)):
        expected = min(rate, 256) / 256
        cycles = int(TRIALS / expected)
        bench = await _generator(dut, rate=rate, writes=share, pattern=PatternCode.RANDOM)
        bench.grants = grants
        first, waited = len(bench.accesses), sum(bench.waits) + bench.present
        accesses = await _run(bench, cycles)
        assert len(accesses) == len(bench.accesses) - first
        free = cycles - (sum(bench.waits) + bench.present - waited)  # cycles in which none waits
        assert abs(len(accesses) / free - expected) <= CLOSE * expected + 2 / cycles, f"rate {rate}"
        writes = sum(not access.wen for access in accesses) / len(accesses)
        assert abs(writes - share / 256) <= CLOSE * share / 256, f"{writes} of share {share}"
    bench = await _generator(dut, rate=0)
    assert not await _run(bench, 300)
