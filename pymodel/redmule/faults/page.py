# SPDX-License-Identifier: Apache-2.0
"""The document of the campaigns."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from redmule.faults.scenarios import SCENARIOS
from redmule.faults.table import COLUMNS, OUTCOMES, Count, FaultTable, Interval, Row, wilson
from redmule.report.gates import table

HARM = ("wrong", "hang")
"""Outcomes that nobody is told of, where the rules of the ports are not watched."""

PROTECTED = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2)
"""Shares of the flops that are protected, those that do most harm first."""

MOST_SIGNALS = 16

CONCLUSIONS = """
* **Hangs and error codes come from control and port**, which are few flops; the rest of the hangs from the pointers and
  counts of the buffers. A third of the hangs needs a wrong job in the queue: many flops, each with little harm. The
  other ones sit in few: loops, pointers, states, the contexts that the job feeds work on. Three copies of those and a
  vote cost little. The watchdog turns most of what is left into error codes.
* **Wrong results come from data**, three quarters of the flops and more: lines that wait in the buffers, operands and
  sums on their way through the array. Parity beside each stored word would see a single wrong bit of a buffer; it does
  not help in the array, where values change on their way. W has most flops and the least harm for each: most of a line
  are its parts for further row groups, which jobs with many rows do not use.
* In the elements, valid bits, accumulators, flags and X values do most harm for each flop, then the registers of the
  multiply-add.
* The rules of the ports see few of these faults: wrong data travels by the rules.
* Not counted here: what a masked fault leaves behind for later jobs, and faults in several bits or in logic.
"""

_INTRODUCTION = """<!-- SPDX-License-Identifier: Apache-2.0 -->
# Faults in flops

Written by `{command}`. One bit of one flop is turned over in one cycle of a small job (a
single-event upset), on the Verilated RTL; the run is compared with the one without it: every byte of memory when the
event comes and after the host has read the results, flags, error code, counters, the cycle of every event. Each of the
faults below can be played once more, with waves: `redmule faults --replay SITE:BIT:CYCLE:JOB`.

* **Where**: every variable that an `always_ff` of the elaborated RTL assigns, bit by bit; synthesis leaves 80956 of
  those of `paper` (`gates.md`). State of assertions is none of them. A block is a unit of a folder of
  `rtl/` with the loops, pointers and FIFOs in it; `array/ce` and `fp/fma` are those of all elements.
* **When**: in any cycle from the first write to a register to the last event of the job. The bit is wrong from the
  beginning of that cycle on; all logic behind it sees it there, and the next edge writes the flop as ever.
* **In which jobs**: {jobs}. They are small, so that a fault meets every phase of a job; in long jobs the phases in
  which the array works take a greater share of the time.
* **How many**: half of the faults are dealt out by bits, the other half to the blocks in equal parts; within a signal
  every bit and cycle is equally likely. Shares are weighted by bits, so they are those of a fault anywhere at any time.
  Intervals are those of Wilson, 95 %; for weighted shares with the number of equally weighted faults that say as much.
* The memory has 128 KiB, as the TCDM of a cluster, and answers other addresses with an error. The watchdog is off:
  with it on, a hang is an error code where a job runs that it can watch, but not where the queue has lost its head or
  the register port stays locked. A job hangs if it takes four times as long as without the fault.
* Flops without a reset begin with random bits, the same in all runs. What a fault in an idle element or in an empty
  place of a FIFO does depends on them. Intervals do not count that: few faults, but it shows where there are few
  elements.

