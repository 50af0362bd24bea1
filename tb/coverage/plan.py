# SPDX-License-Identifier: Apache-2.0
"""What is played for coverage: parts, each one process that starts empty: its figures depend on nothing else."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from filelock import FileLock, Timeout

from redmule.build import COVERAGE_KIND_VARIABLE, COVERAGE_VARIABLE, RTL_VARIABLE, cache_dir
from redmule.config import data_dir
from tb.coverage.code import CodeCoverage
from tb.coverage.files import write_whole
from tb.coverage.functional import FunctionalCoverage

SEED = 1
CODE, LINE, JOBS = ("line", "toggle"), ("line",), ("jobs",)
TAIL_LINES = 30

COMMON = ("rtl/**/*", "configs.yaml", "pymodel/redmule/*.py", "pymodel/redmule/{fp,law,plan,cluster,device}/*")
TRIALS = ("tb/campaigns/*", "tb/coverage/*")
BENCH = ("tb/{runner,pins}.py", "tb/tops/*", "tb/coverage/*")
ENVIRONMENT = ("tb/env/*", "tb/agents/*", "tb/campaigns/*")
LEFT_OUT = ("*.md", "*.pyc", "tb/coverage/{exclusions,page,plan,summary,test_*}.*")
"""Sources that outcomes depend on, and those among them that do not matter, as patterns."""

FORGOTTEN = (RTL_VARIABLE, "REDMULE_WAVES", "PYTEST_ADDOPTS")
"""Variables of the caller that would change what a part plays; it is kept for everybody."""

TICK_SECONDS = 0.5
"""How often a thread that waits looks whether it should go on."""


@dataclass(frozen=True, slots=True)
class Part:
    """A command that is played with coverage on.

    Attributes:
        name: short.
        kind: what is counted, a key of `redmule.build.COVERAGE_FLAGS`.
        arguments: what Python is given.
        sources: patterns of what it depends on, besides what all depend on.
    """

    name: str
    kind: str
    arguments: tuple[str, ...]
    sources: tuple[str, ...]

    @property
    def line(self) -> str:
        """The command as it is typed."""
        return " ".join((".venv/bin/python", *self.arguments))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a part gave.

    Attributes:
        part: which.
        code, functional: what it covered; nothing if it failed.
        seconds: that it took, builds included.
        failure: the last lines that it printed, if it failed.
    """

    part: Part
    code: CodeCoverage
    functional: FunctionalCoverage
    seconds: float
    failure: str = ""


def _trials(config: str, kinds: Sequence[str] = CODE, **counts: int) -> list[Part]:
    """Return parts that play so many trials of each campaign on a configuration, for each kind of coverage."""
    parts = []
    for campaign, count in counts.items():
        name = f"{campaign}-{config}"
        arguments = ("-m", "tb.coverage.play", name, "--count", str(count), "--seed", str(SEED))
        parts += [Part(f"{name}-{kind}", kind, arguments, TRIALS) for kind in kinds]
    return parts


def _bench(test: str, *others: str) -> list[Part]:
    """Return parts that play the tests of a file, which may depend on other sources, too."""
    folder = test.rpartition("/")[0]
    name, sources = f"{folder.rpartition('/')[2]}-bench", (*BENCH, *others, f"{folder}/**/*")
    arguments = ("-m", "pytest", "-q", "-p", "no:cacheprovider", test)
    return [Part(f"{name}-{kind}", kind, arguments, sources) for kind in CODE]


PARTS = (
    *_trials(
        "tiny",
        registers=1,
        directed=200,
        mixed=1000,
        queued=300,
        chains=300,
        long=6,
        clears=400,
        resets=300,
        errors=100,
    ),
    *_trials("plain_3x3", directed=200, mixed=300),
    *_trials("quad_4x2", mixed=300),
    *_trials("odd_1x1", LINE, mixed=100),
    *_trials("tiny", LINE, cluster_1=150, cluster_2=150),
    *_trials("tiny", JOBS, related=27),
    *_trials("paper", JOBS, mixed=900, row_groups=36),
    *_trials("odd_4x2", JOBS, stored=1000),
    *(part for config in ("odd_5x3", "odd_3x16", "odd_2x5", "tall_32x1") for part in _trials(config, JOBS, mixed=100)),
    *_bench("tb/unit/control/test_control.py"),
    *_bench("tb/unit/hci/test_hci.py", *ENVIRONMENT),
    *(part for unit in ("fabric", "traffic", "dma") for part in _bench(f"tb/cluster/{unit}/test_{unit}.py")),
)
"""All parts."""


def play(parts: Sequence[Part], jobs: int, begun: Callable[[Part], None]) -> Generator[Outcome, None, None]:
    """Play parts, as many at a time as there are jobs, and yield their outcomes as they end. Finished ones are kept.

    Two runs at once play each part once. Who closes the generator ends the processes of the parts.

    Args:
        parts: which.
        jobs: processes.
        begun: told of each part that is not kept, as it begins.

    Raises:
        OSError: no place to keep what is played.
    """
    stop = threading.Event()
    with ThreadPoolExecutor(jobs) as pool:
        try:
            futures = []
            for part in parts:
                folder = _folder(part)
                kept = _load(part, folder)
                if kept is not None:
                    yield kept
                else:
                    futures.append(pool.submit(_play, part, folder, begun, stop))
            for future in as_completed(futures):
                yield future.result()
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)


