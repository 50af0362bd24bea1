# SPDX-License-Identifier: Apache-2.0
"""What a long run gave, and its page in Markdown."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from redmule.config import data_dir
from tb.campaigns.commands import Ended
from tb.campaigns.failure import Failure
from tb.campaigns.figures import FIGURES
from tb.campaigns.regress import Played
from tb.campaigns.tally import Tally

COLUMNS = {
    "trials": "trials",
    "jobs": "jobs",
    "pairs": "pairs",
    "bits": "differing bits",
    "flags": "flags",
    "hangs": "hangs",
    "stray": "stray bytes",
    "rules": "broken rules",
    "law": "law mismatches",
}
"""Counts of the table and their headings."""

Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Summary:
    """A long run.

    Attributes:
        command: what was typed.
        seed: of the campaigns; against the clock, of their first round.
        commit: what git says of the sources.
        extent: how much was to be played, in words.
        seconds: on the clock.
        campaigns: what each of them gave.
        commands: what the other parts gave.
        left_out: what was not played, and why.
        full: whether all was to be played.
    """

    command: str
    seed: int
    commit: str
    extent: str
    seconds: float
    campaigns: Sequence[Played]
    commands: Sequence[Ended]
    left_out: Sequence[str] = ()
    full: bool = False

    @property
    def failures(self) -> list[Failure]:
        """All of them: those found, means beyond their limit, and counts below what is wanted."""
        found = [each for played in self.campaigns for each in played.failures]
        found += [each for ended in self.commands for each in ended.failures]
        for played in self.campaigns:
            if played.campaign.too_slow(played.tally):
                found.append(
                    Failure(played.campaign.name, played.note, f"{self.command} --only {played.campaign.name}")
                )
        if self.full:
            few = [figure for figure in FIGURES if figure.count(self.campaigns) < figure.wanted]
            found += [
                Failure("plan", f"{figure.name}: less than {figure.wanted} played", self.command) for figure in few
            ]
        return found

    @property
    def verdict(self) -> str:
        """The result in one sentence."""
        jobs, count = self.total.jobs, len(self.failures)
        said = f"{count} failures" if count else "nothing differs"
        return f"{jobs} jobs in {self.total.trials} trials: {said}"

    @property
    def total(self) -> Tally:
        """The sum of the campaigns."""
        return sum((played.tally for played in self.campaigns), Tally())

    def figures(self) -> Iterator[Row]:
        """Yield what is wanted of a full run, and what was played."""
        for figure in FIGURES:
            if (played := figure.count(self.campaigns)) or self.full:
                yield figure.name, f"{figure.wanted}", f"{played}"

    def campaign_rows(self) -> Iterator[Row]:
        """Yield a row for each campaign, and their sum."""
        for played in self.campaigns:
            counts = (f"{getattr(played.tally, name)}" for name in COLUMNS)
            yield played.campaign.kind, played.campaign.config.name, *counts, f"{played.seconds:.0f}", played.note
        seconds = sum(played.seconds for played in self.campaigns)
        yield "all", "", *(f"{getattr(self.total, name)}" for name in COLUMNS), f"{seconds:.0f}", ""

    def command_rows(self) -> Iterator[Row]:
        """Yield a row for each other part."""
        for ended in self.commands:
            command, failed = ended.command, len(ended.failures)
            counts = (f"{ended.count}", f"{failed}", f"{ended.seconds:.0f}")
            yield command.name, command.what, *counts, f"`{command.line}`", ended.note


CAMPAIGN_HEADS = ("campaign", "configuration", *COLUMNS.values(), "seconds", "note")
COMMAND_HEADS = ("part", "what", "checked", "failures", "seconds", "command", "note")
FIGURE_HEADS = ("figure", "wanted", "played")
FAILURE_HEADS = ("part", "what was wrong", "seed", "waveform", "replay")

TEXT = (
    "Every job of a campaign is compared with the golden model in all bits and flags, every byte of memory around it "
    "is compared as well, and on a memory that always grants the cycles, steps and stalls are compared with the cycle "
    "law. *pairs*: jobs that waited in the queue behind one of another operation, shape or formats. Seconds are of "
    "one processor and count builds, too."
)
CONFIGURATIONS = (
    "Configurations are those of `configs.yaml`, and for `odd` ones of `tb/campaigns/plan.py` (rows x row length)."
)


def commit() -> str:
    """Return what git says of the sources; "unknown" without git."""
    command = ["git", "describe", "--always", "--dirty=, with changes"]
    try:
        said = subprocess.run(command, cwd=data_dir(), capture_output=True, text=True, check=False)
    except OSError:
        return "unknown"
    return said.stdout.strip() or "unknown"


def failure_rows(failures: Sequence[Failure]) -> Iterator[Row]:
    """Yield a row for each failure."""
    for each in failures:
        waves = "-" if each.waves is None else _shown(each.waves)
        seed = "-" if each.seed is None else f"{each.seed}"
        yield each.part, each.title, seed, waves, f"`{each.replay}`"


def _shown(path: Path) -> str:
    """Return a path as it is typed in the tree."""
    return str(path.relative_to(data_dir())) if path.is_relative_to(data_dir()) else str(path)


def markdown(summary: Summary) -> str:
    """Return a summary as a document."""
    lines = [
        "<!-- SPDX-License-Identifier: Apache-2.0 -->",
        "# Long run",
        "",
        f"Made by `{summary.command}`, {summary.extent}; seed {summary.seed}, commit {summary.commit}. {TEXT}",
        "",
        f"**{summary.verdict}.**",
        "",
        *_table(FIGURE_HEADS, summary.figures()),
        "## Campaigns",
        "",
        CONFIGURATIONS,
        "",
        *_table(CAMPAIGN_HEADS, summary.campaign_rows()),
    ]
    if summary.commands:
        lines += ["## Other parts", "", *_table(COMMAND_HEADS, summary.command_rows())]
    if failures := summary.failures:
        lines += ["## Failures", "", *_table(FAILURE_HEADS, failure_rows(failures))]
    if summary.left_out:
        lines += ["## Not played", "", *(f"* {text}" for text in summary.left_out), ""]
    return "\n".join(lines)


def _table(heads: Sequence[str], rows: Iterable[Row]) -> list[str]:
    """Return the lines of a table; columns of numbers are set to the right."""
    lines = list(rows)
    marks = ["---:" if all(cell.isdecimal() for cell in column) else "---" for column in zip(*lines, strict=True)]
    cells = [[cell.replace("|", "\\|") for cell in row] for row in lines]
    return [*(f"| {' | '.join(row)} |" for row in (heads, marks, *cells)), ""]
