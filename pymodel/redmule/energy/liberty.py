# SPDX-License-Identifier: Apache-2.0
"""What a Liberty file says about the cells of a library: functions, capacitances, internal energy.

Units are those of the file's header: pF, V, and therefore pJ. Tables are read at one slew of the inputs.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["Cell", "Library", "Pin", "parse", "python_of", "read"]

SLEW_NS = 0.12
"""Transition time of inputs at which tables are read: that of a gate with four like it to drive, in this library."""

_COMMENT = re.compile(r"/\*.*?\*/|\\\n", re.DOTALL)
_TOKEN = re.compile(r'"[^"]*"|[{}():;,]|[^\s{}():;,"]+')
_FUNCTION_TOKEN = re.compile(r"[()!^+*&|']|\w+")
_EDGES = ("rise_power", "fall_power", "power")


@dataclass(slots=True)
class Group:
    """A group of a Liberty file: `kind (arguments) { attributes and groups }`."""

    kind: str
    arguments: tuple[str, ...]
    attributes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    groups: list[Group] = field(default_factory=list)

    def of_kind(self, kind: str) -> Iterator[Group]:
        """Yield the groups of one kind in it."""
        return (group for group in self.groups if group.kind == kind)

    def text(self, attribute: str, default: str = "") -> str:
        """Return the value of an attribute."""
        return self.attributes.get(attribute, (default,))[0]


@dataclass(frozen=True, slots=True)
class Pin:
    """A pin of a cell.

    Attributes:
        capacitance_pf: of an input.
        function: of an output: an expression of Python in `{pin}`; flip-flops have none.
        loads_pf, energies_pj: internal energy of one transition, mean of rise and fall and of the inputs that may cause
            it, by the load of an output; of an input without a load one figure.
    """

    capacitance_pf: float
    function: str
    loads_pf: tuple[float, ...]
    energies_pj: tuple[float, ...]

    def transition_pj(self, load_pf: float = 0.0) -> float:
        """Return the internal energy of one transition."""
        return float(np.interp(load_pf, self.loads_pf, self.energies_pj)) if self.energies_pj else 0.0


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell.

    Attributes:
        inputs, outputs: pins by name.
        next_state: of a flip-flop at the rising edge of its clock: an expression of Python in `{pin}`; else empty.
        clock: the clock pin of a flip-flop; else empty.
    """

    name: str
    inputs: Mapping[str, Pin]
    outputs: Mapping[str, Pin]
    next_state: str = ""
    clock: str = ""


@dataclass(frozen=True, slots=True)
class Library:
    """The cells that gates and flip-flops are made of; latches and buses' drivers are left out."""

    volt: float
    cells: Mapping[str, Cell]


@functools.cache
def read(path: Path) -> Library:
    """Return the library of a Liberty file.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is no Liberty file.
    """
    library = parse(path.read_text(encoding="utf-8"))
    cells = (_cell(group) for group in library.of_kind("cell") if not _is_special(group))
    return Library(float(library.text("nom_voltage", "0")), {cell.name: cell for cell in cells})


def parse(text: str) -> Group:
    """Return the outermost group of a Liberty text.

    Raises:
        ValueError: the text ends within a group, or holds none.
    """
    tokens = _TOKEN.findall(_COMMENT.sub(" ", text))
    try:
        group, _ = _group(tokens, 0)
    except IndexError as error:
        raise ValueError(f"liberty of {len(tokens)} tokens: allowed is a text whose braces are closed") from error
    return group


def _group(tokens: Sequence[str], at: int) -> tuple[Group, int]:
    """Return the group that begins at a token, and where it ends."""
    kind, arguments, at = tokens[at], *_arguments(tokens, at + 1)
    if tokens[at] != "{":
        raise ValueError(f"liberty token {tokens[at]!r} behind {kind}(...): allowed is a group in braces")
    group = Group(kind, arguments)
    at += 1
    while tokens[at] != "}":
        if tokens[at] == ";":
            at += 1
        elif tokens[at + 1] == ":":
            group.attributes[tokens[at]] = (tokens[at + 2].strip('"'),)
            at += 3
        else:
            values, behind = _arguments(tokens, at + 1)
            if tokens[behind] == "{":
                inner, at = _group(tokens, at)
                group.groups.append(inner)
            else:
                group.attributes[tokens[at]] = values
                at = behind
    return group, at + 1


def _arguments(tokens: Sequence[str], at: int) -> tuple[tuple[str, ...], int]:
    """Return what stands in the parentheses that begin at a token, and where they end."""
    if tokens[at] != "(":
        raise ValueError(f"liberty token {tokens[at]!r} behind {tokens[at - 1]!r}: allowed are ( and :")
    end = at + 1
    while tokens[end] != ")":
        end += 1
    return tuple(token.strip('"') for token in tokens[at + 1 : end] if token != ","), end + 1


