# SPDX-License-Identifier: Apache-2.0
"""The agent at a register port: `register_agent.sv` plays batches of accesses, of as many cores as want to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from cocotb.triggers import SimTimeoutError, ValueChange, with_timeout
from pyuvm import uvm_agent, uvm_analysis_port, uvm_driver, uvm_monitor, uvm_sequence, uvm_sequence_item, uvm_sequencer

from tb.agents.backend import POINTER, U32, U64, Instance
from tb.agents.clock import PERIOD_NS

ALL_LANES = 15
PATIENCE_CYCLES = 100_000
"""A batch that takes longer hangs."""

ACCESS = np.dtype([(name, "u4") for name in ("address", "data", "be", "id", "write", "gap")])
ANSWER = np.dtype([("granted", "u8"), ("data", "u4"), ("id", "u4"), ("error", "u4"), ("unused", "u4")])
SEEN = np.dtype([("granted", "u8"), *((name, "u4") for name in ("address", "data", "be", "id", "write", "error"))])
"""As register_agent.cpp has them."""

_AGENT = {"reset": (None, ()), "play": (None, (POINTER, U32)), "answers": (None, (POINTER,))}
_MONITOR = {"reset": (None, ()), "logged": (U64, ()), "take": (None, (POINTER,))}


@dataclass(frozen=True, slots=True)
class Access:
    """An access of a core.

    Attributes:
        address: byte address.
        data: what is written; None: a read.
        core: who does it.
        be: enabled bytes.
        gap: idle cycles between the grant of the access before it and this request.
    """

    address: int
    data: int | None = None
    core: int = 0
    be: int = ALL_LANES
    gap: int = 1


@dataclass(frozen=True, slots=True)
class Answer:
    """What an access gave, and the cycle of its grant; 0: a reset came before."""

    data: int
    error: bool
    granted: int


@dataclass(frozen=True, slots=True)
class Seen:
    """An access as the port showed it: `data` is what was written, or what was read."""

    granted: int
    address: int
    data: int
    be: int
    core: int
    write: bool
    error: bool


class AccessItem(uvm_sequence_item):
    """Accesses that are played one after the other, with no other one between them.

    Attributes:
        answers: to each, once the item is finished.
    """

    def __init__(self, accesses: Sequence[Access], name: str = "accesses") -> None:
        super().__init__(name)
        self.accesses = accesses
        self.answers: list[Answer] = []


@dataclass(frozen=True, slots=True, eq=False)
class RegisterPort:
    """The port of an agent, which a bench tells it by `ConfigDB().set(parent, "its name", "PORT", RegisterPort(...))`.

    Attributes:
        scope: path of the instance of `register_agent`.
        done: the signal that its `done_o` drives.
    """

    scope: str
    done: Any


class RegisterDriver(uvm_driver):
    """Plays accesses."""

    def build_phase(self) -> None:
        """Take the port over: what an earlier test left undone is given up."""
        port: RegisterPort = self.cdb_get("PORT")
        self._done = port.done
        self._agent = Instance("register_agent", port.scope, _AGENT)
        self._agent.reset()

    async def run_phase(self) -> None:
        """Take items for ever."""
        while True:
            item: AccessItem = await self.seq_item_port.get_next_item()
            item.answers = await self.play(item.accesses)
            self.seq_item_port.item_done()

    async def play(self, accesses: Sequence[Access]) -> list[Answer]:
        """Play accesses and return their answers.

        Raises:
            AssertionError: one of them is never granted, or an answer is for another core.
        """
        rows = [(a.address, a.data or 0, a.be, a.core, a.data is not None, a.gap) for a in accesses]
        batch = np.array(rows, ACCESS)
        self._agent.play(batch.ctypes.data, len(batch))
        try:
            await with_timeout(ValueChange(self._done), PATIENCE_CYCLES * PERIOD_NS, "ns")
        except SimTimeoutError:
            raise AssertionError(f"no end of {len(accesses)} accesses from {accesses[0]} on") from None
        answers = np.empty(len(batch), ANSWER)
        self._agent.answers(answers.ctypes.data)
        for access, answer in zip(accesses, answers, strict=True):
            assert not answer["granted"] or answer["id"] == access.core, (
                f"the answer to core {access.core} goes to {answer['id']}"
            )
        return [
            Answer(data, bool(error), granted)
            for data, error, granted in answers[["data", "error", "granted"]].tolist()
        ]


class RegisterMonitor(uvm_monitor):
    """Looks at the port, whenever a batch has been played.

    Attributes:
        ap: analysis port: each access, as `Seen`.
    """

    def build_phase(self) -> None:
        """Find the instance, and forget what an earlier test left."""
        port: RegisterPort = self.cdb_get("PORT")
        self.ap = uvm_analysis_port("ap", self)
        self._done = port.done
        self._monitor = Instance("register_monitor", f"{port.scope}.u_monitor", _MONITOR)
        self._monitor.reset()
        self._take()

    async def run_phase(self) -> None:
        """Publish for ever."""
        while True:
            await ValueChange(self._done)
            for granted, address, data, be, core, write, error in self._take().tolist():
                self.ap.write(Seen(granted, address, data, be, core, bool(write), bool(error)))

    def _take(self) -> Any:
        batch = np.empty(self._monitor.logged(), SEEN)
        self._monitor.take(batch.ctypes.data)
        return batch


class RegisterAgent(uvm_agent):
    """Sequencer of `AccessItem`, driver, monitor."""

    def build_phase(self) -> None:
        """Make the parts; they share the port of the agent."""
        super().build_phase()
        self.cdb_set("PORT", self.cdb_get("PORT"), "*")
        self.sequencer = uvm_sequencer("sequencer", self)
        self.driver = RegisterDriver("driver", self)
        self.monitor = RegisterMonitor("monitor", self)

    def connect_phase(self) -> None:
        """Connect driver and sequencer."""
        self.driver.seq_item_port.connect(self.sequencer.seq_item_export)


class RegisterSequence(uvm_sequence):
    """Registers behind an agent as software sees them: reads and writes that succeed."""

    def __init__(self, sequencer: uvm_sequencer, base: int = 0) -> None:
        """Make one for registers that begin at an address."""
        super().__init__("registers")
        self.sequencer, self.base = sequencer, base

    async def play(self, *accesses: Access) -> list[Answer]:
        """Play accesses to addresses behind the base, with no other one between them; returns their answers."""
        item = AccessItem([replace(access, address=self.base + access.address) for access in accesses])
        await self.start_item(item)
        await self.finish_item(item)
        return item.answers

    async def write(self, offset: int, data: int, core: int = 0) -> int:
        """Write a register that is there; returns the cycle of the grant."""
        [answer] = await self.play(Access(offset, data, core))
        assert not answer.error, f"write to {offset:#x}: error response"
        return answer.granted

    async def read(self, offset: int, core: int = 0) -> int:
        """Read a register that is there."""
        [answer] = await self.play(Access(offset, core=core))
        assert not answer.error, f"read of {offset:#x}: error response"
        return answer.data
