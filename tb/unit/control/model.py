# SPDX-License-Identifier: Apache-2.0
"""Reference model of the job control: what redmule_control must show in every cycle, as plain Python."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from redmule.regs import JOB_OFFSETS, ErrorCode, Info2, Offset, ResultFlags, ResultSel, Status, Sticky
from tb.unit.control.decode import WORD, Checked, Job, decode

CHECK_CYCLES = 18
NUM_COUNTERS = 7
NUM_RAISERS = 3


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the ports carry in one cycle; the defaults are those of an idle accelerator and a sequencer in a hurry."""

    req: int = 0
    add: int = 0
    wen: int = 1
    be: int = 15
    data: int = 0
    id: int = 0
    job_done: int = 0
    port_idle: int = 1
    port_transfer: int = 0
    failed: int = 0
    failed_ctx: int = 0
    failed_addr: int = 0
    raised: int = 0
    cycle: int = 0
    taken: int = 1


@dataclass(frozen=True, slots=True)
class Schedule:
    """The contexts that are ready, refused and ended (one bit each), the oldest one, and whether all begin again."""

    ready: int
    refused: int
    ended: int
    head: int
    restart: int


@dataclass(frozen=True, slots=True)
class Outputs:
    """What the control shows in one cycle; None where the value has no meaning."""

    gnt: int
    response: tuple[int, int, int] | None  # data, id, error
    event: int
    clear: int
    schedule: Schedule
    jobs: Mapping[int, Job]  # those that are ready, by context
    feed: int | None  # the context that the sequencer is shown

    @property
    def job(self) -> Job | None:
        """The oldest job, if it is ready."""
        return self.jobs.get(self.schedule.head)


@dataclass(slots=True)
class Result:
    """Results of one context."""

    error: int = 0
    error_addr: int = 0
    flags: int = 0
    cycles: int = 0
    counters: list[int] = field(default_factory=lambda: [0] * NUM_COUNTERS)


@dataclass(slots=True)
class Entry:
    """A job in the queue; `waits` are the contexts it waits for, `passed` says that the sequencer is done with it."""

    ctx: int
    core: int
    checked: Checked
    watchdog: int
    waits: set[int]
    started: bool = False
    passed: bool = False

    @property
    def refused(self) -> bool:
        """Whether it may run, but cannot."""
        return self.started and self.checked.error != ErrorCode.NONE

    @property
    def ready(self) -> bool:
        """Whether sequencers may work on it."""
        return self.started and self.checked.error == ErrorCode.NONE and not self.waits


def raised(ctx: int, flags: int, raiser: int = 0) -> int:
    """The exceptions that one of the raisers raises for a job, as the inputs carry them."""
    return (ctx << 4 | flags) << 6 * raiser


