# SPDX-License-Identifier: Apache-2.0
"""Code coverage: the lines, branches and toggles of the design, merged over instances, configurations and tests.

A point is a place in a source file. It is covered if any instance of the module, in any configuration, has covered it:
a bit when it rose and fell, an arm of a branch and a line when they were evaluated.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Container, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from redmule.config import data_dir
from tb.coverage.files import write_whole

KINDS = ("line", "branch", "toggle")

ARMS = {"if", "else", "elsif", "case", "cond_then", "cond_else"}
"""What Verilator calls the arms of if, case and ?: (whole blocks it calls "block")."""

ROSE, FELL = 1, 2
HIT: Mapping[str, int] = {"line": 1, "branch": 1, "toggle": ROSE | FELL}
"""Value of a point that is covered, by kind."""

NOT_DESIGN = ("rtl/checks/", "rtl/regs/")
"""Folders of assertions and of generated types."""

_KEY, _VALUE = "\x01", "\x02"
_ALL = range(1 << 20)


class Point(NamedTuple):
    """A place: file (from the top of the tree), kind, line, column, and the arm or the bit of a signal."""

    file: str
    kind: str
    line: int
    column: int
    name: str


class CodeCoverage:
    """Points, and what has happened at them.

    Attributes:
        hits: point -> 0: nothing, or bits of HIT.
    """

    def __init__(self) -> None:
        self.hits: dict[Point, int] = {}

    def add(self, point: Point, value: int) -> None:
        """Note a point, and what has happened there."""
        self.hits[point] = self.hits.get(point, 0) | value

    def merge(self, other: CodeCoverage) -> None:
        """Add what another run has covered."""
        for point, value in other.hits.items():
            self.add(point, value)

    def covers(self, point: Point) -> bool:
        """Whether a point is covered."""
        return self.hits[point] == HIT[point.kind]

    def read(self, path: Path, root: Path | None = None) -> None:
        """Add what Verilator wrote.

        Args:
            path: the file of a simulation.
            root: top of the tree; only sources in its `rtl/` count.

        Raises:
            ValueError: it is no such file.
        """
        with path.open(encoding="utf-8") as lines:
            if not next(lines, "").startswith("# SystemC::Coverage"):
                raise ValueError(f"{path} is no coverage file of Verilator")
            for line in lines:
                text, _, count = line.rstrip("\n").rpartition("' ")
                fields = dict(entry.split(_VALUE, 1) for entry in text.split(_KEY)[1:])
                name = f"rtl/{fields['f'].rpartition('/rtl/')[2]}"  # the model may have been built in another place
                if is_design(name, int(fields["l"]), root):
                    self._note(name, fields, int(count))

    def _note(self, file: str, fields: Mapping[str, str], count: int) -> None:
        line, column, name = int(fields["l"]), int(fields["n"]), fields["o"]
        if fields["t"] == "toggle":
            bit, _, direction = name.rpartition(":")
            value = ROSE if direction == "0->1" else FELL
            self.add(Point(file, "toggle", line, column, bit), value if count else 0)
            return
        if name in ARMS:
            self.add(Point(file, "branch", line, column, name), int(count > 0))
        for each in numbers(fields.get("S", "")):
            self.add(Point(file, "line", each, 0, ""), int(count > 0))

    def save(self, path: Path) -> None:
        """Write all points as JSON."""
        write_whole(path, json.dumps([[*point, value] for point, value in sorted(self.hits.items())]) + "\n")

    @classmethod
    def load(cls, path: Path) -> CodeCoverage:
        """Read what `save` wrote.

        Raises:
            ValueError: it is no such file.
        """
        coverage = cls()
        try:
            for *fields, value in json.loads(path.read_text(encoding="utf-8")):
                coverage.add(Point(*fields), value)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{path} holds no code coverage: {error}") from error
        return coverage

    def uncovered(self, excluded: frozenset[Point] = frozenset()) -> list[Point]:
        """Return the points that are not covered, but for those excluded, in the order of the sources."""
        return sorted(point for point in self.hits.keys() - excluded if not self.covers(point))

    def counts(self, excluded: frozenset[Point] = frozenset()) -> dict[tuple[str, str], tuple[int, int]]:
        """Return for each file and kind how many points are covered, and how many there are, without those excluded."""
        counts: dict[tuple[str, str], tuple[int, int]] = {}
        for point in self.hits.keys() - excluded:
            covered, total = counts.get((point.file, point.kind), (0, 0))
            counts[point.file, point.kind] = covered + self.covers(point), total + 1
        return counts


def numbers(text: str) -> Iterable[int]:
    """Yield the numbers of a list such as "27,29-36"."""
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


def is_design(file: str, line: int, root: Path | None = None) -> bool:
    """Whether a line belongs to the design: neither bench nor generated, no assertion, and nothing only they use."""
    return not file.startswith(NOT_DESIGN) and line not in simulation_only(file, root)


@functools.cache
def simulation_only(file: str, root: Path | None = None) -> Container[int]:
    """Return the lines of a source file that synthesis does not see; of a file that is not there, all."""
    if not ((root or data_dir()) / file).exists():
        return _ALL
    hidden: set[int] = set()
    depth = 0
    for number, text in enumerate(source(file, root), 1):
        if depth or text.startswith("`ifndef SYNTHESIS"):
            hidden.add(number)
            depth += text.startswith(("`ifdef", "`ifndef"))
            depth -= text.startswith("`endif")
    return frozenset(hidden)


@functools.cache
def source(file: str, root: Path | None = None) -> tuple[str, ...]:
    """Return the lines of a source file."""
    return tuple(((root or data_dir()) / file).read_text(encoding="utf-8").splitlines())
