# SPDX-License-Identifier: Apache-2.0
"""The assertions of the fabric fire: when an initiator breaks a rule, and when the fabric has a fault."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path

import pytest

from tb.cluster.fabric.model import Shape
from tb.cluster.fabric.test_fabric import SOURCES
from tb.runner import simulate

SHAPE = Shape(3, 2, 64, 4, 8, 0)
SEED = 1
FIRST_INPUT = "input  logic "

# Assertion, file, a piece of its text with an expression @, the expression that stands there, and a wrong one.
FAULTS = [
    ("BankServesOneAccess", "interconnect", "by_wide  = @ ?", "wide_gnt", "wide_req"),
    ("WideAccessIsAllOrNothing", "interconnect", "bank_req = @ | log_gnt;", "by_wide", "by_wide & ~log_req"),
    ("OneBranchWinsAConflict", "arbiter", "~(@ ? wide_touches_i", "wide_gnt_o", "wide_req_i"),
    ("CreditIsLessThanDen", "arbiter", "cfg_i.den != '0 && @;", "sum >= sum_t'(cfg_i.den)", "sum > sum_t'(cfg_i.den)"),
    ("NobodyWaitsWithoutConflict", "arbiter", "wide_req_i & (@ |", "~conflict_o", "1'b0"),
    ("ConfigurationHolds", "fabric_top", "else if (@) cfg_q", "cfg_set_i", "1'b1"),
    ("OneRequesterIsPicked", "round_robin", "pick_o = @;", "first & -first", "first"),
    ("ServedOneAsked", "log_branch", ".served_i(@),", "bank_req_o[b] & bank_gnt_i[b]", "1'b1"),
    ("OneLogAccessForEachServingBank", "log_branch", "[p] & @));", "bank_gnt_i[bank[p]]", "1'b1"),
    ("LogRowIsInItsBank", "log_branch", "inside_memory[p] = @;", "word[p] < Words", "word[p] <= Words"),
    ("ResponseIsDue", "log_branch", "valid_q <= @;", "gnt_o", "req_i"),
    ("ResponseIsNotLate", "wide_branch", "valid_q <= @;", "gnt_o", "'0"),
    ("WideRowIsInItsBank", "wide_branch", "place_t'(i)) >= @);", "Words", "place_t'(Words + 1)"),
    ("WideWordsMeetDifferentBanks", "wide_branch", "req_o & (@);", "word_be[i] != '0", "word_be[i] == '1"),
    ("ChosenRequestStays", "wide_branch", "held = @ & req_i;", "held_q", "NumWide'(0)"),
]

HABITS = [
    *itertools.product(["InitiatorKeepsItsRequest"], ["withdraws"], ["log", "wide"]),
    *itertools.product(["InitiatorHoldsItsRequest"], ["moves", "turns", "enables", "rewrites"], ["log", "wide"]),
    *itertools.product(["InitiatorAlignsItsAddress"], ["misaligns"], ["log", "wide"]),
]


def faulty_sources(folder: Path) -> list[Path]:
    """Return the fabric with all faults, each behind its number (from 1) on a further input of the top."""
    texts = {path: path.read_text(encoding="utf-8") for path in SOURCES}
    for number, (_, file, place, right, wrong) in enumerate(FAULTS, 1):
        (path,) = (path for path in texts if path.stem.endswith(file))
        old, new = place.replace("@", right), f"(fabric_top.fault_i == {number} ? ({wrong}) : ({right}))"
        assert texts[path].count(old) == 1, f"{old} stands {texts[path].count(old)} times in {path}"
        texts[path] = texts[path].replace(old, place.replace("@", new))
    (top,) = (path for path in texts if path.stem == "fabric_top")
    texts[top] = texts[top].replace(FIRST_INPUT, f"input int fault_i, {FIRST_INPUT}", 1)
    sources = []
    for path, text in texts.items():
        sources.append(folder / path.name)
        sources[-1].write_text(text, encoding="utf-8")
    return sources


def run(folder: Path, fault: int = 0, habit: str = "", kind: str = "") -> int:
    """Simulate with a fault of the fabric or a habit of its initiators."""
    env: Mapping[str, str] = {"FAULT": str(fault), "HABIT": habit, "KIND": kind, "CYCLES": "1"}
    module = "tb.cluster.fabric.broken"
    return simulate("fabric_top", faulty_sources(folder), module, SHAPE.parameters(), env=env, seed=SEED)


def test_traffic_without_a_fault_passes(tmp_path: Path) -> None:
    assert run(tmp_path) == 1


@pytest.mark.parametrize("fault", range(1, len(FAULTS) + 1), ids=[name for name, *_ in FAULTS])
def test_fault_of_the_fabric_fires(fault: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(pytest.fail.Exception):
        run(tmp_path, fault=fault)
    assert f".{FAULTS[fault - 1][0]}" in capsys.readouterr().out


@pytest.mark.parametrize(("assertion", "habit", "kind"), HABITS)
def test_initiator_that_breaks_a_rule_fires(
    assertion: str, habit: str, kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(pytest.fail.Exception):
        run(tmp_path, habit=habit, kind=kind)
    assert f".{assertion}" in capsys.readouterr().out
