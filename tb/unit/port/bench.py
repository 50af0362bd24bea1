# SPDX-License-Identifier: Apache-2.0
"""Cocotb tests of the memory port between four random streams and a memory of random patience."""

from __future__ import annotations

import os
import random
from collections import deque
from typing import Any

import cocotb

from tb.pins import Pins, join, pack, split, unpack
from tb.unit.port.model import TWO_BYTES, WORD_BYTES, Beat, Port, Z

STREAMS, LEAD_BITS, BYTE_BITS = 4, 8, 8
ACCESS = (32, 8, 3)  # address, elements, format
PLACE_BITS = 28
FORMATS = range(5)
PORT_BYTES = int(os.environ["PORTWIDTH"]) // BYTE_BITS
DATA_BYTES = PORT_BYTES + WORD_BYTES
DEPTH = 8  # beats outstanding, at most
CYCLES = int(os.environ["CYCLES"])
OUTPUTS = (
    *("ready", "mem_req", "mem_add", "mem_wen", "mem_be", "mem_data", "transfer", "idle"),
    *("beat_valid", "beat_access", "beat_place", "beat_payload", "bus_error"),
)


def _beat(stream: int) -> Beat:
    """A beat at any alignment that fits the port; often a full one."""
    code = random.choice(FORMATS)
    elem_bytes = 2 if code in TWO_BYTES else 1
    most = PORT_BYTES // elem_bytes
    elems = random.choice([most, random.randint(1, most)])
    addr = random.getrandbits(ACCESS[0]) // elem_bytes * elem_bytes
    return Beat(stream, addr, elems, code, random.getrandbits(PLACE_BITS))


