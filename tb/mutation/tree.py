# SPDX-License-Identifier: Apache-2.0
"""The syntax trees of slang: what stands where only constants may, and where everything stands in the text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyslang
from pyslang import parsing, syntax

Node = Any
"""A node or token of a syntax tree: pyslang has a type for each kind."""

CONSTANT = {
    "ParameterDeclaration",
    "ParameterDeclarationStatement",
    "TypeParameterDeclaration",
    "ParameterValueAssignment",
    "VariableDimension",
    "TypedefDeclaration",
    "FunctionPrototype",
    "AttributeInstance",
    "ElabSystemTask",
    "EventControlWithExpression",
    "BitSelect",
    "SimpleRangeSelect",
    "RangeList",
}
"""Nodes in which nothing is mutated."""

ENCODING = "latin-1"
"""A byte is a character: slang counts bytes."""


def parse(text: str, name: str) -> Node:
    """Return the root of the syntax tree of a source, as synthesis sees it; `name` is for messages."""
    options = parsing.PreprocessorOptions()
    options.predefines = ["SYNTHESIS=1"]
    source = text.encode(ENCODING).decode("utf-8")
    tree = syntax.SyntaxTree.fromText(source, pyslang.SourceManager(), name, name, pyslang.Bag([options]))
    errors = [diagnostic for diagnostic in tree.diagnostics if diagnostic.isError()]
    if errors:
        raise ValueError(f"{name} has {len(errors)} syntax errors, first {errors[0].code}")
    return tree.root


def kind_of(node: Node) -> str:
    """Return the kind of a node as text."""
    return str(node.kind).rpartition(".")[2]


def children(node: Node) -> Iterator[Node]:
    """Yield the nodes right below a node, without tokens."""
    for child in node:
        if child is not None and not is_token(child):
            yield child


def is_token(node: Node) -> bool:
    """Whether a child of a node is a token."""
    return isinstance(node, parsing.Token)


def marked(node: Node, constant: bool) -> Iterator[tuple[Node, bool]]:
    """Yield all nodes below a node, and whether each stands where only constants may."""
    constant = constant or kind_of(node) in CONSTANT
    yield node, constant
    fixed = constant_spans(node)
    for child in children(node):
        yield from marked(child, constant or span(child) in fixed)


def span(node: Node) -> tuple[int, int]:
    """Return the offsets of the first character of a node and of the one behind it."""
    return node.sourceRange.start.offset, node.sourceRange.end.offset


def constant_spans(node: Node) -> list[tuple[int, int]]:
    """Return where the parts of a node are that have to be constant: one node may be several objects of pyslang."""
    return [span(part) for part in _constant_parts(node)]


def _constant_parts(node: Node) -> Sequence[Node]:
    """Return the parts of a node that have to be constant."""
    match kind_of(node):
        case "IfGenerate":
            return (node.condition,)
        case "LoopGenerate":
            return (node.initialExpr, node.stopExpr, node.iterationExpr)
        case "ForLoopStatement":
            return tuple(child for child in children(node) if span(child) != span(node.statement))
        case "CastExpression":
            return (node.left,)
        case "MultipleConcatenationExpression":
            return (node.expression,)
        case "AscendingRangeSelect" | "DescendingRangeSelect":
            return (node.right,)
        case _:
            return ()
