# SPDX-License-Identifier: Apache-2.0
"""The benches of a configuration: each lets one kind of event happen in a unit, as often as it says.

What an event costs is the energy of its bench less that of the bench it is compared with (a unit at rest, or one in
which everything but this event happens), for each event. Here are those of the array; others in `benches_memory`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np

from redmule.area.blocks import parts
from redmule.area.synthesis import REAL_BITS, Unit
from redmule.config import Config
from redmule.energy import benches_memory as memory
from redmule.energy import stimuli
from redmule.energy.bench import REST, Bench, Ports
from redmule.energy.evaluate import Bits, bits_of
from redmule.energy.events import STEP_OF_OP
from redmule.energy.signals import CYCLES, FILLING, LANES, OFF, ON, TIME, elems, every, level, wave
from redmule.fp import OPS, op_by_name

__all__ = ["ROW_STEPS", "benches", "checks"]

ONE = 0x3C00

ROW_STEPS = "row_steps"
"""The bench of a row: steps of its elements, with the registers of X."""


def benches(config: Config) -> Iterator[Bench]:
    """Yield the benches of a configuration's units."""
    units = {block: [part.unit for part in its_parts] for block, its_parts in parts(config).items()}
    yield from _elements(units["computing elements"][0])
    for bits in (1, 2):
        at = partial(replace, element_bits=bits)
        yield from _w_rows(at(units["W rows"][0]), config)
        yield from memory.line_buffer("x", at(units["X buffer"][0]), config)
        yield from memory.line_buffer("w", at(units["W line buffer"][0]), config)
        yield from memory.yz_buffer(at(units["YZ buffer"][0]), config)
    cast_in, cast_out = units["casts"]
    yield from memory.casts(cast_in, cast_out, config)
    yield from memory.port(units["port"][0], config)
    yield from memory.sequencers(units, config)


def checks() -> Iterator[Bench]:
    """Yield benches that no cost comes from: a multiply-add alone, and a whole row to compare with its elements."""

    def independent(data: str, rng: np.random.Generator) -> Ports:
        operands = {port: elems(data, 1, REAL_BITS, rng) for port in ("a_i", "b_i", "c_i")}
        return operands | {"en_i": level(7, 3)}

    yield Bench("fma_alone", "independent operands", Unit("fp_fma", {"PipeRegs": 3}), 1, independent, by_data=True)

    length, turn_steps = stimuli.ROW_LEN, stimuli.TURN_STEPS // stimuli.ROW_LEN
    turns = np.where(every(turn_steps), 1 << (TIME // turn_steps % length), 0)

    def row(data: str, rng: np.random.Generator) -> Ports:
        trace = stimuli.trace(data, op_by_name("gemm"), CYCLES, LANES, rng)
        return {
            "rst_ni": ON,
            "en_i": ON,
            "valid_i": ON,
            "active_i": level((1 << length) - 1, length),
            "op_i": bits_of(np.full((CYCLES, length, LANES), op_by_name("gemm").code), 3),
            "load_i": wave(turns, length),
            "x_i": elems(data, 1, REAL_BITS, rng),
            "w_i": elems(data, length, REAL_BITS, rng),
            "acc_i": bits_of(trace.acc, REAL_BITS),
        }

    unit = Unit("redmule_row", {"RowLen": length, "PipeRegs": turn_steps - 1})
    yield Bench(ROW_STEPS, "gemm", unit, length, row, by_data=True)


def _elements(unit: Unit) -> Iterator[Bench]:
    """An element that steps, that hands on, that has no accumulator while the array moves, and that is held."""

    def drive(op: str, steps: Ports, data: str, rng: np.random.Generator) -> Ports:
        trace = stimuli.trace(data, op_by_name(op), CYCLES, LANES, rng)
        operands = {
            "x_i": bits_of(trace.x, REAL_BITS),
            "w_i": bits_of(trace.w, REAL_BITS),
            "acc_i": bits_of(trace.acc, REAL_BITS),
        }
        return {"rst_ni": ON, "op_i": level(op_by_name(op).code, 3), **operands, **steps}

    moving = {"en_i": ON, "valid_i": ON, "active_i": ON}
    for op in OPS:
        yield Bench(STEP_OF_OP[op.name], op.name, unit, 1, partial(drive, op.name, moving), by_data=True)
    carried = partial(drive, "gemm", moving | {"active_i": OFF})
    yield Bench("carried", "gemm", unit, 1, carried, by_data=True)
    unused = partial(
        drive, "gemm", moving | {"valid_i": OFF, "acc_i": level(0, REAL_BITS), "x_i": level(ONE, REAL_BITS)}
    )
    yield Bench("unused_elements", "gemm", unit, 1, unused, by_data=True)
    held = {"en_i": OFF, "valid_i": ON, "active_i": ON, "x_i": level(0, REAL_BITS), "w_i": level(0, REAL_BITS)}
    yield Bench("held_elements", "gemm", unit, 1, partial(drive, "gemm", held | {"acc_i": level(0, REAL_BITS)}))


def _w_rows(unit: Unit, config: Config) -> Iterator[Bench]:
    """Rows of W: an element of every column is shown in every step; a row is taken every P + 1 steps."""
    bits, width = unit.element_bits, config.row_groups * config.tile_cols
    turns = 1 << (TIME // (config.pipe_regs + 1) % config.row_len)
    turn_i = wave(np.where(every(config.pipe_regs + 1), turns, 0), config.row_len)

    def drive(loads: Bits, steps: Bits, data: str, rng: np.random.Generator) -> Ports:
        return {"row_i": elems(data, width, bits, rng), "load_i": loads, "step_i": steps, "turn_i": turn_i}

    filled = wave(FILLING)
    shown, taken = config.row_len * config.row_groups, width / (config.pipe_regs + 1)
    shows = partial(drive, filled, ON)
    yield Bench("w_broadcasts", REST, unit, shown, partial(drive, filled, filled), by_data=True)
    yield Bench("w_broadcasts", "steps", unit, shown, shows, by_data=True)
    yield Bench("w_row_writes", REST, unit, taken, shows, by_data=True)
    yield Bench("w_row_writes", "turns", unit, taken, partial(drive, ON, ON), {"row_q": taken * bits}, by_data=True)
