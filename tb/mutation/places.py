# SPDX-License-Identifier: Apache-2.0
"""Finds the places of a SystemVerilog file that can be mutated while the simulation runs, in slang's syntax tree.

Left out is what has to be constant, because the mutant is selected at run time: parameters, types and dimensions,
generate conditions, bounds of loops, widths, replication counts, labels of cases, functions that such constants call;
indices, which the simulator has to know to split an array; and what computes nothing: targets of assignments,
sensitivity lists, assertions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from tb.mutation.tree import CONSTANT, ENCODING, Node, children, constant_spans, is_token, kind_of, marked, parse, span

OPERATORS = {
    "BinaryAndExpression": "|",
    "BinaryOrExpression": "&",
    "BinaryXorExpression": "|",
    "LogicalAndExpression": "||",
    "LogicalOrExpression": "&&",
    "EqualityExpression": "!=",
    "InequalityExpression": "==",
    "LessThanExpression": "<=",
    "LessThanEqualExpression": "<",
    "GreaterThanExpression": ">=",
    "GreaterThanEqualExpression": ">",
    "AddExpression": "-",
    "SubtractExpression": "+",
    "MultiplyExpression": "+",
    "LogicalShiftLeftExpression": ">>",
    "LogicalShiftRightExpression": "<<",
}
"""What takes the place of the operator of an expression."""

JUNCTIONS = ("BinaryAndExpression", "BinaryOrExpression", "LogicalAndExpression", "LogicalOrExpression")
"""Expressions that make sense without one of their operands."""

PREFIXES = {
    "UnaryBitwiseNotExpression": "",
    "UnaryLogicalNotExpression": "",
    "UnaryBitwiseAndExpression": "|",
    "UnaryBitwiseOrExpression": "&",
}
"""What takes the place of the operator before an operand."""

RESET = "!rst_ni"
PLACE = re.compile(r"[\w.:\[\]+\-* ]+|\{[^}]*\}")
"""What may be connected to an output."""

PASSING_CALLS = ("$signed", "$unsigned", "$countones")
"""System functions whose arguments are values."""

_VECTOR = re.compile(r"(\d*\s*'s?[bdh])([0-9a-fA-F]+)")
_DIGITS = {"b": 2, "d": 10, "h": 16}


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of one place.

    Attributes:
        file: path below `rtl/`.
        line, column: where it stands, from 1.
        kind: a key of `KINDS`.
        start, end: of the text that is replaced, in the file.
        before, after: that text, and what stands there in the mutant.
    """

    file: str
    line: int
    column: int
    kind: str
    start: int
    end: int
    before: str
    after: str

    @property
    def id(self) -> str:
        """Its name: file:line:column:kind."""
        return f"{self.file}:{self.line}:{self.column}:{self.kind}"


KINDS = {
    "operator": "an operator is another one",
    "left": "the left term of an and, or an or, is dropped",
    "right": "the right term is dropped",
    "prefix": "a negation is dropped, a reduction is the other one",
    "negated": "a condition is negated",
    "always": "a condition always holds",
    "never": "a condition never holds",
    "arms": "the arms of a choice are swapped",
    "item": "an item of a case does what the next one does",
    "constant": "a constant has another lowest bit, or is one more",
    "reset": "a flop starts with another value",
    "unreset": "the reset is ignored",
}
"""Kinds of mutants."""


@dataclass(frozen=True, slots=True)
class Names:
    """What one has to know of all files to read one.

    Attributes:
        values: names of parameters that are numbers.
        constant_functions: names of functions that constants are made with.
    """

    values: frozenset[str]
    constant_functions: frozenset[str]

    @classmethod
    def of(cls, files: Sequence[Path]) -> Names:
        """Read the files of a design."""
        values: set[str] = set()
        called: set[str] = set()
        calls_of: dict[str, set[str]] = {}
        for file in files:
            for node, constant in marked(parse(file.read_text(encoding=ENCODING), file.name), False):
                kind = kind_of(node)
                if kind == "ParameterDeclaration":
                    values |= {declarator.name.rawText for declarator in node.declarators if not is_token(declarator)}
                elif kind == "FunctionDeclaration":
                    calls_of[_function_name(node)] = _calls(node)
                if constant and kind == "InvocationExpression":
                    called.add(str(node.left).strip())
        while more := {name for caller in called for name in calls_of.get(caller, ())} - called:
            called |= more
        return cls(frozenset(values), frozenset(called))


def find(file: Path, name: str, names: Names) -> list[Mutant]:
    """Return the mutants of a file, in the order of the text.

    Args:
        file: a SystemVerilog file.
        name: what to call it.
        names: of the design it belongs to.
    """
    text = file.read_text(encoding=ENCODING)
    finder = _Finder(name, text, names)
    finder.visit(parse(text, name), False)
    return sorted(finder.mutants, key=lambda mutant: (mutant.start, mutant.column, -mutant.end, mutant.kind))


