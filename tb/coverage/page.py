# SPDX-License-Identifier: Apache-2.0
"""The page of a run: figures, what is not covered, and every source with marks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from html import escape

from redmule.report import html
from tb.coverage.code import KINDS, ROSE, Point, source
from tb.coverage.summary import WANTED, Summary, percent, signal

STYLE = """<style>
pre.source {
  font: 12px/1.45 ui-monospace, monospace;
  margin: 0; padding: .5rem .7rem; overflow-x: auto; background: var(--panel);
}
pre.source .n { color: var(--muted); }
pre.source .miss { color: var(--bad); font-weight: 600; }
pre.source .hit { color: var(--good); }
pre.source .why { color: var(--bad); font-style: italic; }
</style>
"""


def page(summary: Summary, command: str, left_out: Sequence[str] = ()) -> str:
    """Return the page.

    Args:
        summary: of a run.
        command: that makes it.
        left_out: parts that failed or were not played: their coverage is missing, and the rest is not judged.
    """
    totals = summary.totals()
    facts = {name: f"{percent(count)} of {count[1]}, wanted {WANTED[name]:.0%}" for name, count in totals.items()}
    uncounted = ", ".join(summary.without_toggles()) or "no file"
    texts = [f"without {', '.join(left_out)}"] if left_out else summary.wrong()
    wrong = "".join(html.warning(text) for text in texts)
    return html.document(
        "Coverage",
        {
            "Figures": html.facts(facts | {"made by": command}) + wrong + _table("folder", summary.by_folder()),
            "Files": _table("file", summary.by_file()),
            "Not covered": html.paragraph(f"Bits are not counted in: {uncounted}.") + _uncovered(summary),
            "Functional": _functional(summary),
            "Excluded": _excluded(summary),
            "Sources": STYLE + "".join(_sources(summary)),
        },
    )


def _table(first: str, counts: dict[str, dict[str, tuple[int, int]]]) -> str:
    columns = {first: "of the design"}
    for kind in KINDS:
        columns |= {kind: f"covered {kind} points", f"of {kind}": f"all {kind} points", f"{kind} share": "in percent"}
    rows = []
    for name, kinds in counts.items():
        cells: list[html.Cell] = [name]
        for kind in KINDS:
            covered, total = kinds[kind]
            cells += [covered, total, 100 * covered / total if total else None]
        rows.append(cells)
    return html.table(columns, rows)


def _uncovered(summary: Summary) -> str:
    points = summary.uncovered()
    if not points:
        return html.paragraph("Nothing.")
    rows = [(f"{point.file}:{point.line}", point.kind, point.name, _missing(summary, point)) for point in points]
    columns = {"place": "file and line", "kind": "of point", "which": "arm or bit", "missing": "what did not happen"}
    return html.table(columns, rows, tall=True)


def _missing(summary: Summary, point: Point) -> str:
    if point.kind != "toggle":
        return "never evaluated"
    return {0: "never changed", ROSE: "never fell"}.get(summary.code.hits[point], "never rose")


def _functional(summary: Summary) -> str:
    groups, excluded = summary.functional.groups, summary.excluded.bins
    missing = summary.functional.missing(excluded)
    rows = [
        (name, groups[name].what, hit, total, len(excluded.get(name, ())), ", ".join(missing.get(name, ())) or "-")
        for name, (hit, total) in summary.functional.counts(excluded).items()
    ]
    columns = {
        "group": "name",
        "bins": "what a bin says",
        "hit": "bins hit",
        "of": "bins, without those excluded",
        "excluded": "bins that cannot happen",
        "missing": "bins without a hit",
    }
    return html.table(columns, rows)


def _excluded(summary: Summary) -> str:
    rows = [(len(group.points) + len(group.bins), " ".join(group.reason.split())) for group in summary.excluded.groups]
    return html.table({"count": "points or bins", "reason": "why they cannot be covered"}, rows)


def _sources(summary: Summary) -> Iterator[str]:
    """Yield each source with marks."""
    points: dict[str, list[Point]] = {}
    for point in sorted(summary.code.hits):
        points.setdefault(point.file, []).append(point)
    left = set(summary.uncovered())
    for file, its_points in points.items():
        yield _source(file, its_points, left, summary)


def _source(file: str, points: Sequence[Point], left: Set[Point], summary: Summary) -> str:
    """Return a source: lines that were evaluated or not, and behind a line the arms and bits that are missing there."""
    evaluated = {point.line: summary.code.covers(point) for point in points if point.kind == "line"}
    notes: dict[int, dict[str, None]] = {}
    for point in points:
        if point in left and point.kind != "line":
            notes.setdefault(point.line, {})[signal(point.name)] = None
    lines = []
    for number, text in enumerate(source(file), 1):
        mark = {True: "hit", False: "miss", None: "n"}[evaluated.get(number)]
        missing = escape(", ".join(notes.get(number, ())))
        why = f'  <span class="why">// not covered: {missing}</span>' if missing else ""
        lines.append(f'<span class="n">{number:4}</span> <span class="{mark}">{escape(text)}</span>{why}')
    count = sum(point in left for point in points)
    title = f"{file}: {f'{count} points not covered' if count else 'all covered'}"
    return html.folded(title, f'<pre class="source">{chr(10).join(lines)}</pre>')
