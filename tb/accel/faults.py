# SPDX-License-Identifier: Apache-2.0
"""The checker checked: whatever goes wrong here, the bench has to say so."""

from typing import Any

import cocotb
import numpy as np
import pytest
from cocotb.triggers import ClockCycles
from numpy.typing import NDArray

from redmule.device.memory import Memory
from redmule.fp.ops import GEMM
from redmule.job import Flags, HardwareJob
from tb.accel.bench import Bench
from tb.accel.jobs import Wish, predict
from tb.agents.memory_port import MemoryPort

WISH = Wish(4, 6, 8, GEMM)
LATE_CYCLES = 40
WRONG_Z = "bytes of Z differ"


class LateStores(MemoryPort):
    """Stores take effect long after their grant."""

    def store(self, at: int, named: NDArray[np.bool_], data: int) -> None:
        async def later() -> None:
            await ClockCycles(self.dut.clk_i, LATE_CYCLES)
            MemoryPort.store(self, at, named, data)

        cocotb.start_soon(later())


class LostStores(MemoryPort):
    """The fifth store never takes effect."""

    stores = 0

    def store(self, at: int, named: NDArray[np.bool_], data: int) -> None:
        self.stores += 1
        if self.stores != 5:
            MemoryPort.store(self, at, named, data)


class LostLoads(MemoryPort):
    """A beat of a load is that of the load before."""

    loads = 0
    last = 0

    def load(self, at: int, named: NDArray[np.bool_]) -> int:
        self.loads += 1
        if self.loads != 5:
            self.last = MemoryPort.load(self, at, named)
        return self.last


class StrayStores(MemoryPort):
    """A store also changes the byte behind it, as a wrong byte enable would."""

    def store(self, at: int, named: NDArray[np.bool_], data: int) -> None:
        MemoryPort.store(self, at, named, data)
        self.content[at + named.size] ^= 1


async def fails(dut: Any, message: str, port_type: type[MemoryPort] = MemoryPort) -> None:
    """Run a job on such a memory: the bench must complain with this message."""
    bench = await Bench.start(dut, port_type)
    with pytest.raises(AssertionError, match=message):
        await bench.run(WISH)


@cocotb.test()
async def a_job_without_a_fault_passes(dut: Any) -> None:
    bench = await Bench.start(dut)
    ticket = await bench.run(WISH)
    assert ticket.ended is not None


@cocotb.test()
async def a_late_store_is_found(dut: Any) -> None:
    await fails(dut, WRONG_Z, LateStores)


@cocotb.test()
async def a_lost_store_is_found(dut: Any) -> None:
    await fails(dut, WRONG_Z, LostStores)


@cocotb.test()
async def a_lost_beat_of_a_load_is_found(dut: Any) -> None:
    await fails(dut, WRONG_Z, LostLoads)


@cocotb.test()
async def a_stray_byte_is_found(dut: Any) -> None:
    await fails(dut, "outside of Z|" + WRONG_Z, StrayStores)


@cocotb.test()
async def a_flipped_golden_bit_is_found(dut: Any) -> None:
    def flipped(job: HardwareJob, memory: Memory, content: NDArray[np.uint8]) -> Flags:
        flags = predict(job, memory, content)
        memory.rows_of(content, job.z)[-1, -1] ^= 1
        return flags

    bench = await Bench.start(dut)
    bench.predict = flipped
    with pytest.raises(AssertionError, match=f"1 {WRONG_Z}"):
        await bench.run(WISH)


@cocotb.test()
async def a_flipped_golden_flag_is_found(dut: Any) -> None:
    def flipped(job: HardwareJob, memory: Memory, content: NDArray[np.uint8]) -> Flags:
        return Flags.from_bits(predict(job, memory, content).bits ^ Flags(uf=True).bits)

    bench = await Bench.start(dut)
    bench.predict = flipped
    with pytest.raises(AssertionError, match="gemm"):
        await bench.run(WISH)


@cocotb.test()
async def an_access_beside_the_matrices_is_found(dut: Any) -> None:
    bench = await Bench.start(dut)
    [placed] = bench.place(WISH)
    ticket = await bench.submit(placed)
    bench.port.permissions[:] = 0
    with pytest.raises(AssertionError, match="not permitted"):
        await bench.end(ticket)


@cocotb.test()
async def an_event_for_another_core_is_found(dut: Any) -> None:
    bench = await Bench.start(dut)
    [placed] = bench.place(WISH)
    ticket = await bench.submit(placed, core=1)
    ticket.core = 2
    with pytest.raises(AssertionError, match="event for core 1, not 2"):
        await bench.end(ticket)


@cocotb.test()
async def a_lost_cycle_is_found(dut: Any) -> None:
    bench = await Bench.start(dut)
    [placed] = bench.place(WISH)
    ticket = await bench.submit(placed)
    bench.weather.stall = 0.3
    with pytest.raises(AssertionError, match="the law says"):
        await bench.end(ticket)


@cocotb.test()
async def a_hang_is_found(dut: Any) -> None:
    bench = await Bench.start(dut)
    [placed] = bench.place(WISH)
    ticket = await bench.submit(placed)
    bench.weather.stall = 1
    with pytest.raises(AssertionError, match="did not end"):
        await bench.end(ticket)
