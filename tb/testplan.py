# SPDX-License-Identifier: Apache-2.0
"""The test plan as data, and whether plan and tree agree: tests, groups of functional coverage, entries."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
PLAN = Path(__file__).with_name("testplan.yaml")
OUTSIDE = "outside"
BENCH_MARKS = ("cocotb.test", "cocotb.parametrize", "scenario")
"""What makes a test of a function or class of a bench."""

COLUMNS = ("id", "feature", "what must hold", "tests", "functional coverage", "figure")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the plan.

    Attributes:
        area: what it is a part of.
        id: its name.
        feature: what is tested.
        holds: what must hold, in a sentence.
        tests: what shows it: folders, files, or file::name with * and ?.
        coverage: groups of functional coverage.
        figure: the command that makes its figures; None: it has none.
    """

    area: str
    id: str
    feature: str
    holds: str
    tests: tuple[str, ...]
    coverage: tuple[str, ...] = ()
    figure: str | None = None

    def names(self, test: str) -> bool:
        """Whether a test is one of this entry."""
        return any(matches(pattern, test) for pattern in self.tests)


@dataclass(frozen=True, slots=True)
class Plan:
    """The entries, and the files outside `tb` whose tests belong to them."""

    entries: tuple[Entry, ...]
    outside: tuple[str, ...]


def load(path: Path = PLAN) -> Plan:
    """Read a plan.

    Raises:
        ValueError: an entry lacks a field or has an unknown one; the message names it.
    """
    try:
        areas = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ValueError(f"{path.name}: {' '.join(str(error).split())}") from None
    outside = tuple(areas.pop(OUTSIDE, ()))
    entries = []
    for area, listed in areas.items():
        for fields in listed:
            lists = {name: tuple(fields.get(name, ())) for name in ("tests", "coverage")}
            try:
                entries.append(Entry(area, **(fields | lists)))
            except TypeError as error:
                raise ValueError(f"{path.name}, {area}, entry {fields.get('id')!r}: {error}") from None
    return Plan(tuple(entries), outside)


def matches(pattern: str, test: str) -> bool:
    """Whether a pattern of the plan names a test."""
    if "::" in pattern:
        return fnmatchcase(test, pattern)
    return test.startswith((f"{pattern}/", f"{pattern}::"))


def collected(plan: Plan, root: Path = ROOT) -> list[str]:
    """Return all tests that have to be in the plan, as file::name, without running or importing anything."""
    files = sorted({*(root / "tb").rglob("*.py"), *(root / name for name in plan.outside)})
    return [f"{path.relative_to(root).as_posix()}::{name}" for path in files for name in _tests_of(path)]


def _tests_of(path: Path) -> Iterator[str]:
    """Yield the names of the pytest functions and of the tests of benches in a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    of_pytest = path.name.startswith("test_")
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            marks = (ast.unparse(mark).partition("(")[0] for mark in node.decorator_list)
            if any(mark in BENCH_MARKS for mark in marks) or (of_pytest and node.name.lower().startswith("test")):
                yield node.name


def problems(plan: Plan, tests: Sequence[str], groups: Sequence[str]) -> list[str]:
    """Return what plan and tree do not agree about, a sentence each."""
    found = []
    names = [entry.id for entry in plan.entries]
    found += [f"two entries are called {name!r}" for name in sorted(set(names)) if names.count(name) > 1]
    for entry in plan.entries:
        if not entry.tests:
            found.append(f"entry {entry.id!r} names no test")
        found += [
            f"entry {entry.id!r}: no test is named by {pattern!r}"
            for pattern in entry.tests
            if not any(matches(pattern, test) for test in tests)
        ]
        found += [f"entry {entry.id!r}: no group is called {name!r}" for name in entry.coverage if name not in groups]
    found += [f"no entry names {test}" for test in tests if not any(entry.names(test) for entry in plan.entries)]
    covered = {name for entry in plan.entries for name in entry.coverage}
    found += [f"no entry names the coverage group {name!r}" for name in groups if name not in covered]
    return found


def rows(plan: Plan, counts: Mapping[str, int]) -> Iterator[tuple[str, ...]]:
    """Yield the rows of the plan's table.

    Args:
        plan: the plan.
        counts: tests by file::name, and how many of it there are.
    """
    for entry in plan.entries:
        number = sum(count for test, count in counts.items() if entry.names(test))
        yield entry.id, entry.feature, entry.holds, f"{number}", ", ".join(entry.coverage), entry.figure or ""


def markdown(plan: Plan, counts: Mapping[str, int]) -> str:
    """Return the plan as a document."""
    lines = [
        "<!-- SPDX-License-Identifier: Apache-2.0 -->",
        "# Test plan",
        "",
        "Written by `.venv/bin/python scripts/testplan.py --write` from `tb/testplan.yaml`, which names the tests. "
        "*tests*: how many show it, with all their parameters, and those inside benches; a test may show several "
        f"things. There are {sum(counts.values())}.",
    ]
    for area in dict.fromkeys(entry.area for entry in plan.entries):
        part = Plan(tuple(entry for entry in plan.entries if entry.area == area), ())
        lines += ["", f"## {area.capitalize()}", "", f"| {' | '.join(COLUMNS[1:])} |", "|---|---|---:|---|---|"]
        lines += [f"| {' | '.join(row[1:])} |" for row in rows(part, counts)]
    return "\n".join([*lines, ""])
