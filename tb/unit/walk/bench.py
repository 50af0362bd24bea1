# SPDX-License-Identifier: Apache-2.0
"""Cocotb tests of the four address sequencers: every beat of random jobs, in every cycle, with random readiness."""

from __future__ import annotations

import os
import random
from typing import Any

import cocotb

from tb.pins import Pins, join, pack, split, unpack
from tb.unit.walk.model import BF16, FP16, Beat, Job, Operand, Size, W, X, Y, Z, beats

STREAMS = 4
ADDRESS_BITS, STRIDE_BITS, CODE_BITS, BYTE_BITS = 32, 32, 3, 8
BEAT_FIELDS = (ADDRESS_BITS, 8, CODE_BITS, 5, 5, 1)  # address, elements, format; row, unit, last
FAR_AWAY = 255
FORMATS = (0, FP16, 2, BF16, 4)
OUTPUTS = ("valid", "taken", "beats", "x_lead", "w_lead", "y_begins", "y_ends", "z_begins", "z_ends")
JOBS = int(os.environ["JOBS"])
BEATS = 250  # of the longest stream of a job, at most


def _size() -> Size:
    """The parameters of the simulated top."""
    return Size(
        rows=int(os.environ["NUMROWS"]),
        tile_cols=int(os.environ["TILECOLS"]),
        chunk_elems=int(os.environ["CHUNKELEMS"]),
        x_chunks=int(os.environ["XCHUNKS"]),
        w_ahead=int(os.environ["WAHEAD"]),
        port_bytes=int(os.environ["PORTWIDTH"]) // BYTE_BITS,
    )


def _operand() -> Operand:
    """A matrix anywhere, with any stride; a small one now and then (a broadcast has none)."""
    addr = random.getrandbits(ADDRESS_BITS)
    stride = random.choice([0, random.getrandbits(8), random.getrandbits(20), random.getrandbits(STRIDE_BITS)])
    return Operand(addr, stride, random.choice(FORMATS))


def _job(size: Size) -> Job:
    """A job of a few tiles whose edges lie anywhere."""
    while True:
        m = random.randint(1, 2 * size.rows + 1)
        n = random.randint(1, random.choice([2, 2 * size.chunk_elems + 1, 3 * size.chunk_elems]))
        k = random.randint(1, random.choice([2, size.tile_cols, 2 * size.tile_cols + 1]))
        job = Job(m, n, k, tuple(_operand() for _ in range(STREAMS)))
        if max(len(beats(stream, job, size)) for stream in range(STREAMS)) <= BEATS:
            return job


