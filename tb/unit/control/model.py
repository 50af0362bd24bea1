# SPDX-License-Identifier: Apache-2.0
"""Reference model of the job control: what redmule_control must show in every cycle, as plain Python."""

from dataclasses import dataclass, field

from redmule.regs import (
    JOB_OFFSETS,
    ErrorCode,
    Ext,
    Macfg,
    Mcfig0,
    Mcfig1,
    Offset,
    OpCode,
    ResultFlags,
    ResultSel,
    Status,
    Sticky,
)

CHECK_CYCLES = 18
WORD = 0xFFFF_FFFF
END_OF_MEMORY = 1 << 32
ELEMENT_BYTES = {0: 1, 1: 2, 2: 1, 3: 2, 4: 1}
NUM_COUNTERS = 7
Operand = tuple[int, int, int]  # address, stride, format


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the ports carry in one cycle; the defaults are those of an idle accelerator."""

    req: int = 0
    add: int = 0
    wen: int = 1
    be: int = 15
    data: int = 0
    id: int = 0
    job_done: int = 0
    port_idle: int = 1
    port_transfer: int = 0
    bus_error: int = 0
    bus_error_addr: int = 0
    flags: int = 0
    cycle: int = 0


@dataclass(frozen=True, slots=True)
class Job:
    """What the engine is shown; strides in bytes, formats and op as codes."""

    x: Operand
    w: Operand
    y: Operand
    z: Operand
    m: int
    n: int
    k: int
    op: int
    use_y: int
    saturate: int


@dataclass(frozen=True, slots=True)
class Outputs:
    """What the control shows in one cycle; None where the value has no meaning."""

    gnt: int
    response: tuple[int, int, int] | None  # data, id, error
    event: int
    job: Job | None
    ctx: int | None
    clear: int


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
    """A job in the queue."""

    ctx: int
    core: int
    job: Job
    error: int
    watchdog: int
    started: bool = False


def decode(words: dict[int, int]) -> tuple[Job, int]:
    """The job that the registers (by offset) describe, and its first error."""
    mcfig0, mcfig1 = Mcfig0.unpack(words[Offset.MCFIG0]), Mcfig1.unpack(words[Offset.MCFIG1])
    macfg, ext = Macfg.unpack(words[Offset.MACFG]), Ext.unpack(words[Offset.EXT])
    m, n, k = mcfig0.m, mcfig1.n, mcfig0.k
    use_y = int(macfg.op != OpCode.MATMUL)
    formats = dict.fromkeys("xwyz", macfg.format)
    if ext.own_formats:
        formats = {"x": ext.x_format, "w": ext.w_format, "y": ext.y_format, "z": ext.z_format}
    z_shape = (k, m) if ext.z_trans else (m, k)
    shapes = {
        "x": (n, m) if ext.x_trans else (m, n),
        "w": (k, n) if ext.w_trans else (n, k),
        "y": (1, z_shape[1]) if ext.y_broadcast else z_shape,
        "z": z_shape,
    }
    row_bytes = {name: shapes[name][1] * ELEMENT_BYTES.get(formats[name], 1) for name in "xwyz"}
    addr = {name: words[Offset[f"{name.upper()}_ADDR"]] for name in "xwyz"}
    stride = {name: words[Offset[f"{name.upper()}_STRIDE"]] or row_bytes[name] for name in "xwyz"}
    if not ext.y_separate:
        addr["y"], stride["y"] = addr["z"], stride["z"]
    if ext.y_broadcast:
        stride["y"] = 0
    operands = {name: (addr[name], stride[name], formats[name]) for name in "xwyz"}
    job = Job(**operands, m=m, n=n, k=k, op=macfg.op, use_y=use_y, saturate=ext.saturate)

    own = "xwz" + "y" * (use_y & ext.y_separate)
    size = {name: ELEMENT_BYTES.get(formats[name], 1) for name in "xwyz"}
    ends = {name: addr[name] + (shapes[name][0] - 1) * stride[name] + row_bytes[name] for name in "xwyz"}
    in_place = use_y and not ext.y_separate
    wrong = {
        ErrorCode.SIZE: 0 in (m, n, k),
        ErrorCode.FORMAT: any(formats[name] not in ELEMENT_BYTES for name in "xwz" + "y" * use_y),
        ErrorCode.ALIGN: any(addr[name] % size[name] or stride[name] % size[name] for name in own),
        ErrorCode.STRIDE: stride["z"] < row_bytes["z"],
        ErrorCode.EXTENT: any(ends[name] > END_OF_MEMORY for name in own),
        ErrorCode.IN_PLACE: in_place and (ext.y_broadcast or formats["y"] != formats["z"]),
        ErrorCode.UNSUPPORTED: ext.x_trans or ext.w_trans or ext.z_trans,
    }
    return job, next((code for code, is_wrong in wrong.items() if is_wrong), ErrorCode.NONE)


class ControlModel:
    """The job control, one call of `step` a cycle."""

    def __init__(self, contexts: int, cores: int, info: int) -> None:
        self.contexts, self.cores, self.info = contexts, cores, info
        self.queue: list[Entry] = []
        self.next_ctx = 0
        self.last_ctx = 0
        self.lock: int | None = None
        self.words: dict[int, int] = dict.fromkeys(JOB_OFFSETS, 0)
        self.checking = 0
        self.results = [Result() for _ in range(4)]
        self.sel = ResultSel()
        self.flags = self.protocol = self.finished = 0
        self.draining = self.failed = False
        self.silent = 0
        self.response: tuple[int, int, int] | None = None

    def step(self, i: Inputs) -> Outputs:
        """The outputs of the cycle with these inputs; the state moves to the next cycle."""
        head = self.queue[0] if self.queue and self.queue[0].started else None
        runs = head is not None and not self.draining and head.error == ErrorCode.NONE
        offset = i.add & 0xFF
        mapped = offset < 0x80 and offset % 4 == 0
        holds = self.lock == i.id
        gnt = not (not i.wen and offset == Offset.TRIGGER and holds and self.checking)
        response, self.response = self.response, None
        write = bool(i.req and gnt and mapped and not i.wen and i.be)
        soft_clear = write and offset == Offset.SOFT_CLEAR
        self.checking = max(0, self.checking - 1)
        if i.req and gnt:
            data = self.read(offset, i, head) if i.wen and mapped else 0
            self.response = (data, i.id, int(not mapped))
        if write and offset == Offset.STICKY:
            self.flags = self.protocol = 0
        event, failure = self.advance(i, head, runs, soft_clear)
        self.draining = soft_clear or failure or (self.draining and not i.port_idle)
        if write:
            mask = sum(0xFF << 8 * lane for lane in range(4) if i.be >> lane & 1)
            self.write(offset, i.id, i.data & mask, mask, holds)
        if i.req and i.wen and offset == Offset.ACQUIRE and self.response and self.response[0] < self.contexts:
            self.acquire(i.id)
        job = head.job if runs and head else None
        ctx = head.ctx if runs and head else None
        return Outputs(int(gnt), response, event, job, ctx, int(soft_clear or failure))

    def advance(self, i: Inputs, head: Entry | None, runs: bool, soft_clear: bool) -> tuple[int, bool]:
        """One cycle of the job at the head; returns the event lines, and whether an error makes the engine clear."""
        if head is None or (self.draining and not self.failed):
            self.silent = 0
            return 0, False
        self.last_ctx = head.ctx
        result = self.results[head.ctx]
        ends = failure = False
        if self.failed:
            ends = bool(i.port_idle)
        elif not runs:
            ends, result.error = True, head.error
        else:
            result.cycles += 1
            result.counters[i.cycle] += 1
            result.flags |= i.flags
            self.flags |= i.flags
            self.silent = 0 if i.port_transfer else self.silent + 1
            if i.bus_error:
                if not soft_clear:
                    failure = self.failed = True
                    result.error, result.error_addr = ErrorCode.BUS, i.bus_error_addr
            elif i.job_done:
                ends = True
            elif head.watchdog and not i.port_transfer and self.silent == head.watchdog:
                ends = failure = True
                result.error = ErrorCode.WATCHDOG
        if ends or soft_clear:
            self.queue.pop(0)
            self.failed = False
        if ends or soft_clear or failure:
            self.silent = 0
        self.finished = (self.finished + ends) % 256
        return (1 << head.core) & ((1 << self.cores) - 1) if ends else 0, failure

    def read(self, offset: int, i: Inputs, head: Entry | None) -> int:
        """What a read of a mapped offset in this cycle returns."""
        result = self.results[self.sel.ctx]
        running = head is not None and (self.failed or not self.draining)
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
                return head.ctx if head is not None and running else self.last_ctx
            case Offset.INFO:
                return self.info
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
                job, error = decode(self.words)
                self.queue.append(Entry(self.next_ctx, core, job, error, self.words[Offset.WATCHDOG]))
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
