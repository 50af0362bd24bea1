# SPDX-License-Identifier: Apache-2.0
"""The environment around the cluster: the same jobs in the TCDM, among cores and a DMA that use its banks."""

from __future__ import annotations

import json
import os
import random
from typing import Any

import cocotb
import numpy as np
from cocotb.task import Task

from redmule.cluster import (
    ARBITER_BASE,
    DMA_BASE,
    L2_BASE,
    PARTS,
    REGION_BYTES,
    STRIDE_WORDS,
    TCDM_BASE,
    TRAFFIC_BASE,
    TRAFFIC_STEP,
    Cluster,
    Traffic,
    regs_arbiter,
    regs_dma,
    regs_traffic,
)
from redmule.config import Config
from redmule.device.memory import Memory
from redmule.fp.formats import E5M2
from redmule.regs import Word
from tb.agents import backdoor
from tb.agents.clock import idle
from tb.agents.event_monitor import EventMonitor
from tb.agents.memory_agent import MemoryPort, Weather
from tb.agents.register_agent import RegisterPort, RegisterSequence
from tb.env.environment import Environment, Setup

CLUSTER = Cluster(l2_bytes=256 << 10, traffic="linear:0")
"""What is built: room for the traffic of all cores."""

TOP = "env_cluster_top"
INSIDE = f"{TOP}.u_cluster"
PATTERNS = ("linear", "strided", "random")
SETTLE_CYCLES = 200
"""After which nothing of the traffic and the DMA is under way."""

COPY_BYTES, DMA_PATIENCE, POLL_CYCLES = 512, 20_000, 10
HALF = (1, 2)


