# SPDX-License-Identifier: Apache-2.0
"""Synthesis of one module at a time to generic gates, by Yosys in a process of its own."""

from __future__ import annotations

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

# Runs the commands on its standard input, one a line.
_DRIVER = """
import sys
from pyosys import libyosys
design = libyosys.Design()
for line in sys.stdin:
    libyosys.run_pass("tee -q " + line.strip(), design)
"""
# Without the sweeping for equal signals of the default script, which takes ten times as long on the buffers.
_ABC_SCRIPT = "strash\nifraig\ndc2\nmap\n"
_GATES = "AND,NAND,OR,NOR,XOR,XNOR,MUX"
REAL_BITS = 16
"""Bits of an element."""
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
    """

    rtl: Path
    python: str
    cache: Path

    def cells(self, unit: Unit) -> dict[str, Cells]:
        """Return the cells of each module in `unit`, modules by the names Yosys gives them.

        Raises:
            RuntimeError: Yosys is not there, or fails; the message says how to get it.
        """
        sources = self._sources()
        key = hashlib.sha256(f"{unit!r}{_ABC_SCRIPT}".encode())
        for source in sources:
            key.update(source.read_bytes())
        kept = self.cache / f"{unit.module}-{key.hexdigest()[:16]}.json"
        if not kept.exists():
            self.cache.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory() as folder:
                statistics = self._run(unit, sources, Path(folder))
            kept.write_text(statistics, encoding="utf-8")
        modules = json.loads(kept.read_text(encoding="utf-8"))["modules"]
        return {name: Counter(module["num_cells_by_type"]) for name, module in modules.items()}

    def _sources(self) -> list[Path]:
        lines = (self.rtl / "redmule.f").read_text(encoding="utf-8").split("\n")
        return [self.rtl / line for line in lines if line and not line.startswith(("//", "checks/"))]

    def _run(self, unit: Unit, sources: list[Path], folder: Path) -> str:
        """Return what Yosys's `stat -json` says of a unit."""
        (folder / "abc").write_text(_ABC_SCRIPT, encoding="utf-8")
        script = "\n".join(_script(unit, [_narrowed(source, unit.element_bits, folder) for source in sources], folder))
        command = [self.python, "-c", _DRIVER]
        done = subprocess.run(command, input=script, capture_output=True, text=True, check=False)
        if done.returncode:
            last = (done.stderr.strip() or done.stdout.strip()).rsplit("\n", 1)[-1]
            raise RuntimeError(f"{unit.module}: {last} (the tool: python -m pip install pyosys==0.70)")
        return (folder / "stat").read_text(encoding="utf-8")


def _script(unit: Unit, sources: list[Path], folder: Path) -> list[str]:
    """Return the commands that synthesise a unit and leave its statistics in the file `stat`."""
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
    return [
        " ".join([*read, *map(str, sources)]),
        f"hierarchy -top {unit.module}",
        *tied,
        f"synth -noabc -top {unit.module}",
        f"abc -script {folder / 'abc'} -g {_GATES}",
        "opt_clean",
        f"tee -o {folder / 'stat'} stat -json",
    ]


def _narrowed(source: Path, element_bits: int, folder: Path) -> Path:
    """Return a source file, or, of the package that says how wide an element is, a copy that says `element_bits`."""
    if source.name != _ELEMENT_PACKAGE or element_bits == REAL_BITS:
        return source
    text = source.read_text(encoding="utf-8")
    copy = folder / source.name
    copy.write_text(re.sub(re.escape(_ELEMENT), f"typedef logic [{element_bits - 1}:0] fp16_t", text), encoding="utf-8")
    return copy
