# SPDX-License-Identifier: Apache-2.0
"""What came of mutants, kept from run to run while it holds, and the list of those that change nothing.

A verdict is about one RTL. That a mutant was killed holds as long as the check that saw it is what it was; that one
survived, as long as all its checks are. A kill that no longer holds says which check to try first.
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from pathlib import Path

import yaml

from redmule.build import cache_dir
from redmule.config import data_dir
from tb.mutation.judge import Verdict
from tb.mutation.places import Mutant
from tb.mutation.suite import Check, Killed, checks_for

EQUIVALENTS = Path(__file__).with_name("equivalents.yaml")
DESIGN = ("rtl/**/*.sv", "rtl/**/*.f", "rtl/**/*.vlt")
"""What all verdicts are about. That the models still agree with it is checked in every run."""


class Record:
    """The verdicts so far, in a file with a line for each; a later line takes the place of an earlier one."""

    def __init__(self, file: Path | None = None) -> None:
        """Read a file, by default that of the RTL as it is."""
        self.file = file or cache_dir() / "mutation" / f"{_digest(DESIGN)}.jsonl"
        self._verdicts: dict[str, tuple[Verdict, str]] = {}
        if self.file.exists():
            for line in self.file.read_text(encoding="utf-8").splitlines():
                entry = json.loads(line)
                verdict = _verdict(entry)
                self._verdicts[verdict.mutant.id] = verdict, entry["checked_by"]

    def get(self, mutant: Mutant) -> Verdict | None:
        """Return what came of a mutant, if it has been played and that still holds."""
        verdict, checked_by = self._verdicts.get(mutant.id, (None, ""))
        holds = verdict is not None and verdict.mutant == mutant and checked_by == _checked_by(verdict)
        return verdict if holds else None

    def killer(self, mutant: Mutant) -> str | None:
        """Return the name of the check that saw a mutant when it was played last, if one did."""
        verdict, _ = self._verdicts.get(mutant.id, (None, ""))
        return verdict.killed.check if verdict is not None and verdict.killed is not None else None

    def add(self, verdict: Verdict) -> None:
        """Keep a verdict."""
        checked_by = _checked_by(verdict)
        self._verdicts[verdict.mutant.id] = verdict, checked_by
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("a", encoding="utf-8") as lines:
            print(json.dumps(asdict(verdict) | {"checked_by": checked_by}), file=lines)


def equivalents() -> Mapping[str, str]:
    """Return why mutants change nothing that a user could see, by their ids."""
    groups = yaml.safe_load(EQUIVALENTS.read_text(encoding="utf-8")) or []
    return {name: group["reason"] for group in groups for name in group["mutants"]}


def _verdict(entry: dict[str, object]) -> Verdict:
    killed = entry["killed"]
    assert isinstance(entry["mutant"], dict)
    return Verdict(
        Mutant(**entry["mutant"]),
        Killed(**killed) if isinstance(killed, dict) else None,
        int(str(entry["checks"])),
        float(str(entry["seconds"])),
    )


def _checked_by(verdict: Verdict) -> str:
    """Return a name for what a verdict rests on: the check that killed, or all of them; "none" if that is gone."""
    checks = checks_for(verdict.mutant.file)
    if verdict.killed is None:
        return _all_of(checks)
    return next((_digest(check.sources) for check in checks if check.name == verdict.killed.check), "none")


@cache
def _all_of(checks: tuple[Check, ...]) -> str:
    text = "".join(f"{check.name}\0{_digest(check.sources)}\0" for check in checks)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@cache
def _digest(patterns: tuple[str, ...]) -> str:
    """Return a name for the contents of some files of the tree; pytest's functions start benches and decide nothing."""
    top, digest = data_dir(), hashlib.sha256()
    found = {path for pattern in patterns for path in top.glob(pattern) if path.is_file()}
    for path in sorted(path for path in found if not path.name.startswith("test_")):
        digest.update(path.relative_to(top).as_posix().encode() + b"\0" + _meaning(path))
    return digest.hexdigest()[:16]


def _meaning(path: Path) -> bytes:
    """Return the contents of a file, of Python without comments, docstrings and layout."""
    if path.suffix != ".py":
        return path.read_bytes()
    tree = ast.parse(path.read_bytes())
    for node in ast.walk(tree):
        if isinstance(body := getattr(node, "body", None), list):
            vars(node)["body"] = [statement for statement in body if not _is_text(statement)]
    return ast.dump(tree).encode()


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