class ClusterEnvironment(Environment):
    """Around the cluster. Bad weather is traffic of the cores and copies by the DMA.

    Attributes:
        dma_events: monitor of the DMA's lines.
        copies: that the DMA has done; each was compared.
    """

    def build_phase(self) -> None:
        """Make the parts."""
        super().build_phase()
        top: Any = cocotb.top
        self.cdb_set("LINES", top.dma_event_o, "dma_events")
        self.dma_events = EventMonitor("dma_events", self)
        self.copies = 0
        self._mover: Task[None] | None = None
        self._moves = False

    def make_setup(self, dut: Any) -> Setup:
        """Return the first accelerator, with the free part of the TCDM as its memory."""
        config = Config.from_parameters("dut", json.loads(os.environ["CONFIG"]))
        tcdm = backdoor.memory(f"{INSIDE}.u_interconnect.u_tcdm", "mem_q", CLUSTER.tcdm_bytes)
        memory = Memory(CLUSTER.free_bytes(config), TCDM_BASE, content=tcdm, poison=True, name="TCDM")
        permissions = np.zeros(memory.bytes.size, np.uint8)
        self.l2 = backdoor.memory(f"{INSIDE}.u_l2", "mem_q", CLUSTER.l2_bytes)
        self._scratch = memory.alloc((COPY_BYTES,), E5M2.dtype).view(np.uint8)
        return Setup(
            config,
            memory,
            MemoryPort(f"{INSIDE}.gen_accelerator[0].u_accelerator.u_port_monitor", TCDM_BASE, None, permissions),
            RegisterPort(f"{TOP}.u_registers", dut.reg_done_o),
            dut.event_o,
            dut.rst_ni,
        )

    def connect_phase(self) -> None:
        """Connect them; what the DMA writes is none of the jobs' business."""
        super().connect_phase()
        begin = self.setup.memory.address(self._scratch) - TCDM_BASE
        self.predictor.foreign.append(slice(begin, begin + COPY_BYTES))
        sequencer = self.registers.sequencer
        self._arbiter, self._dma = RegisterSequence(sequencer, ARBITER_BASE), RegisterSequence(sequencer, DMA_BASE)
        self._cores = [
            RegisterSequence(sequencer, TRAFFIC_BASE + core * TRAFFIC_STEP) for core in range(self.setup.config.cores)
        ]

    async def change_weather(self, weather: Weather) -> None:
        """Let cores and DMA use the banks: about so many grants are refused. A dead memory is one that they keep.

        Raises:
            ValueError: a byte is to fail; here only what lies beyond the TCDM does.
        """
        if weather.fail_at is not None:
            raise ValueError(f"fail_at = {weather.fail_at:#x}: allowed is None in the cluster")
        self.predictor.weather = weather
        self._moves = False
        if self._mover is not None:
            await self._mover  # its last copy ends
            self._mover = None
        if weather.stall == 1:
            await self._share("log", (0, 0), Traffic("bank", 1.0))
        elif not weather.fair:
            traffic = Traffic(random.choice(PATTERNS), max(weather.stall, 0.1))
            await self._share(random.choice(("wide", "log")), HALF, traffic)
            self._moves = True
            self._mover = cocotb.start_soon(self._move())
        else:
            await self._share("wide", HALF, None)
            await idle(SETTLE_CYCLES)
            await self._judge_cores()
        self.predictor.disturb(weather.fair)

    async def _share(self, priority: str, share: tuple[int, int], traffic: Traffic | None) -> None:
        """Set the arbiter and the traffic of all cores."""
        if traffic is not None:
            self.predictor.disturb(False)
        num, den = share
        await self._set(self._arbiter, regs_arbiter.Config(wide_first=int(priority == "wide"), num=num, den=den))
        for core, registers in enumerate(self._cores):
            words: list[Word] = [regs_traffic.Enable(0)]
            if traffic is not None:
                words += [
                    regs_traffic.Pattern(regs_traffic.PatternCode[traffic.pattern.upper()]),
                    regs_traffic.Rate(round(traffic.rate * PARTS)),
                    regs_traffic.Writes(round(traffic.writes * PARTS)),
                    regs_traffic.Stride(STRIDE_WORDS),
                    regs_traffic.Seed(random.getrandbits(32)),
                    regs_traffic.Base(TCDM_BASE + CLUSTER.tcdm_bytes - (core + 1) * REGION_BYTES),
                    regs_traffic.Enable(1),
                ]
            for word in words:
                await self._set(registers, word)

    async def _set(self, registers: RegisterSequence, word: Word) -> None:
        await registers.write(word.OFFSET, word.pack())

    async def _judge_cores(self) -> None:
        """No core read anything but what it had written."""
        for core, registers in enumerate(self._cores):
            if errors := await registers.read(regs_traffic.Offset.ERRORS):
                self.scoreboard.complain(f"the traffic of core {core} saw {errors} wrong answers")

    async def _move(self) -> None:
        """Copy random bytes from L2 to the TCDM and back, as long as it is wanted, and compare them."""
        half = self.l2.size // 2
        while self._moves:
            size, skip = random.randint(1, COPY_BYTES), random.randrange(64)
            here = self._scratch[: min(size, COPY_BYTES - skip)]
            there, back = self.l2[skip : skip + here.size], self.l2[half + skip : half + skip + here.size]
            there[:] = np.frombuffer(random.randbytes(here.size), np.uint8)
            resets = self.predictor.resets
            await self._copy(L2_BASE + skip, here, regs_dma.DirectionCode.TO_TCDM)
            await self._copy(L2_BASE + half + skip, here, regs_dma.DirectionCode.TO_L2)
            if self.predictor.resets != resets:
                return
            if not (np.array_equal(there, here) and np.array_equal(there, back)):
                self.scoreboard.complain(f"the DMA copied {here.size} bytes wrong")
            self.copies += 1

    async def _copy(self, address: int, here: Any, direction: regs_dma.DirectionCode) -> None:
        """Run one transfer to its event."""
        words: list[Word] = [
            regs_dma.L2Addr(address),
            regs_dma.TcdmAddr(self.setup.memory.address(here)),
            regs_dma.RowBytes(here.size),
            regs_dma.Rows(1),
            regs_dma.Start(direction),
        ]
        before, resets = len(self.dma_events.pulses), self.predictor.resets
        for word in words:
            await self._set(self._dma, word)
        for _ in range(0, DMA_PATIENCE, POLL_CYCLES):
            if len(self.dma_events.pulses) > before or self.predictor.resets != resets:
                return
            await idle(POLL_CYCLES)
        self.scoreboard.complain("a transfer of the DMA did not end")
