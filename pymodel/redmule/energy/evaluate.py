# SPDX-License-Identifier: Apache-2.0
"""Evaluates a netlist for many runs at once and counts the transitions of every net.

The value of a net in one cycle is one big integer: bit i is its value in run i (a *lane*). So a gate is one operation
on integers for all lanes, and registers may hear themselves. Gates have no delay: what a net does within a cycle before
it settles is not seen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from redmule import checks
from redmule.energy.netlist import ONE, Gate, Netlist

__all__ = ["Activity", "Evaluator", "Split", "bits_of", "split_pj"]

Bits = NDArray[np.bool_]
"""Values of a port: (cycles, bits, lanes)."""

GATES_A_FUNCTION = 2000
"""Gates are compiled to functions of so many: longer ones take the compiler too long."""

UNGATED_BITS = 4
"""Registers of fewer bits have no clock gate."""


@dataclass(frozen=True, slots=True)
class Activity:
    """What was counted.

    Attributes:
        lane_cycles: counted cycles times lanes.
        transitions: of each net.
        clocked: of each register, lane cycles in which one of its bits changed.
        outputs: values of the output ports, (cycles, bits, lanes), those before counting too.
    """

    lane_cycles: int
    transitions: NDArray[np.int64]
    clocked: NDArray[np.int64]
    outputs: Mapping[str, Bits]


@dataclass(frozen=True, slots=True)
class Split:
    """Energy of a lane cycle in pJ.

    Attributes:
        logic: of gates and wires, and of flip-flops whose values change.
        clock: of clock pins where the clock of a register runs only in the cycles in which it changes.
        free_clock: of clock pins where it always runs.
    """

    logic: float
    clock: float
    free_clock: float


def bits_of(values: NDArray[Any], width: int) -> Bits:
    """Return integers, (cycles, lanes) or (cycles, elements, lanes), as bits: bit 0 of the first element first."""
    values = values[:, None, :] if values.ndim == 2 else values
    bits = (values[:, :, None, :].astype(np.uint64) >> np.arange(width, dtype=np.uint64)[:, None]) & np.uint64(1)
    cycles, elements, _, lanes = bits.shape
    return bits.astype(np.bool_).reshape(cycles, elements * width, lanes)


class Evaluator:
    """A netlist, compiled."""

    def __init__(self, netlist: Netlist) -> None:
        self.netlist = netlist
        gates = netlist.gates
        chunks = [gates[start : start + GATES_A_FUNCTION] for start in range(0, len(gates), GATES_A_FUNCTION)]
        self._settle = [_compiled([_statement(gate) for gate in chunk]) for chunk in chunks]
        self._next = _compiled([f"s[{place}]={_next_state(flop)}" for place, flop in enumerate(netlist.flops)])

    def run(self, stimuli: Mapping[str, Bits], warm_up: int = 0) -> Activity:
        """Evaluate the netlist from registers that are all 0, and count.

        Args:
            stimuli: values of the input ports; one left out is 0. The clock is none of them.
            warm_up: cycles that are not counted.

        Raises:
            ValueError: an unknown port, a wrong number of bits, cycles or lanes that differ, or too few cycles.
        """
        cycles, lanes = self._checked(stimuli, warm_up)
        values = [0] * len(self.netlist.names)
        mask = values[ONE] = (1 << lanes) - 1
        states = [0] * len(self.netlist.flops)
        held = [flop.nets["Q"] for flop in self.netlist.flops]
        words = {port: _words(bits) for port, bits in stimuli.items()}
        transitions = [0] * len(values)
        clocked = [0] * len(self.netlist.registers)
        outputs: dict[str, list[list[int]]] = {port: [] for port in self.netlist.outputs}
        before = values
        for cycle in range(cycles):
            values = before.copy()
            for net, state in zip(held, states, strict=True):
                values[net] = state
            for port, of_cycle in words.items():
                for net, word in zip(self.netlist.inputs[port], of_cycle[cycle], strict=True):
                    values[net] = word
            for settle in self._settle:
                settle(values, states, mask)
            self._next(values, states, mask)
            for port, nets in self.netlist.outputs.items():
                outputs[port].append([values[net] for net in nets])
            if cycle >= max(warm_up, 1):
                changed = [new ^ old for new, old in zip(values, before, strict=True)]
                transitions = [count + change.bit_count() for count, change in zip(transitions, changed, strict=True)]
                for number, register in enumerate(self.netlist.registers.values()):
                    moved = 0
                    for place in register:
                        moved |= changed[held[place]]
                    clocked[number] += moved.bit_count()
            before = values
        counted = (cycles - max(warm_up, 1)) * lanes
        bits = {port: _bits(of_cycles, lanes) for port, of_cycles in outputs.items()}
        return Activity(counted, np.array(transitions), np.array(clocked, np.int64), bits)

    def _checked(self, stimuli: Mapping[str, Bits], warm_up: int) -> tuple[int, int]:
        """Return the cycles and lanes of stimuli."""
        shapes = set()
        for port, bits in stimuli.items():
            checks.choice("port", port, self.netlist.inputs)
            width = len(self.netlist.inputs[port])
            if bits.ndim != 3 or bits.shape[1] != width:
                raise checks.refused(f"shape of {port}", bits.shape, f"is (cycles, {width}, lanes)")
            shapes.add((bits.shape[0], bits.shape[2]))
        if len(shapes) != 1:
            raise checks.refused("cycles and lanes of the ports", sorted(shapes), "is one pair for all")
        [(cycles, lanes)] = shapes
        checks.integer("warm_up", warm_up, range(max(cycles - 1, 0)))
        return cycles, lanes


def split_pj(netlist: Netlist, activity: Activity, volt: float, written: Mapping[str, float] | None = None) -> Split:
    """Return the energy of a lane cycle: transitions times internal energy and C V^2 / 2 of what they drive.

    Wires have no capacitance here; the factor that fits the model to silicon holds theirs.

    Args:
        netlist: what was evaluated.
        activity: what was counted.
        volt: the supply.
        written: bits written in a lane cycle into registers that hold many words: the clock runs for these bits.
    """
    loads = netlist.loads_pf()
    half_square = volt * volt / 2
    each = [load * half_square for load in loads]
    for gate in (*netlist.gates, *netlist.flops):
        for pin, cell_pin in gate.cell.outputs.items():
            if pin in gate.nets:
                each[gate.nets[pin]] += cell_pin.transition_pj(loads[gate.nets[pin]])
        for pin, cell_pin in gate.cell.inputs.items():
            if pin != gate.cell.clock:
                each[gate.nets[pin]] += cell_pin.transition_pj()
    clock, free_clock = 0.0, 0.0
    for (name, register), clocked in zip(netlist.registers.items(), activity.clocked.tolist(), strict=True):
        pins = [netlist.flops[place].cell.inputs[netlist.flops[place].cell.clock] for place in register]
        pj = 2 * sum(pin.transition_pj() + pin.capacitance_pf * half_square for pin in pins)
        free_clock += pj
        if written and name in written:
            clock += pj * written[name] / len(register)
        else:
            clock += pj * (clocked / activity.lane_cycles if len(register) >= UNGATED_BITS else 1.0)
    return Split(float(activity.transitions @ np.array(each)) / activity.lane_cycles, clock, free_clock)


def _statement(gate: Gate) -> str:
    """Return the Python that brings a gate's outputs up to date."""
    nets = {pin: f"v[{net}]" for pin, net in gate.nets.items()}
    outputs = ((pin, cell_pin) for pin, cell_pin in gate.cell.outputs.items() if pin in gate.nets)
    return ";".join(f"{nets[pin]}={cell_pin.function.format(m='m', **nets)}" for pin, cell_pin in outputs)


