# SPDX-License-Identifier: Apache-2.0
"""The page of a long run: one file that needs nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from redmule.report import html
from tb.campaigns import summary as report
from tb.campaigns.failure import Failure
from tb.campaigns.regress import MOST_WAVES, SHARD_TRIALS
from tb.campaigns.summary import Summary

MEANINGS = {
    "pairs": "jobs that waited in the queue behind one of another operation, shape or formats",
    "seconds": "of one processor, builds included",
    "stray bytes": "changed outside every result",
    "broken rules": "assertions, rules of the ports, guards and other promises",
    "law mismatches": "jobs whose cycles, steps or stalls are not those of the cycle law",
    "hangs": "jobs that did not end",
    "waveform": f"recorded of the first {MOST_WAVES} failures in {SHARD_TRIALS} trials; the replay makes the others",
    "flags": "jobs whose exception flags differ",
}


def page(summary: Summary) -> str:
    """Return the page."""
    facts = {
        "commit": summary.commit,
        "seed": f"{summary.seed}",
        "extent": summary.extent,
        "command": summary.command,
        "minutes on the clock": f"{summary.seconds / 60:.1f}",
    }
    failures = summary.failures
    say = html.warning if failures else html.paragraph
    sections = {"Result": say(f"{summary.verdict}.") + html.facts(facts)}
    if failures:
        sections["Failures"] = _failures(failures)
    if summary.left_out:
        sections["Not played"] = "".join(map(html.paragraph, summary.left_out))
    if summary.campaigns:
        sections["Wanted and played"] = _table(report.FIGURE_HEADS, summary.figures())
        sections["Campaigns"] = html.paragraph(report.TEXT.replace("*", "")) + _table(
            report.CAMPAIGN_HEADS, summary.campaign_rows()
        )
    if summary.commands:
        sections["Other parts"] = _table(report.COMMAND_HEADS, summary.command_rows())
    return html.document("Long run", sections)


def _failures(failures: Sequence[Failure]) -> str:
    """Return the table of failures, and each one's text behind a click."""
    texts = "".join(
        html.folded(f"{each.part}: {each.title}", f"<pre>{escape(each.text)}\n\n{escape(each.replay)}</pre>\n")
        for each in failures
    )
    return _table(report.FAILURE_HEADS, report.failure_rows(failures)) + texts


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; cells that are numbers are sorted and set as such."""
    columns = {head: MEANINGS.get(head, head) for head in heads}
    return html.table(columns, [[_cell(cell) for cell in row] for row in rows])


def _cell(text: str) -> html.Cell:
    return int(text) if text.isdecimal() else text.replace("`", "")
