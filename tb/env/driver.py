# SPDX-License-Identifier: Apache-2.0
"""The driver of the jobs: what a core's software does, through the register agent."""

from __future__ import annotations

from typing import Any

from pyuvm import uvm_driver

from redmule.device.driver import JobResult
from redmule.fp import Flags
from redmule.job import STALLS
from redmule.regs import CycleCode, ErrorCode, Offset, ResultSel, Watchdog
from tb.agents.clock import cycle, idle
from tb.agents.register_agent import Access, RegisterSequence
from tb.env.items import ClearItem, JobItem, ResetItem, ResultItem
from tb.env.predictor import Predictor
from tb.env.scoreboard import Scoreboard

ALL_BUSY, OTHER_WRITES = -1 & 0xFFFF_FFFF, -2 & 0xFFFF_FFFF
PATIENCE_POLLS = 3000
RESET_CYCLES = 2
FINISHED_WRAPS = 256


class JobDriver(uvm_driver):
    """Commits jobs, aborts them, reads their results; tells predictor and scoreboard what it does, in that cycle.

    Attributes:
        registers, predictor, scoreboard: what it works with; the environment sets them.
        reset_n: the reset of the simulation.
    """

    registers: RegisterSequence
    predictor: Predictor
    scoreboard: Scoreboard
    reset_n: Any

    async def run_phase(self) -> None:
        """Take items for ever."""
        while True:
            item = await self.seq_item_port.get_next_item()
            match item:
                case JobItem():
                    await self._commit(item)
                case ClearItem():
                    granted = await self.registers.write(Offset.SOFT_CLEAR, item.keep_queue, item.core)
                    item.aborted = self.predictor.clear(granted, item.keep_queue)
                case ResetItem():
                    await self._reset()
                case ResultItem():
                    await self._read(item.job)
            self.seq_item_port.item_done()

    async def _commit(self, item: JobItem) -> None:
        """Write a job and commit it; a context must be free, or become so when the engine has drained."""
        for _ in range(PATIENCE_POLLS):
            if (context := await self.registers.read(Offset.ACQUIRE, item.core)) != ALL_BUSY:
                break
        assert context < self.predictor.config.contexts, f"no context for core {item.core}: ACQUIRE gave {context:#x}"
        item.context = context
        self.predictor.commit(item)  # its accesses may begin with the TRIGGER
        words = (*item.job.registers(), *([Watchdog(item.watchdog)] if item.watchdog else []), *item.changes)
        accesses = [Access(word.OFFSET, word.pack(), item.core, gap=item.gap) for word in words]
        answers = await self.registers.play(*accesses, Access(Offset.TRIGGER, item.hold, item.core, gap=item.gap))
        assert not any(answer.error for answer in answers), f"{item.job}: error response to a job register"
        self.predictor.trigger(item, answers[-1].granted)

    async def _reset(self) -> None:
        begun = cycle()
        self.reset_n.value = 0
        await idle(RESET_CYCLES)
        self.reset_n.value = 1
        self.predictor.reset(begun)

    async def _read(self, item: JobItem) -> None:
        """Read all that the result registers say of a job that has ended, and FINISHED."""

        def select(code: CycleCode) -> Access:
            return Access(Offset.RESULT_SEL, ResultSel(item.context, code).pack(), gap=0)

        def read(offset: Offset) -> Access:
            return Access(offset, gap=0)

        alone = not self.predictor.queue
        finished, _, error, address, flags, total, *counters = await self.registers.play(
            read(Offset.FINISHED),
            select(CycleCode.STEP),
            *map(read, (Offset.RESULT_ERROR, Offset.RESULT_ERROR_ADDR, Offset.RESULT_FLAGS, Offset.RESULT_CYCLES)),
            *(access for code in CycleCode for access in (select(code), read(Offset.RESULT_COUNTER))),
        )
        counts = [answer.data for answer in counters[1::2]]
        item.result = JobResult(
            error=ErrorCode(error.data),
            error_address=address.data,
            flags=Flags.from_bits(flags.data),
            cycles=total.data,
            steps=counts[CycleCode.STEP],
            stalls={name: counts[code] for name, code in STALLS.items()},
        )
        if alone and finished.data != self.predictor.finished % FINISHED_WRAPS:
            self.scoreboard.complain(f"FINISHED is {finished.data} after {self.predictor.finished} events")
        self.scoreboard.judge_result(item)
