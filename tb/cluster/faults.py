# SPDX-License-Identifier: Apache-2.0
"""Builds a unit with faults, of which a simulation switches on one: to see that the assertions fire."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Fault:
    """An assertion, and what breaks it: in `file`, where `place` has @ for an expression, a wrong one."""

    assertion: str
    file: str
    place: str
    right: str
    wrong: str
    module: str
    test: str


def faulty_sources(sources: Sequence[Path], top: str, faults: Sequence[Fault], folder: Path) -> list[Path]:
    """Return copies of the sources with all faults; number n (from 1) is there while `fault` of the top is n."""
    texts = {path.name: path.read_text(encoding="utf-8") for path in sources}
    for number, fault in enumerate(faults, 1):
        name = f"pulp_{fault.file}.sv"
        old = fault.place.replace("@", fault.right)
        assert texts[name].count(old) == 1, f"{name} has {texts[name].count(old)} of {old!r}"
        expression = f"({top}.fault == {number} ? ({fault.wrong}) : ({fault.right}))"
        texts[name] = texts[name].replace(old, fault.place.replace("@", expression))
    name = f"{top}.sv"
    texts[name] = texts[name].replace(") (\n", ") (\n    input  logic [7:0] fault,\n", 1)
    copies = []
    for name, text in texts.items():
        copies.append(folder / name)
        copies[-1].write_text(text, encoding="utf-8")
    return copies
