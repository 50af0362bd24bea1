# SPDX-License-Identifier: Apache-2.0
"""What is played for coverage: parts, each one process that starts empty: its figures depend on nothing else."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from redmule.build import COVERAGE_KIND_VARIABLE, COVERAGE_VARIABLE, cache_dir
from redmule.config import data_dir
from tb.coverage.code import CodeCoverage
from tb.coverage.files import write_whole
from tb.coverage.functional import FunctionalCoverage

SEED = 1
CODE, LINE, JOBS = ("line", "toggle"), ("line",), ("jobs",)
TAIL_LINES = 30

COMMON = ("rtl/**/*", "configs.yaml", "pymodel/redmule/*.py", "pymodel/redmule/{fp,law,plan,cluster,device}/*")
TRIALS = ("tb/campaigns/*", "tb/coverage/*")
BENCH = ("tb/runner.py", "tb/tops/*", "tb/agents/*", "tb/env/*", "tb/coverage/*")
LEFT_OUT = (".md", ".pyc", "exclusions.yaml", "tb/coverage/plan.py", "tb/coverage/summary.py", "tb/coverage/page.py")
"""Sources that outcomes depend on, as patterns; and ends of names that do not matter."""


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
        code, functional: what it covered.
        seconds: of one processor, builds included.
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


def _bench(test: str) -> list[Part]:
    """Return parts that play the tests of a file."""
    folder = test.rpartition("/")[0]
    name, sources = f"{folder.rpartition('/')[2]}-bench", (*BENCH, f"{folder}/**/*")
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
    *_trials("paper", JOBS, mixed=900),
    *_trials("odd_4x2", JOBS, stored=1000),
    *(part for config in ("odd_5x3", "odd_3x16", "odd_2x5", "tall_32x1") for part in _trials(config, JOBS, mixed=100)),
    *_bench("tb/unit/control/test_control.py"),
    *_bench("tb/unit/hci/test_hci.py"),
    *(part for unit in ("fabric", "traffic", "dma") for part in _bench(f"tb/cluster/{unit}/test_{unit}.py")),
)
"""All parts."""


def play(parts: Sequence[Part], jobs: int, begun: Callable[[Part], None]) -> Iterator[Outcome]:
    """Play parts, as many at a time as there are jobs, and yield their outcomes as they end. Finished ones are kept.

    Args:
        parts: which.
        jobs: processes.
        begun: told of each part that is not kept, as it begins.
    """
    with ThreadPoolExecutor(jobs) as pool:
        futures = []
        for part in parts:
            folder = _folder(part)
            kept = _load(part, folder)
            if kept is not None:
                yield kept
            else:
                futures.append(pool.submit(_play, part, folder, begun))
        try:
            for future in as_completed(futures):
                yield future.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _folder(part: Part) -> Path:
    """Return the folder of a part for the sources as they are."""
    top = data_dir()
    digest = hashlib.sha256("\0".join((part.kind, *part.arguments)).encode())
    patterns = [expanded for pattern in (*COMMON, *part.sources) for expanded in _expanded(pattern)]
    for path in sorted({path for pattern in patterns for path in top.glob(pattern) if path.is_file()}):
        name = path.relative_to(top).as_posix()
        if not name.endswith(LEFT_OUT):
            digest.update(f"\0{name}\0".encode() + path.read_bytes())
    return cache_dir() / "coverage" / "parts" / f"{part.name}-{digest.hexdigest()[:16]}"


def _expanded(pattern: str) -> list[str]:
    """Return the patterns that one with {a,b} stands for."""
    head, brace, rest = pattern.partition("{")
    if not brace:
        return [pattern]
    names, _, tail = rest.partition("}")
    return [f"{head}{name}{tail}" for name in names.split(",")]


def _play(part: Part, folder: Path, begun: Callable[[Part], None]) -> Outcome:
    """Run a part, and make one file of each kind of what its processes wrote."""
    begun(part)
    started = time.monotonic()
    raw = folder / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    for old in raw.iterdir():
        old.unlink()
    places = os.pathsep.join(str(data_dir() / name) for name in ("", "pymodel"))
    settings = {COVERAGE_VARIABLE: str(raw), COVERAGE_KIND_VARIABLE: part.kind}
    settings |= {"REDMULE_SEED": str(SEED), "PYTHONPATH": places}
    with (folder / "log").open("w", encoding="utf-8") as log:
        code = subprocess.run(
            [sys.executable, *part.arguments],
            cwd=data_dir(),
            env=os.environ | settings,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            check=False,
        ).returncode
    outcome = _collect(part, raw, time.monotonic() - started)
    if code:
        printed = (folder / "log").read_text(encoding="utf-8", errors="replace").splitlines()
        text = "\n".join([f"exit code {code}: {part.line}", *printed[-TAIL_LINES:]])
        return Outcome(part, outcome.code, outcome.functional, outcome.seconds, text)
    outcome.code.save(folder / "code.json")
    outcome.functional.save(folder / "functional.json")
    write_whole(folder / "seconds.json", json.dumps(outcome.seconds))  # the last one: now the part is kept
    for old in raw.iterdir():
        old.unlink()
    return outcome


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
    except (FileNotFoundError, ValueError):
        return None
    return Outcome(part, code, functional, seconds)
