# SPDX-License-Identifier: Apache-2.0
"""All that takes long: the campaigns at their full counts, products from L2, the tests marked long, the arithmetic.

.venv/bin/python scripts/regress.py                                  all; then docs/results/regress.md is written
.venv/bin/python scripts/regress.py --minutes 30                     new random numbers, until the time is up
.venv/bin/python scripts/regress.py --only mixed-tiny --seed 7       a part, a kind, a configuration, or a campaign
.venv/bin/python scripts/regress.py --only mixed-tiny --seed 7 --trial 12 --waves trial.vcd        one trial again

What passed is kept in build/regress until a source changes, so a run that was interrupted goes on, with its seed. The
page is build/regress/index.html: each failure with its seed and the command that replays it; of the first ones the
waveform has been recorded. The exit code is 0 only if nothing differs.
"""

from __future__ import annotations

import secrets
import sys
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

sys.path.insert(0, str(Path(__file__).parents[1]))  # the benches are not part of the installed package

from redmule import checks
from redmule.build import cache_dir
from redmule.cli.output import INTERRUPTED, print_table
from redmule.device.options import Options
from redmule.sweep.table import replaced
from tb.campaigns import commands, page, regress, summary
from tb.campaigns.commands import Command, Ended
from tb.campaigns.plan import Campaign
from tb.campaigns.regress import Kept, Played
from tb.campaigns.run import Run
from tb.campaigns.summary import Summary

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "docs" / "results" / "regress.md"
RANDOM_SEED, SEED_BITS = "random", 32
CAMPAIGNS = "campaigns"
ARITHMETIC_SHARE = 0.25
"""Of the time box, on one processor."""

MOST_MINUTES = 100_000.0


def main(
    only: Annotated[
        str | None, typer.Option(help="campaigns, another part, a kind of campaign, a configuration, or both")
    ] = None,
    minutes: Annotated[
        float | None, typer.Option(min=0.1, max=MOST_MINUTES, help="play until the time is up, not full counts")
    ] = None,
    seed: Annotated[
        str | None, typer.Option(help="a number, or 'random'; default: that of the run that was interrupted, or random")
    ] = None,
    scale: Annotated[float, typer.Option(min=0.0, max=1.0, help="share of the full counts")] = 1.0,
    jobs: Annotated[int, typer.Option(min=1, help="processes")] = 2,
    formal: Annotated[bool, typer.Option(help="also the proofs")] = False,
    trial: Annotated[int | None, typer.Option(min=0, help="play only this trial of the campaign `only` names")] = None,
    waves: Annotated[str | None, typer.Option(help="file for the waveform of the trial, .vcd or .fst")] = None,
) -> None:
    """Play what takes long; exit code 1 if anything differs."""
    console = Console()
    if seed not in (None, RANDOM_SEED) and not seed.isdecimal():
        raise typer.BadParameter(f"seed = {seed!r}: allowed are a number and {RANDOM_SEED!r}")
    boxed = None if minutes is None else minutes * ARITHMETIC_SHARE
    campaigns, others = _selected(only, commands.commands(minutes=boxed, formal=formal))
    if trial is not None:
        if len(campaigns) != 1 or seed is None or not seed.isdecimal():
            raise typer.BadParameter("--trial needs --only with one kind-configuration, and --seed with a number")
        try:
            _check_replay(campaigns[0], trial, waves)
        except ValueError as error:
            raise typer.BadParameter(f"{error}") from None
        raise typer.Exit(_replay(campaigns[0], int(seed), trial, waves, console))
    if waves is not None:
        raise typer.BadParameter("--waves needs --trial")
    full = only is None and minutes is None and scale >= 1
    remembered = cache_dir() / "regress" / "seed"
    number = _seed(seed, None if minutes is not None else remembered)
    console.print(f"seed {number}")
    started, interrupted = time.monotonic(), False
    bar = _Bar(console, campaigns, number, scale, minutes)
    run = Run(campaigns, others, bar.tell, bar.advance)
    try:
        with bar:
            if minutes is None:
                run.play(number, scale, jobs, Kept())
            else:
                run.play_until(started + minutes * 60, number, jobs)
    except KeyboardInterrupt:
        interrupted = True
    left_out = list(run.left_out)
    if minutes is not None and only is None:
        left_out += [
            f"{each.name}: only without --minutes" for each in commands.commands() if each.name != "arithmetic"
        ]
    if interrupted:
        left_out.insert(0, "the run was interrupted; the same command goes on")
    gave = Summary(
        command=" ".join((".venv/bin/python", *sys.argv)),
        seed=number,
        commit=summary.commit(),
        extent=f"{minutes:g} minutes" if minutes is not None else f"{scale:g} of the full counts",
        seconds=time.monotonic() - started,
        campaigns=[played for played in run.played.values() if played.tally.trials],
        commands=run.ended,
        left_out=left_out,
        full=full and not interrupted,
    )
    _write(gave, console)
    if gave.full and not gave.failures:
        remembered.unlink(missing_ok=True)
    raise typer.Exit(INTERRUPTED if interrupted else int(bool(gave.failures)))