class ControlModel:
    """The job control with one sequencer's feed, one call of `step` a cycle."""

    def __init__(self, contexts: int, cores: int, info: int, transposes: bool) -> None:
        self.contexts, self.cores, self.info, self.transposes = contexts, cores, info, transposes
        self.queue: list[Entry] = []
        self.next_ctx = 0
        self.last_ctx = 0
        self.lock: int | None = None
        self.words: dict[int, int] = dict.fromkeys(JOB_OFFSETS, 0)
        self.checking = 0
        self.results = [Result() for _ in range(4)]
        self.sel = ResultSel()
        self.flags = self.protocol = self.finished = 0
        self.draining = False
        self.silent = 0
        self.response: tuple[int, int, int] | None = None

    @property
    def head_ctx(self) -> int:
        """The oldest job, or the one that will be."""
        return self.queue[0].ctx if self.queue else self.next_ctx

    @property
    def head(self) -> Entry | None:
        """The oldest job, if it may run."""
        return self.queue[0] if self.queue and self.queue[0].started else None

    @property
    def running(self) -> Entry | None:
        """The oldest job, if it has begun."""
        head = self.head
        return head if head and (not self.draining or self.results[head.ctx].error == ErrorCode.BUS) else None

    def step(self, i: Inputs) -> Outputs:
        """The outputs of the cycle with these inputs; the state moves to the next cycle."""
        offset = i.add & 0xFF
        mapped = offset < 0x80 and offset % 4 == 0
        holds = self.lock == i.id
        gnt = not (not i.wen and offset == Offset.TRIGGER and holds and self.checking)
        response, self.response = self.response, None
        write = bool(i.req and gnt and mapped and not i.wen and i.be)
        soft_clear = write and offset == Offset.SOFT_CLEAR
        self.checking = max(0, self.checking - 1)
        if i.req and gnt:
            data = self.read(offset, i) if i.wen and mapped else 0
            self.response = (data, i.id, int(not mapped))
        if write and offset == Offset.STICKY:
            self.flags = self.protocol = 0
        restart, head_ctx = self.draining, self.head_ctx
        shown = {entry.ctx: entry.checked.job for entry in self.queue if entry.ready and not restart}
        refused = sum(1 << entry.ctx for entry in self.queue if entry.refused and not restart)
        feed = self.feed(restart, bool(i.taken))
        event, ended, clear = self.advance(i, soft_clear)
        self.draining = clear or (self.draining and not i.port_idle)
        if write:
            mask = sum(0xFF << 8 * lane for lane in range(4) if i.be >> lane & 1)
            self.write(offset, i.id, i.data & mask, mask, holds)
        if i.req and i.wen and offset == Offset.ACQUIRE and self.response and self.response[0] < self.contexts:
            self.acquire(i.id)
        schedule = Schedule(sum(1 << ctx for ctx in shown), refused, ended, head_ctx, int(restart))
        return Outputs(int(gnt), response, event, int(clear), schedule, shown, feed)

    def feed(self, restart: bool, taken: bool) -> int | None:
        """The context that the sequencer is shown: that of the oldest job it has not passed, if it is ready."""
        for entry in self.queue if restart else []:
            entry.passed = False
        oldest = next((entry for entry in self.queue if not entry.passed), None)
        if restart or oldest is None:
            return None
        oldest.passed = oldest.refused or (oldest.ready and taken)
        return oldest.ctx if oldest.ready else None

    def advance(self, i: Inputs, soft_clear: bool) -> tuple[int, int, bool]:
        """One cycle of the jobs; returns the event lines, the context that ends (one-hot), and whether all clears."""
        head, head_ctx = self.running, self.head_ctx
        failed = head is not None and self.results[head.ctx].error == ErrorCode.BUS
        runs = head is not None and not self.draining and not head.refused
        silent = self.silent + 1 if runs and not i.port_transfer else 0
        done = runs and not failed and bool(i.job_done)
        fails = bool(i.failed) and i.failed_ctx == head_ctx
        expired = runs and not (failed or fails or done) and 0 < silent == (head.watchdog if head else 0)
        refused = head is not None and head.refused
        ends = refused or done or expired or (failed and self.draining and bool(i.port_idle))
        clear = soft_clear or (runs and failed) or expired
        self.note(i)
        if head is not None:
            self.last_ctx = head.ctx
            result = self.results[head.ctx]
            if runs:
                result.cycles += 1
                result.counters[i.cycle] += 1
            if refused or expired:
                result.error, result.error_addr = head.checked.error if refused else ErrorCode.WATCHDOG, 0
        for entry in self.queue if clear else []:
            if entry.ctx != head_ctx:
                self.results[entry.ctx] = Result()
        self.silent = 0 if ends or clear else silent
        self.finished = (self.finished + ends) % 256
        if head is None or not (ends or soft_clear):
            return 0, 0, clear
        self.queue.pop(0)
        for entry in self.queue:
            entry.waits.discard(head.ctx)
        return (1 << head.core) & ((1 << self.cores) - 1) if ends else 0, 1 << head.ctx, clear

    def note(self, i: Inputs) -> None:
        """Note the exceptions and the bus error of the cycle with the jobs they belong to."""
        for raiser in range(NUM_RAISERS):
            ctx, flags = i.raised >> 6 * raiser + 4 & 3, i.raised >> 6 * raiser & 0xF
            self.flags |= flags
            if ctx < self.contexts:
                self.results[ctx].flags |= flags
        result = self.results[i.failed_ctx]
        if i.failed and i.failed_ctx < self.contexts and result.error == ErrorCode.NONE:
            result.error, result.error_addr = ErrorCode.BUS, i.failed_addr

    def read(self, offset: int, i: Inputs) -> int:
        """What a read of a mapped offset in this cycle returns."""
        result = self.results[self.sel.ctx]
        busy = [int(any(entry.ctx == c for entry in self.queue)) for c in range(4)]
        match offset:
            case Offset.ACQUIRE:
                if self.lock not in (None, i.id):
                    return -2 & WORD
                full = len(self.queue) == self.contexts
                return -1 & WORD if full or (self.draining and not i.port_idle) else self.next_ctx
            case Offset.FINISHED:
                return self.finished
            case Offset.STATUS:
                return Status(*busy).pack()
            case Offset.RUNNING_JOB:
                return self.running.ctx if self.running else self.last_ctx
            case Offset.INFO:
                return self.info
            case Offset.INFO2:
                return Info2(transposes=int(self.transposes), x_chunks=2, w_ahead=6).pack()
            case Offset.RESULT_SEL:
                return self.sel.pack()
            case Offset.RESULT_ERROR:
                return result.error
            case Offset.RESULT_ERROR_ADDR:
                return result.error_addr
            case Offset.RESULT_FLAGS:
                return ResultFlags.unpack(result.flags).pack()
            case Offset.RESULT_CYCLES:
                return result.cycles
            case Offset.RESULT_COUNTER:
                return result.counters[self.sel.counter] if self.sel.counter < NUM_COUNTERS else 0
            case Offset.STICKY:
                return self.flags | Sticky(protocol=self.protocol).pack()
            case _:
                return self.words.get(offset, 0)

    def acquire(self, core: int) -> None:
        """The next context is this core's."""
        self.lock = core
        self.words = dict.fromkeys(JOB_OFFSETS, 0)
        self.results[self.next_ctx] = Result()
        self.checking = CHECK_CYCLES

    def write(self, offset: int, core: int, data: int, mask: int, holds: bool) -> None:
        """A write with the bytes that `be` leaves out cleared in data and mask."""
        if offset >= JOB_OFFSETS[0] or offset == Offset.TRIGGER:
            if not holds:
                self.protocol = 1
            elif offset == Offset.TRIGGER:
                checked = decode(self.words, self.transposes)
                waits = {entry.ctx for entry in self.queue if checked.waits_for(entry.checked)}
                self.queue.append(Entry(self.next_ctx, core, checked, self.words[Offset.WATCHDOG], waits))
                self.next_ctx = (self.next_ctx + 1) % self.contexts
                self.lock = None
                for entry in self.queue if data == 0 else []:
                    entry.started = True
            elif offset in self.words:
                self.words[offset] = self.words[offset] & ~mask | data
                self.checking = CHECK_CYCLES
        elif offset == Offset.RESULT_SEL:
            self.sel = ResultSel.unpack(self.sel.pack() & ~mask | data)
        elif offset == Offset.SOFT_CLEAR and data == 0:
            self.queue, self.next_ctx, self.lock = [], 0, None
