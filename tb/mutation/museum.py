# SPDX-License-Identifier: Apache-2.0
"""The known failures of the published RTL, brought back as patches on this one, which the suite has to catch by name.

A patch in `museum/` has a head of `Key: text` lines and a unified diff that changes one expression. All are compiled
into one model and selected like mutants.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from redmule.config import data_dir
from redmule.report.gates import table
from tb.mutation.design import Design, instrumented
from tb.mutation.places import OPERATORS, PREFIXES, Mutant
from tb.mutation.tree import ENCODING, Node, kind_of, marked, parse, span

FOLDER = Path(__file__).with_name("museum")
KIND = "museum"

OTHER_VALUES = ("ConditionalExpression", "ParenthesizedExpression", "IdentifierName", "CastExpression")
"""Expressions beside those with operators."""

_HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+\d+(?:,\d+)? @@")


@dataclass(frozen=True, slots=True)
class Exhibit:
    """A failure.

    Attributes:
        name: of its patch.
        failure: what the published RTL does.
        here: what the patch does here.
        caught_by: what sees it, one of `suite.KILLERS`.
        mutant: the change.
    """

    name: str
    failure: str
    here: str
    caught_by: str
    mutant: Mutant


def exhibits() -> list[Exhibit]:
    """Return all exhibits, by name.

    Raises:
        ValueError: a patch has no head, or does not fit the RTL.
    """
    return [_read(path) for path in sorted(FOLDER.glob("*.patch"))]


def design() -> Design:
    """Write the copy of `rtl/` in which every exhibit can be selected."""
    return instrumented(KIND, [exhibit.mutant for exhibit in exhibits()])


def section() -> str:
    """Return what the document of the mutation run says about the museum."""
    columns = ("patch in `tb/mutation/museum`", "failure of the published RTL", "what the patch does here", "caught by")
    lines = [[f"`{shown.name}`", shown.failure, shown.here, shown.caught_by] for shown in exhibits()]
    introduction = (
        "## Known-bug museum\n\nEach known failure of the published RTL, brought back into this one, is caught by the "
        "same suite; `.venv/bin/pytest tb/mutation/test_museum.py -m ''` plays all of them.\n"
    )
    return f"{introduction}\n{table(columns, lines)}\n"


def _changed_expression(old: str, new: str, name: str) -> tuple[int, int]:
    """Return the span of the smallest expression, computed at run time, in which a source differs from another.

    Raises:
        ValueError: there is none; `name` is for the message.
    """
    start = _common(old, new)
    same = min(_common(old[::-1], new[::-1]), len(old) - start, len(new) - start)
    longer = len(new) - len(old)
    theirs = set(_values(parse(new, name)))
    found = [
        (first, last)
        for first, last in _values(parse(old, name))
        if first <= start and len(old) - same <= last and (first, last + longer) in theirs
    ]
    if not found:
        raise ValueError(f"{name}: what differs is no expression computed at run time")
    return min(found, key=lambda found_span: found_span[1] - found_span[0])


def _common(a: str, b: str) -> int:
    """Return how many characters two texts begin with in common."""
    return next((at for at, (one, other) in enumerate(zip(a, b, strict=False)) if one != other), min(len(a), len(b)))


def _values(root: Node) -> Iterator[tuple[int, int]]:
    """Yield the spans of the expressions that are computed at run time."""
    for node, constant in marked(root, False):
        kind = kind_of(node)
        if not constant and (kind in OPERATORS or kind in PREFIXES or kind in OTHER_VALUES):
            yield span(node)


def _read(path: Path) -> Exhibit:
    head, found, diff = path.read_text(encoding="utf-8").partition("\n--- ")
    said = dict(line.split(": ", 1) for line in head.splitlines() if ": " in line)
    if not found or not {"Failure", "Here", "Caught by"} <= said.keys():
        raise ValueError(f"{path.name} has no head of Failure, Here, Caught by, or no diff")
    return Exhibit(path.stem, said["Failure"], said["Here"], said["Caught by"], _mutant(path.name, diff.splitlines()))


def _mutant(patch: str, diff: Sequence[str]) -> Mutant:
    """Return the change of a diff, without its `--- `, as that of the smallest expression that holds all of it."""
    name = diff[0].removeprefix("a/rtl/").strip()
    file = data_dir() / "rtl" / name
    old = file.read_text(encoding=ENCODING)
    new = "".join(_patched(patch, old.splitlines(keepends=True), diff[2:]))
    start, end = _changed_expression(old, new, name)
    line, column = old.count("\n", 0, start) + 1, start - old.rfind("\n", 0, start)
    return Mutant(name, line, column, KIND, start, end, old[start:end], new[start : end + len(new) - len(old)])


def _patched(patch: str, lines: Sequence[str], diff: Sequence[str]) -> Iterator[str]:
    """Yield the lines of a file with a diff applied, which must fit exactly."""
    at = 0
    for change in diff:
        if hunk := _HUNK.match(change):
            yield from lines[at : int(hunk[1]) - 1]
            at = int(hunk[1]) - 1
        elif change.startswith("+"):
            yield change[1:] + "\n"
        else:
            if at >= len(lines) or lines[at] != change[1:] + "\n":
                raise ValueError(f"{patch} does not fit the RTL: line {at + 1} is not {change[1:]!r}")
            if change.startswith(" "):
                yield lines[at]
            at += 1
    yield from lines[at:]