class Bench:
    """The port, its model, its streams and its memory."""

    def __init__(self, dut: Any) -> None:
        self.pins = Pins(dut, OUTPUTS)
        self.port = Port(DEPTH)
        self.asked: list[Beat | None] = [None] * STREAMS
        self.leads = [0] * STREAMS
        self.due: deque[int] = deque()  # first cycle in which the memory may answer each granted request
        self.payload = 0
        self.seen: tuple[int, ...] | None = None  # what a request that waits has shown
        self.taken = self.dropped = self.errors = 0
        self.depths: set[int] = set()

    def ask(self, pace: float) -> None:
        """Streams make up their minds; what they asked for stays until it is taken, its lead may change."""
        for stream in range(STREAMS):
            if self.asked[stream] is None and random.random() < pace:
                self.asked[stream] = _beat(stream)
            self.leads[stream] = random.choice([0, 1, 2, random.getrandbits(LEAD_BITS)])

    async def cycle(self, grants: float = 1.0, answers: float = 1.0, clear: bool = False, delay: int = 0) -> None:
        """One cycle; everything that the port shows is what the model shows."""
        port = self.port
        granted = random.random() < grants
        answered = bool(self.due) and self.due[0] <= self.pins.now and random.random() < answers
        error = answered and random.random() < 0.1
        data = random.getrandbits(DATA_BYTES * BYTE_BITS)
        z_payload = random.getrandbits(PORT_BYTES * BYTE_BITS)
        self.depths.add(len(port.outstanding))
        got = await self.pins.cycle(
            clear=clear,
            valid=pack((beat is not None for beat in self.asked), 1),
            accesses=pack((self._access(beat) for beat in self.asked), sum(ACCESS)),
            places=pack((beat.place if beat else 0 for beat in self.asked), PLACE_BITS),
            leads=pack(self.leads, LEAD_BITS),
            z_payload=z_payload,
            mem_gnt=granted,
            mem_r_valid=answered,
            mem_r_data=data,
            mem_r_err=error,
        )
        granted = granted and port.request is not None
        stream = port.taken(
            [lead if beat else None for lead, beat in zip(self.leads, self.asked, strict=True)], granted, clear
        )
        ready = 0 if stream is None else 1 << stream
        assert got["ready"] & pack((beat is not None for beat in self.asked), 1) == ready
        assert (got["transfer"], got["idle"]) == (granted, port.idle)
        self._compare_request(got, port.request, granted)
        self._compare_answer(got, answered, error, data)
        beat = None if stream is None else self.asked[stream]
        if stream is not None:
            self.asked[stream] = None
            self.taken += 1
            self.payload = z_payload
        if granted:
            self.due.append(max(self.pins.now + delay, self.due[-1] if self.due else 0))
        if answered:
            self.due.popleft()
        port.move(beat, granted, answered, clear)

    def _access(self, beat: Beat | None) -> int:
        return join((beat.addr, beat.elems, beat.code), ACCESS) if beat else 0

    def _compare_request(self, got: dict[str, int], beat: Beat | None, granted: bool) -> None:
        """The request is the taken beat with exact byte enables, and holds until it is granted."""
        assert got["mem_req"] == (beat is not None)
        if beat is None:
            return
        assert (got["mem_add"], got["mem_wen"]) == (beat.word, beat.stream != Z)
        enables = unpack(got["mem_be"], 1, DATA_BYTES)
        assert enables == beat.enables + [False] * (DATA_BYTES - len(beat.enables)), f"byte enables of {beat}"
        if beat.stream == Z:
            stored = got["mem_data"] >> BYTE_BITS * beat.offset
            assert (stored ^ self.payload) % (1 << BYTE_BITS * beat.size) == 0, f"data of {beat}"
        shown = tuple(got[name] for name in ("mem_add", "mem_wen", "mem_be", "mem_data"))
        assert self.seen in (None, shown), "a waiting request changed"
        self.seen = None if granted else shown

    def _compare_answer(self, got: dict[str, int], answered: bool, error: bool, data: int) -> None:
        """An answer goes to the oldest beat, or to nobody after a clear."""
        expected = answered and not self.port.orphans
        owners = 1 << self.port.outstanding[0].stream if expected else 0
        assert (got["beat_valid"], got["bus_error"]) == (owners, expected and error)
        self.dropped += answered and not expected
        self.errors += expected and error
        if expected:
            beat = self.port.outstanding[0]
            place = *split(got["beat_access"], ACCESS), got["beat_place"]
            assert place == (beat.addr, beat.elems, beat.code, beat.place)
            wanted = data >> BYTE_BITS * beat.offset
            assert (got["beat_payload"] ^ wanted) % (1 << BYTE_BITS * beat.size) == 0, f"payload of {beat}"

    async def drain(self) -> None:
        """Nothing is asked for until the port is idle."""
        self.asked = [None] * STREAMS
        while not self.port.idle:
            await self.cycle(0.5, 0.5)


async def _start(dut: Any) -> Bench:
    bench = Bench(dut)
    await bench.pins.start()
    return bench


@cocotb.test()
async def beats_come_back_to_their_places_with_any_grants_and_delays(dut: Any) -> None:
    bench = await _start(dut)
    for number in range(CYCLES):
        if number % 50 == 0:
            pace, grants, answers = (random.choice([0.1, 0.5, 1.0]) for _ in range(3))
            delay = random.choice([0, 1, 5, 20])
        bench.ask(pace)
        await bench.cycle(grants, answers, delay=delay)
    await bench.drain()
    assert bench.taken > CYCLES // 20
    assert bench.errors
    assert bench.depths == set(range(DEPTH + 1))


@cocotb.test()
async def a_patient_memory_gets_a_beat_in_every_cycle(dut: Any) -> None:
    bench = await _start(dut)
    for _ in range(CYCLES // 4):
        bench.ask(1.0)
        await bench.cycle()
    assert bench.taken == CYCLES // 4


@cocotb.test()
async def a_clear_keeps_the_request_and_drops_what_was_outstanding(dut: Any) -> None:
    bench = await _start(dut)
    waited = 0
    for _ in range(CYCLES // 20):
        grants, answers = random.choice([0.1, 0.6, 1.0]), random.choice([0.2, 1.0])
        for _ in range(random.randrange(12)):
            bench.ask(0.8)
            await bench.cycle(grants, answers, delay=random.randrange(4))
        waited += bench.port.request is not None
        await bench.cycle(grants, answers, clear=True)
        await bench.drain()
    assert bench.dropped > CYCLES // 40
    assert waited
