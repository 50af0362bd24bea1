# SPDX-License-Identifier: Apache-2.0
"""Code and functional coverage: `scripts/cov.py [--write] [--jobs N] [--only PART]`.

Plays a named, seeded set of tests with coverage on (`tb/coverage/plan.py`), merges what they covered, and writes the
page build/coverage/index.html; `--write` also docs/results/coverage.md. Finished parts are kept until a source changes.
The exit code is 1 if a part fails, a figure is below what is wanted, or an exclusion is stale. What a part that failed
has covered does not count.
"""

from __future__ import annotations

import signal
import sys
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))  # the benches are not part of the installed package

from redmule.build import cache_dir
from tb.coverage import exclusions, plan
from tb.coverage.code import CodeCoverage
from tb.coverage.files import write_whole
from tb.coverage.functional import FunctionalCoverage
from tb.coverage.page import page
from tb.coverage.summary import WANTED, Summary, markdown, percent

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "docs" / "results" / "coverage.md"
COMMAND = "make cov ARGS=--write"
MOST_SHOWN = 40
INTERRUPTED = 130
"""Exit code."""


def main(
    jobs: Annotated[int, typer.Option(min=1, help="processes")] = 2,
    only: Annotated[list[str] | None, typer.Option(help="play only parts whose name contains this")] = None,
    write: Annotated[bool, typer.Option(help="write docs/results/coverage.md, from all parts")] = False,
) -> None:
    """Play the tests and print the figures."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # whoever ends this ends its parts
    console = Console()
    for word in only or ():
        if not any(word in part.name for part in plan.PARTS):
            names = ", ".join(part.name for part in plan.PARTS)
            raise typer.BadParameter(f"only = {word!r}: allowed are parts of {names}")
    parts = [part for part in plan.PARTS if not only or any(word in part.name for word in only)]
    if write and only:
        raise typer.BadParameter("--write wants all parts: leave out --only")
    try:
        exclusions.load()  # before anything is played
        wrong = _run(parts, jobs, write, console)
    except KeyboardInterrupt:
        console.print("interrupted; the same command goes on")
        raise typer.Exit(INTERRUPTED) from None
    except (OSError, RuntimeError, ValueError) as error:
        console.print(f"error: {' '.join(str(error).split())}", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(1) from None
    raise typer.Exit(int(wrong))


def _run(parts: list[plan.Part], jobs: int, write: bool, console: Console) -> bool:
    """Play parts, and print and write what they covered; returns whether anything is wrong."""
    outcomes = _play(parts, jobs, console)
    code, functional = CodeCoverage(), FunctionalCoverage()
    for outcome in outcomes:
        code.merge(outcome.code)
        functional.merge(outcome.functional)
    summary = Summary.of(code, functional)
    failed = [outcome.part.name for outcome in outcomes if outcome.failure]
    left_out = failed + [part.name for part in plan.PARTS if part not in parts]
    index = cache_dir() / "coverage" / "index.html"
    write_whole(index, page(summary, COMMAND, left_out))
    console.print(_table(summary))
    wrong = [f"failed: {name}" for name in failed] if left_out else summary.wrong()
    for text in wrong[:MOST_SHOWN]:
        console.print(text, markup=False, highlight=False, soft_wrap=True)
    if len(wrong) > MOST_SHOWN:
        console.print(f"and {len(wrong) - MOST_SHOWN} more")
    console.print(f"page: {index}", soft_wrap=True)
    if write and failed:
        console.print(f"did not write {RESULTS.relative_to(ROOT)}: it is about all parts")
    elif write:
        write_whole(RESULTS, markdown(summary, COMMAND, {each.part.name: each.seconds for each in outcomes}))
        console.print(f"wrote {RESULTS.relative_to(ROOT)}")
    return bool(wrong)


def _play(parts: list[plan.Part], jobs: int, console: Console) -> list[plan.Outcome]:
    """Play parts with a bar; failures are printed as they come."""
    outcomes = []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with (
        Progress(*columns, console=console) as progress,
        closing(plan.play(parts, jobs, lambda part: progress.update(task, description=part.name))) as played,
    ):
        task = progress.add_task("parts", total=len(parts))
        for outcome in played:
            outcomes.append(outcome)
            progress.update(task, advance=1)
            verdict = "FAILED" if outcome.failure else "ok"
            console.print(f"{outcome.part.name}: {outcome.seconds:.0f} s {verdict}")
            if outcome.failure:
                console.print(outcome.failure, markup=False, highlight=False, soft_wrap=True)
    return outcomes


def _table(summary: Summary) -> Table:
    table = Table("", "covered", "of", "share", "wanted", "excluded")
    excluded = {"functional": sum(map(len, summary.excluded.bins.values()))}
    for kind in WANTED:
        excluded.setdefault(kind, sum(point.kind == kind for point in summary.excluded.points))
    for name, count in summary.totals().items():
        table.add_row(name, str(count[0]), str(count[1]), percent(count), f"{WANTED[name]:.0%}", str(excluded[name]))
    return table


if __name__ == "__main__":
    typer.run(main)
