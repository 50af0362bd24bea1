# SPDX-License-Identifier: Apache-2.0
"""The memory at a memory port: grants and answers as badly as it is told, and judges every access."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from cocotb.triggers import RisingEdge
from numpy.typing import NDArray

from redmule.device.memory import MAY_READ, MAY_WRITE

POISON = 0x7D
"""Byte of a signalling NaN in fp16 and e5m2: what a read returns in lanes it did not ask for."""


@dataclass(slots=True)
class Weather:
    """How the memory behaves; may change at any time.

    Attributes:
        stall: probability that it grants nothing in a cycle; 1: dead.
        latency: most cycles by which an answer is late; each one is drawn from 0 to this.
        fail_at: byte address whose word answers with an error.
    """

    stall: float = 0.0
    latency: int = 0
    fail_at: int | None = None


@dataclass(slots=True, eq=False)
class MemoryPort:
    """Serves the port `mem_*` of a DUT from a NumPy buffer, one call of `run` for good.

    A store takes effect when it is granted. Each byte a request names must be permitted.

    Attributes:
        content: (size,) uint8.
        base: address of its first byte.
        permissions: (size,) uint8 of MAY_READ | MAY_WRITE; every access is checked against it.
        requests, transfers: cycles with a request; granted ones.
        failures: addresses of the transfers that were answered with an error.
        mistakes: what the DUT did wrong, one line each.
    """

    dut: Any
    content: NDArray[np.uint8]
    base: int
    permissions: NDArray[np.uint8]
    weather: Weather = field(default_factory=Weather)
    requests: int = 0
    transfers: int = 0
    failures: list[int] = field(default_factory=list)
    mistakes: list[str] = field(default_factory=list)

    async def run(self) -> None:
        """Serve the port, for ever. A reset of the DUT (`rst_ni` low) makes the memory forget what is outstanding."""
        dut = self.dut
        edge = RisingEdge(dut.clk_i)
        lanes = len(dut.mem_be_o)
        req, add, wen = dut.mem_req_o, dut.mem_add_o, dut.mem_wen_o
        answers: deque[tuple[int, int, bool]] = deque()  # cycle, data, error
        granted, answering = True, False
        dut.mem_gnt_i.value, dut.mem_r_valid_i.value = 1, 0
        now = 0
        while True:
            await edge
            now += 1
            weather = self.weather
            if not dut.rst_ni.value:
                answers.clear()
            elif req.value:
                self.requests += 1
                if granted:
                    self.transfers += 1
                    address, read = int(add.value), bool(wen.value)
                    due = now + (random.randint(0, weather.latency) if weather.latency else 0)
                    data = self.transfer(address, read, int(dut.mem_be_o.value), lanes)
                    failed = weather.fail_at is not None and 0 <= weather.fail_at - address < lanes
                    if failed:
                        self.failures.append(address)
                    answers.append((max(due, answers[-1][0] if answers else 0), data, failed))
            if granted != (weather.stall == 0 or random.random() >= weather.stall):
                granted = not granted
                dut.mem_gnt_i.value = int(granted)
            if answers and answers[0][0] <= now:
                _, data, failed = answers.popleft()
                dut.mem_r_data_i.value = data
                dut.mem_r_err_i.value = int(failed)
                if not answering:
                    dut.mem_r_valid_i.value = 1
                answering = True
            elif answering:
                dut.mem_r_valid_i.value = 0
                answering = False

    def transfer(self, address: int, read: bool, be: int, lanes: int) -> int:
        """Perform a transfer and return the data of its answer."""
        at = address - self.base
        if at < 0 or at + lanes > self.content.size:
            self.mistakes.append(f"{'read' if read else 'write'} at {address:#x}, outside of the memory")
            return 0
        chosen = np.unpackbits(np.frombuffer(be.to_bytes(-(-lanes // 8), "little"), np.uint8), bitorder="little")
        named = chosen[:lanes].view(np.bool_)
        allowed = self.permissions[at : at + lanes] & (MAY_READ if read else MAY_WRITE)
        if not allowed[named].all():
            self.mistakes.append(f"{'read' if read else 'write'} at {address:#x} of lanes {be:#x}: not permitted")
        if read:
            return self.load(at, named)
        self.store(at, named, int(self.dut.mem_data_o.value))
        return 0

    def load(self, at: int, named: NDArray[np.bool_]) -> int:
        """Return the named bytes from offset `at`, and poison in the other lanes."""
        data = np.where(named, self.content[at : at + named.size], np.uint8(POISON))
        return int.from_bytes(data.tobytes(), "little")

    def store(self, at: int, named: NDArray[np.bool_], data: int) -> None:
        """Write the named bytes of the data from offset `at`."""
        beat = np.frombuffer(data.to_bytes(named.size, "little"), np.uint8)
        np.copyto(self.content[at : at + named.size], beat, where=named)
