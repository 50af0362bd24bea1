# SPDX-License-Identifier: Apache-2.0
"""The test plan agrees with the tree: every test and coverage group is in it, and what it names exists."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tb import testplan
from tb.coverage.groups import GROUPS
from tb.testplan import Entry, Plan

NAMES = [group.name for group in GROUPS]


def test_plan_and_tree_agree() -> None:
    plan = testplan.load()
    assert testplan.problems(plan, testplan.collected(plan), NAMES) == []


def test_tests_of_pytest_and_of_benches_are_collected() -> None:
    tests = testplan.collected(testplan.load())
    assert "tb/test_testplan.py::test_tests_of_pytest_and_of_benches_are_collected" in tests
    assert "tb/unit/loop/bench.py::totals_as_wide_as_the_counter" in tests
    assert "pymodel/tests/test_golden.py::test_bias_is_added_to_every_row" in tests


def test_classes_and_parametrised_tests_of_benches_are_collected_too(tmp_path: Path) -> None:
    (tmp_path / "tb").mkdir()
    (tmp_path / "tb/test_a.py").write_text("class TestB:\n    def test_c(self): ...\n\ndef helper(): ...\n")
    (tmp_path / "tb/bench.py").write_text("@cocotb.parametrize(x=[1])\nasync def d(dut, x): ...\n\ndef test_e(): ...\n")
    assert testplan.collected(Plan((), ()), tmp_path) == ["tb/bench.py::d", "tb/test_a.py::TestB"]


@pytest.mark.parametrize(
    ("tests", "coverage", "said"),
    [
        (("tb", "tb/gone"), ("formats",), ["entry 'one': no test is named by 'tb/gone'"]),
        (("tb/a.py::test_b*",), ("formats",), ["no entry names tb/a.py::test_a"]),
        (("tb",), ("formats", "colours"), ["entry 'one': no group is called 'colours'"]),
        (("tb",), (), ["no entry names the coverage group 'formats'"]),
        (("tb",), ("formats",), []),
    ],
)
def test_what_does_not_agree_is_said(tests: Sequence[str], coverage: Sequence[str], said: Sequence[str]) -> None:
    entry = Entry("units", "one", "a thing", "It works.", tuple(tests), tuple(coverage))
    assert testplan.problems(Plan((entry,), ()), ["tb/a.py::test_a", "tb/a.py::test_b"], ["formats"]) == said


def test_an_entry_without_a_test_is_said() -> None:
    entry = Entry("units", "one", "a thing", "It works.", ())
    assert testplan.problems(Plan((entry,), ()), [], []) == ["entry 'one' names no test"]


def test_two_entries_of_one_name_are_said() -> None:
    entry = Entry("units", "one", "a thing", "It works.", ("tb",))
    assert testplan.problems(Plan((entry, entry), ()), ["tb/a.py::test_a"], []) == ["two entries are called 'one'"]


def test_a_folder_names_its_tests_and_not_those_of_a_neighbour() -> None:
    assert testplan.matches("tb/unit/fp", "tb/unit/fp/test_fp.py::test_a")
    assert testplan.matches("tb/unit/fp/test_fp.py", "tb/unit/fp/test_fp.py::test_a")
    assert not testplan.matches("tb/unit/fp", "tb/unit/fpx/test_fp.py::test_a")
    assert not testplan.matches("tb/unit/fp/test_fp.py::test_b*", "tb/unit/fp/test_fp.py::test_a")


def test_an_entry_with_an_unknown_field_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text("units:\n  - {id: one, feature: a thing, holds: It works., tests: [tb], colour: red}\n")
    with pytest.raises(ValueError, match="units, entry 'one': "):
        testplan.load(path)


def test_the_table_counts_the_tests_of_an_entry() -> None:
    entry = Entry("units", "one", "a thing", "It works.", ("tb/a.py",), ("formats",), "make it")
    counts = {"tb/a.py::test_a": 3, "tb/a.py::test_b": 1, "tb/b.py::test_c": 5}
    assert list(testplan.rows(Plan((entry,), ()), counts)) == [
        ("one", "a thing", "It works.", "4", "formats", "make it")
    ]
    assert "| a thing | It works. | 4 | formats | make it |" in testplan.markdown(Plan((entry,), ()), counts)
