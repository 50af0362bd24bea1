# SPDX-License-Identifier: Apache-2.0
"""The eight operations as data: one step is ``acc = op2(op1(x, w), acc)``."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Term(Enum):
    """What op1 and op2 may be."""

    MUL = "x"
    ADD = "+"
    MAX = "max"
    MIN = "min"


@dataclass(frozen=True, slots=True)
class Op:
    """An operation; ``code`` is what the register MACFG holds. MUL then ADD is one fused step, rounded once."""

    name: str
    code: int
    op1: Term
    op2: Term
    uses_y: bool = True


OPS = (
    Op("matmul", 0, Term.MUL, Term.ADD, uses_y=False),
    Op("gemm", 1, Term.MUL, Term.ADD),
    Op("addmax", 2, Term.ADD, Term.MAX),
    Op("addmin", 3, Term.ADD, Term.MIN),
    Op("mulmax", 4, Term.MUL, Term.MAX),
    Op("mulmin", 5, Term.MUL, Term.MIN),
    Op("maxmin", 6, Term.MAX, Term.MIN),
    Op("minmax", 7, Term.MIN, Term.MAX),
)
"""Every operation, in the order of their codes."""

MATMUL = OPS[0]
GEMM = OPS[1]

_BY_NAME = {op.name: op for op in OPS}


def op_by_name(name: str) -> Op:
    """The operation called ``name``; ValueError for an unknown one."""
    if name not in _BY_NAME:
        raise ValueError(f"op {name!r} is unknown; allowed: {', '.join(_BY_NAME)}")
    return _BY_NAME[name]


def op_by_code(code: int) -> Op:
    """The operation with the register code ``code``; ValueError for an unknown one."""
    if not 0 <= code < len(OPS):
        raise ValueError(f"op code {code!r} is unknown; allowed: 0..{len(OPS) - 1}")
    return OPS[code]
