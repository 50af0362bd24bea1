# SPDX-License-Identifier: Apache-2.0
"""Proofs of properties of the RTL for all inputs and all times, by temporal induction of Yosys in a process of its own.

`formal/proofs.yaml` lists them. A proof is a module in `formal/` that instantiates the design under free inputs, with
assumptions on the inputs and named assertions. Each assertion has a mutant: an edit of the sources that must break it.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml

METHOD = "induction"
PROOF_COLUMNS = ("Proof", "Instance", "Method", "Depth", "Seconds", "Result")
SELF_TEST_COLUMNS = ("Proof", "Property", "Mutant", "Seconds", "Result")
HELPER = "Inv"
"""Names of assertions that only carry the induction begin so; they need no mutant."""

_ASSERTION = re.compile(r"(\w+) :\s+assert \(")
_TAIL_LINES = 3
_REFUTING_STEPS = 14
_MAX_INDUCTION = 4

_INTRODUCTION = """<!-- SPDX-License-Identifier: Apache-2.0 -->
# Proofs

Written by `python scripts/formal.py --write`; `make formal` proves all again, and `--self-test` tries the mutants. What
is proved holds for all inputs that keep the assumptions in `formal/`, at all times, with resets at any time; the sizes
are those of the instances. Base addresses and sizes of the fabric are small to keep the proofs short; addresses are
symbolic and of full width, so are `num` and `den`.

* The method is temporal induction, which is complete: what it proves holds for ever. The depth is its length. What
  carries an induction is proved with the rest and named `Inv...` in the proof.
* Data of the FIFO are 2 bits wide: they only pass through, so any mix-up shows in one bit.
"""
_MUTANTS = """Each line is an edit of a copy of the design, or of the assumptions, and the assertion that it must break;
the result is the length of the counterexample that was found."""

# Runs the commands on its standard input, one a line.
_DRIVER = """
import sys
from pyosys import libyosys
design = libyosys.Design()
for line in sys.stdin:
    libyosys.run_pass(line.strip(), design)
