# SPDX-License-Identifier: Apache-2.0
"""What is particular to the cluster: other users of the banks, the registers of all units, the end of the TCDM."""

from __future__ import annotations

from dataclasses import replace

from redmule import law
from redmule.cluster import (
    ARBITER_BASE,
    DMA_BASE,
    DMA_QUEUE,
    TCDM_BASE,
    TRAFFIC_BASE,
    TRAFFIC_STEP,
    regs_arbiter,
    regs_dma,
    regs_traffic,
)
from redmule.fp.ops import GEMM
from redmule.regs import ErrorCode
from tb.agents.memory_agent import Weather
from tb.agents.register_agent import RegisterSequence
from tb.agents.register_model import RegisterModel
from tb.env import register_access
from tb.env.cluster import CLUSTER
from tb.env.jobs import Placed, Wish, YPlace, any_wish
from tb.env.registers import check_read_only, check_reset_values, connect
from tb.env.sequence import JobSequence, scenario

WISH = Wish(3, 5, 7, GEMM, y_place=YPlace.SEPARATE)
WATCHDOG_CYCLES = 200
ROUNDS = 10


@scenario
async def cores_and_dma_use_the_banks_and_change_no_bit(jobs: JobSequence) -> None:
    arbiter = RegisterSequence(jobs.env.registers.sequencer, ARBITER_BASE)
    slower = 0
    for stall in (0.3, 0.9):
        await jobs.weather(Weather(stall))
        for _ in range(ROUNDS):
            item = await jobs.run(any_wish(jobs.small()))
            assert not item.exact
            assert item.result is not None
            slower += item.result.cycles > law.cycles(item.job, jobs.config).total
    assert slower
    assert jobs.env.copies
    assert await arbiter.read(regs_arbiter.Offset.CONFLICTS)
    await jobs.weather(Weather())
    assert (await jobs.run(WISH)).exact


@scenario
async def the_watchdog_gives_banks_up_that_others_keep(jobs: JobSequence) -> None:
    await jobs.weather(Weather(stall=1))
    [placed] = jobs.place(WISH)
    item = await jobs.submit(placed, watchdog=WATCHDOG_CYCLES, error=ErrorCode.WATCHDOG)
    await jobs.end(item)
    await jobs.weather(Weather())
    await jobs.drained()
    await jobs.run(WISH)


@scenario
async def a_matrix_beyond_the_tcdm_is_a_bus_error(jobs: JobSequence) -> None:
    jobs.env.scoreboard.tolerated = "AccessIsInsideTheMemory"
    for name in "xwyz":
        before, failing, after = jobs.place(WISH, WISH, WISH)
        beyond = replace(getattr(failing.job, name), address=TCDM_BASE + CLUSTER.tcdm_bytes)
        job = replace(failing.job, **{name: beyond})
        items = [
            await jobs.submit(before),
            await jobs.submit(Placed(job, failing.kept), error=ErrorCode.BUS, core=1),
            await jobs.submit(after),
        ]
        for item in items:
            await jobs.end(item)
        result = items[1].result
        assert result is not None
        assert result.error_address >= TCDM_BASE + CLUSTER.tcdm_bytes


@scenario
async def the_registers_of_every_unit_have_their_values_of_the_reset(jobs: JobSequence) -> None:
    units = [
        ("arbiter", regs_arbiter, register_access.PULP_ARBITER, ARBITER_BASE),
        ("dma", regs_dma, register_access.PULP_DMA, DMA_BASE),
        *(
            (f"traffic{core}", regs_traffic, register_access.PULP_TRAFFIC, TRAFFIC_BASE + core * TRAFFIC_STEP)
            for core in range(jobs.config.cores)
        ),
    ]
    for name, module, access, base in units:
        model = connect(jobs, RegisterModel(name, module, access, base=base))
        if module is regs_dma:  # what the hardware says of itself
            model.status.predict(regs_dma.Status(free=DMA_QUEUE).pack())
        await check_reset_values(model)
        await check_read_only(model)
