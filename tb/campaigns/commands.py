# SPDX-License-Identifier: Apache-2.0
"""The parts of a long run that are commands of their own, each on one processor: what they print becomes a row."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from xml.etree import ElementTree

from redmule.build import cache_dir
from redmule.config import data_dir
from redmule.sweep.table import replaced
from tb.campaigns import failure
from tb.campaigns.failure import Failure
from tb.campaigns.regress import SOURCE_SUFFIXES
from tb.campaigns.worker import DiedError, LateError, Worker

COMMAND_SECONDS = 12 * 3600.0
REPLAY_SECONDS = 3600.0
FOLDERS = ("rtl", "pymodel", "tb", "scripts", "sw", "formal")
"""What the commands depend on."""

REPORT = "tests.xml"
REPLAY = re.compile(r"replay: (.+)")
DIFFERENCE = re.compile(r"(.+)\nreplay: (.+)")
RESULTS = re.compile(r"([\d ]+) results")
RUN_FOLDER = re.compile(r"folder (\S+)")
SETTING = re.compile(r"[A-Z_]+=")
WAVES_VARIABLE, WAVES_OPTION = "REDMULE_WAVES", "--waves"
PYTEST, PYTHON = ".venv/bin/pytest", ".venv/bin/python"


@dataclass(frozen=True, slots=True)
class Ended:
    """What a command gave: how many things it checked, what failed, and a note."""

    command: Command
    count: int = 0
    failures: tuple[Failure, ...] = ()
    seconds: float = 0.0
    note: str = ""


@dataclass(frozen=True, slots=True)
class Command:
    """A part of a long run.

    Attributes:
        name: short.
        what: what it checks, and what `count` counts.
        arguments: what Python is given.
        read: makes counts and failures of its exit code and of what it printed.
    """

    name: str
    what: str
    arguments: tuple[str, ...]
    read: Callable[[Command, int, str], Ended]

    @property
    def line(self) -> str:
        """The command as it is typed."""
        return shlex.join((PYTHON, *self.arguments))

    @property
    def log(self) -> Path:
        """The file with what it printed."""
        return failure.folder() / f"{self.name}.log"

    def play(self, worker: Worker, limit: float | None = None) -> Ended:
        """Run it, and play what failed again for waveforms."""
        started = time.monotonic()
        try:
            code = worker.call(_run, self.arguments, str(self.log), seconds=COMMAND_SECONDS if limit is None else limit)
        except DiedError as error:
            if limit is not None and isinstance(error, LateError):
                raise
            return Ended(self, failures=(self.failure(str(error)),), seconds=time.monotonic() - started)
        ended = self.read(self, code, self.log.read_text(encoding="utf-8", errors="replace"))
        if not ended.failures and (code or (limit is None and not ended.count)):
            title = f"exit code {code}" if code else "it says of nothing that it was checked"
            ended = replace(ended, failures=(self.failure(title),))
        recorded = tuple(_record(worker, found) for found in ended.failures)
        return replace(ended, failures=recorded, seconds=time.monotonic() - started)

    def failure(self, title: str) -> Failure:
        """Return the failure of the whole command; what it printed last says more."""
        printed = self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""
        found = REPLAY.findall(printed)
        return Failure(self.name, f"{title}\n{failure.shortened(printed)}", found[-1] if found else self.line)


def commands(*, minutes: float | None = None, formal: bool = False) -> list[Command]:
    """Return the commands of a full run, or those that can play against the clock.

    Args:
        minutes: what the arithmetic has; None: as long as it takes.
        formal: also the proofs.
    """
    boxed = () if minutes is None else ("--minutes", f"{minutes:g}")
    arithmetic = Command(
        "arithmetic",
        "arithmetic units of the RTL, and the golden model against SoftFloat",
        ("scripts/fp_campaign.py", *boxed, *(("--write",) if minutes is None else ())),
        _differences,
    )
    if minutes is not None:
        return [arithmetic]
    report = os.path.relpath(failure.folder() / REPORT, data_dir())
    pytest = ("-m", "pytest", "-m", "long", "-q", "-o", "junit_family=xunit1", f"--junitxml={report}")
    proofs = Command("formal", "proofs of arbiter, routers and FIFOs", ("scripts/formal.py", "--jobs", "1"), _last_line)
    return [
        Command("streaming", "products from L2", ("scripts/cluster.py", "--long", "--json", "--write"), _points),
        Command("tests", "tests marked long", pytest, _tests),
        arithmetic,
        *([proofs] if formal else []),
    ]


class KeptCommands:
    """What commands gave that have passed on the sources as they are."""

    def __init__(self) -> None:
        contents = hashlib.sha256()
        for path in sorted(path for folder in FOLDERS for path in (data_dir() / folder).rglob("*")):
            if path.suffix in SOURCE_SUFFIXES:
                contents.update(f"\0{path.relative_to(data_dir())}\0".encode() + path.read_bytes())
        self._folder = cache_dir() / "regress" / f"commands-{contents.hexdigest()[:16]}"

    def get(self, command: Command) -> Ended | None:
        """Return what a command gave, if it has been played."""
        try:
            entry = json.loads(self._path(command).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        return Ended(command, entry["count"], (), entry["seconds"], entry["note"])

    def add(self, ended: Ended) -> None:
        """Keep what passed."""
        if not ended.failures:
            self._folder.mkdir(parents=True, exist_ok=True)
            entry = {"count": ended.count, "seconds": ended.seconds, "note": ended.note}
            replaced(self._path(ended.command), json.dumps(entry).encode())

    def _path(self, command: Command) -> Path:
        name = hashlib.sha256(command.line.encode()).hexdigest()[:8]
        return self._folder / f"{command.name}-{name}.json"


def _run(arguments: Sequence[str], log: str, more: Mapping[str, str] | None = None) -> int:
    """Run Python in the tree, write what it prints to a file, and return its exit code."""
    paths = os.pathsep.join((str(data_dir()), str(data_dir() / "pymodel")))
    with Path(log).open("w", encoding="utf-8") as output:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=data_dir(),
            env={**os.environ, "PYTHONPATH": paths, **(more or {})},
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            check=False,
        ).returncode


def _last_line(command: Command, code: int, printed: str) -> Ended:
    lines = [line.strip() for line in printed.splitlines() if line.strip()]
    return Ended(command, count=1, note="" if code or not lines else lines[-1])


def _differences(command: Command, code: int, printed: str) -> Ended:
    """Read what differs, each with its replay, and in the last line how many results were compared."""
    ended = _last_line(command, code, printed)
    found = tuple(Failure(command.name, text, replay) for text, replay in DIFFERENCE.findall(printed))
    results = RESULTS.findall(ended.note)
    return replace(ended, count=int(results[0].replace(" ", "")) if results else 0, failures=found)


def _points(command: Command, _code: int, printed: str) -> Ended:
    """Read the points that `scripts/cluster.py --json` prints."""
    for line in printed.splitlines():
        if line.startswith("["):
            points = json.loads(line)
            wrong = [f"not exact: {point}" for point in points if not point["exact"]]
            return Ended(command, len(points), tuple(command.failure(text) for text in wrong))
    return Ended(command)


def _tests(command: Command, _code: int, _printed: str) -> Ended:
    """Read pytest's report."""
    report = failure.folder() / REPORT
    if not report.exists():
        return Ended(command)
    cases = list(ElementTree.parse(report).iter("testcase"))
    report.unlink()
    failures = []
    for case in cases:
        name = f"{case.get('file')}::{case.get('name')}"
        for wrong in [*case.iter("failure"), *case.iter("error")]:
            text = "\n".join((name, wrong.get("message") or "", wrong.text or ""))
            found = REPLAY.findall(text)
            replay = found[-1] if found else f"{PYTEST} -m long '{name}'"
            failures.append(Failure(command.name, failure.shortened(text), replay))
    return Ended(command, len(cases), tuple(failures))


def _record(worker: Worker, found: Failure) -> Failure:
    """Play a failure again for its waveform, if its replay makes one: a bench in its folder, a script where told."""
    words = shlex.split(found.replay)
    setting = dict(word.split("=", 1) for word in words if SETTING.match(word))
    program, *arguments = words[len(setting) :]
    log = failure.folder() / f"{failure.file_name(f'{found.part}-{words[-1]}')}.log"
    wanted = log.with_suffix(".vcd")
    if program == PYTEST and WAVES_VARIABLE in setting:
        arguments = ["-m", "pytest", "-m", "", *arguments]
    elif program == PYTHON and WAVES_OPTION in arguments[:-1]:
        arguments[arguments.index(WAVES_OPTION) + 1] = str(wanted)
    else:
        return found
    wanted.unlink(missing_ok=True)
    with suppress(DiedError):  # then the waveform ends where the process did
        worker.call(_run, arguments, str(log), setting, seconds=REPLAY_SECONDS)
    printed = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    for dump in (dump for folder in RUN_FOLDER.findall(printed) for dump in Path(folder).glob("dump.*")):
        shutil.copyfile(dump, wanted)
    return replace(found, waves=wanted if wanted.exists() else None)
