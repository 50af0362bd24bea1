# SPDX-License-Identifier: Apache-2.0
"""Plays mutants against the suite, each in a process of its own: one that crashes or never ends is killed, too.

A server process loads models and kernels once and forks for each mutant, so that most take a fraction of a second.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from unittest.mock import patch

from redmule import build
from redmule.config import data_dir
from tb.campaigns import stage
from tb.mutation.design import MUTANT_VARIABLE, Design, chosen
from tb.mutation.places import Mutant
from tb.mutation.suite import Check, Killed, checks_for

CPU_SECONDS = 120
"""What a mutant may compute: several times what all checks take without one."""

WALL_SECONDS = 1800
"""What a check may take in all: the machine may have much else to do."""


MEMORY_BYTES, ARENA_BYTES = 1 << 20, 1 << 18
"""Enough for these jobs: to fill and compare the memory of `tb.campaigns.stage` would take most of the time."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a mutant: `killed` is None for one that survived; `checks` were played, in `seconds`."""

    mutant: Mutant
    killed: Killed | None
    checks: int
    seconds: float


class BrokenSuiteError(RuntimeError):
    """A check fails without any mutant."""


def play(
    make: Callable[[], Design], mutants: Sequence[Mutant], first: Mapping[str, str] | None = None
) -> Iterator[Verdict]:
    """Play mutants of a design and yield what came of each, in order.

    Args:
        make: writes the design; something that can be pickled.
        mutants: some of the design's.
        first: by the ids of mutants the name of the check to begin with, where one is known that may see it.

    Raises:
        BrokenSuiteError: the suite fails on the design with no mutant selected.
        RuntimeError: a model could not be built.
    """
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs, make))
    server.start()
    theirs.close()
    try:
        for mutant in mutants:
            ours.send((mutant.id, (first or {}).get(mutant.id)))
            answer = ours.recv()
            if isinstance(answer, RuntimeError):
                raise answer
            yield answer
    except EOFError:
        raise RuntimeError("the process that plays the mutants has ended: its messages stand above") from None
    finally:
        ours.close()
        server.join()


def _serve(pipe: Connection, make: Callable[[], Design]) -> None:
    """Answer ids of mutants, and names of their first checks, with verdicts until the pipe is closed."""
    design = make()
    numbers = {mutant.id: number for number, mutant in design.mutants.items()}
    passed: dict[str, float] = {}
    with (
        chosen(design.folder),
        patch.object(build, "verilate", _once(build.verilate)),
        patch.object(stage, "MEMORY_BYTES", MEMORY_BYTES),
        patch.object(stage, "ARENA_BYTES", ARENA_BYTES),
    ):
        while True:
            try:
                name, first = pipe.recv()
            except EOFError:
                return
            try:
                pipe.send(_fork(design.mutants[numbers[name]], numbers[name], passed, first))
            except RuntimeError as error:
                pipe.send(error)
                return


def _once(verilate: Callable[..., Path]) -> Callable[..., Path]:
    """Return a `verilate` that looks into the cache once for each model: here the sources do not change."""
    models: dict[tuple[object, ...], Path] = {}

    def find(top: str, parameters: Mapping[str, int], *arguments: object, **options: object) -> Path:
        key = (top, *parameters.items())
        if key not in models:
            models[key] = verilate(top, parameters, *arguments, **options)
        return models[key]

    return find


def _fork(mutant: Mutant, number: int, passed: dict[str, float], first: str | None = None) -> Verdict:
    """Play one mutant in a process of its own, from the check `first` on.

    `passed` says when checks have passed without a mutant, by their names.
    """
    ours, theirs = multiprocessing.Pipe()
    started = time.monotonic()
    checks = sorted(checks_for(mutant.file), key=lambda check: check.name != first)
    process = multiprocessing.get_context("fork").Process(target=_try, args=(theirs, number, checks))
    process.start()
    theirs.close()
    try:
        for played, check in enumerate(checks, 1):
            if check.name not in passed:
                _pass(check, passed)
            if (killed := _answer(ours, check)) is not None:
                if killed.by == "bench" and _changed(check, passed[check.name]):
                    _pass(check, passed)
                return Verdict(mutant, killed, played, time.monotonic() - started)
    finally:
        process.kill()
        process.join()
    return Verdict(mutant, None, len(checks), time.monotonic() - started)


def _pass(check: Check, passed: dict[str, float]) -> None:
    """Play a check without a mutant."""
    passed[check.name] = time.time()
    if (failed := check()) is not None:
        raise BrokenSuiteError(f"{check.name} fails without a mutant: {failed.by}: {failed.text}")


def _changed(check: Check, since: float) -> bool:
    """Whether a file of a bench is younger than this: a bench is read anew whenever it runs."""
    files = (path for pattern in check.sources for path in data_dir().glob(pattern))
    return any(path.stat().st_mtime > since for path in files)


def _answer(pipe: Connection, check: Check) -> Killed | None:
    """Let the process of a mutant play its next check and return what that saw."""
    try:
        pipe.send(check.name)
        if not pipe.poll(WALL_SECONDS):
            return Killed("crash", check.name, f"no end within {WALL_SECONDS} s")
        answer = pipe.recv()
    except (EOFError, OSError):
        return Killed("crash", check.name, "the process ended, or computed for too long")
    if isinstance(answer, Exception):
        raise answer
    assert answer is None or isinstance(answer, Killed)
    return answer


def _try(pipe: Connection, number: int, checks: Sequence[Check]) -> None:
    """Select a mutant and say of each check, when asked, what it saw."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    silence = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(silence, stream)
    os.environ[MUTANT_VARIABLE] = str(number)
    for check in checks:
        pipe.recv()
        try:
            pipe.send(check())
        except Exception as error:
            pipe.send(RuntimeError(f"{check.name}: {error}"))