def python_of(function: str) -> str:
    """Return a function of Liberty as an expression of Python on integers, with pins in braces and `{m}` all ones.

    "(!(A B))" gives "({m}^(({A}&{B})))": ones are the bits of a mask, so a NOT is an exclusive or with it.
    """
    tokens = _FUNCTION_TOKEN.findall(function)
    expression, rest = _sum(tokens)
    if rest:
        raise ValueError(
            f"function {function!r} goes on with {rest[0]!r}: allowed are pins, !, ^, +, * and parentheses"
        )
    return expression


# Liberty's operators, the weakest first. An AND may be written as nothing at all between two operands.
def _sum(tokens: list[str]) -> tuple[str, list[str]]:
    return _joined(tokens, _product, {"+", "|"}, "|")


def _product(tokens: list[str]) -> tuple[str, list[str]]:
    left, rest = _difference(tokens)
    while rest and rest[0] not in {")", "+", "|"}:
        right, rest = _difference(rest[1:] if rest[0] in {"*", "&"} else rest)
        left = f"({left}&{right})"
    return left, rest


def _difference(tokens: list[str]) -> tuple[str, list[str]]:
    return _joined(tokens, _term, {"^"}, "^")


def _joined(
    tokens: list[str], operand: Callable[[list[str]], tuple[str, list[str]]], signs: set[str], sign: str
) -> tuple[str, list[str]]:
    left, rest = operand(tokens)
    while rest and rest[0] in signs:
        right, rest = operand(rest[1:])
        left = f"({left}{sign}{right})"
    return left, rest


def _term(tokens: list[str]) -> tuple[str, list[str]]:
    if not tokens:
        raise ValueError("function ends too early: allowed is a pin, ! or a parenthesis")
    first, rest = tokens[0], tokens[1:]
    if first == "!":
        inner, rest = _term(rest)
        expression = f"({{m}}^{inner})"
    elif first == "(":
        expression, rest = _sum(rest)
        rest = rest[1:]
    else:
        expression = f"{{{first}}}"
    while rest and rest[0] == "'":
        expression, rest = f"({{m}}^{expression})", rest[1:]
    return expression, rest


def _is_special(cell: Group) -> bool:
    """Whether a cell is no gate and no flip-flop of the rising edge: its output may follow, float, or fall behind."""
    falls = any(flop.text("clocked_on").startswith("!") for flop in cell.of_kind("ff"))
    return falls or any(cell.of_kind("latch")) or any("three_state" in pin.attributes for pin in cell.of_kind("pin"))


def _cell(group: Group) -> Cell:
    flop = next(group.of_kind("ff"), None)
    inputs: dict[str, Pin] = {}
    outputs: dict[str, Pin] = {}
    for pin in group.of_kind("pin"):
        kind = inputs if pin.text("direction") == "input" else outputs
        kind[pin.arguments[0]] = _pin(pin, combinational=flop is None)
    if flop is None:
        return Cell(group.arguments[0], inputs, outputs)
    next_state = python_of(flop.text("next_state"))
    for attribute, sign in (("clear", "{m}^"), ("preset", "")):
        if attribute in flop.attributes:  # sampled with the clock, which is how resets that are never used behave
            forced = python_of(flop.text(attribute))
            next_state = f"({next_state}{'|' if attribute == 'preset' else '&'}({sign}{forced}))"
    return Cell(group.arguments[0], inputs, outputs, next_state, flop.text("clocked_on"))


def _pin(group: Group, *, combinational: bool) -> Pin:
    tables = [
        _energies(table)
        for power in group.of_kind("internal_power")
        if combinational or power.text("related_pin") in {"", "CLK"}
        for edge in _EDGES
        for table in power.of_kind(edge)
    ]
    function = group.text("function")
    return Pin(
        capacitance_pf=float(group.text("capacitance", "0")),
        function=python_of(function) if combinational and function else "",
        loads_pf=tables[0][0] if tables else (),
        energies_pj=tuple(np.mean([energies for _, energies in tables], axis=0).tolist()) if tables else (),
    )


def _energies(table: Group) -> tuple[tuple[float, ...], NDArray[np.float64]]:
    """Return the loads of a table of internal energy (one, 0, if it has none) and the energies at `SLEW_NS`."""
    axes = [_numbers(table.attributes[name]) for name in ("index_1", "index_2") if name in table.attributes]
    values = np.array(_numbers(table.attributes["values"])).reshape([len(axis) for axis in axes])
    loads = axes[0] if len(axes) > 1 else [0.0]
    return tuple(loads), np.array([np.interp(SLEW_NS, axes[-1], row) for row in np.atleast_2d(values)])


def _numbers(texts: Sequence[str]) -> list[float]:
    return [float(number) for text in texts for number in text.replace(",", " ").split()]
