# SPDX-License-Identifier: Apache-2.0
"""Logic depth: the longest paths through a netlist, by OpenSTA, in delays of an inverter that drives four of its kind.

Such a delay (FO4) is measured with the same library and tool, so that depths carry over to other nodes. Wires have no
delay here; inputs come from an inverter of size four, and outputs drive what about five inputs do.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from redmule.area.synthesis import TOOLS, Synthesis, Unit

_TCL = """
read_liberty {liberty}
read_verilog {netlist}
link_design {top}
set clocks [get_ports -quiet clk_i]
if {{[llength $clocks]}} {{ create_clock -name clk -period 0 $clocks }} else {{ create_clock -name clk -period 0 }}
set inputs [list]
foreach port [all_inputs] {{ if {{[get_property $port full_name] ne "clk_i"}} {{ lappend inputs $port }} }}
set_input_delay 0 -clock clk $inputs
set_output_delay 0 -clock clk [all_outputs]
set_driving_cell -lib_cell INVX4 $inputs
set_load 0.05 [all_outputs]
set reset [get_ports -quiet rst_ni]
if {{[llength $reset]}} {{ set_false_path -from $reset }}
set registers [all_registers -clock_pins]
set data [all_registers -data_pins]
proc longest {{name from to}} {{
  if {{[llength $from] && [llength $to]}} {{
    set paths [find_timing_paths -from $from -to $to]
    if {{[llength $paths]}} {{ puts "path $name [get_property [lindex $paths 0] slack]" }}
  }}
}}
longest inside $registers $data
longest entering $inputs $data
longest leaving $registers [all_outputs]
longest through $inputs [all_outputs]
"""
_STAGES = (4, 12)
"""Of the inverter chain: what happens before the first is not counted, nor what happens after the last."""


@dataclass(frozen=True, slots=True)
class Depth:
    """The longest paths of a unit, in the unit of `Timing`; 0 where there is none.

    Attributes:
        inside: from register to register, the register's own delay and its set-up time included.
        entering: from an input to a register.
        leaving: from a register to an output.
        through: from an input to an output.
    """

    inside: float = 0.0
    entering: float = 0.0
    leaving: float = 0.0
    through: float = 0.0


@dataclass(frozen=True, slots=True)
class Timing:
    """OpenSTA on what Synthesis makes.

    Attributes:
        synthesis: makes the netlists.
        sta: the command.
    """

    synthesis: Synthesis
    sta: str = "sta"

    def require(self) -> None:
        """Look for the tools.

        Raises:
            RuntimeError: one is missing; the message says how to get it.
        """
        self.synthesis.require()
        if not shutil.which(self.sta):
            raise RuntimeError(f"there is no {self.sta} ({TOOLS})")

    def depth(self, unit: Unit) -> Depth:
        """Return the longest paths of a unit, in FO4.

        Raises:
            RuntimeError: a tool is missing, or fails; the message says how to get it.
        """
        fo4 = self.fo4_ns()
        longest = self._longest(self.synthesis.verilog(unit), unit.module)
        return Depth(**{name: delay / fo4 for name, delay in longest.items()})

    def fo4_ns(self) -> float:
        """Return the delay of an inverter that drives four of its kind, mean of both edges, in ns."""
        first, last = (self._chain_ns(stages) for stages in _STAGES)
        return (last - first) / (_STAGES[1] - _STAGES[0])

    def _chain_ns(self, stages: int) -> float:
        """Return the delay of a chain of inverters, each of which drives three more beside the next."""
        nets = [f"n{stage}" for stage in range(stages)]
        lines = ["module chain(input a, output z);", f"wire {', '.join(nets)};"]
        for stage, (before, after) in enumerate(zip(["a", *nets], [*nets, "z"], strict=True)):
            lines += [f"INVX1 s{stage} (.A({before}), .Y({after}));"]
            lines += [f"INVX1 s{stage}_{load} (.A({before}), .Y());" for load in range(3)]
        with tempfile.TemporaryDirectory() as folder:
            netlist = Path(folder) / "chain.v"
            netlist.write_text("\n".join([*lines, "endmodule\n"]), encoding="utf-8")
            return self._longest(netlist, "chain")["through"]

    def _longest(self, netlist: Path, top: str) -> dict[str, float]:
        """Return the delay of the longest path of each kind in a netlist, in ns."""
        with tempfile.TemporaryDirectory() as folder:
            script = Path(folder) / "script.tcl"
            text = _TCL.format(liberty=self.synthesis.liberty, netlist=netlist, top=top)
            script.write_text(text, encoding="utf-8")
            command = [self.sta, "-no_splash", "-exit", str(script)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        lines = [line.split() for line in done.stdout.splitlines()]
        if done.returncode or any(line[:1] == ["Error:"] for line in lines):
            raise RuntimeError(f"{top}: {(done.stdout + done.stderr).strip().splitlines()[-1]}")
        return {line[1]: -float(line[2]) for line in lines if line[:1] == ["path"]}
