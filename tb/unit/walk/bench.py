# SPDX-License-Identifier: Apache-2.0
"""Cocotb tests of the four address sequencers: every beat of queued jobs, in every cycle, with random readiness."""

from __future__ import annotations

import os
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cocotb

from tb.pins import Pins, join, pack, split, unpack
from tb.unit.walk.model import BF16, FP16, Beat, Job, Operand, Size, W, X, Y, Z, beats

STREAMS, CONTEXTS = 4, 4
ADDRESS_BITS, BYTE_BITS = 32, 8
OPERAND = (ADDRESS_BITS, ADDRESS_BITS, 3, 1)  # address, stride, format, by columns
JOB = (*(sum(OPERAND),) * STREAMS, 16, 16, 16, 3, 1, 1)  # X, W, Y, Z, M, N, K, op, with Y, saturate
# address, elements, format; context, split, group, row, unit, along, lines, last
BEAT = (ADDRESS_BITS, 8, 3, 2, 2, 2, 7, 5, 1, 8, 1)
FAR_AWAY = 255
FORMATS = (0, FP16, 2, BF16, 4)
OUTPUTS = ("valid", "taken", "beats", "x_lead", "w_lead", "y_begins", "y_ends", "z_begins", "z_ends")
JOBS = int(os.environ["JOBS"])
BEATS = 400  # of the longest stream of a job, at most


def _size() -> Size:
    """The parameters of the simulated top."""
    return Size(
        rows=int(os.environ["NUMROWS"]),
        row_len=int(os.environ["ROWLEN"]),
        tile_cols=int(os.environ["TILECOLS"]),
        groups=int(os.environ["ROWGROUPS"]),
        x_lines=int(os.environ["XCHUNKLINES"]),
        x_chunks=int(os.environ["XCHUNKS"]),
        w_lines=int(os.environ["WCHUNKLINES"]),
        w_chunks=int(os.environ["WCHUNKS"]),
        port_bytes=int(os.environ["PORTWIDTH"]) // BYTE_BITS,
        contexts=int(os.environ["NUMCONTEXTS"]),
    )


def _operand() -> Operand:
    """A matrix anywhere, with any stride; a small one now and then (a broadcast has none)."""
    addr = random.getrandbits(ADDRESS_BITS)
    stride = random.choice([0, random.getrandbits(8), random.getrandbits(20), random.getrandbits(ADDRESS_BITS)])
    return Operand(addr, stride, random.choice(FORMATS), random.random() < 0.5)


def _small(_: Size) -> Job:
    """A job of one element, as short as a job can be."""
    return Job(1, 1, 1, tuple(_operand() for _ in range(STREAMS)))


