# SPDX-License-Identifier: Apache-2.0
"""Random jobs through redmule_hazard, against a reference that keeps the bytes of every queued job as a set."""

import os
import random
from dataclasses import dataclass
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import RisingEdge

Z = 3
MEMORY = 64
CONTEXTS = 4


@dataclass(slots=True)
class Queued:
    """A job in the queue: the bytes it writes, and the contexts it waits for."""

    ctx: int
    writes: set[int]
    waits: set[int]


def random_extent() -> range:
    """Some neighbouring bytes, at either end of the memory more often than elsewhere."""
    first = random.choice([0, MEMORY - 1, *[random.randrange(MEMORY)] * 4])
    return range(first, min(MEMORY, first + random.choice([1, 2, 3, 8, 20])))


@cocotb.test()
async def jobs_wait_for_those_before_that_write_what_they_read(dut: Any) -> None:
    contexts = int(os.environ["NUMCONTEXTS"])
    base = random.choice([0, (1 << 32) - MEMORY])
    Clock(dut.clk_i, 10, unit="ns").start()
    for name in ("clear", "busy", "ended", "commit", "commit_ctx", "reads"):
        getattr(dut, f"{name}_i").value = 0
    dut.rst_ni.value = 0
    await RisingEdge(dut.clk_i)
    dut.rst_ni.value = 1
    queue: list[Queued] = []
    next_ctx = waiting = 0
    for _ in range(int(os.environ["CYCLES"])):
        clears = random.random() < 0.02
        ends = bool(queue) and random.random() < 0.3
        commits = len(queue) < contexts and not clears and random.random() < 0.5
        extents = [random_extent() for _ in range(4)]
        reads = random.getrandbits(4)
        dut.clear_i.value = int(clears)
        dut.busy_i.value = sum(1 << job.ctx for job in queue)
        dut.ended_i.value = 1 << queue[0].ctx if ends else 0
        dut.commit_i.value = int(commits)
        dut.commit_ctx_i.value = next_ctx
        dut.reads_i.value = reads
        for number, extent in enumerate(extents):
            dut.first_i[number].value = base + extent[0]
            dut.last_i[number].value = base + extent[-1]
        await RisingEdge(dut.clk_i)
        held = {job.ctx for job in queue if job.waits}
        assert int(dut.free_o.value) == sum(1 << ctx for ctx in range(CONTEXTS) if ctx not in held)
        waiting += bool(held)
        if ends:
            ended = queue.pop(0)
            for job in queue:
                job.waits.discard(ended.ctx)
        if commits:
            bytes_read = {byte for number, extent in enumerate(extents) if reads >> number & 1 for byte in extent}
            waits = {job.ctx for job in queue if job.writes & bytes_read}
            queue.append(Queued(next_ctx, set(extents[Z]), waits))
            next_ctx = (next_ctx + 1) % contexts
        if clears:
            queue, next_ctx = [], 0
    assert waiting > 0 or contexts == 1
