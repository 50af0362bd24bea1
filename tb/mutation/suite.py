# SPDX-License-Identifier: Apache-2.0
"""What has to see a mutant: for each part of the design its checks, the fast ones that see most of them first."""

from __future__ import annotations

import traceback
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import zip_longest

import numpy as np

from redmule.config import Config
from redmule.fp.formats import FORMATS
from tb.campaigns import aborts, faults, trials
from tb.campaigns.contended import contended
from tb.campaigns.stage import Stage
from tb.campaigns.tally import Tally
from tb.mutation import benches, directed
from tb.mutation.benches import Bench
from tb.unit.fp import campaign as units

Trial = Callable[[Stage], Tally]

SEED = 1
TINY = Config.named("tiny")
ODD = Config(3, 3, 1, 64, contexts=3, row_groups=2, x_chunks=3, w_ahead=3, name="odd_3x3")
"""A small accelerator whose rows, elements, contexts and buffers are no power of two, and a tile wider than a beat."""

PLAIN = Config(2, 2, 0, 64, contexts=1, row_groups=1, transposes=False, w_ahead=2, name="plain_2x2")
"""The least: no pipeline registers, row groups, transposes, or queue."""

FMA_TRIPLES, MINMAX_PAIRS = 200_000, 50_000
TRIALS: Mapping[Config, Mapping[str, tuple[Trial, int]]] = {
    TINY: {
        "mixed": (trials.mixed, 60),
        "errors": (faults.bus_error, 120),
        "queued": (trials.queued, 40),
        "clears": (aborts.soft_clear, 30),
        "resets": (aborts.reset, 12),
        "chains": (trials.chains, 20),
        "refused": (directed.refused, 30),
        "deep": (directed.deep, 8),
        "last store": (directed.last_store_fails, 8),
        "failed beat": (directed.failed_beat, 2),
    },
    ODD: {
        "mixed": (trials.mixed, 40),
        "queued": (trials.queued, 30),
        "chains": (trials.chains, 20),
        "errors": (faults.bus_error, 20),
        "clears": (aborts.soft_clear, 20),
        "refused": (directed.refused, 20),
        "deep": (directed.deep, 8),
        "last store": (directed.last_store_fails, 4),
        "idle rows": (directed.idle_rows, 1),
    },
    PLAIN: {"mixed": (trials.mixed, 60), "queued": (trials.queued, 20)},
}
"""Trials of the accelerator: of each kind so many."""

LONG_TRIALS = 3
"""Jobs with one size at its limit, on tiny, after all else."""

CLUSTER_TRIALS = 24

FIRST_TRIALS = 20
"""Trials before the benches: they see 4 of 5 mutants, in less time than a bench takes to start."""

DRAWING = tuple(
    f"tb/campaigns/{name}.py" for name in ("aborts", "arena", "data", "operands", "stage", "tally", "trials")
)
"""What all trials draw and compare with, besides the module of their own."""

KILLERS = (
    "bits",
    "flags",
    "cycles",
    "hang",
    "stray",
    "guard",
    "port rule",
    "assertion",
    "rule",
    "unit",
    "bench",
    "crash",
)
"""What a mutant is killed by: result bits, flags, the cycle law, a job that does not end, bytes outside results;
accesses outside matrices and rules of the ports, seen by the harness; an assertion of the RTL; another promise; the
comparison of an arithmetic unit; a bench in cocotb; the end of the process (also by an assertion of an arithmetic
unit), or of its time."""


@dataclass(frozen=True, slots=True)
class Killed:
    """How a mutant showed: by which of KILLERS, in which check, and what that said."""

    by: str
    check: str
    text: str


@dataclass(frozen=True, slots=True)
class Check:
    """A part of the suite.

    Attributes:
        name: what it is called.
        run: plays it on the RTL that is chosen; returns the killer and what it says, or None.
        sources: patterns of the files that decide what it sees, below the top of the tree.
    """

    name: str
    run: Callable[[], tuple[str, str] | None]
    sources: tuple[str, ...] = ()

    def __call__(self) -> Killed | None:
        """Play it."""
        found = self.run()
        return None if found is None else Killed(found[0], self.name, found[1])


def judge_tally(tally: Tally) -> tuple[str, str] | None:
    """Return what a trial that failed was killed by."""
    if not tally.failures:
        return None
    text = tally.examples[0] if tally.examples else ""
    if "building RTL model" in text:
        raise RuntimeError(f"no mutant may break the build: {text}")
    for killer, sign in (("guard", "guard:"), ("port rule", " port:"), ("assertion", "assertion failed")):
        if tally.rules and sign in text:
            return killer, _last_line(text)
    counts = {
        "bits": tally.bits,
        "flags": tally.flags,
        "hang": tally.hangs,
        "stray": tally.stray,
        "cycles": tally.law,
        "rule": tally.rules,
    }
    return next(killer for killer, count in counts.items() if count), _last_line(text)


def _last_line(text: str) -> str:
    return text.strip().rpartition("\n")[2]


def tally_of(kind: str, config: Config, trial: Trial, index: int) -> Tally:
    """Play one trial of a kind on the RTL that is chosen."""
    random = np.random.default_rng([SEED, zlib.crc32(f"{kind}-{config.name}".encode()), index])
    try:
        return trial(Stage(config, random, index))
    except Exception:
        return Tally(rules=1, examples=(traceback.format_exc(),))


def _trial(kind: str, config: Config, trial: Trial, index: int) -> Check:
    own = trial.__module__.replace(".", "/") + ".py"
    sources = (*DRAWING, own, "configs.yaml")
    return Check(f"{kind}-{config.name} {index}", lambda: judge_tally(tally_of(kind, config, trial, index)), sources)


def _accelerator(config: Config) -> list[Check]:
    """The trials of a configuration, kinds in turn."""
    columns = [
        [_trial(kind, config, trial, index) for index in range(count)]
        for kind, (trial, count) in TRIALS[config].items()
    ]
    return [check for row in zip_longest(*columns) for check in row if check is not None]


def _unit(name: str, compare: Callable[[], object]) -> Check:
    def run() -> tuple[str, str] | None:
        try:
            compare()
        except AssertionError as error:
            return "unit", str(error)
        return None

    return Check(name, run, ("tb/unit/fp/*",))


UNITS = [
    _unit("fma", lambda: units.check_fma(FMA_TRIPLES, SEED)),
    _unit("min and max", lambda: units.check_minmax(MINMAX_PAIRS, SEED)),
    _unit("casts in", lambda: [units.check_cast_in(fmt) for fmt in FORMATS]),
    _unit("casts out", lambda: [units.check_cast_out(fmt, saturate) for fmt in FORMATS for saturate in (False, True)]),
]
"""The arithmetic units against the golden model."""


def _bench(bench: Bench) -> Check:
    def run() -> tuple[str, str] | None:
        failed = bench.run()
        return None if failed is None else ("bench", failed)

    return Check(bench.name, run, bench.decided_by)


@cache
def checks_for(file: str) -> tuple[Check, ...]:
    """Return what a mutant of a file of the RTL is played against, one check after the other until it is killed."""
    folder = file.partition("/")[0]
    if folder == "cluster":
        played = [_trial("cluster_2", TINY, contended(2), index) for index in range(CLUSTER_TRIALS)]
    else:
        played = [check for config in TRIALS for check in _accelerator(config)]
        played += [_trial("long", TINY, trials.long, index) for index in range(LONG_TRIALS)]
    first = [*(UNITS if folder == "fp" else ()), *played[:FIRST_TRIALS]]
    return (*first, *map(_bench, benches.for_file(file)), *played[FIRST_TRIALS:])
