# SPDX-License-Identifier: Apache-2.0
"""Drives redmule_control cycle by cycle and compares every output of every cycle with the reference model."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from cocotb.clock import Clock
from cocotb.triggers import RisingEdge

from redmule.regs import Info, Offset
from tb.unit.control.decode import Job
from tb.unit.control.model import ControlModel, Inputs, Outputs, Schedule

INFO = Info(rows=12, row_len=4, pipe_regs=3, log2_port=8, contexts=4, log2_groups=0, formats=31, version=1)


@dataclass(slots=True)
class Bench:
    """One redmule_control; `cycle` is one clock cycle, everything else is made of it."""

    dut: Any
    contexts: int
    cores: int
    model: ControlModel
    now: int = 0

    @classmethod
    async def start(cls, dut: Any) -> "Bench":
        """A bench after reset."""
        contexts, cores = int(os.environ["NUMCONTEXTS"]), int(os.environ["NUMCORES"])
        info = replace(INFO, contexts=contexts, log2_groups=int(os.environ["ROWGROUPS"]).bit_length() - 1).pack()
        model = ControlModel(contexts, cores, info, os.environ["TRANSPOSES"] == "1")
        bench = cls(dut, contexts, cores, model)
        Clock(dut.clk_i, 10, unit="ns").start()
        bench.drive(Inputs())
        await bench.reset()
        return bench

    async def reset(self) -> None:
        """An asynchronous reset of two cycles; the model starts anew."""
        self.dut.rst_ni.value = 0
        for _ in range(2):
            await RisingEdge(self.dut.clk_i)
        self.dut.rst_ni.value = 1
        self.model = ControlModel(self.contexts, self.cores, self.model.info, self.model.transposes)

    def drive(self, inputs: Inputs) -> None:
        """Put the inputs of a cycle on the ports."""
        for name in INPUT_NAMES:
            getattr(self.dut, f"{name}_i").value = getattr(inputs, name)

    def observe(self) -> Outputs:
        """Read the outputs of the cycle."""
        dut = self.dut
        response = (int(dut.r_data_o.value), int(dut.r_id_o.value), int(dut.r_err_o.value))
        schedule = unpack_schedule(int(dut.schedule_o.value))
        jobs = {c: Job.unpack(int(dut.job_o[c].value)) for c in range(4) if schedule.ready >> c & 1}
        feed = int(dut.feed_ctx_o.value) if int(dut.feed_valid_o.value) else None
        assert feed is None or Job.unpack(int(dut.feed_job_o.value)) == jobs[feed]
        return Outputs(
            gnt=int(dut.gnt_o.value),
            response=response if int(dut.r_valid_o.value) else None,
            event=int(dut.event_o.value),
            clear=int(dut.clear_o.value),
            schedule=schedule,
            jobs=jobs,
            feed=feed,
        )

    async def cycle(self, **values: int) -> Outputs:
        """One cycle with these inputs (see `Inputs`); returns what the control showed in it."""
        inputs = Inputs(**values)
        self.drive(inputs)
        await RisingEdge(self.dut.clk_i)
        seen, expected = self.observe(), self.model.step(inputs)
        assert seen == expected, f"cycle {self.now}: {inputs}\n  shows    {seen}\n  expected {expected}"
        self.now += 1
        return seen

    def may_end(self) -> bool:
        """Whether the sequencer is done with the oldest job, so that its last store may be answered in this cycle."""
        head = self.model.head
        return head is None or head.passed or self.model.draining

    def line(self, core: int) -> int:
        """The event lines as they are when this core's job ends; 0 if it has no line."""
        return 1 << core if core < self.cores else 0

    async def idle(self, cycles: int, **values: int) -> None:
        """Some cycles with the same inputs."""
        for _ in range(cycles):
            await self.cycle(**values)

    async def write(self, offset: int, data: int, core: int = 0, be: int = 15, **values: int) -> Outputs:
        """Write a register; returns the outputs of the cycle in which it was granted."""
        while True:
            out = await self.cycle(req=1, add=offset, wen=0, be=be, data=data, id=core, **values)
            if out.gnt:
                return out

    async def read(self, offset: int, core: int = 0, **values: int) -> int:
        """Read a register, in two cycles."""
        await self.cycle(req=1, add=offset, wen=1, id=core, **values)
        out = await self.cycle(**values)
        assert out.response is not None
        data, response_id, error = out.response
        assert (response_id, error) == (core, 0)
        return data

    async def write_job(self, words: Mapping[Offset, int], core: int = 0, **values: int) -> int:
        """Acquire a context and write the registers of a job; returns the context."""
        ctx = await self.read(Offset.ACQUIRE, core, **values)
        for offset, word in words.items():
            await self.write(offset, word, core, **values)
        return ctx

    async def trigger_job(self, words: Mapping[Offset, int], core: int = 0, hold: int = 0, **values: int) -> int:
        """Write and commit a job; returns the context. The TRIGGER is taken in the last cycle."""
        ctx = await self.write_job(words, core, **values)
        await self.write(Offset.TRIGGER, hold, core, **values)
        return ctx

    async def result(self, ctx: int, offset: Offset, counter: int = 0) -> int:
        """Read one of the results of a context."""
        await self.write(Offset.RESULT_SEL, ctx | counter << 4)
        return await self.read(offset)


INPUT_NAMES = tuple(f.name for f in fields(Inputs))


def unpack_schedule(bits: int) -> Schedule:
    """The fields of a schedule_t, whose last one is in the lowest bit."""
    return Schedule(bits >> 11, bits >> 7 & 0xF, bits >> 3 & 0xF, bits >> 1 & 3, bits & 1)
