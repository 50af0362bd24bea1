# SPDX-License-Identifier: Apache-2.0
"""Hard cases of the hardware on the RTL of `tiny`: registers a driver should not write, and behaviour at the edges."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from redmule import golden, regs
from redmule.config import Config
from redmule.device import MEMORY_BASE, Memory, open_device
from redmule.device.driver import Driver, JobResult
from redmule.device.harness import Harness
from redmule.device.memory import MAY_READ, MAY_WRITE
from redmule.device.options import Options
from redmule.device.placement import Placed, place
from redmule.fp import FORMATS, OPS, format_by_name
from redmule.job import Job
from redmule.regs import ErrorCode, Offset

TINY = Config.named("tiny")
MEMORY_BYTES = 1 << 20
PATIENCE_CYCLES = 10_000_000
AS_GOLDEN = "bits and flags of the golden model"


class Bench:
    """The RTL of `tiny` with every access checked: only words of operands are read, only bytes of Z written."""

    def __init__(self, stall: float = 0.0, latency: int = 0, seed: int = 0) -> None:
        self.memory = Memory(MEMORY_BYTES, MEMORY_BASE, poison=True)
        self.harness = Harness(TINY, self.memory, Options(stall, latency, seed))
        self.permissions = np.zeros(MEMORY_BYTES, np.uint8)
        self.harness.guard(self.permissions)

    def place(self, job: Job, *, permit: bool = True) -> Placed:
        """Put a job into memory and, unless it must not touch any, permit its accesses."""
        placed = place(job, self.memory, lambda: None, TINY)
        (hardware,) = placed.hardware
        for matrix, right in (
            (hardware.x, MAY_READ),
            (hardware.w, MAY_READ),
            (hardware.y, MAY_READ),
            (hardware.z, MAY_WRITE),
        ):
            if matrix is not None and permit:
                self.memory.rows_of(self.permissions, matrix)[...] |= right
        return placed

    def submit(self, placed: Placed, core: int = 0, changes: Sequence[regs.Word] = ()) -> int:
        """Write a job with some words changed, start it, and return its context; a context is waited for."""
        while (context := self.harness.read(Offset.ACQUIRE, core)) >= TINY.contexts:
            self.harness.step(1)
        words = {word.OFFSET: word.pack() for word in (*placed.hardware[0].registers(), *changes)}
        for offset, data in words.items():
            self.harness.write(offset, data, core)
        self.harness.write(Offset.TRIGGER, 0, core)
        return context

    def end(self, core: int, events: int = 1) -> bool:
        """Run until a core has seen so many events; False if it does not."""
        return self.harness.run(core, events, PATIENCE_CYCLES)

    def result(self, context: int) -> JobResult:
        """Return what the result registers say about a job."""
        return Driver(self.harness).result(context)

    def differs(self, placed: Placed, context: int) -> str:
        """Return in what an ended job differs from the golden model; "" if in nothing."""
        job, result = placed.job, self.result(context)
        expected = golden.gemm_op(job.x, job.w, job.y, job.op, job.out_dtype, saturate=job.saturate)
        raw = job.operands.z_format.raw_dtype
        bits = int(np.count_nonzero(np.ascontiguousarray(placed.collect()).view(raw) != expected.z.view(raw)))
        same = bits == 0 and result.flags == expected.flags and result.error == ErrorCode.NONE
        return "" if same else f"{bits} elements differ, {result.error.name}, flags {result.flags}"


def some_job(m: int = 3, n: int = 4, k: int = 5, op: str = "gemm", fmt: str = "fp16", seed: int = 0) -> Job:
    """Return a job on random codes, NaN and infinities among them."""
    random, chosen = np.random.default_rng(seed), format_by_name(fmt)
    shapes = ((m, n), (n, k), (m, k))
    x, w, y = (random.integers(0, 1 << chosen.width, s).astype(chosen.raw_dtype).view(chosen.dtype) for s in shapes)
    return Job(x, w, None if op == "matmul" else y, op, orientation="normal")


MATRICES = "xwyz"
FORMATS_OF_THEIR_OWN = "Ext(y_separate=1, own_formats=1, {})"


def _one_wrong_format(wrong: str) -> str:
    """Return EXT with an unknown format code for one matrix."""
    return FORMATS_OF_THEIR_OWN.format(", ".join(f"{name}_format={5 if name == wrong else 1}" for name in MATRICES))


REFUSALS = (
    *((ErrorCode.SIZE, word) for word in ("Mcfig0(m=0, k=5)", "Mcfig0(m=3, k=0)", "Mcfig1(n=0)")),
    *((ErrorCode.FORMAT, f"Macfg(format={code}, op=1)") for code in (5, 6, 7)),
    *((ErrorCode.FORMAT, _one_wrong_format(name)) for name in MATRICES),
    *((ErrorCode.ALIGN, f"{name.upper()}Addr(1)") for name in MATRICES),
    *((ErrorCode.ALIGN, f"{name.upper()}Stride(13)") for name in MATRICES),
    (ErrorCode.STRIDE, "ZStride(8)"),
    *((ErrorCode.EXTENT, f"{name.upper()}Addr(0xFFFFFFFE)") for name in MATRICES),
    *((ErrorCode.EXTENT, f"{name.upper()}Stride(0x80000000)") for name in MATRICES),
    (ErrorCode.IN_PLACE, "Ext(own_formats=1, x_format=1, w_format=1, y_format=0, z_format=1)"),
    (ErrorCode.IN_PLACE, "Ext(y_broadcast=1)"),
)
"""The error of a job of 3 x 4 x 5 in fp16 with this word changed, and the word."""


def refused(word: str) -> str:
    """Queue a job with a changed word between two good ones; say how it ended, or what else went wrong."""
    bench = Bench()
    before, wrong, after = bench.place(some_job()), bench.place(some_job(), permit=False), bench.place(some_job(seed=2))
    changed = [eval(word, vars(regs))]
    contexts = [bench.submit(before, 0), bench.submit(wrong, 1, changed), bench.submit(after, 2)]
    if not all(bench.end(core) for core in range(3)):
        return "an event is missing"
    if [entry.core for entry in bench.harness.take_log() if entry.kind == "event"] != [0, 1, 2]:
        return "events out of order"
    problem = bench.differs(before, contexts[0]) or bench.differs(after, contexts[2])
    return problem or f"{bench.result(contexts[1]).error.name}; no access, its event in order, the queue goes on"


def runs(*jobs: Job, **weather: float) -> str:
    """Run jobs one by one on a memory like this, every access checked; say whether all are as golden."""
    bench = Bench(**weather)  # type: ignore[arg-type]
    for events, job in enumerate(jobs, start=1):
        placed = bench.place(job)
        context = bench.submit(placed)
        if not bench.end(0, events):
            return f"{placed.hardware[0]} does not end"
        if problem := bench.differs(placed, context):
            return f"{placed.hardware[0]}: {problem}"
    return AS_GOLDEN


def in_place() -> str:
    """Y is Z exactly."""
    with open_device("rtl", TINY, check_guards=True) as device:
        z, job = device.alloc((3, 5), np.float16), some_job()
        z[...] = job.y
        result = device.gemm_op(job.x, job.w, z, z_out=z)
    expected = golden.gemm_op(job.x, job.w, job.y)
    same = (z.view(np.uint16) == expected.z.view(np.uint16)).all() and result.flags == expected.flags
    return AS_GOLDEN if same else "differs"


def overlap(name: str, distance: int) -> str:
    """Z lies over an operand: its values are unspecified, but the job ends, and the next one is right."""
    bench = Bench()
    bench.harness.guard(None)
    wrong, after = bench.place(some_job()), bench.place(some_job(seed=2))
    context = bench.submit(wrong, 0, [regs.ZAddr(getattr(wrong.hardware[0], name).address + distance)])
    if not bench.end(0) or bench.result(context).error != ErrorCode.NONE:
        return "the job does not end well"
    context = bench.submit(after, 1)
    return (bench.differs(after, context) if bench.end(1) else "no event") or "it ends, the next job is right"


def without_lock() -> str:
    """A core that does not hold the lock writes job registers and TRIGGER."""
    bench, holder, other = Bench(), 1, 2
    context = bench.harness.read(Offset.ACQUIRE, holder)
    bench.harness.write(Offset.X_ADDR, 0x1234, holder)
    for offset in (Offset.X_ADDR, Offset.WATCHDOG, Offset.TRIGGER):
        bench.harness.write(Offset.STICKY, 0)
        bench.harness.write(offset, 0, other)
        if bench.harness.read(Offset.STICKY) != regs.Sticky(protocol=1).pack():
            return f"{offset.name}: no PROTOCOL"
    kept = context == 0 and bench.harness.read(Offset.X_ADDR) == 0x1234 and bench.harness.read(Offset.STATUS) == 0
    return "ignored, STICKY.protocol is set" if kept else "not ignored"


def events() -> str:
    """Each event comes to the core that committed the job alone, with Z complete in memory."""
    for seed in range(20):
        bench, core = Bench(0.6, 6, seed), seed % TINY.cores
        placed = bench.place(some_job(seed=seed))
        context = bench.submit(placed, core)
        if (
            not bench.end(core)
            or [bench.harness.events(other) for other in range(TINY.cores)].count(0) != TINY.cores - 1
        ):
            return f"seed {seed}: no event, or one to another core"
        if problem := bench.differs(placed, context):
            return f"seed {seed}: {problem}"
        if bench.harness.read(Offset.FINISHED) != 1:
            return f"seed {seed}: FINISHED is not 1"
    return "one event, to that core, with Z, flags and FINISHED complete"


def queues() -> str:
    """Jobs of different shape, op and format from four cores, all queued before the first ends."""
    for seed in range(10):
        bench, random = Bench(0.3, 3, seed), np.random.default_rng(seed)
        placed = []
        for _ in range(TINY.contexts):
            m, n, k, op, fmt = (int(most) for most in random.integers(0, (11, 11, 11, len(OPS), len(FORMATS))))
            placed.append(bench.place(some_job(m + 1, n + 1, k + 1, OPS[op].name, FORMATS[fmt].name, seed)))
        contexts = [bench.submit(each, core) for core, each in enumerate(placed)]
        for core, (each, context) in enumerate(zip(placed, contexts, strict=True)):
            if problem := bench.differs(each, context) if bench.end(core) else "no event":
                return f"seed {seed}, {each.hardware[0]}: {problem}"
    return AS_GOLDEN


ENDED, AFTER = some_job(), some_job(op="minmax", seed=2)


def _cycles(job: Job) -> int:
    """Return the cycles of a job after a fresh reset."""
    bench = Bench()
    context = bench.submit(bench.place(job))
    bench.end(0)
    return bench.result(context).cycles


def ended_in_any_cycle(end: Callable[[Bench], None]) -> str:
    """End a job in each of its cycles, and a little after it; the next job has the bits and cycles of a fresh reset."""
    own, fresh = (_cycles(job) for job in (ENDED, AFTER))
    for wait in range(own + 20):
        bench = Bench()
        first, after = bench.place(ENDED), bench.place(AFTER)
        bench.submit(first, 0)
        bench.harness.step(wait)
        end(bench)
        context = bench.submit(after, 1)
        if problem := bench.differs(after, context) if bench.end(1) else "no event":
            return f"cycle {wait}: {problem}"
        if bench.result(context).cycles != fresh:
            return f"cycle {wait}: {bench.result(context).cycles} cycles, not {fresh}"
        if wait < own - 5 and bench.harness.events(0):  # nearer to the end the event may win
            return f"cycle {wait}: an event of the job that was ended"
    return "no event; the next job has the bits and cycles of a fresh reset"


def windows() -> str:
    """Rows of X that overlap, as in a sliding window."""
    job = some_job(seed=3)
    return runs(Job(sliding_window_view(job.y.ravel()[:10], 4), job.w) if job.y is not None else job)


Row = tuple[str, str, Callable[[], str]]


def _right(tried: str, *jobs: Job, stall: float = 0.0, latency: int = 0) -> Row:
    """Return a row of jobs that must give what the golden model gives."""
    return tried, AS_GOLDEN, partial(runs, *jobs, stall=stall, latency=latency)


def _failed(how: str, *jobs: Job) -> Row:
    """Return a row of jobs that the published RTL fails."""
    return _right(f"known failure of the published RTL: {how}", *jobs, stall=0.3, latency=3)


def _clear(data: int, bench: Bench) -> None:
    bench.harness.write(Offset.SOFT_CLEAR, data)


def _reset(bench: Bench) -> None:
    bench.harness.reset()


BEHAVIOUR: tuple[Row, ...] = (
    _right("1 x 1 x 1 (M x N x K)", some_job(1, 1, 1)),
    _right("65535 x 1 x 1", some_job(65535, 1, 1)),
    _right("1 x 65535 x 1", some_job(1, 65535, 1)),
    _right("1 x 1 x 65535", some_job(1, 1, 65535)),
    ("Y is Z exactly", AS_GOLDEN, in_place),
    *(
        (f"Z lies {distance} bytes from {name.upper()}", "it ends", partial(overlap, name, distance))
        for name, distance in (("x", 0), ("x", 2), ("w", -4), ("y", 2), ("y", -10))
    ),
    ("rows of X overlap: a sliding window", AS_GOLDEN, windows),
    ("a core without the lock writes X_ADDR, WATCHDOG, TRIGGER", "ignored", without_lock),
    ("the event under stalls, 20 seeds, each core", "one event, to that core", events),
    *(
        _right(
            f"grants refused with p = {stall}, answers up to {latency} cycles late, 10 jobs",
            *(some_job(5, 6, 7, seed=seed) for seed in range(10)),
            stall=stall,
            latency=latency,
        )
        for stall, latency in ((0.5, 0), (0.0, 40), (0.9, 9), (0.99, 0))
    ),
    ("SOFT_CLEAR = 0 in each cycle of a job", "no event", partial(ended_in_any_cycle, partial(_clear, 0))),
    ("SOFT_CLEAR = 1 in each cycle of a job", "no event", partial(ended_in_any_cycle, partial(_clear, 1))),
    ("reset in each cycle of a job", "no event", partial(ended_in_any_cycle, _reset)),
    ("four cores queue jobs of any shape, op and format; 10 seeds", AS_GOLDEN, queues),
    _failed("N <= 12 with more than one tile", *(some_job(9, n, 20) for n in range(1, 13))),
    _failed("4 <= M <= 11 with K > 16", *(some_job(m, 5, 19) for m in range(4, 12))),
    _failed("M >= 48 ceil(N / 4) with N % 4 != 0", some_job(49, 3, 5), some_job(97, 7, 5)),
    _failed("a second job without a clear; a matmul of many tiles", *[some_job(9, 9, 9, "matmul")] * 2),
    _failed("stores past the end of Z when M is no multiple of L", some_job(7, 6, 5), some_job(1, 2, 3)),
    _failed("strides of FP8", *(some_job(7, 5, k, "gemm", "e4m3") for k in range(1, 9))),
    _failed("bf16", some_job(6, 7, 8, "gemm", "bf16")),
    _failed("padding with zeros in max and min", *(some_job(5, 5, 5, op.name, seed=7) for op in OPS if op.uses_y)),
)
"""What is tried, words of what must come of it, and how to find out."""
