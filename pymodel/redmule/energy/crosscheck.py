# SPDX-License-Identifier: Apache-2.0
"""The evaluator against Verilator: the same netlist, made of the library's own Verilog models, net by net."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from redmule import build
from redmule.area.synthesis import Synthesis, Unit
from redmule.energy import liberty, netlist
from redmule.energy.evaluate import Bits, Evaluator
from redmule.energy.netlist import Netlist

__all__ = ["Comparison", "compare", "verilog"]

CYCLES, WARM_UP = 1000, 8
"""Values in registers are not known in the first cycles; those are not compared."""

MODELS = "osu018_stdcells.v"
CLOCK = "clk_i"
_WIDEST_INPUT = 64
_FLAGS = ("--trace-saif", "-O1", "-Wno-fatal", "-Wno-lint")
_NET = re.compile(r"\(n(?P<net>\d+)\s.*?\(TC (?P<transitions>\d+)\)", re.DOTALL)
_HARNESS = Path(__file__).with_name("crosscheck.cpp")


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came of it: nets compared, those whose transitions differ, and all transitions of both."""

    nets: int
    differing: int
    evaluated: int
    simulated: int


def compare(synthesis: Synthesis, unit: Unit, seed: int = 0) -> Comparison:
    """Drive a unit with uniform random bits, in the evaluator and in Verilator, and compare every net's transitions.

    Raises:
        ValueError: the unit has too many inputs.
        RuntimeError: a tool is missing, or fails.
    """
    its = netlist.load(synthesis.netlist(unit), liberty.read(synthesis.liberty))
    rng = np.random.default_rng(seed)
    ports = [port for port in its.inputs if port != CLOCK]
    stimuli = {port: rng.random((CYCLES, len(its.inputs[port]), 1)) < 0.5 for port in ports}
    activity = Evaluator(its).run(stimuli, WARM_UP)
    word_bits = np.concatenate([stimuli[port] for port in ports], axis=1)
    simulated = _simulated(its, word_bits, synthesis.liberty.with_name(MODELS))
    pairs = [(int(activity.transitions[net]), count) for net, count in simulated.items()]
    return Comparison(
        nets=len(pairs),
        differing=sum(ours != theirs for ours, theirs in pairs),
        evaluated=sum(ours for ours, _ in pairs),
        simulated=sum(theirs for _, theirs in pairs),
    )


def verilog(its: Netlist) -> str:
    """Return a netlist in Verilog whose nets are n0, n1, ...; the bits of all ports but the clock are `in_i`."""
    inputs = [net for port, nets in its.inputs.items() if port != CLOCK for net in nets]
    if len(inputs) > _WIDEST_INPUT:
        raise ValueError(f"{its.name} has {len(inputs)} bits of inputs: allowed are {_WIDEST_INPUT}")
    wires = ", ".join(f"n{net}" for net in range(len(its.names)))
    driven = [f"assign n{net} = in_i[{place}];" for place, net in enumerate(inputs)]
    cells = [
        f"{gate.cell.name} g{place}({', '.join(f'.{pin}(n{net})' for pin, net in gate.nets.items())});"
        for place, gate in enumerate((*its.gates, *its.flops))
    ]
    return "\n".join(
        [
            f"module netlist(input wire {CLOCK}, input wire [{len(inputs) - 1}:0] in_i);",
            f"wire {wires};",
            "assign n0 = 1'b0;\nassign n1 = 1'b1;",
            *(f"assign n{net} = {CLOCK};" for net in its.inputs.get(CLOCK, ())),
            *driven,
            *cells,
            "endmodule\n",
        ]
    )


def _simulated(its: Netlist, word_bits: Bits, models: Path) -> dict[int, int]:
    """Return the transitions of each net in Verilator."""
    with tempfile.TemporaryDirectory() as name:
        source = Path(name) / "netlist.v"
        source.write_text(verilog(its), encoding="utf-8")
        program = build.verilate("netlist", {}, [source, models], cpp=[_HARNESS], flags=_FLAGS, executable=True)
        words = [sum(1 << place for place in np.flatnonzero(row[:, 0]).tolist()) for row in word_bits]
        every, risen = (_counted(program, words[:cycles], Path(name)) for cycles in (CYCLES, WARM_UP))
    # A net that is high in the first cycle looked at counts as risen; a run that ends there tells which these are.
    clock = its.inputs.get(CLOCK, ())
    return {net: count - risen[net] for net, count in every.items() if net not in clock}


def _counted(program: Path, words: Sequence[int], folder: Path) -> dict[int, int]:
    """Return the transitions of each net that a run writes."""
    stimulus, saif = folder / "words", folder / "saif"
    stimulus.write_text("".join(f"{word:x}\n" for word in words), encoding="utf-8")
    done = subprocess.run([program, stimulus, saif, str(WARM_UP - 1)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{program.name} ended with {done.returncode}: {done.stderr.strip()}")
    found = _NET.finditer(saif.read_text(encoding="utf-8"))
    return {int(net["net"]): int(net["transitions"]) for net in found}