def _few_rows(size: Size) -> Job:
    """A job of as few rows, and as many columns, as a split needs."""
    m = random.randint(1, max(size.rows // 2, 1))
    k = random.randint(size.tile_cols + 1, 2 * size.groups * size.tile_cols)
    return Job(m, random.randint(1, 2), k, tuple(_operand() for _ in range(STREAMS)))


def _any(size: Size) -> Job:
    """A job of a few tiles whose edges lie anywhere, in as many groups as there are now and then."""
    while True:
        m = random.randint(1, random.choice([2 * size.rows + 1, size.rows // 2 + 1, size.rows // 4 + 1]))
        n = random.randint(1, random.choice([2, 2, 2 * size.x_lines + 1, (size.x_chunks + 1) * size.x_lines]))
        k = random.randint(1, random.choice([2, size.tile_cols, (size.groups + 2) * size.tile_cols + 1]))
        job = Job(m, n, k, tuple(_operand() for _ in range(STREAMS)))
        if max(len(beats(stream, job, size)) for stream in range(STREAMS)) <= BEATS:
            return job


@dataclass(slots=True)
class Entry:
    """A job of the queue: it waits, until it is ready or refused."""

    job: Job
    refused: bool
    waits: bool = True

    @property
    def bits(self) -> int:
        """The job as it is packed; what the sequencers do not look at is random."""
        operands = [join((o.addr, o.stride, o.code, o.trans), OPERAND) for o in self.job.operands]
        others = (random.getrandbits(3), random.getrandbits(1), random.getrandbits(1))
        return join((*operands, self.job.m, self.job.n, self.job.k, *others), JOB)


class Walk:
    """The sequencers beside their model: which job each is at, its beats to come, and which places are reserved."""

    def __init__(self, pins: Pins, size: Size) -> None:
        self.pins, self.size = pins, size
        self.drain = 1.0  # how fast lines are taken, compared with the rest
        self.queue: deque[Entry] = deque()
        self.bits = [0] * CONTEXTS  # the jobs as they are shown, stale ones included
        self.head = 0  # number of the oldest job of the queue
        self.full = self.ahead = self.split = 0  # cycles in which that was seen
        self.restart()

    def restart(self) -> None:
        """All sequencers are at the oldest job, and hold nothing."""
        self.at = [self.head] * STREAMS  # number of each stream's job
        self.left: list[list[Beat]] = [[] for _ in range(STREAMS)]  # of that job, the last one first; [] if not begun
        self.chunks: list[deque[int]] = [deque(), deque()]  # of X, W: lines still to be taken of the reserved chunks
        self.asked = [0, 0]  # of X, W: complete lines asked for and not taken

    def commit(self, job: Job, refused: bool) -> None:
        """A job enters the queue."""
        entry = Entry(job, refused)
        self.bits[(self.head + len(self.queue)) % self.size.contexts] = entry.bits
        self.queue.append(entry)

    def _entry(self, stream: int) -> Entry | None:
        """What the stream is at, if it may go on: a ready or refused job of the queue."""
        number = self.at[stream] - self.head
        return self.queue[number] if number < len(self.queue) and not self.queue[number].waits else None

    def _shown(self, stream: int) -> Beat | None:
        """The next beat of the stream's job, if that is ready."""
        entry = self._entry(stream)
        if entry is None or entry.refused:
            return None
        self.left[stream] = self.left[stream] or beats(stream, entry.job, self.size)[::-1]
        return self.left[stream][-1]

    def _contexts(self, chosen: Callable[[Entry], bool]) -> int:
        """One bit for each job of the queue that is chosen, at its context."""
        numbers = (number for number, entry in enumerate(self.queue, self.head) if not entry.waits and chosen(entry))
        return sum(1 << number % self.size.contexts for number in numbers)

    async def cycle(self, pace: float, clear: bool = False) -> None:
        """One cycle in which everything outside happens at random; the outputs are those of the model."""
        for entry in self.queue:
            entry.waits = entry.waits and random.random() > pace
        shown = [self._shown(stream) for stream in range(STREAMS)]
        slots = [
            len(self.chunks[X]) < self.size.x_chunks,
            len(self.chunks[W]) < self.size.w_chunks,
            random.random() < pace,
            random.random() < pace,
        ]
        valid = [bool(beat and (slot or not beat.begins)) for beat, slot in zip(shown, slots, strict=True)]
        ready = [random.random() < pace for _ in range(STREAMS)]
        taken = [is_valid and is_ready for is_valid, is_ready in zip(valid, ready, strict=True)]
        final = [taken[s] and len(self.left[s]) == 1 for s in range(STREAMS)]
        refused = [entry is not None and entry.refused for entry in map(self._entry, range(STREAMS))]
        passed = [at + (over or out) for at, over, out in zip(self.at, final, refused, strict=True)]
        ends = bool(self.queue) and min(passed) > self.head and random.random() < pace
        lines = [asked > 0 and random.random() < pace * self.drain for asked in self.asked]
        frees = [line and chunks[0] == 1 for line, chunks in zip(lines, self.chunks, strict=True)]
        got = await self.pins.cycle(
            clear=clear,
            job_ready=self._contexts(lambda entry: not entry.refused),
            job_refused=self._contexts(lambda entry: entry.refused),
            job_ended=ends << self.head % self.size.contexts,
            head=self.head % self.size.contexts,
            jobs=pack(self.bits, sum(JOB)),
            ready=pack(ready, 1),
            x_chunk_free=frees[X],
            w_chunk_free=frees[W],
            x_line_taken=lines[X],
            w_line_taken=lines[W],
            y_slot=slots[Y],
            z_slot=slots[Z],
        )
        assert unpack(got["valid"], 1, STREAMS) == valid, f"cycle {self.pins.now}: valid"
        assert unpack(got["taken"], 1, STREAMS) == final, f"cycle {self.pins.now}: job_taken"
        self._compare_beats(got["beats"], shown, valid)
        assert [got["x_lead"], got["w_lead"]] == [min(asked, FAR_AWAY) for asked in self.asked]
        for stream, name in ((Y, "y"), (Z, "z")):
            beat = shown[stream]
            edges = (beat.begins, beat.ends) if beat and taken[stream] else (False, False)
            assert (got[f"{name}_begins"], got[f"{name}_ends"]) == edges, f"{name}: begins and ends"
        self.full += any(beat is not None and not slot for beat, slot in zip(shown[:Y], slots[:Y], strict=True))
        self.ahead += max(self.at) > min(self.at)
        self.split += any(beat is not None and beat.split > 0 for beat in shown)
        self._move(shown, taken, lines)
        self.at = passed
        if ends:
            self.queue.popleft()
            self.head += 1

    def _move(self, shown: list[Beat | None], taken: list[bool], lines: list[bool]) -> None:
        """Go to the next beats and lines."""
        for stream, beat in enumerate(shown):
            if not beat or not taken[stream]:
                continue
            self.left[stream].pop()
            if stream in (X, W):
                self.asked[stream] += beat.lines
                if beat.begins:
                    self.chunks[stream].append(beat.patch_lines)
        for stream in (X, W):
            if lines[stream]:
                self.asked[stream] -= 1
                self.chunks[stream][0] -= 1
                if not self.chunks[stream][0]:
                    self.chunks[stream].popleft()

    def _compare_beats(self, bits: int, shown: list[Beat | None], valid: list[bool]) -> None:
        """Every beat that is asked for is the one that the model has next."""
        for stream, flat in enumerate(unpack(bits, sum(BEAT), STREAMS)):
            beat = shown[stream]
            if not beat or not valid[stream]:
                continue
            addr, elems, code, ctx, *place = split(flat, BEAT)
            expected = [
                beat.split if stream != X else 0,
                beat.group,
                beat.row,
                beat.unit,
                beat.along,
                beat.lines,
                beat.last,
            ]
            assert (addr, elems, code) == (beat.addr, beat.elems, beat.code), f"stream {'XWYZ'[stream]}: {beat}"
            assert ctx == self.at[stream] % self.size.contexts
            assert place == expected, f"stream {'XWYZ'[stream]} has {place}, not {beat}"

    async def run(self, count: int, draw: Callable[[Size], Job], pace: float, refusals: float = 0.2) -> None:
        """Run some jobs to their end; as many as there are contexts are in the queue at once."""
        while count or self.queue:
            while count and len(self.queue) < self.size.contexts and random.random() < pace:
                self.commit(draw(self.size), random.random() < refusals)
                count -= 1
            await self.cycle(pace)

    async def clear(self, pace: float) -> None:
        """A clear in any cycle drops the oldest job, all of them, or none; then all begin again with the oldest."""
        await self.cycle(pace, clear=True)
        for _ in range(random.choice([0, 1, len(self.queue)])):
            if self.queue:
                self.queue.popleft()
                self.head += 1
        self.restart()
        for _ in range(random.choice([1, 1, 4])):
            head = self.head % self.size.contexts
            got = await self.pins.cycle(
                restart=1, head=head, jobs=pack(self.bits, sum(JOB)), ready=random.getrandbits(4)
            )
            assert (got["valid"], got["x_lead"], got["w_lead"]) == (0, 0, 0)


async def _start(dut: Any) -> Walk:
    pins = Pins(dut, OUTPUTS)
    await pins.start()
    return Walk(pins, _size())


@cocotb.test()
async def every_beat_of_every_stream_is_the_one_of_the_loops(dut: Any) -> None:
    walk = await _start(dut)
    for pace, walk.drain in ((1.0, 1.0), (0.8, 0.2), (0.3, 1.0)):
        await walk.run(JOBS // 3, _any, pace)
        await walk.run(3, _few_rows, pace, refusals=0.0)
    assert walk.full
    assert walk.ahead or walk.size.contexts == 1
    assert walk.split or min(walk.size.groups, walk.size.rows) == 1


@cocotb.test()
async def the_smallest_jobs_follow_each_other_at_once(dut: Any) -> None:
    walk = await _start(dut)
    begun = walk.pins.now
    await walk.run(JOBS, _small, 1.0, refusals=0.0)
    assert walk.full == 0
    assert walk.pins.now == begun + JOBS


@cocotb.test()
async def a_clear_in_any_cycle_begins_again_with_the_oldest_job(dut: Any) -> None:
    walk = await _start(dut)
    for _ in range(2 * JOBS):
        pace = random.choice([1.0, 0.5])
        for _ in range(random.randrange(80)):
            if len(walk.queue) < walk.size.contexts and random.random() < pace:
                walk.commit(_any(walk.size), random.random() < 0.2)
            await walk.cycle(pace)
        await walk.clear(pace)
    await walk.run(1, _any, 1.0)
    assert walk.head > JOBS
