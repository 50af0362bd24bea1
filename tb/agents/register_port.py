# SPDX-License-Identifier: Apache-2.0
"""A requester at a register port: reads and writes, one at a time, for as many cores as want to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from cocotb.triggers import Lock, RisingEdge

from tb.agents.clock import cycle

ALL_LANES = 15


@dataclass(frozen=True, slots=True)
class Answer:
    """What an access gave, and the cycle in which it was granted."""

    data: int
    error: bool
    granted: int


@dataclass(slots=True, eq=False)
class RegisterPort:
    """Drives the port `reg_*` of a DUT. Coroutines that share it wait for each other."""

    dut: Any
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self.dut.reg_req_i.value = 0

    async def access(self, address: int, *, write: bool, data: int = 0, core: int = 0, be: int = ALL_LANES) -> Answer:
        """Read or write a register: takes the cycle of its grant and that of the answer."""
        dut = self.dut
        edge = RisingEdge(dut.clk_i)
        async with self._lock:
            dut.reg_req_i.value = 1
            dut.reg_add_i.value = address
            dut.reg_wen_i.value = int(not write)
            dut.reg_be_i.value = be
            dut.reg_data_i.value = data
            dut.reg_id_i.value = core
            await edge
            while not dut.reg_gnt_o.value:
                await edge
            granted = cycle()
            dut.reg_req_i.value = 0
            await edge
            assert dut.reg_r_valid_o.value == 1, f"no answer to the access to {address:#x}"
            assert int(dut.reg_r_id_o.value) == core, f"the answer to core {core} goes to another one"
            return Answer(int(dut.reg_r_data_o.value), bool(dut.reg_r_err_o.value), granted)

    async def write(self, address: int, data: int, core: int = 0) -> int:
        """Write a register that is there; returns the cycle of the grant."""
        answer = await self.access(address, write=True, data=data, core=core)
        assert not answer.error, f"write to {address:#x}: error response"
        return answer.granted

    async def read(self, address: int, core: int = 0) -> int:
        """Read a register that is there."""
        answer = await self.access(address, write=False, core=core)
        assert not answer.error, f"read of {address:#x}: error response"
        return answer.data