def _function_name(function: Node) -> str:
    return str(function.prototype.name).strip()


def _calls(node: Node) -> set[str]:
    found = {str(node.left).strip()} if kind_of(node) == "InvocationExpression" else set()
    return found.union(*(_calls(child) for child in children(node)))


class _Finder:
    """Walks through a file and gathers its mutants."""

    def __init__(self, name: str, text: str, names: Names) -> None:
        self._name, self._text, self._names = name, text, names
        self.mutants: list[Mutant] = []

    def visit(self, node: Node, in_reset: bool) -> None:
        """Gather the mutants of a node and of all below it."""
        kind = kind_of(node)
        if kind in CONSTANT or (
            kind == "FunctionDeclaration" and _function_name(node) in self._names.constant_functions
        ):
            return
        if kind in OPERATORS:
            self._operator(node, kind)
        elif kind in PREFIXES:
            self._add(node, "prefix", PREFIXES[kind] + self._of(node.operand))
        elif kind == "ConditionalExpression":
            swapped = f"{self._of(node.predicate)} ? {self._of(node.right)} : {self._of(node.left)}"
            self._add(node, "arms", swapped)
        elif kind == "CaseStatement":
            self._case(node)
        elif kind.endswith("LiteralExpression") or kind in ("IntegerVectorExpression", "IdentifierName"):
            self._constant(node, "reset" if in_reset else "constant")
        if kind == "ConditionalStatement":
            self._condition(node, in_reset)
        else:
            for child in self._values(node, kind):
                self.visit(child, in_reset)

    def _values(self, node: Node, kind: str) -> Iterator[Node]:
        """Yield the parts of a node that are values computed at run time, or statements."""
        if kind.endswith("AssignmentExpression"):
            yield node.right
        elif kind == "NamedPortConnection":
            connected = node.expr and str(node.expr).strip()
            if connected and not PLACE.fullmatch(connected):
                yield node.expr
        elif kind == "InvocationExpression":
            if not str(node.left).strip().startswith("$") or str(node.left).strip() in PASSING_CALLS:
                yield node.arguments
        elif kind == "StandardCaseItem":
            yield node.clause
        elif kind == "AssignmentPatternItem":
            yield node.expr
        elif kind != "ScopedName":
            fixed = constant_spans(node)
            yield from (child for child in children(node) if span(child) not in fixed)

    def _operator(self, node: Node, kind: str) -> None:
        left, right = self._of(node.left), self._of(node.right)
        at = node.operatorToken.location.offset
        self._add(node, "operator", f"{left} {OPERATORS[kind]} {right}", at)
        if kind in JUNCTIONS:
            self._add(node, "left", right, at)
            self._add(node, "right", left, at)

    def _condition(self, node: Node, in_reset: bool) -> None:
        predicate = node.predicate
        is_reset = self._of(predicate) == RESET
        if is_reset:
            self._add(predicate, "unreset", "1'b0")
        else:
            self._add(predicate, "negated", f"!({self._of(predicate)})")
            self._add(predicate, "always", "1'b1")
            self._add(predicate, "never", "1'b0")
            self.visit(predicate, in_reset)
        self.visit(node.statement, in_reset or is_reset)
        if node.elseClause is not None:
            self.visit(node.elseClause, in_reset)

    def _case(self, node: Node) -> None:
        bodies = [item.clause for item in node.items]
        for body, following in pairwise(bodies):
            self._add(body, "item", self._of(following))

    def _constant(self, node: Node, kind: str) -> None:
        text = self._of(node)
        if text in ("'0", "'1"):
            self._add(node, kind, "'1" if text == "'0" else "'0")
        elif match := _VECTOR.fullmatch(text):
            digits = _DIGITS[match[1][-1]]
            value = int(match[2], digits) ^ 1
            self._add(node, kind, f"{match[1]}{value:{'b' if digits == 2 else 'd' if digits == 10 else 'h'}}")
        elif text.isdecimal():
            self._add(node, kind, str(int(text) ^ 1))
        elif text in self._names.values:
            self._add(node, kind, f"{text} + 1'b1")

    def _of(self, node: Node) -> str:
        start, end = span(node)
        return self._text[start:end]

    def _add(self, node: Node, kind: str, after: str, at: int | None = None) -> None:
        start, end = span(node)
        place = start if at is None else at
        line, column = self._text.count("\n", 0, place) + 1, place - self._text.rfind("\n", 0, place)
        self.mutants.append(Mutant(self._name, line, column, kind, start, end, self._text[start:end], after))
