# SPDX-License-Identifier: Apache-2.0
"""Figures of a run: by folder, by file, by functional group, and whether they are what is wanted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from redmule.config import data_dir
from tb.coverage import exclusions
from tb.coverage.code import KINDS, NOT_DESIGN, CodeCoverage, Point, source
from tb.coverage.exclusions import Exclusions
from tb.coverage.functional import FunctionalCoverage

WANTED: Mapping[str, float] = {"line": 0.98, "branch": 0.98, "toggle": 0.98, "functional": 1.0}
"""Least share of points and bins, after exclusions."""

PORTS = ("    input ", "    output ")
"""How the lines begin that declare ports."""

Count = tuple[int, int]
"""How many are covered, and how many there are, without those excluded."""


@dataclass(frozen=True, slots=True)
class Summary:
    """A run, and what is excluded from it."""

    code: CodeCoverage
    functional: FunctionalCoverage
    excluded: Exclusions

    @classmethod
    def of(cls, code: CodeCoverage, functional: FunctionalCoverage) -> Summary:
        """Apply the exclusions of the tree to a run."""
        return cls(code, functional, exclusions.apply(code, functional))

    def by_file(self) -> dict[str, dict[str, Count]]:
        """Return the counts of each kind for each file of the design."""
        counts = self.code.counts(self.excluded.points)
        files = sorted({point.file for point in self.code.hits})
        return {file: {kind: counts.get((file, kind), (0, 0)) for kind in KINDS} for file in files}

    def by_folder(self) -> dict[str, dict[str, Count]]:
        """Return the counts of each kind for each folder of the design, in the order of the data."""
        folders: dict[str, dict[str, Count]] = {}
        for file, counts in self.by_file().items():
            folder = file.rpartition("/")[0]
            known = folders.setdefault(folder, dict.fromkeys(KINDS, (0, 0)))
            folders[folder] = {kind: _sum((known[kind], counts[kind])) for kind in KINDS}
        return folders

    def totals(self) -> dict[str, Count]:
        """Return the counts of each kind for the whole design, and those of the functional bins."""
        folders = self.by_folder().values()
        code = {kind: _sum(folder[kind] for folder in folders) for kind in KINDS}
        return code | {"functional": _sum(self.functional.counts(self.excluded.bins).values())}

    def uncovered(self) -> list[Point]:
        """Return the points that are neither covered nor excluded."""
        return self.code.uncovered(self.excluded.points)

    def without_toggles(self) -> list[str]:
        """Return the modules of the design whose bits nothing has counted, so that no figure speaks of them."""
        counted = {point.file for point in self.code.hits if point.kind == "toggle"}
        files = {path.relative_to(data_dir()).as_posix() for path in data_dir().glob("rtl/**/*.sv")}
        return sorted(file for file in files - counted if not file.startswith(NOT_DESIGN) and _has_ports(file))

    def wrong(self) -> list[str]:
        """Return what is not as it has to be, one line each."""
        low = [
            f"{kind}: {percent(count)}, wanted {WANTED[kind]:.0%}"
            for kind, count in self.totals().items()
            if share(count) < WANTED[kind]
        ]
        return [*low, *(f"stale exclusion: {entry}" for entry in self.excluded.stale)]


def _has_ports(file: str) -> bool:
    """Whether a source is a module with signals: no package, and no module that only checks parameters."""
    return any(text.startswith(PORTS) for text in source(file))


def _sum(counts: Iterable[Count]) -> Count:
    covered, total = 0, 0
    for one, all_of_it in counts:
        covered, total = covered + one, total + all_of_it
    return covered, total


def share(count: Count) -> float:
    """Return the share that is covered; of nothing, all is."""
    covered, total = count
    return covered / total if total else 1.0


def percent(count: Count) -> str:
    """Return a share as text, cut and not rounded: 100 % is all."""
    return f"{int(share(count) * 1e4) / 100:.2f} %" if count[1] else "-"


def markdown(summary: Summary, command: str, parts: Mapping[str, float]) -> str:
    """Return the document.

    Args:
        summary: of a full run.
        command: that makes it.
        parts: what was played, and its seconds.
    """
    heads = ["folder", *(f"{kind} {what}" for kind in KINDS for what in ("covered", "of", "share"))]
    lines = [
        "# Coverage",
        "",
        f"Made by `{command}`: {len(parts)} parts, {sum(parts.values()) / 60:.0f} minutes one after the other, with "
        "builds. A point of the code counts once, whichever instance in whichever configuration covered it; a bit "
        "counts when it rose and fell. Assertions (`rtl/checks`, and what synthesis does not see) and generated "
        "packages are not design. Code is counted on small accelerators (`tb/coverage/play.py`), where every bit has "
        "something to do, in the benches of units, and for lines in the whole cluster; signals of more than 1024 bits "
        "have no toggle points. Jobs are counted on more configurations.",
        "",
        f"| {' | '.join(heads)} |",
        f"|---|{'---:|' * (len(heads) - 1)}",
    ]
    totals = summary.totals()
    for folder, counts in [*summary.by_folder().items(), ("all", totals)]:
        cells = [text for kind in KINDS for text in _cells(counts[kind])]
        lines.append(f"| {folder} | {' | '.join(cells)} |")
    lines += ["", "## Functional", "", "| group | what a bin says | hit | of | share |", "|---|---|---:|---:|---:|"]
    for name, count in summary.functional.counts(summary.excluded.bins).items():
        what = summary.functional.groups[name].what
        lines.append(f"| {name} | {what} | {' | '.join(_cells(count))} |")
    lines.append(f"| all | | {' | '.join(_cells(totals['functional']))} |")
    lines += ["", "## Excluded", "", "| points or bins | reason |", "|---:|---|"]
    for group in summary.excluded.groups:
        lines.append(f"| {len(group.points) + len(group.bins)} | {' '.join(group.reason.split())} |")
    lines += [
        "",
        "Which they are: `tb/coverage/exclusions.yaml`. One that matches nothing, or something covered, fails.",
    ]
    files = ", ".join(f"`{file}`" for file in summary.without_toggles())
    lines += ["", f"Bits are not counted in: {files or 'no file'}."]
    lines += ["", "## Not covered", ""]
    lines += _uncovered_lines(summary)
    return "\n".join([*lines, ""])


def _cells(count: Count) -> tuple[str, str, str]:
    return str(count[0]), str(count[1]), percent(count)


def _uncovered_lines(summary: Summary) -> list[str]:
    """Return a list of what is left, the bits of a signal together."""
    left: dict[str, int] = {}
    for point in summary.uncovered():
        name = signal(point.name)
        text = f"`{point.file}:{point.line}` {point.kind}{f' `{name}`' if name else ''}"
        left[text] = left.get(text, 0) + 1
    bins = [
        f"functional {group}: {name}"
        for group, names in summary.functional.missing(summary.excluded.bins).items()
        for name in names
    ]
    return [f"* {text}{f' ({count} points)' if count > 1 else ''}" for text, count in left.items()] + [
        f"* {text}" for text in bins
    ] or ["Nothing."]


def signal(name: str) -> str:
    """Return the name of a bit without its last index."""
    return name.rpartition("[")[0] if name.endswith("]") else name
