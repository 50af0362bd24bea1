# SPDX-License-Identifier: Apache-2.0
"""Transfers as byte copies, and a memory behind ports of random patience that allows only what a transfer may touch."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from redmule.cluster.regs_dma import DirectionCode, Offset, Start

ADDRESSES = 1 << 32


@dataclass(frozen=True, slots=True)
class Transfer:
    """What the registers hold when START is written."""

    direction: DirectionCode
    l2_addr: int
    tcdm_addr: int
    row_bytes: int
    rows: int = 1
    l2_stride: int = 0
    tcdm_stride: int = 0
    core: int = 0

    @property
    def registers(self) -> dict[int, int]:
        """What is written before START."""
        return {
            Offset.L2_ADDR: self.l2_addr,
            Offset.TCDM_ADDR: self.tcdm_addr,
            Offset.ROW_BYTES: self.row_bytes,
            Offset.ROWS: self.rows,
            Offset.L2_STRIDE: self.l2_stride,
            Offset.TCDM_STRIDE: self.tcdm_stride,
        }

    @property
    def start(self) -> int:
        """What is written to START."""
        return Start(direction=self.direction).pack()

    def rows_of(self, memory: str) -> Iterator[range]:
        """Yield the addresses of the bytes of each row in "l2" or "tcdm", not reduced modulo 2^32."""
        addr, stride = (self.l2_addr, self.l2_stride) if memory == "l2" else (self.tcdm_addr, self.tcdm_stride)
        for row in range(self.rows):
            yield range(addr + row * stride, addr + row * stride + self.row_bytes)

    @property
    def source(self) -> str:
        """Memory that is read."""
        return "l2" if self.direction == DirectionCode.TO_TCDM else "tcdm"

    @property
    def target(self) -> str:
        """Memory that is written."""
        return "tcdm" if self.direction == DirectionCode.TO_TCDM else "l2"

    def beats(self, memory: str, bus_bytes: int) -> int:
        """Return how many bus words the rows touch in a memory."""
        return sum((row.stop - 1) // bus_bytes - row.start // bus_bytes + 1 for row in self.rows_of(memory) if row)


@dataclass(slots=True)
class Memory:
    """Bytes from `base` on (modulo 2^32), and those of them that may be read and written at present."""

    base: int
    data: bytearray
    readable: set[int] = field(default_factory=set)
    writable: set[int] = field(default_factory=set)
    poison: set[int] = field(default_factory=set)  # bus words whose accesses are answered with an error
    read_bytes: int = 0
    written_bytes: int = 0

    def index(self, addr: int) -> int:
        """Place of an address in `data`; may lie outside of it."""
        return (addr - self.base) % ADDRESSES

    def allow(self, transfers: Sequence[Transfer], name: str) -> None:
        """Allow what some transfers do to the memory of this name, and nothing else; counts begin anew."""
        self.readable, self.writable = set(), set()
        self.read_bytes = self.written_bytes = 0
        for transfer in transfers:
            for row in transfer.rows_of(name):
                (self.readable if transfer.source == name else self.writable).update(map(self.index, row))

    def access(self, addr: int, wen: int, enables: int, data: int, lanes: int) -> tuple[int, int]:
        """Do an access to a word of so many bytes; returns its data and whether it is an error."""
        first = self.index(addr)
        bytes_of = [first + lane for lane in range(lanes) if enables >> lane & 1]
        assert bytes_of, f"access to {addr:#x} without an enabled byte"
        if wen:
            assert self.readable.issuperset(bytes_of), f"read of {addr:#x}, enables {enables:#x}: not in the source"
            self.read_bytes += len(bytes_of)
        else:
            assert self.writable.issuperset(bytes_of), f"write to {addr:#x}, enables {enables:#x}: not in the target"
            self.written_bytes += len(bytes_of)
        if first + lanes > len(self.data) or first in self.poison:
            return random.getrandbits(8 * lanes), 1
        if wen:
            return int.from_bytes(self.data[first : first + lanes], "little"), 0
        for lane in range(lanes):
            if enables >> lane & 1:
                self.data[first + lane] = data >> 8 * lane & 0xFF
        return random.getrandbits(8 * lanes), 0


@dataclass(slots=True)
class Port:
    """One initiator's port of a memory: grants at random, one access in `interval` cycles, answers in order."""

    memory: Memory
    lanes: int
    grants: float = 1.0
    latency: int = 1
    jitter: int = 0  # most cycles that an answer is late
    interval: int = 1
    due: deque[tuple[int, int, int]] = field(default_factory=deque)  # cycle, data, error
    next_grant: int = 0

    def drive(self, now: int) -> tuple[bool, int, int, int]:
        """Return grant, r_valid, data and error of this cycle."""
        gnt = now >= self.next_grant and (self.grants >= 1.0 or random.random() < self.grants)
        if self.due and self.due[0][0] <= now:
            _, data, err = self.due.popleft()
            return gnt, 1, data, err
        return gnt, 0, random.getrandbits(8), 1

    def granted(self, now: int, addr: int, wen: int, enables: int, data: int) -> None:
        """Take over an access that was granted in this cycle."""
        answer = self.memory.access(addr, wen, enables, data, self.lanes)
        late = random.randint(0, self.jitter) if self.jitter else 0
        last = self.due[-1][0] + 1 if self.due else 0
        self.due.append((max(now + max(self.latency, 1) + late, last), *answer))
        self.next_grant = now + max(self.interval, 1)


def apply(transfers: Sequence[Transfer], l2: Memory, tcdm: Memory) -> dict[str, bytes]:
    """Return what the memories hold after transfers that meet no error."""
    data = {"l2": bytearray(l2.data), "tcdm": bytearray(tcdm.data)}
    memories = {"l2": l2, "tcdm": tcdm}
    for transfer in transfers:
        source, target = transfer.source, transfer.target
        for reads, writes in zip(transfer.rows_of(source), transfer.rows_of(target), strict=True):
            for read, write in zip(reads, writes, strict=True):
                data[target][memories[target].index(write)] = data[source][memories[source].index(read)]
    return {name: bytes(content) for name, content in data.items()}
