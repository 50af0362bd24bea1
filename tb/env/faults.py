# SPDX-License-Identifier: Apache-2.0
"""The checker checked: whatever goes wrong here, the environment has to say so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from redmule.device.memory import Memory
from redmule.fp import Flags
from redmule.fp.ops import GEMM
from redmule.job import HardwareJob
from tb.agents.memory_agent import Fault, Weather
from tb.env.jobs import Prediction, Wish, predict
from tb.env.sequence import JobSequence, scenario

WISH = Wish(4, 6, 8, GEMM)
LATE_CYCLES, FUTURE_CYCLES = 40, 10_000
FIFTH = 5
WRONG_Z = "results of 32 differ"


async def fails(jobs: JobSequence, message: str) -> None:
    """Run a job: the environment must complain with this message."""
    with pytest.raises(AssertionError, match=message):
        await jobs.run(WISH)


@scenario
async def a_job_without_a_fault_passes(jobs: JobSequence) -> None:
    item = await jobs.run(WISH)
    assert item.ended is not None


@scenario
async def a_late_store_is_found(jobs: JobSequence) -> None:
    jobs.env.memory.driver.inject(Fault.LATE_STORES, cycles=LATE_CYCLES)
    await fails(jobs, WRONG_Z)


@scenario
async def a_lost_store_is_found(jobs: JobSequence) -> None:
    jobs.env.memory.driver.inject(Fault.LOST_STORE, number=FIFTH)
    await fails(jobs, WRONG_Z)


@scenario
async def a_lost_beat_of_a_load_is_found(jobs: JobSequence) -> None:
    jobs.env.memory.driver.inject(Fault.REPEATED_LOAD, number=FIFTH)
    await fails(jobs, WRONG_Z)


@scenario
async def a_stray_byte_is_found(jobs: JobSequence) -> None:
    jobs.env.memory.driver.inject(Fault.STRAY_STORES)
    await fails(jobs, "outside of Z|" + WRONG_Z)


@scenario
async def a_flipped_golden_bit_is_found_and_shown(jobs: JobSequence) -> None:
    def flipped(job: HardwareJob, memory: Memory, content: NDArray[np.uint8]) -> Prediction:
        prediction = predict(job, memory, content)
        memory.rows_of(content, job.z)[-1, -1] ^= 1
        return prediction

    jobs.env.predictor.golden = flipped
    await fails(jobs, f"1 {WRONG_Z}[^$]*\n *{3 // jobs.config.rows},{7 // jobs.config.tile_cols} +3 +7 ")


@scenario
async def a_flipped_golden_flag_is_found(jobs: JobSequence) -> None:
    def flipped(job: HardwareJob, memory: Memory, content: NDArray[np.uint8]) -> Prediction:
        prediction = predict(job, memory, content)
        return replace(prediction, flags=Flags.from_bits(prediction.flags.bits ^ Flags(uf=True).bits))

    jobs.env.predictor.golden = flipped
    await fails(jobs, "flags .*, golden")


@scenario
async def an_access_beside_the_matrices_is_found_with_its_cycle(jobs: JobSequence) -> None:
    [placed] = jobs.place(WISH)
    item = await jobs.submit(placed)
    jobs.env.predictor.permissions[:] = 0
    with pytest.raises(AssertionError, match=r"cycle \d+: AccessIsPermitted: "):
        await jobs.end(item)


@scenario
async def an_access_beside_the_matrices_is_found_without_an_event(jobs: JobSequence) -> None:
    await jobs.submit(*jobs.place(WISH))
    jobs.env.predictor.permissions[:] = 0
    await jobs.idle(20)
    await jobs.clear(0)
    with pytest.raises(AssertionError, match="AccessIsPermitted"):
        jobs.env.judge()


@scenario
async def an_event_for_another_core_is_found(jobs: JobSequence) -> None:
    [placed] = jobs.place(WISH)
    item = await jobs.submit(placed, core=1)
    item.core = 2
    with pytest.raises(AssertionError, match="event for core 1, not 2"):
        await jobs.end(item)


@scenario
async def an_event_without_a_job_is_found(jobs: JobSequence) -> None:
    [placed] = jobs.place(WISH)
    await jobs.submit(placed)
    jobs.env.predictor.queue.clear()
    await jobs.idle(1000)
    with pytest.raises(AssertionError, match="an event for core 0 without a job"):
        jobs.env.judge()


@scenario
async def an_event_after_a_clear_is_found(jobs: JobSequence) -> None:
    item = await jobs.run(WISH)
    assert item.ended is not None
    jobs.env.predictor.clear(item.ended.cycle - 1, 0)
    with pytest.raises(AssertionError, match="an event for core 0 without a job"):
        jobs.env.judge()


@scenario
async def an_event_before_the_job_was_released_is_found(jobs: JobSequence) -> None:
    [placed] = jobs.place(WISH)
    item = await jobs.submit(placed)
    assert item.released is not None
    item.released += FUTURE_CYCLES
    with pytest.raises(AssertionError, match=r"event in cycle \d+, but released in \d+"):
        await jobs.end(item)


@scenario
async def a_lost_cycle_is_found(jobs: JobSequence) -> None:
    [placed] = jobs.place(WISH)
    item = await jobs.submit(placed)
    jobs.env.memory.driver.set_weather(Weather(stall=0.3))
    with pytest.raises(AssertionError, match="the law says"):
        await jobs.end(item)


@scenario
async def a_hang_is_found(jobs: JobSequence) -> None:
    [placed] = jobs.place(WISH)
    item = await jobs.submit(placed)
    jobs.env.memory.driver.set_weather(Weather(stall=1))
    with pytest.raises(AssertionError, match="did not end"):
        await jobs.end(item)
