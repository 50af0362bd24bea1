# SPDX-License-Identifier: Apache-2.0
"""Synthesis of one module at a time for a library of standard cells, by Yosys in a process of its own.

The library is osu018 (0.18 um, open). Clock enables become a multiplexer at each flip-flop, since no clock is gated;
fan-out is buffered and cells are sized, so that the netlist has a delay worth measuring.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
import subprocess
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

Cells = Counter[str]
"""Cell type -> how many."""

LIBERTY = Path("/usr/share/qflow/tech/osu018/osu018_stdcells.lib")
"""Where Debian puts the library."""
TOOLS = "apt-get install qflow-tech-osu018 opensta; python -m pip install pyosys==0.70"
"""What brings library and tools."""

# Runs the commands on its standard input, one a line.
_DRIVER = """
import sys
from pyosys import libyosys
design = libyosys.Design()
for line in sys.stdin:
    libyosys.run_pass("tee -q " + line.strip(), design)
"""
# Without the sweeping for equal signals of the default script, which takes ten times as long on the buffers.
_ABC_SCRIPT = "strash\nifraig\ndc2\ndch -f\nmap -B 0.9\ntopo\nbuffer -c\nupsize\ndnsize\n"
_ABC_BOUNDARY = "set_driving_cell INVX4\nset_load 0.05\n"  # pF: about five inputs
REAL_BITS = 16
"""Bits of an element."""
_CELL_AREA = re.compile(r"cell \((\w+)\) \{.*?\barea : ([\d.]+);", re.DOTALL)
_UNIT_OF_AREA = "NAND2X1"
_ELEMENT = "typedef logic [15:0] fp16_t"
_ELEMENT_PACKAGE = "fp_pkg.sv"


@dataclass(frozen=True, slots=True)
class Unit:
    """A module to synthesise.

    Attributes:
        module: its name.
        parameters: its parameters, integers.
        without: modules inside it that are left out.
        element_bits: bits of an element; 16 is the real one.
        memories: let Yosys find memories, and make flip-flops of them afterwards.
        zeros, ones: bits (port, index) that are constant where the module is used.
        hierarchy: keep the modules inside it apart.
    """

    module: str
    parameters: Mapping[str, int]
    without: Sequence[str] = ()
    element_bits: int = REAL_BITS
    memories: bool = True
    zeros: Sequence[tuple[str, int]] = ()
    ones: Sequence[tuple[str, int]] = ()
    hierarchy: bool = False


@dataclass(frozen=True, slots=True)
class Synthesis:
    """Yosys on the RTL in a folder.

    Attributes:
        rtl: the folder that holds `redmule.f`.
        python: the interpreter that has pyosys.
        cache: where results are kept; a change of the RTL makes new ones.
        liberty: the library.
    """

    rtl: Path
    python: str
    cache: Path
    liberty: Path = LIBERTY

    def require(self) -> None:
        """Look for the tools.

        Raises:
            RuntimeError: one is missing; the message says how to get it.
        """
        self._library()
        if subprocess.run([self.python, "-c", "import pyosys"], capture_output=True, check=False).returncode:
            raise RuntimeError(f"{self.python} has no pyosys ({TOOLS})")

    def cells(self, unit: Unit) -> dict[str, Cells]:
        """Return the cells of each module in `unit`, modules by the names Yosys gives them.

        Among them are the flip-flops as they were before mapping (`$_DFFE_PP_` and so on), which tell enables.

        Raises:
            RuntimeError: a tool is not there, or fails.
        """
        modules: dict[str, Cells] = {}
        for name in ("flops", "cells"):
            statistics = json.loads((self._made(unit) / name).read_text(encoding="utf-8"))
            for module, counts in statistics["modules"].items():
                modules.setdefault(module, Counter()).update(counts["num_cells_by_type"])
        return modules

    def cell_areas(self) -> dict[str, float]:
        """Return the area of each cell of the library, in NAND2 gates.

        Raises:
            RuntimeError: the library is not there.
        """
        return _cell_areas(self._library().decode())

    def netlist(self, unit: Unit) -> Path:
        """Return the mapped netlist of `unit`, as JSON of Yosys: cells of the library only, flat but for `hierarchy`.

        Raises:
            RuntimeError: as for `cells`.
        """
        return self._made(unit) / "netlist.json"

    def verilog(self, unit: Unit) -> Path:
        """Return the same netlist in Verilog.

        Raises:
            RuntimeError: as for `cells`.
        """
        return self._made(unit) / "netlist.v"

    def _made(self, unit: Unit) -> Path:
        """Return the folder with what was made of a unit, now or before."""
        script = _script(unit, [], Path("library"), Path())
        key = hashlib.sha256("\n".join([repr(unit), *script, _ABC_SCRIPT, _ABC_BOUNDARY]).encode())
        for contents in (*map(_contents, self._sources()), self._library()):
            key.update(contents)
        kept = self.cache / f"{unit.module}-{key.hexdigest()[:16]}"
        if not kept.exists():
            self.cache.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=self.cache, prefix=unit.module) as name:
                folder = Path(name)
                self._run(unit, folder)
                try:
                    (folder / "made").rename(kept)
                except OSError:
                    if not kept.exists():  # else another process made the same meanwhile
                        raise
        return kept

    def _library(self) -> bytes:
        if not self.liberty.exists():
            raise RuntimeError(f"there is no {self.liberty} ({TOOLS})")
        return _contents(self.liberty)

    def _sources(self) -> list[Path]:
        lines = (self.rtl / "redmule.f").read_text(encoding="utf-8").split("\n")
        return [self.rtl / line for line in lines if line and not line.startswith(("//", "checks/"))]

    def _run(self, unit: Unit, folder: Path) -> None:
        """Synthesise a unit; what comes of it stands in `made` of the folder."""
        (folder / "made").mkdir()
        (folder / "abc").write_text(_ABC_SCRIPT, encoding="utf-8")
        (folder / "boundary").write_text(_ABC_BOUNDARY, encoding="utf-8")
        sources = [_narrowed(source, unit.element_bits, folder) for source in self._sources()]
        script = "\n".join(_script(unit, sources, self.liberty, folder))
        command = [self.python, "-c", _DRIVER]
        done = subprocess.run(command, input=script, capture_output=True, text=True, check=False)
        if done.returncode:
            last = (done.stderr.strip() or done.stdout.strip()).rsplit("\n", 1)[-1]
            raise RuntimeError(f"{unit.module}: {last}")


def _script(unit: Unit, sources: list[Path], liberty: Path, folder: Path) -> list[str]:
    """Return the commands that synthesise a unit and leave statistics and netlists in `made`."""
    read = ["read_slang", "-D SYNTHESIS", "--top", unit.module]
    read += [f"-G {name}={value}" for name, value in unit.parameters.items()]
    read += [f"--blackboxed-module {name}" for name in unit.without]
    read += [] if unit.memories else ["--no-implicit-memories"]
    read += ["--keep-hierarchy"] if unit.hierarchy else []
    tied = []
    for bits, value in ((unit.zeros, "-zero"), (unit.ones, "-one")):
        for port, index in bits:
            tied += [f"splitnets -ports w:{port}", f"delete -input w:{port}?{index}?"]
        tied += [f"setundef -undriven {value}"] if bits else []
    made = folder / "made"
    return [
        " ".join([*read, *map(str, sources)]),
        f"hierarchy -top {unit.module}",
        *tied,
        f"synth -noabc -noshare -top {unit.module}",  # it finds nothing to share, and searches for long
        f"tee -o {made / 'flops'} stat -json t:$_*DFF*",
        f"dfflibmap -liberty {liberty}",
        f"abc -script {folder / 'abc'} -constr {folder / 'boundary'} -liberty {liberty}",
        "opt_clean -purge",
        f"tee -o {made / 'cells'} stat -json",
        f"write_json -noscopeinfo {made / 'netlist.json'}",
        f"write_verilog -simple-lhs -noattr -noexpr -nohex {made / 'netlist.v'}",
    ]


def _narrowed(source: Path, element_bits: int, folder: Path) -> Path:
    """Return a source file, or, of the package that says how wide an element is, a copy that says `element_bits`."""
    if source.name != _ELEMENT_PACKAGE or element_bits == REAL_BITS:
        return source
    text = source.read_text(encoding="utf-8")
    copy = folder / source.name
    copy.write_text(re.sub(re.escape(_ELEMENT), f"typedef logic [{element_bits - 1}:0] fp16_t", text), encoding="utf-8")
    return copy


@functools.cache
def _cell_areas(liberty: str) -> dict[str, float]:
    areas = {cell: float(area) for cell, area in _CELL_AREA.findall(liberty)}
    return {cell: area / areas[_UNIT_OF_AREA] for cell, area in areas.items()}


@functools.cache
def _contents(path: Path) -> bytes:
    return path.read_bytes()