"""


class Status(StrEnum):
    """What came of a proof."""

    PROVED = "proved"
    FAILED = "FAILED"
    OPEN = "NOT DECIDED"


@dataclass(frozen=True, slots=True)
class Mutant:
    """An edit that must break a property.

    Attributes:
        breaks: name of the assertion.
        file: the source that is edited.
        old: the text that is replaced where it stands first.
        new: what stands there then.
    """

    breaks: str
    file: str
    old: str
    new: str

    def apply(self, text: str) -> str:
        """Return the edited text.

        Raises:
            ValueError: the text to replace is not there.
        """
        pattern = r"\s*".join(map(re.escape, "".join(self.old.split())))  # formatting does not matter
        edited, edits = re.subn(pattern, lambda _: self.new, text, count=1)
        if not edits:
            raise ValueError(f"mutant of {self.breaks}: {self.file} has no {self.old!r}")
        return edited


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof of `formal/proofs.yaml`.

    Attributes:
        top: its module, in `formal/<top>.sv`.
        shows: what it shows, a sentence.
        files: sources, in order, without the proof itself.
        instances: parameters of each instance that is proved.
        mutants: edits that must break it; tried on the first instance.
    """

    top: str
    shows: str
    files: tuple[str, ...]
    instances: tuple[Mapping[str, Any], ...]
    mutants: tuple[Mutant, ...]

    @property
    def source(self) -> str:
        """The file of the proof's module."""
        return f"formal/{self.top}.sv"

    def properties(self, root: Path) -> list[str]:
        """Return the names of its assertions, those that only help the induction left out."""
        names = _ASSERTION.findall((root / self.source).read_text(encoding="utf-8"))
        return [name for name in names if not name.startswith(HELPER)]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one run.

    Attributes:
        status: whether it is proved.
        depth: length of the induction; of a counterexample, its cycles.
        seconds: time it took.
        text: what the tool said at the end; the broken assertions if it failed.
    """

    status: Status
    depth: int
    seconds: float
    text: str = ""


def load(path: Path) -> list[Proof]:
    """Read the list of proofs."""
    entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    return [
        Proof(
            entry["top"],
            entry["shows"],
            tuple(entry["files"]),
            tuple(entry.get("instances", [{}])),
            tuple(Mutant(**mutant) for mutant in entry["mutants"]),
        )
        for entry in entries
    ]


def instance_text(parameters: Mapping[str, Any]) -> str:
    """Return the parameters of an instance as they are shown."""
    return ", ".join(f"{name} {value}" for name, value in parameters.items()) or "-"


def edit_text(mutant: Mutant) -> str:
    """Return the edit of a mutant as it is shown."""
    return f"{Path(mutant.file).name}: {mutant.old} -> {mutant.new}"


def page(proofs: Sequence[Proof], proved: Sequence[Sequence[str]], refuted: Sequence[Sequence[str]]) -> str:
    """Return the page of results: what is proved, how, and which mutants were found."""
    lines = [_INTRODUCTION]
    lines += [f"* `{proof.top}`: {proof.shows}" for proof in proofs]
    lines += ["", "## Proofs", "", *_markdown(PROOF_COLUMNS, proved)]
    lines += ["", "## Mutants", "", _MUTANTS, "", *_markdown(SELF_TEST_COLUMNS, refuted), ""]
    return "\n".join(lines)


def _markdown(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    cells = [[cell.replace("|", "\\|") for cell in row] for row in (columns, *rows)]
    lines = [f"| {' | '.join(row)} |" for row in cells]
    return [lines[0], "|---" * len(columns) + "|", *lines[1:]]


@dataclass(frozen=True, slots=True)
class Prover:
    """The tools, and the tree they prove.

    Attributes:
        root: the project's folder.
        python: the interpreter that has pyosys.
        limit_seconds: time that one run may take.
    """

    root: Path
    python: str
    limit_seconds: float

    def prove(self, proof: Proof, parameters: Mapping[str, Any]) -> Outcome:
        """Prove all assertions of an instance together; if one fails, name those that do."""
        script = _read(proof.top, parameters, self._files(proof))
        sat = f"sat -prove-asserts -set-assumes -tempinduct -seq 0 -maxsteps {_MAX_INDUCTION} {proof.top}"
        outcome = self._yosys([*script, sat])
        if outcome.status is Status.PROVED:
            return outcome
        broken = {}
        for each in _ASSERTION.findall((self.root / proof.source).read_text(encoding="utf-8")):
            refuted = self._refute(proof, parameters, each, self._files(proof))
            if refuted.status is Status.FAILED:
                broken[each] = refuted.depth
        if not broken:
            return outcome
        return Outcome(Status.FAILED, min(broken.values()), outcome.seconds, ", ".join(broken))

    def refute(self, proof: Proof, mutant: Mutant) -> Outcome:
        """Look for a counterexample to the assertion that a mutant must break."""
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            files = []
            for file in self._files(proof):
                path = file
                if file == self.root / mutant.file:
                    path = folder / file.name
                    path.write_text(mutant.apply(file.read_text(encoding="utf-8")), encoding="utf-8")
                files.append(path)
            return self._refute(proof, proof.instances[0], mutant.breaks, files)

    def _files(self, proof: Proof) -> list[Path]:
        return [self.root / file for file in (*proof.files, proof.source)]

    def _refute(self, proof: Proof, parameters: Mapping[str, Any], assertion: str, files: Sequence[Path]) -> Outcome:
        """Look for a counterexample to one assertion, no longer than `_REFUTING_STEPS`."""
        script = _read(proof.top, parameters, files)
        script += [f"delete t:$assert n:*{assertion} %d", f"select -assert-min 1 t:$assert n:*{assertion} %i"]
        bounded = f"sat -prove-asserts -set-assumes -tempinduct-baseonly -seq 0 -maxsteps {_REFUTING_STEPS} {proof.top}"
        return self._yosys([*script, bounded])

    def _yosys(self, script: Sequence[str]) -> Outcome:
        """Run the commands in a process and judge what it prints."""
        started = time.monotonic()
        try:
            done = subprocess.run(
                [self.python, "-c", _DRIVER],
                input="\n".join(script),
                capture_output=True,
                text=True,
                check=False,
                timeout=self.limit_seconds,
            )
            output = done.stdout + done.stderr
        except subprocess.TimeoutExpired:
            output = f"more than {self.limit_seconds:.0f} s"
        return _judged(output, time.monotonic() - started)


def _read(top: str, parameters: Mapping[str, Any], files: Sequence[Path]) -> list[str]:
    """Return the commands that read a proof and make one module of flip-flops, logic and assertions of it."""
    read = ["read_slang", "-D SYNTHESIS", f"--top {top}", *(f"-G {name}={value}" for name, value in parameters.items())]
    return [
        " ".join([*read, *map(str, files)]),
        f"prep -flatten -top {top}",
        "memory_map -formal",
        "async2sync",
        "chformal -lower",
        "opt -full",
    ]


def _judged(output: str, seconds: float) -> Outcome:
    """Read what Yosys's `sat` says of an induction, or of its base case alone."""
    proven = [int(length) for length in re.findall(r"Base case for induction length (\d+) proven", output)]
    depth = max(proven, default=0)
    if "Induction step proven: SUCCESS" in output:
        return Outcome(Status.PROVED, depth, seconds)
    if "model found for base case: FAIL" in output:
        return Outcome(Status.FAILED, depth + 1, seconds)
    if "Reached maximum number of time steps" in output:
        return Outcome(Status.OPEN, depth, seconds, "no counterexample of that length, no induction either")
    return Outcome(Status.OPEN, depth, seconds, _tail(output))


def _tail(output: str) -> str:
    return " / ".join(output.strip().splitlines()[-_TAIL_LINES:])