class Walk:
    """The sequencers beside their model: which beats are still to come, and which places are reserved."""

    def __init__(self, pins: Pins, size: Size) -> None:
        self.pins, self.size = pins, size
        self.forget()
        self.full = 0  # cycles in which a loader waited for a place

    def forget(self) -> None:
        """Back to no job."""
        self.left: list[list[Beat]] = [[] for _ in range(STREAMS)]
        self.chunks_reserved = self.chunks_asked = self.beats_ahead = 0

    async def cycle(self, job: Job | None, pace: float, done: bool = False, clear: bool = False) -> None:
        """One cycle in which everything outside happens at random; afterwards the outputs are those of the model."""
        shown = [remaining[-1] if job and remaining else None for remaining in self.left]
        slots = [
            self.chunks_reserved < self.size.x_chunks,
            self.beats_ahead < self.size.w_ahead,
            random.random() < pace,
            random.random() < pace,
        ]
        valid = [bool(beat and (slot or not beat.begins)) for beat, slot in zip(shown, slots, strict=True)]
        ready = [random.random() < pace for _ in range(STREAMS)]
        chunk_free = self.chunks_asked > 0 and (job is None or random.random() < pace / 2)
        beat_free = self.beats_ahead > 0 and (job is None or random.random() < pace / 2)
        chunk_left = random.randint(1, self.size.chunk_elems)
        got = await self.pins.cycle(
            clear=clear,
            job_valid=job is not None,
            job_done=done,
            operands=self._operands(job) if job else 0,
            m=job.m if job else 0,
            n=job.n if job else 0,
            k=job.k if job else 0,
            ready=pack(ready, 1),
            chunk_free=chunk_free,
            chunk_left=chunk_left,
            beat_free=beat_free,
            y_slot=slots[Y],
            z_slot=slots[Z],
        )
        taken = [is_valid and is_ready for is_valid, is_ready in zip(valid, ready, strict=True)]
        final = [taken[s] and len(self.left[s]) == 1 for s in range(STREAMS)]
        assert unpack(got["valid"], 1, STREAMS) == valid, f"cycle {self.pins.now}: valid"
        assert unpack(got["taken"], 1, STREAMS) == final, f"cycle {self.pins.now}: job_taken"
        self._compare_beats(got["beats"], shown, valid)
        assert got["x_lead"] == (0, chunk_left, FAR_AWAY)[min(self.chunks_asked, 2)]
        assert got["w_lead"] == self.beats_ahead
        for stream, name in ((Y, "y"), (Z, "z")):
            beat = shown[stream]
            begins, ends = (beat.begins, beat.ends) if beat and taken[stream] else (False, False)
            assert (got[f"{name}_begins"], got[f"{name}_ends"]) == (begins, ends), f"{name}: begins and ends"
        if clear:
            self.forget()
            return
        self.full += any(beat is not None and not slot for beat, slot in zip(shown[:Y], slots[:Y], strict=True))
        self._take(shown, taken, chunk_free, beat_free)

    def _take(self, shown: list[Beat | None], taken: list[bool], chunk_free: bool, beat_free: bool) -> None:
        """Move the model on."""
        for stream, beat in enumerate(shown):
            if not beat or not taken[stream]:
                continue
            self.left[stream].pop()
            if stream == X:
                self.chunks_reserved += beat.begins
                self.chunks_asked += beat.ends
            elif stream == W:
                self.beats_ahead += 1
        self.chunks_reserved -= chunk_free
        self.chunks_asked -= chunk_free
        self.beats_ahead -= beat_free

    def _compare_beats(self, bits: int, shown: list[Beat | None], valid: list[bool]) -> None:
        """Every beat that is asked for is the one that the model has next."""
        for stream, flat in enumerate(unpack(bits, sum(BEAT_FIELDS), STREAMS)):
            beat = shown[stream]
            if not beat or not valid[stream]:
                continue
            addr, elems, code, row, unit, last = split(flat, BEAT_FIELDS)
            got = Beat(addr, elems, code, 0 if stream == W else row, unit, bool(last), beat.begins, beat.ends)
            assert got == beat, f"stream {'XWYZ'[stream]} asks for {got}, not {beat}"

    def _operands(self, job: Job) -> int:
        fields = (ADDRESS_BITS, STRIDE_BITS, CODE_BITS)
        return pack((join((o.addr, o.stride, o.code), fields) for o in job.operands), sum(fields))

    async def run(self, job: Job, pace: float, stop: int | None = None) -> bool:
        """Run a job to its end, or clear in its cycle `stop`; returns whether it was cleared."""
        self.left = [beats(stream, job, self.size)[::-1] for stream in range(STREAMS)]
        cycles = 0
        while any(self.left) or self.chunks_asked or self.beats_ahead:
            clear = cycles == stop
            await self.cycle(job, pace, clear=clear)
            if clear:
                return True
            cycles += 1
        await self.cycle(job, pace, done=True)
        return False


async def _start(dut: Any) -> Walk:
    pins = Pins(dut, OUTPUTS)
    await pins.start()
    return Walk(pins, _size())


@cocotb.test()
async def every_beat_of_every_stream_is_the_one_of_the_loops(dut: Any) -> None:
    walk = await _start(dut)
    for _ in range(JOBS):
        pace = random.choice([1.0, 0.8, 0.3])
        assert not await walk.run(_job(walk.size), pace)
        for _ in range(random.choice([0, 0, 3])):
            await walk.cycle(None, pace)
    assert walk.full > 0


@cocotb.test()
async def the_smallest_jobs_follow_each_other_at_once(dut: Any) -> None:
    walk = await _start(dut)
    for _ in range(JOBS):
        begun = walk.pins.now
        assert not await walk.run(Job(1, 1, 1, tuple(_operand() for _ in range(STREAMS))), 1.0)
        assert walk.full == 0
        assert walk.pins.now > begun + 1


@cocotb.test()
async def a_clear_in_any_cycle_leaves_nothing_of_the_job(dut: Any) -> None:
    walk = await _start(dut)
    cleared = 0
    for _ in range(2 * JOBS):
        cleared += await walk.run(_job(walk.size), random.choice([1.0, 0.5]), stop=random.randrange(80))
        for _ in range(random.choice([0, 0, 3])):
            await walk.cycle(None, 0.5)
    assert cleared > JOBS // 4
