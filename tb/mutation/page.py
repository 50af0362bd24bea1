# SPDX-License-Identifier: Apache-2.0
"""The document of the mutation run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from redmule.report.gates import table
from tb.mutation import museum
from tb.mutation.places import KINDS, Mutant
from tb.mutation.record import Record
from tb.mutation.suite import KILLERS

TOP = "top"
"""What the files of no folder are called together."""

_MOST_TEXT = 60
_INTRODUCTION = """<!-- SPDX-License-Identifier: Apache-2.0 -->
# Mutation run

Written by `.venv/bin/python scripts/mutate.py --write` (`make mutation`). A mutant is one small fault in the RTL; all
mutants of the accelerator, or of the cluster, are compiled into one model, and each is selected and played against the
fast part of the suite, in a process of its own, until the first check sees it: arithmetic units; random jobs, queues,
chains, clears, resets and bus errors on three accelerators, or on two in a cluster; and the unit benches of what was
changed. With none selected, bits, flags and cycles are those of the RTL as it is (a test).

Nothing is mutated that has to be constant when the design is built: parameters, types, dimensions, generate conditions,
bounds of loops, widths, indices, labels of cases; nor assertions, generated packages, and `redmule_hci_wrap`, which is
wires only. The score is what was killed of all that was played, without the equivalent ones, which
`tb/mutation/equivalents.yaml` lists with the reason for each.
"""


@dataclass(frozen=True, slots=True)
class Score:
    """Of some mutants: how many there are, were killed, survived, and are equivalent; the rest was not played."""

    there: int
    killed: int
    survived: int
    equivalent: int

    @property
    def share(self) -> str:
        """What was killed of all that was played and is not equivalent."""
        played = self.killed + self.survived
        return f"{self.killed / played:.1%}" if played else "-"

    def cells(self) -> list[str]:
        """The numbers of a line of a table."""
        return [*(str(count) for count in (self.there, self.killed, self.survived, self.equivalent)), self.share]


def score(mutants: Iterable[Mutant], record: Record, known: Mapping[str, str]) -> Score:
    """Count what came of mutants; `known`: the equivalent ones."""
    there, counts = 0, Counter[str]()
    for mutant in mutants:
        there += 1
        verdict = record.get(mutant)
        if mutant.id in known:
            counts["equivalent"] += 1
        elif verdict is not None:
            counts["survived" if verdict.killed is None else "killed"] += 1
    return Score(there, counts["killed"], counts["survived"], counts["equivalent"])


def folder(mutant: Mutant) -> str:
    """Return the folder of `rtl/` that a mutant is in."""
    first, slash, _ = mutant.file.partition("/")
    return first if slash else TOP


def text(mutants: Sequence[Mutant], record: Record, known: Mapping[str, str]) -> str:
    """Return the document."""
    columns = ("mutants", "killed", "survived", "equivalent", "score")
    verdicts = [verdict for mutant in mutants if (verdict := record.get(mutant)) is not None]
    left = [verdict.mutant for verdict in verdicts if verdict.killed is None and verdict.mutant.id not in known]
    whole = score(mutants, record, known)
    played = whole.killed + whole.survived
    killers = Counter(verdict.killed.by for verdict in verdicts if verdict.killed is not None)

    def lines(key: Callable[[Mutant], str], names: Sequence[str]) -> list[list[str]]:
        groups = [(name, [mutant for mutant in mutants if key(mutant) == name]) for name in names]
        return [[name, *score(group, record, known).cells()] for name, group in groups]

    folders = sorted({folder(mutant) for mutant in mutants})
    kinds = [[name, KINDS[name], *cells] for name, *cells in lines(lambda mutant: mutant.kind, [*KINDS])]
    survivors = [[f"`{mutant.id}`", *_change(mutant)] for mutant in left]
    reasons = [
        [f"`{mutant.id}`", *_change(mutant), " ".join(known[mutant.id].split())]
        for mutant in mutants
        if mutant.id in known
    ]
    parts = [
        _INTRODUCTION,
        f"**{whole.killed} of {played} mutants killed, {whole.share}**; {whole.equivalent} equivalent; "
        f"{whole.there - played - whole.equivalent} of {whole.there} not played.",
        table(("folder of `rtl/`", *columns), [*lines(folder, folders), ["**all**", *whole.cells()]]),
        table(("kind", "what it is", *columns), kinds),
        "What saw them first:",
        table(("killed by", "mutants"), [[name, str(killers[name])] for name in KILLERS if killers[name]]),
        "## Survivors",
        table(("mutant", "before", "after"), survivors) if survivors else "None.",
        "## Equivalent mutants",
        table(("mutant", "before", "after", "why nobody can see it"), reasons) if reasons else "None.",
        museum.section(),
    ]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _change(mutant: Mutant) -> list[str]:
    return [f"`{_short(text)}`" for text in (mutant.before, mutant.after)]


def _short(text: str) -> str:
    """Return the text of a mutant for a cell of a table."""
    line = " ".join(text.split()).replace("|", "\\|")
    return line if len(line) <= _MOST_TEXT else f"{line[:_MOST_TEXT]} ..."
