# SPDX-License-Identifier: Apache-2.0
"""The long campaigns: `scripts/regress.py [--only KIND or CONFIGURATION or both] [--scale 0.1] [--seed random]`.

Finished campaigns are kept in `build/regress` until a source changes, so a run that was interrupted goes on. A full run
of all campaigns writes docs/results/regress.md. The exit code is 0 only if nothing differs. A failure says how to
replay its trial, with `--waves FILE` if wanted.
"""

from __future__ import annotations

import secrets
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

sys.path.insert(0, str(Path(__file__).parents[1]))  # the benches are not part of the installed package

from tb.campaigns import regress
from tb.campaigns.plan import Campaign

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "docs" / "results" / "regress.md"
DEFAULT_SEED = 1
RANDOM_SEED = "random"


def main(
    only: Annotated[str | None, typer.Option(help="a kind of campaign, a configuration, or kind-configuration")] = None,
    scale: Annotated[float, typer.Option(min=0.0, help="share of the full counts")] = 1.0,
    seed: Annotated[str, typer.Option(help="a number, or 'random'")] = str(DEFAULT_SEED),
    jobs: Annotated[int, typer.Option(min=1, help="processes")] = 2,
    trial: Annotated[int | None, typer.Option(help="play only this trial of the one campaign `only` names")] = None,
    waves: Annotated[str | None, typer.Option(help="file for the waveform of the trial, .vcd or .fst")] = None,
) -> None:
    """Play campaigns; exit code 1 if anything differs."""
    console = Console()
    if seed != RANDOM_SEED and not seed.isdecimal():
        raise typer.BadParameter(f"seed = {seed!r}: allowed are a number and {RANDOM_SEED!r}")
    number = secrets.randbits(32) if seed == RANDOM_SEED else int(seed)
    try:
        campaigns = regress.select(only)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    console.print(f"seed {number}")
    if trial is not None:
        if len(campaigns) != 1:
            raise typer.BadParameter("--trial needs --only with one kind-configuration")
        tally = campaigns[0].run(number, trial, waves)
        console.print(
            *(tally.examples or ("nothing differs",)), sep="\n", markup=False, highlight=False, soft_wrap=True
        )
        raise typer.Exit(int(tally.failures > 0))
    outcomes = _play(campaigns, number, scale, jobs, console)
    text = regress.table(outcomes, number, scale)
    failed = any(outcome.failed for outcome in outcomes)
    if only is None and scale >= 1:
        RESULTS.parent.mkdir(parents=True, exist_ok=True)
        RESULTS.write_text(text, encoding="utf-8")
        console.print(f"wrote {RESULTS.relative_to(ROOT)}")
    else:
        console.print(text, markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(int(failed))


def _play(campaigns: list[Campaign], seed: int, scale: float, jobs: int, console: Console) -> list[regress.Outcome]:
    """Play campaigns with a bar for each that is under way; failures are printed as they come."""
    outcomes = []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        trials = sum(len(campaign.indices(seed, scale)) for campaign in campaigns)
        task = progress.add_task("trials", total=trials)

        def advance(campaign: Campaign, done: int) -> None:
            progress.update(task, advance=done, description=campaign.name)

        for outcome in regress.play(campaigns, seed, scale, jobs, advance):
            outcomes.append(outcome)
            verdict = "FAILED" if outcome.failed else "ok"
            console.print(f"{outcome.campaign.name}: {outcome.tally.jobs} jobs {verdict} {outcome.note}")
            for example in outcome.tally.examples:
                console.print(f"  {example}", markup=False, highlight=False, soft_wrap=True)
    return outcomes


if __name__ == "__main__":
    typer.run(main)
