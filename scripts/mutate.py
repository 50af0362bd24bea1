# SPDX-License-Identifier: Apache-2.0
"""The mutation run: small faults in the RTL, one at a time, against the fast part of the suite.

.venv/bin/python scripts/mutate.py --count 30 --seed 2       a sample of each part
.venv/bin/python scripts/mutate.py --only fp/fp_fma_round    the mutants whose ids contain a text
.venv/bin/python scripts/mutate.py --write                   all, and docs/results/mutation.md
.venv/bin/python scripts/mutate.py --no-play --write         the document, of what has been played so far

What has been played is kept in `build/mutation` until the RTL changes, or what saw the mutant: so a run that was
interrupted goes on, and after a change of a check its mutants are tried with that check first. The exit code is 0 only
if those that survive are those listed as equivalent.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

sys.path.insert(0, str(Path(__file__).parents[1]))  # the benches are not part of the installed package

from tb.mutation import judge, page
from tb.mutation.design import FILE_LISTS, instrument, mutants_of, sample
from tb.mutation.places import Mutant
from tb.mutation.record import Record, equivalents

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "docs" / "results" / "mutation.md"
DEFAULT_SEED = 1


def main(
    part: Annotated[str | None, typer.Option(help=f"only this part: {' or '.join(FILE_LISTS)}")] = None,
    count: Annotated[int | None, typer.Option(min=1, help="a sample of so many of each part")] = None,
    seed: Annotated[int, typer.Option(min=0, help="of the sample")] = DEFAULT_SEED,
    only: Annotated[str, typer.Option(help="those whose id, file:line:column:kind, contains this")] = "",
    play: Annotated[bool, typer.Option(help="play those that have not been played")] = True,
    write: Annotated[bool, typer.Option(help="write docs/results/mutation.md of all that has been played")] = False,
) -> None:
    """Play mutants; exit code 1 if one survives that is not listed as equivalent, or if a listed one does not."""
    console = Console()
    if part is not None and part not in FILE_LISTS:
        raise typer.BadParameter(f"part = {part!r}: allowed are {', '.join(FILE_LISTS)}")
    record, known = Record(), equivalents()
    found = {name: mutants_of(name) for name in FILE_LISTS if part in (None, name)}
    wanted = {name: sample([m for m in mutants if only in m.id], count, seed) for name, mutants in found.items()}
    if not any(wanted.values()):
        raise typer.BadParameter(f"only = {only!r}: no mutant's id contains this")
    try:
        wrong = _play(wanted, record, known, console) if play else 0
    except RuntimeError as error:
        console.print(f"error: {error}", style="red", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(1) from None
    if write:
        everything = [mutant for name in FILE_LISTS for mutant in found.get(name) or mutants_of(name)]
        fresh = RESULTS.with_suffix(".new")
        fresh.write_text(page.text(everything, record, known), encoding="utf-8")
        fresh.replace(RESULTS)
        console.print(f"wrote {RESULTS.relative_to(ROOT)}")
    raise typer.Exit(int(wrong > 0))


def _play(wanted: dict[str, list[Mutant]], record: Record, known: Mapping[str, str], console: Console) -> int:
    """Play what has not been played, with a bar; print and count survivors, and what is listed wrongly."""
    wrong = 0
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console) as bar:
        for name, mutants in wanted.items():
            task = bar.add_task(name, total=len(mutants))
            missing = [mutant for mutant in mutants if record.get(mutant) is None]
            missing.sort(key=lambda mutant: mutant.id in known)  # those take longest and say least
            first = {mutant.id: check for mutant in missing if (check := record.killer(mutant)) is not None}
            bar.advance(task, len(mutants) - len(missing))
            for verdict in judge.play(partial(instrument, name), missing, first) if missing else ():
                record.add(verdict)
                bar.update(task, advance=1, description=f"{name} {verdict.mutant.file}")
            for mutant in mutants:
                kept = record.get(mutant)
                assert kept is not None
                if (kept.killed is None) == (mutant.id in known):
                    continue
                wrong += 1
                outcome = f"equivalent, but killed by {kept.killed.check}" if kept.killed else "survived"
                change = f"{outcome}: {mutant.id}: {mutant.before} -> {mutant.after}"
                console.print(change, markup=False, highlight=False, soft_wrap=True)
    return wrong


if __name__ == "__main__":
    typer.run(main)