def _next_state(flop: Gate) -> str:
    return flop.cell.next_state.format(m="m", **{pin: f"v[{net}]" for pin, net in flop.nets.items()})


def _compiled(statements: Sequence[str]) -> Callable[[list[int], list[int], int], None]:
    """Return a function of the values of nets, the states of flip-flops and the mask of lanes."""
    scope: dict[str, Callable[[list[int], list[int], int], None]] = {}
    body = "\n ".join(statements or ["pass"])
    exec(f"def settle(v, s, m):\n {body}", scope)  # of the library's functions, which were parsed
    return scope["settle"]


def _words(bits: Bits) -> list[list[int]]:
    """Return bits, (cycles, bits, lanes), as an integer for each cycle and bit."""
    packed = np.packbits(bits, axis=-1, bitorder="little")
    return [[int.from_bytes(row.tobytes(), "little") for row in of_cycle] for of_cycle in packed]


def _bits(words: Sequence[Sequence[int]], lanes: int) -> Bits:
    """Return integers for each cycle and bit as bits, (cycles, bits, lanes)."""
    size = -(-lanes // 8)
    raw = b"".join(word.to_bytes(size, "little") for of_cycle in words for word in of_cycle)
    packed = np.frombuffer(raw, np.uint8).reshape(len(words), -1, size)
    return np.unpackbits(packed, axis=-1, count=lanes, bitorder="little").astype(np.bool_)
