# SPDX-License-Identifier: Apache-2.0
"""The wrapper for PULP clusters does what the accelerator does, and knows when it is busy."""

from __future__ import annotations

from pathlib import Path

import pytest

from redmule.build import rtl_sources
from tb.env.simulate import PORT_CHECKS, play

TREE = Path(__file__).parents[3]
SOURCES = [
    *rtl_sources(),
    PORT_CHECKS,
    TREE / "rtl/redmule_hci_wrap.sv",
    TREE / "tb/tops/hci_top.sv",
    Path(__file__).with_name("hci_busy_checks.sv"),
]
HCI = [{"WritesAnswered": 1, "OneHotIds": 1}, {"WritesAnswered": 0, "OneHotIds": 0}]
MISTAKEN = {"WritesAnswered": 0, "OneHotIds": 0, "MemoryAnswersWrites": 1}
TESTS = 10

both = pytest.mark.parametrize("hci", HCI, ids=["writes-answered", "reads-answered"])


def run(hci: dict[str, int], module: str, *testcase: str) -> int:
    """Play scenarios of a module, by default all, on the wrapper; returns how many ran."""
    return play("tiny", module, *testcase, top="env_hci_top", sources=SOURCES, parameters=hci)


@both
def test_the_wrapper_changes_no_bit_and_no_cycle(hci: dict[str, int]) -> None:
    assert run(hci, "tb.unit.hci.bench") == TESTS


@both
def test_queues_run_through_the_wrapper(hci: dict[str, int]) -> None:
    assert run(hci, "queueing") > 0


@both
def test_clears_and_resets_through_the_wrapper_leave_no_trace(hci: dict[str, int]) -> None:
    tests = ("soft_clear_of_the_running_job_lets_the_queue_go_on", "reset_in_any_cycle_is_like_the_first_one")
    assert run(hci, "aborts", *tests) == len(tests)


@both
def test_wrong_jobs_are_refused_through_the_wrapper(hci: dict[str, int]) -> None:
    assert run(hci, "refusals") > 0


def test_a_memory_that_answers_writes_against_the_agreement_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(pytest.fail.Exception):
        run(MISTAKEN, "tb.unit.hci.bench", "jobs_take_the_cycles_of_the_law_and_no_answer_waits")
    assert "OnlyReadsAreAnswered" in capsys.readouterr().out
