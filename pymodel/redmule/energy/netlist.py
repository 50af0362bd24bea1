# SPDX-License-Identifier: Apache-2.0
"""A flat netlist of library cells, as Yosys writes it, with its gates in the order in which values settle."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from redmule.energy.liberty import Cell, Library

__all__ = ["Gate", "Netlist", "load"]

_BIT_OF_PORT = re.compile(r"(?P<port>.+)\[(?P<bit>\d+)\]")

ZERO, ONE = 0, 1
"""Nets that are constant; what Yosys leaves undefined is 0."""


@dataclass(frozen=True, slots=True)
class Gate:
    """A cell in its place: nets by pin."""

    cell: Cell
    nets: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Netlist:
    """A module of gates and flip-flops; nets are numbers from 0 on.

    Attributes:
        name: of the module.
        names: of the nets, as `port[bit]` or `register[bit]` where there is one, else empty.
        inputs, outputs: nets of the ports, bit 0 first.
        gates: combinational cells, none before those it hears.
        flops: flip-flops.
        registers: by name, the flip-flops, by their places in `flops`, that hold its bits.
    """

    name: str
    names: Sequence[str]
    inputs: Mapping[str, tuple[int, ...]]
    outputs: Mapping[str, tuple[int, ...]]
    gates: Sequence[Gate]
    flops: Sequence[Gate]
    registers: Mapping[str, tuple[int, ...]]

    def loads_pf(self) -> list[float]:
        """Return the capacitance of the pins on each net."""
        loads = [0.0] * len(self.names)
        for gate in (*self.gates, *self.flops):
            for pin, cell_pin in gate.cell.inputs.items():
                loads[gate.nets[pin]] += cell_pin.capacitance_pf
        return loads


def load(path: Path, library: Library) -> Netlist:
    """Return the netlist of a JSON file of Yosys that holds one module of library cells.

    Raises:
        ValueError: a cell is not one of the library's gates and flip-flops, or gates form a loop.
    """
    modules = json.loads(path.read_text(encoding="utf-8"))["modules"]
    [(name, module)] = [(name, module) for name, module in modules.items() if module.get("cells")]
    return _netlist(name, module, library)


def _netlist(name: str, module: Mapping[str, Any], library: Library) -> Netlist:
    numbers: dict[int | str, int] = {"0": ZERO, "x": ZERO, "1": ONE}

    def net(bit: int | str) -> int:
        return numbers.setdefault(bit, len(numbers) - 1)  # "0" and "x" are one net

    ports: dict[str, dict[str, tuple[int, ...]]] = {"input": {}, "output": {}}
    for port, facts in _whole_ports(module["ports"]).items():
        ports[facts["direction"]][port] = tuple(net(bit) for bit in facts["bits"])
    gates: list[Gate] = []
    flops: list[Gate] = []
    for place, facts in module["cells"].items():
        if facts["type"] not in library.cells:
            raise ValueError(f"{name}: cell {place} is a {facts['type']}: allowed are gates and flops of the library")
        cell = library.cells[facts["type"]]
        gate = Gate(cell, {pin: net(bits[0]) for pin, bits in facts["connections"].items() if bits})
        (flops if cell.clock else gates).append(gate)

    names = [""] * (len(numbers) - 1)
    registers: dict[str, list[int]] = defaultdict(list)
    signal_of: dict[int, str] = {}
    for signal, facts in module["netnames"].items():
        for index, bit in enumerate(facts["bits"]):
            number = numbers.get(bit, ZERO)
            if not (facts.get("hide_name") or names[number]):
                names[number], signal_of[number] = f"{signal}[{index}]", signal
    for index, flop in enumerate(flops):
        number = flop.nets["Q"]
        registers[signal_of.get(number, f"net {number}")].append(index)
    bits = {register: tuple(places) for register, places in registers.items()}
    return Netlist(name, names, ports["input"], ports["output"], _settled(name, gates), flops, bits)


def _whole_ports(ports: Mapping[str, Any]) -> dict[str, Any]:
    """Return ports by name, those whole again of which single bits were left: what is missing drives nothing."""
    whole: dict[str, Any] = {}
    for port, facts in ports.items():
        if split := _BIT_OF_PORT.fullmatch(port):
            bits = whole.setdefault(split["port"], {"direction": facts["direction"], "bits": []})["bits"]
            bits += [f"no {len(bits) + i}" for i in range(int(split["bit"]) + 1 - len(bits))]
            [bits[int(split["bit"])]] = facts["bits"]
        else:
            whole[port] = facts
    return whole


def _settled(name: str, gates: Sequence[Gate]) -> list[Gate]:
    """Return gates in an order in which each comes after those it hears."""
    driver = {
        gate.nets[pin]: place for place, gate in enumerate(gates) for pin in gate.cell.outputs if pin in gate.nets
    }
    hears = {
        place: [driver[gate.nets[pin]] for pin in gate.cell.inputs if gate.nets[pin] in driver]
        for place, gate in enumerate(gates)
    }
    try:
        return [gates[place] for place in TopologicalSorter(hears).static_order()]
    except CycleError as error:
        raise ValueError(f"{name}: {len(error.args[1])} gates form a loop: allowed are loops through flops") from error