def _folder(part: Part) -> Path:
    """Return the folder of a part for the sources as they are."""
    top = data_dir()
    digest = hashlib.sha256("\0".join((part.kind, *part.arguments)).encode())
    patterns = [expanded for pattern in (*COMMON, *part.sources) for expanded in _expanded(pattern)]
    for path in sorted({path for pattern in patterns for path in top.glob(pattern) if path.is_file()}):
        name = path.relative_to(top).as_posix()
        if not any(fnmatchcase(name, ignored) for pattern in LEFT_OUT for ignored in _expanded(pattern)):
            digest.update(f"\0{name}\0".encode() + path.read_bytes())
    return cache_dir() / "coverage" / "parts" / f"{part.name}-{digest.hexdigest()[:16]}"


def _expanded(pattern: str) -> list[str]:
    """Return the patterns that one with {a,b} stands for."""
    head, brace, rest = pattern.partition("{")
    if not brace:
        return [pattern]
    names, _, tail = rest.partition("}")
    return [f"{head}{name}{tail}" for name in names.split(",")]


def _play(part: Part, folder: Path, begun: Callable[[Part], None], stop: threading.Event) -> Outcome:
    """Play a part, unless another run does it just now: then take what that one keeps."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / "lock", timeout=TICK_SECONDS)
    while True:
        with suppress(Timeout), lock:
            if (kept := _load(part, folder)) is not None:
                return kept
            begun(part)
            return _run(part, folder, stop)
        if stop.is_set():
            return _nothing(part, 0.0, "interrupted")


def _run(part: Part, folder: Path, stop: threading.Event) -> Outcome:
    """Run a part, and make one file of each kind of what its processes wrote; its lock is held."""
    started = time.monotonic()
    for old in folder.glob("raw*"):  # of runs that were killed; a process of theirs may still write there
        shutil.rmtree(old, ignore_errors=True)
    raw = Path(tempfile.mkdtemp(prefix="raw-", dir=folder))
    log = folder / "log"
    code = _wait(part, raw, log, stop)
    seconds = time.monotonic() - started
    if failure := _failure(part, folder, raw, code):
        printed = log.read_text(encoding="utf-8", errors="replace").splitlines()
        return _nothing(part, seconds, "\n".join([f"{failure}: {part.line}", *printed[-TAIL_LINES:]]))
    try:
        outcome = _collect(part, raw, seconds)
    except (KeyError, ValueError) as error:
        return _nothing(part, seconds, f"what it wrote cannot be read: {error}")
    outcome.code.save(folder / "code.json")
    outcome.functional.save(folder / "functional.json")
    write_whole(folder / "seconds.json", json.dumps(seconds))  # the last one: now the part is kept
    shutil.rmtree(raw)
    return outcome


def _wait(part: Part, raw: Path, log: Path, stop: threading.Event) -> int:
    """Return the exit code of a part's command; it and all it has started are killed if the run stops."""
    places = os.pathsep.join(str(data_dir() / name) for name in ("", "pymodel"))
    settings = {name: value for name, value in os.environ.items() if name not in FORGOTTEN}
    settings |= {COVERAGE_VARIABLE: str(raw), COVERAGE_KIND_VARIABLE: part.kind}
    settings |= {"REDMULE_SEED": str(SEED), "PYTHONPATH": places}
    with (
        log.open("w", encoding="utf-8") as printed,
        subprocess.Popen(
            [sys.executable, *part.arguments],
            cwd=data_dir(),
            env=settings,
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as process,
    ):
        while True:
            try:
                return process.wait(TICK_SECONDS)
            except subprocess.TimeoutExpired:
                if stop.is_set():
                    with suppress(ProcessLookupError):
                        os.killpg(process.pid, signal.SIGKILL)


def _failure(part: Part, folder: Path, raw: Path, code: int) -> str:
    """Return why a part that has ended does not count; empty: it does."""
    if code:
        return f"exit code {code}"
    written = "functional-*.json" if part.kind == "jobs" else "*.dat"
    if not any(raw.glob(written)):
        return f"it counted nothing, there is no {written}"
    return "" if _folder(part) == folder else "a source has changed since the run began, play it again"


def _nothing(part: Part, seconds: float, failure: str) -> Outcome:
    """Return the outcome of a part that failed."""
    return Outcome(part, CodeCoverage(), FunctionalCoverage(), seconds, failure)


def _collect(part: Part, raw: Path, seconds: float) -> Outcome:
    code, functional = CodeCoverage(), FunctionalCoverage()
    for path in sorted(raw.glob("*.dat")):
        code.read(path)
    for path in sorted(raw.glob("functional-*.json")):
        functional.merge(FunctionalCoverage.load(path))
    return Outcome(part, code, functional, seconds)


def _load(part: Part, folder: Path) -> Outcome | None:
    """Return what a part gave before, if the sources are as they were."""
    try:
        seconds = float(json.loads((folder / "seconds.json").read_text(encoding="utf-8")))
        code, functional = CodeCoverage.load(folder / "code.json"), FunctionalCoverage.load(folder / "functional.json")
    except (OSError, TypeError, ValueError):
        return None
    return Outcome(part, code, functional, seconds)
