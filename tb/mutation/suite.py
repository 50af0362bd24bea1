# SPDX-License-Identifier: Apache-2.0
"""What has to see a mutant: for each part of the design its checks, the fast ones that see most of them first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest

from redmule.config import Config
from redmule.fp.formats import FORMATS
from tb.campaigns import aborts, faults, trials
from tb.campaigns.contended import contended
from tb.campaigns.plan import Campaign
from tb.campaigns.tally import Tally
from tb.mutation import benches, directed
from tb.mutation.benches import Bench
from tb.mutation.places import Mutant
from tb.unit.fp import campaign as units

SEED = 1
TINY = Config.named("tiny")
ODD = Config(3, 3, 1, 64, contexts=3, row_groups=2, x_chunks=3, w_ahead=3, name="odd_3x3")
"""A small accelerator whose rows, elements, contexts and buffers are no power of two, and a tile wider than a beat."""

PLAIN = Config(2, 2, 0, 64, contexts=1, row_groups=1, transposes=False, w_ahead=2, name="plain_2x2")
"""The least: no pipeline registers, row groups, transposes, or queue."""

FMA_TRIPLES, MINMAX_PAIRS = 200_000, 50_000
TRIALS: Mapping[Config, Mapping[str, tuple[Callable[..., Tally], int]]] = {
    TINY: {
        "mixed": (trials.mixed, 60),
        "errors": (faults.bus_error, 120),
        "queued": (trials.queued, 40),
        "clears": (aborts.soft_clear, 30),
        "resets": (aborts.reset, 12),
        "chains": (trials.chains, 20),
        "refused": (directed.refused, 30),
        "deep": (directed.deep, 8),
    },
    ODD: {
        "mixed": (trials.mixed, 40),
        "queued": (trials.queued, 30),
        "chains": (trials.chains, 20),
        "errors": (faults.bus_error, 20),
        "clears": (aborts.soft_clear, 20),
        "refused": (directed.refused, 20),
        "deep": (directed.deep, 8),
    },
    PLAIN: {"mixed": (trials.mixed, 60), "queued": (trials.queued, 20)},
}
"""Trials of the accelerator: of each kind so many."""

LONG_TRIALS = 3
"""Jobs with one size at its limit, on tiny, after all else."""

CLUSTER_TRIALS = 24

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
    """

    name: str
    run: Callable[[], tuple[str, str] | None]

    def __call__(self) -> Killed | None:
        """Play it."""
        found = self.run()
        return None if found is None else Killed(found[0], self.name, found[1])


def judge_tally(tally: Tally) -> tuple[str, str] | None:
    """Return what a trial that failed was killed by."""
    if not tally.failures:
        return None
    text = tally.examples[0].partition(": ")[2] if tally.examples else ""
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


def _trial(campaign: Campaign, index: int) -> Check:
    return Check(f"{campaign.name} {index}", lambda: judge_tally(campaign.run(SEED, index)))


def _accelerator(config: Config) -> list[Check]:
    """The trials of a configuration, kinds in turn."""
    columns = [
        [_trial(Campaign(kind, config, count, trial), index) for index in range(count)]
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

    return Check(name, run)


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

    return Check(bench.name, run)


def checks_for(mutant: Mutant) -> Iterator[Check]:
    """Yield the checks that a mutant is played against, one after the other until it is killed."""
    folder = mutant.file.partition("/")[0]
    if folder == "cluster":
        campaign = Campaign("cluster_2", TINY, CLUSTER_TRIALS, contended(2))
        yield from (_trial(campaign, index) for index in range(campaign.count))
    else:
        if folder == "fp":
            yield from UNITS
        for config in TRIALS:
            yield from _accelerator(config)
        yield from (_trial(Campaign("long", TINY, LONG_TRIALS, trials.long), index) for index in range(LONG_TRIALS))
    yield from map(_bench, benches.for_file(mutant.file))
