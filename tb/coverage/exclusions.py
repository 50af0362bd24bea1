# SPDX-License-Identifier: Apache-2.0
"""What cannot be covered, as data: `exclusions.yaml`, in groups with one reason each.

    code:
      - reason: why none of these can happen
        where:
          - file: control/redmule_perf.sv        # below rtl/; a pattern (`*`)
            toggle: ["count_q[31:20]", "lane[[0-3]].x"]  # signals, all their bits or some
            branch: ["else @ if (clear_i)"]        # the arm, and a part of the source line it stands in
            line: ["default:"]                     # a part of the source line
    functional:
      - reason: why none of these can happen
        group: y_kinds
        bins: ["matmul matrix *"]                # patterns of bins

An entry is stale if it matches nothing, or something that is covered.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml

from redmule import checks
from tb.coverage.code import ARMS, CodeCoverage, Point, source
from tb.coverage.functional import FunctionalCoverage

FILE = Path(__file__).with_name("exclusions.yaml")

_RANGE = re.compile(r"(?P<signal>.*)\[(?P<high>\d+):(?P<low>\d+)\]")
_BRACKET = re.compile(r"(?<=\[)(\d*)\[([^]]*)\]|\[")
_BIT = re.compile(r"(?P<signal>.*)\[(?P<index>\d+)\]")


@dataclass(frozen=True, slots=True)
class Excluded:
    """What one group of exclusions takes out.

    Attributes:
        reason: why.
        points: of the code.
        bins: group and bin of functional coverage.
    """

    reason: str
    points: frozenset[Point] = frozenset()
    bins: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Exclusions:
    """All of them, applied to a run.

    Attributes:
        groups: what was taken out.
        stale: entries that should go, as text.
    """

    groups: tuple[Excluded, ...]
    stale: tuple[str, ...]

    @property
    def points(self) -> frozenset[Point]:
        """All points of the code that are excluded."""
        return frozenset[Point]().union(*(group.points for group in self.groups))

    @property
    def bins(self) -> dict[str, frozenset[str]]:
        """All excluded bins of functional coverage, by group."""
        found: dict[str, set[str]] = {}
        for group, name in frozenset[tuple[str, str]]().union(*(each.bins for each in self.groups)):
            found.setdefault(group, set()).add(name)
        return {group: frozenset(names) for group, names in found.items()}


def load(path: Path = FILE) -> Mapping[str, Any]:
    """Read a file of exclusions.

    Raises:
        ValueError: the file is not as described above.
    """
    try:
        described: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        _fields("the file", described, (), _SECTIONS)
        for section in described:
            for number, entry in enumerate(_list(section, described[section]), 1):
                _SECTIONS[section](f"{section} entry {number}", entry)
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ValueError(f"{path}: {' '.join(str(error).split())}") from error
    return described


def _check_code(name: str, entry: Any) -> None:
    _fields(name, entry, ("reason", "where"))
    _text(f"{name}: reason", entry["reason"])
    for where in _list(f"{name}: where", entry["where"]):
        _fields(f"{name}: where", where, ("file",), tuple(_MATCHES))
        _text(f"{name}: file", where["file"])
        if where.keys() == {"file"}:
            raise ValueError(f"{name}: where {where['file']!r} excludes nothing: give one of {', '.join(_MATCHES)}")
        for kind in where.keys() - {"file"}:
            for pattern in _list(f"{name}: {kind}", where[kind]):
                _text(f"{name}: {kind}", pattern)
                arm, _, text = pattern.partition(" @ ")
                if kind == "branch" and not (arm in ARMS and text):
                    allowed = f"is 'ARM @ TEXT' with ARM one of {', '.join(sorted(ARMS))}"
                    raise checks.refused(f"{name}: branch", pattern, allowed)


def _check_functional(name: str, entry: Any) -> None:
    _fields(name, entry, ("reason", "group", "bins"))
    _text(f"{name}: reason", entry["reason"])
    checks.choice(f"{name}: group", entry["group"], FunctionalCoverage().groups)
    for pattern in _list(f"{name}: bins", entry["bins"]):
        _text(f"{name}: bins", pattern)


_SECTIONS: Mapping[str, Callable[[str, Any], None]] = {"code": _check_code, "functional": _check_functional}


def _fields(name: str, entry: Any, needed: Sequence[str], others: Iterable[str] = ()) -> None:
    """Check that an entry has the fields it needs, and no unknown ones."""
    if not isinstance(entry, dict) or entry.keys() - {*needed, *others} or set(needed) - entry.keys():
        shown = list(entry) if isinstance(entry, dict) else entry
        wanted = ", ".join((*needed, *(f"perhaps {other}" for other in others)))
        raise checks.refused(f"{name}: fields", shown, f"are {wanted}")


def _list(name: str, value: Any) -> list[Any]:
    if not isinstance(value, list) or not value:
        raise checks.refused(name, value, "is a list of at least one")
    return value


def _text(name: str, value: Any) -> None:
    if not isinstance(value, str) or not value.strip():
        raise checks.refused(name, value, "is text")


def apply(
    code: CodeCoverage, functional: FunctionalCoverage, path: Path = FILE, root: Path | None = None
) -> Exclusions:
    """Match the exclusions of a file with the points and bins of a run.

    Raises:
        ValueError: the file is not as described above.
    """
    described = load(path)
    groups, stale = [], []
    by_file: dict[str, list[Point]] = {}
    for point in code.hits:
        by_file.setdefault(point.file, []).append(point)
    for entry in described.get("code", ()):
        points: set[Point] = set()
        for name, matched in _code_patterns(entry, by_file, root):
            points |= matched
            stale += _judge(name, matched, code.covers)
        groups.append(Excluded(entry["reason"].strip(), frozenset(points)))
    for entry in described.get("functional", ()):
        bins: set[tuple[str, str]] = set()
        group, hits = functional.groups[entry["group"]], functional.hits[entry["group"]]
        for pattern in entry["bins"]:
            names = {name for name in group.names if fnmatchcase(name, pattern)}
            bins |= {(group.name, name) for name in names}
            stale += _judge(f"{group.name}: {pattern}", names, hits.__contains__)
        groups.append(Excluded(entry["reason"].strip(), bins=frozenset(bins)))
    return Exclusions(tuple(groups), tuple(stale))


def _judge[T](name: str, matched: Iterable[T], covered: Callable[[T], bool]) -> list[str]:
    """Return what is wrong with an entry."""
    found = [*matched]
    if not found:
        return [f"{name}: matches nothing"]
    if hit := [item for item in found if covered(item)]:
        return [f"{name}: {len(hit)} of {len(found)} are covered, the first is {min(hit, key=str)}"]
    return []


def _code_patterns(
    entry: Mapping[str, Any], by_file: Mapping[str, list[Point]], root: Path | None
) -> Iterable[tuple[str, set[Point]]]:
    """Yield each pattern of a group, as text, and the points that it matches."""
    for where in entry["where"]:
        files = [file for file in by_file if fnmatchcase(file, f"rtl/{where['file']}")]
        for kind in where.keys() - {"file"}:
            for pattern in where[kind]:
                points = [point for file in files for point in by_file[file] if point.kind == kind]
                matches = _MATCHES[kind]
                yield f"{where['file']}: {kind} {pattern}", {p for p in points if matches(pattern, p, root)}


def _toggles(pattern: str, point: Point, _root: Path | None) -> bool:
    bit = _BIT.fullmatch(point.name)
    if (wanted := _RANGE.fullmatch(pattern)) is not None:
        if bit is None or not int(wanted["low"]) <= int(bit["index"]) <= int(wanted["high"]):
            return False
        return fnmatchcase(bit["signal"], _literal(wanted["signal"]))
    return fnmatchcase(point.name, _literal(pattern)) or (
        bit is not None and fnmatchcase(bit["signal"], _literal(pattern))
    )


def _literal(pattern: str) -> str:
    """Return a pattern in which a bracket is a bracket; not so within an index, as in x[[0-3]] and x[1[0-5]]."""
    return _BRACKET.sub(lambda found: "[[]" if found[2] is None else f"{found[1]}[{found[2]}]", pattern)


def _branches(pattern: str, point: Point, root: Path | None) -> bool:
    arm, _, text = pattern.partition(" @ ")
    return arm == point.name and _stands_in(text, point, root)


def _stands_in(text: str, point: Point, root: Path | None) -> bool:
    return text in source(point.file, root)[point.line - 1]


_MATCHES: Mapping[str, Callable[[str, Point, Path | None], bool]] = {
    "toggle": _toggles,
    "branch": _branches,
    "line": _stands_in,
}