def _selected(only: str | None, others: list[Command]) -> tuple[list[Campaign], list[Command]]:
    """Return the campaigns and other parts that a word names."""
    chosen = [command for command in others if command.name == only]
    if chosen:
        return [], chosen
    if only == CAMPAIGNS:
        return regress.select(None), []
    try:
        return regress.select(only), others if only is None else []
    except ValueError as error:
        names = ", ".join((CAMPAIGNS, *(command.name for command in others)))
        raise typer.BadParameter(f"{error}, or a part ({names})") from None


def _seed(said: str | None, remembered: Path | None) -> int:
    """Return the seed: the one given, that of the run to go on with, or a random one, which is remembered."""
    if said is not None and said != RANDOM_SEED:
        return int(said)
    if said is None and remembered is not None and remembered.exists():
        return int(remembered.read_text(encoding="utf-8"))
    number = secrets.randbits(SEED_BITS)
    if remembered is not None:
        remembered.parent.mkdir(parents=True, exist_ok=True)
        replaced(remembered, f"{number}\n".encode())
    return number


def _check_replay(campaign: Campaign, trial: int, waves: str | None) -> None:
    """Refuse a trial that the campaign has not, and a waveform that cannot be written."""
    checks.integer("trial", trial, range(campaign.count))
    Options(waves=waves)
    if waves is not None:
        checks.writable("waves", waves)


def _replay(campaign: Campaign, seed: int, index: int, waves: str | None, console: Console) -> int:
    """Play one trial and say what differs."""
    tally = campaign.run(seed, index, waves)
    console.print(*(tally.examples or ("nothing differs",)), sep="\n", markup=False, highlight=False, soft_wrap=True)
    return int(tally.failures > 0)


def _write(gave: Summary, console: Console) -> None:
    """Print a summary, write its page, and after a full run the document."""
    if gave.commands:
        print_table(summary.COMMAND_HEADS, gave.command_rows())
    if gave.campaigns:
        print_table(summary.CAMPAIGN_HEADS, gave.campaign_rows())
        print_table(summary.FIGURE_HEADS, gave.figures())
    for each in gave.failures:
        text = f"{each.part}: {each.title}\n  replay: {each.replay}\n  waveform: {each.waves or '-'}"
        console.print(text, markup=False, highlight=False, soft_wrap=True)
    for text in gave.left_out:
        console.print(f"not played: {text}", markup=False, highlight=False, soft_wrap=True)
    pages = {cache_dir() / "regress" / "index.html": page.page(gave)}
    if gave.full:
        pages[RESULTS] = summary.markdown(gave)
    for path, text in pages.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        replaced(path, text.encode())
        console.print(f"wrote {path}", highlight=False, soft_wrap=True)
    console.print(gave.verdict, style="red" if gave.failures else "green")


class _Bar:
    """A bar of trials, or of seconds, and a line for each part that has ended."""

    def __init__(
        self, console: Console, campaigns: list[Campaign], seed: int, scale: float, minutes: float | None
    ) -> None:
        columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
        self._progress, self._started = Progress(*columns, console=console), time.monotonic()
        self._in_seconds = minutes is not None
        trials = sum(len(campaign.indices(seed, scale)) for campaign in campaigns)
        self._total = trials if minutes is None else round(minutes * 60)
        self._task: TaskID = self._progress.add_task("", total=self._total)

    def __enter__(self) -> _Bar:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def advance(self, name: str, trials: int) -> None:
        """Note that trials of a campaign have been played."""
        self._progress.update(self._task, advance=0 if self._in_seconds else trials, description=name or None)
        if self._in_seconds:
            self._progress.update(self._task, completed=min(round(time.monotonic() - self._started), self._total))

    def tell(self, ended: Played | Ended) -> None:
        """Print a line for what has ended."""
        if isinstance(ended, Ended):
            name, count, wrong = ended.command.name, f"{ended.count} checked", bool(ended.failures)
        else:
            name, count, wrong = ended.campaign.name, f"{ended.tally.jobs} jobs", ended.failed
        line = f"{name}: {count}, {'FAILED' if wrong else 'ok'} {ended.note}"
        self._progress.console.print(line, markup=False, highlight=False, soft_wrap=True)
        for each in ended.failures:
            text = f"  {each.title}\n  replay: {each.replay}"
            self._progress.console.print(text, markup=False, highlight=False, soft_wrap=True)


if __name__ == "__main__":
    typer.run(main)
