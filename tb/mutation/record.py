# SPDX-License-Identifier: Apache-2.0
"""What came of mutants, kept from run to run until a source changes, and the list of those that change nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path

import yaml

from redmule.build import cache_dir
from redmule.config import data_dir
from tb.campaigns.regress import SOURCE_SUFFIXES
from tb.mutation.judge import Verdict
from tb.mutation.places import Mutant
from tb.mutation.suite import Killed

EQUIVALENTS = Path(__file__).with_name("equivalents.yaml")
DESIGN = ("rtl/**/*", "tb/campaigns/*")
"""What a verdict is kept for. That the models still agree with the RTL is checked in every run."""

SUITE = ("tb/mutation/suite.py", "tb/mutation/directed.py", "tb/mutation/benches.py")
"""What the verdict of a survivor is kept for besides: a better suite may kill it."""


class Record:
    """The verdicts so far, in a file with a line for each."""

    def __init__(self, file: Path | None = None) -> None:
        """Read a file, by default that of the sources as they are."""
        self.file = file or cache_dir() / "mutation" / f"{_key(DESIGN)}.jsonl"
        self._suite = _key(SUITE)
        self._verdicts: dict[str, Verdict] = {}
        if self.file.exists():
            for line in self.file.read_text(encoding="utf-8").splitlines():
                entry = json.loads(line)
                verdict = _verdict(entry)
                if verdict.killed is not None or entry["suite"] == self._suite:
                    self._verdicts[verdict.mutant.id] = verdict

    def get(self, mutant: Mutant) -> Verdict | None:
        """Return what came of a mutant, if it has been played."""
        verdict = self._verdicts.get(mutant.id)
        return verdict if verdict is not None and verdict.mutant == mutant else None

    def add(self, verdict: Verdict) -> None:
        """Keep a verdict."""
        self._verdicts[verdict.mutant.id] = verdict
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("a", encoding="utf-8") as lines:
            print(json.dumps(asdict(verdict) | {"suite": self._suite}), file=lines)


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


def _key(sources: Iterable[str]) -> str:
    """Return a name for the contents of some sources."""
    top, digest = data_dir(), hashlib.sha256()
    for pattern in sources:
        for path in sorted(top.glob(pattern)):
            if path.suffix in SOURCE_SUFFIXES:
                digest.update(path.relative_to(top).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]