{outcomes}
"""


@dataclass(frozen=True, slots=True)
class Study:
    """The campaigns of a configuration: the second one has another seed, and judges what the first one suggests."""

    first: FaultTable
    second: FaultTable

    @property
    def both(self) -> FaultTable:
        """The two together."""
        counts = tuple(_sum(pair) for pair in zip(self.first.counts, self.second.counts, strict=True))
        return replace(self.first, counts=counts)


def _added(tallies: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    return tuple(map(sum, zip(*tallies, strict=True)))


def _sum(counts: Sequence[Count]) -> Count:
    """Return what came of the faults of several campaigns in one signal."""
    outcomes, without_rules = ([getattr(count, name) for count in counts] for name in ("outcomes", "without_rules"))
    asserted = sum(count.asserted for count in counts)
    return replace(counts[0], outcomes=_added(outcomes), without_rules=_added(without_rules), asserted=asserted)


def harm(count: Count) -> float:
    """Return the share of the faults in a signal that do harm which nobody is told of."""
    return _weight([count], HARM) / count.bits


def text(command: str, studies: Mapping[str, Study]) -> str:
    """Return the document: the first configuration in full, of the others the table of the blocks."""
    main = next(iter(studies.values()))
    jobs = ", ".join(f"*{name}* ({recipe.what})" for name, recipe in SCENARIOS.items())
    meanings = table(("outcome", "what it is"), [[*each] for each in OUTCOMES.items()])
    parts = [
        _INTRODUCTION.format(command=command, jobs=jobs, outcomes=meanings),
        *(_blocks(name, study) for name, study in studies.items()),
        _signals(main),
        _protection(main),
    ]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _blocks(name: str, study: Study) -> str:
    """Return the section of a configuration."""
    both = study.both
    lines = [_line(each) for each in both.rows]
    seeds = f"seeds {study.first.seed} and {study.second.seed}"
    windows = ", ".join(f"{job} {cycles}" for job, cycles in both.jobs.items())
    lost = sum(round(harm(count) * count.injections) for count in both.counts)
    asserted = sum(count.asserted for count in both.counts)
    return "\n\n".join(
        (
            f"## `{name}`",
            f"{both.injections} faults ({seeds}) in {both.total.bits} flops; cycles of the jobs: {windows}. Shares in "
            "%: *other cycle* is the part of *masked* that is right, but in another cycle or with a wrong counter; "
            "*error code* the part of *detected* that the host is told, the rest is seen by rules of the ports only.",
            table(("block", "flops", "faults", *COLUMNS), lines),
            f"In a simulation with assertions, one in some module also fails in {asserted / lost:.0%} of the "
            f"{lost} faults that were wrong or hung where the rules of the ports are not watched.",
        )
    )


def _line(each: Row) -> list[str]:
    return [each.name, str(each.bits), str(each.injections), *map(_cell, each.shares.values())]


def _cell(interval: Interval) -> str:
    return f"{100 * interval.share:.2f} ({100 * interval.low:.2f}–{100 * interval.high:.2f})"


def _signals(study: Study) -> str:
    """Return which flops do harm, by folder and by signal."""
    counts = study.both.counts
    bits = sum(count.bits for count in counts)
    folders = []
    for folder in dict.fromkeys(count.block.partition("/")[0] for count in counts):
        within = [count for count in counts if count.block.startswith(f"{folder}/")]
        flops = sum(count.bits for count in within)
        of_all = (_part(within, counts, names) for names in (HARM, ("hang",), ("code",)))
        folders.append([folder, str(flops), f"{flops / bits:.1%}", *(f"{share:.1%}" for share in of_all)])
    lines = []
    for count in sorted(counts, key=lambda count: -_weight([count], HARM))[:MOST_SIGNALS]:
        interval, share = wilson(harm(count), count.injections), _part([count], counts, HARM)
        size = f"{count.bits / bits:.2%}"
        lines.append([f"`{count.signal}`", str(count.bits), size, _cell(interval), f"{share:.1%}"])
    return "\n\n".join(
        (
            "## Which flops do harm",
            "*Harm*: a fault that ends in a wrong result or a hang and that nobody is told of, without watched rules. "
            f"By folder, on `{study.first.config}`:",
            table(("folder", "flops", "of all flops", "of all harm", "of all hangs", "of all error codes"), folders),
            f"The {MOST_SIGNALS} signals that do most of it, by flops times harm:",
            table(("signal", "flops", "of all flops", "harm, %", "of all harm"), lines),
        )
    )


def _weight(counts: Iterable[Count], outcomes: Sequence[str]) -> float:
    """Return how many of all flops have an outcome, on average over the cycles."""
    places = [list(OUTCOMES).index(name) for name in outcomes]
    return sum(count.bits * sum(count.without_rules[place] for place in places) / count.injections for count in counts)


def _part(some: Iterable[Count], counts: Iterable[Count], outcomes: Sequence[str]) -> float:
    """Return the share that some signals have in an outcome of all."""
    return _weight(some, outcomes) / max(_weight(counts, outcomes), sys.float_info.min)


def _protection(study: Study) -> str:
    """Return what protecting some flops saves: chosen by the first campaign, judged by the second."""
    first, second = study.first.counts, study.second.counts
    order = sorted(range(len(first)), key=lambda number: (-harm(first[number]), first[number].bits))
    bits = sum(count.bits for count in first)
    lines = []
    for limit in PROTECTED:
        chosen: list[int] = []
        used = 0
        for number in order:
            if used + first[number].bits <= limit * bits and harm(first[number]) > 0:
                chosen.append(number)
                used += first[number].bits
        saved = (_part([second[number] for number in chosen], second, names) for names in (HARM, ("hang",)))
        lines.append([f"{limit:.1%}", str(used), str(len(chosen)), *(f"{share:.0%}" for share in saved)])
    return "\n\n".join(
        (
            "## What to protect first",
            "Signals are taken by their harm per flop in the campaign of the first seed, as long as they fit; how much "
            "of all harm they do is that of the second seed, so the choice does not judge itself.",
            table(("of all flops, at most", "flops", "signals", "of all harm", "of all hangs"), lines),
            CONCLUSIONS.strip(),
        )
    )
