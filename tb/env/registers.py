# SPDX-License-Identifier: Apache-2.0
"""The register map: reset values, what reading and writing does, the lock, accesses of several cores at random."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from pyuvm import uvm_status_e

from redmule.regs import JOB_OFFSETS, Offset
from tb.agents.register_agent import ALL_LANES, Access, Seen
from tb.agents.register_model import WORD_BITS, WORD_BYTES, RegisterModel
from tb.env.environment import Sink
from tb.env.register_model import AcceleratorRegisters
from tb.env.sequence import JobSequence, scenario

MAP_END = 0x80
HOLES = (0x3C, 0x74, 0x78, 0x7C)
COMMANDS = (Offset.TRIGGER, Offset.SOFT_CLEAR)
ROUNDS = 300


def connect[Model: RegisterModel](jobs: JobSequence, model: Model) -> Model:
    """Put a model between the agent's sequencer and its monitor: what is read has to be the mirror, which follows."""

    def follow(seen: Seen) -> None:
        register = model.at(seen.address)
        if register is not None and not seen.write and seen.address != Offset.ACQUIRE:
            expected = register.get_mirrored_value()
            if seen.data != expected:
                jobs.env.scoreboard.complain(f"{seen}: {register.get_name()} should be {expected:#x}")
        model.predict(seen)

    model.connect(jobs.env.registers.sequencer)
    jobs.env.registers.monitor.ap.connect(Sink(f"model_{model.get_name()}", jobs.env, follow))
    return model


def registers_with(model: RegisterModel, access: str) -> Iterator[tuple[str, Any]]:
    """Return the registers of a model with this access."""
    return ((name, register) for name, register in model.registers.items() if model.access[name] == access)


async def value_of(register: Any) -> int:
    """Read a register that is there, by the front door."""
    status, value = await register.read()
    assert status == uvm_status_e.UVM_IS_OK, f"{register.get_name()}: error response"
    return int(value)


async def check(register: Any) -> None:
    """Compare a register with its mirror."""
    expected = register.get_mirrored_value()
    value = await value_of(register)
    assert value == expected, f"{register.get_name()} is {value:#x}, should be {expected:#x}"


async def check_reset_values(model: RegisterModel) -> None:
    """Read every register after a reset."""
    for register in model.registers.values():
        await check(register)


async def check_read_only(model: RegisterModel) -> None:
    """Write every register that is only read: no error, and nothing else either."""
    for _, register in registers_with(model, "r"):
        assert await register.write(random.getrandbits(WORD_BITS)) == uvm_status_e.UVM_IS_OK
        await check(register)


@scenario
async def every_register_has_its_value_of_the_reset(jobs: JobSequence) -> None:
    await check_reset_values(connect(jobs, AcceleratorRegisters(jobs.config)))


@scenario
async def what_is_only_read_ignores_writes_and_what_is_only_written_reads_0(jobs: JobSequence) -> None:
    model = connect(jobs, AcceleratorRegisters(jobs.config))
    await check_read_only(model)
    await jobs.clear(0)  # gives the lock back that a read of ACQUIRE took
    for name, register in registers_with(model, "w"):
        assert await register.write(0) == uvm_status_e.UVM_IS_OK
        assert await value_of(register) == 0, name
    assert not jobs.pulses


@scenario
async def every_bit_of_a_job_register_holds_what_the_holder_of_the_lock_wrote(jobs: JobSequence) -> None:
    model = connect(jobs, AcceleratorRegisters(jobs.config))
    core = random.randrange(jobs.config.cores)
    model.adapter.core = core
    assert await value_of(model.acquire) == 0
    assert model.holder == core
    jobs_registers = [model.at(offset) for offset in JOB_OFFSETS]
    for data in (-1 & 0xFFFF_FFFF, 0x5555_5555, 0xAAAA_AAAA, 0):
        for register in jobs_registers:
            await register.write(data)
        for register in jobs_registers:
            await check(register)
    await jobs.clear(0)
    assert model.holder is None


@scenario
async def a_word_that_is_no_register_reads_0_and_an_address_that_is_none_is_an_error(jobs: JobSequence) -> None:
    for offset in HOLES:
        [written, answer] = await jobs.registers.play(Access(offset, 0xFFFF_FFFF), Access(offset))
        assert (written.error, answer.error, answer.data) == (False, False, 0), hex(offset)
    for address in (MAP_END, MAP_END + 0x40, *(Offset.X_ADDR + lane for lane in range(1, WORD_BYTES))):
        for access in (Access(address), Access(address, 1)):
            [answer] = await jobs.registers.play(access)
            assert answer.error, hex(address)


@scenario
async def random_accesses_of_several_cores_do_what_the_model_says(jobs: JobSequence) -> None:
    model = connect(jobs, AcceleratorRegisters(jobs.config))
    offsets = [offset for offset in Offset if offset not in COMMANDS]
    for _ in range(ROUNDS):
        batch = []
        for _ in range(random.randint(1, 4)):
            data = random.getrandbits(WORD_BITS) if random.random() < 1 / 2 else None
            offset = random.choice([*offsets, *JOB_OFFSETS, Offset.ACQUIRE])
            core, be = random.randrange(3), random.choice([ALL_LANES, random.randrange(ALL_LANES + 1)])
            batch.append(Access(offset, data, core, be, gap=random.randrange(3)))
        await jobs.registers.play(*batch)
        await check(random.choice([model.at(offset) for offset in offsets if offset != Offset.ACQUIRE]))
    await jobs.clear(0)
    assert not jobs.pulses
