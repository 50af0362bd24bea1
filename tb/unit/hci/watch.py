# SPDX-License-Identifier: Apache-2.0
"""What `busy_o` has to be, seen from the ports alone."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from cocotb.triggers import RisingEdge

from redmule.regs import Offset

WINDOW = 0xFF
SETTLES = 3
"""In the last of so many cycles without a reason to be busy, and without an access of a core, `busy_o` is low."""


@dataclass(slots=True, eq=False)
class Busy:
    """Watches `busy_o` of `hci_top` in every cycle. Every write to TRIGGER must commit a job that raises an event.

    Attributes:
        writes_answered: whether answers to writes go to the wrapper.
        inside: jobs committed and not ended.
        owed: whether each granted request without an answer is a read, the oldest first.
        busy_cycles, idle_cycles: how often it was what.
        mistakes: what was wrong, one line each.
    """

    dut: Any
    writes_answered: bool
    inside: int = 0
    owed: deque[bool] = field(default_factory=deque)
    quiet: int = 0
    busy_cycles: int = 0
    idle_cycles: int = 0
    mistakes: list[str] = field(default_factory=list)

    async def run(self) -> None:
        """Watch, for ever. A reset forgets everything."""
        dut = self.dut
        edge = RisingEdge(dut.clk_i)
        cycle = 0
        while True:
            await edge
            cycle += 1
            if not dut.rst_ni.value:
                self.inside = self.quiet = 0
                self.owed.clear()
                continue
            self.judge(cycle, bool(dut.busy_o.value))
            self.follow()

    def judge(self, cycle: int, busy: bool) -> None:
        """Compare the output in this cycle with what happened before."""
        answers = self.writes_answered or any(self.owed)
        must = self.inside > 0 or bool(self.dut.mem_req_o.value) or (bool(self.owed) and answers)
        self.quiet = 0 if must or self.owed or self.dut.reg_req_i.value else self.quiet + 1
        if must and not busy:
            self.mistakes.append(f"cycle {cycle}: {self.inside} jobs, {len(self.owed)} answers to come, and not busy")
        if busy and self.quiet >= SETTLES:
            self.mistakes.append(f"cycle {cycle}: busy, {self.quiet} cycles after all was done")
        self.busy_cycles += busy
        self.idle_cycles += not busy

    def follow(self) -> None:
        """Take in what happens in this cycle."""
        dut = self.dut
        self.inside -= int(dut.event_o.value).bit_count()
        if dut.reg_req_i.value and dut.reg_gnt_o.value and not dut.reg_wen_i.value:
            offset = int(dut.reg_add_i.value) & WINDOW
            if offset == Offset.TRIGGER:
                self.inside += 1
            elif offset == Offset.SOFT_CLEAR and int(dut.reg_data_i.value) == 0:
                self.inside = 0
        if dut.mem_r_valid_i.value:
            self.owed.popleft()
        if dut.mem_req_o.value and dut.mem_gnt_i.value:
            self.owed.append(bool(dut.mem_wen_o.value))
