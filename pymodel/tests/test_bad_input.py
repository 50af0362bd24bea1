# SPDX-License-Identifier: Apache-2.0
"""Every line of `docs/results/bad_input.md` holds, and nothing on the page is missing or left over."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from redmule.device.harness import SimulationError
from redmule.report.edges import AS_GOLDEN, Bench, runs, some_job

ROOT = Path(__file__).resolve().parents[2]


def _script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bad_input", ROOT / "scripts" / "bad_input.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["bad_input"] = module  # its dataclasses look it up
    spec.loader.exec_module(module)
    return module


SCRIPT = _script()
LINES = SCRIPT.PAGE.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("case", SCRIPT.CASES, ids=lambda case: case.tried)
def test_the_outcome_is_the_expected_one_and_stands_on_the_page(case: Any) -> None:
    tried, outcome = case.row()
    assert case.expected in outcome
    assert SCRIPT.markdown_row((tried, outcome)) in LINES


def test_the_page_has_a_line_for_each_case_and_no_other() -> None:
    assert len({case.tried for case in SCRIPT.CASES}) == len(SCRIPT.CASES)
    rows = {case.tried: (case.tried, "outcome") for case in SCRIPT.CASES}

    def without_outcome(line: str) -> str:
        return line.rpartition(" | ")[0] if line.startswith("| `") else line

    assert [*map(without_outcome, SCRIPT.page(rows))] == [*map(without_outcome, LINES)]


def test_an_expression_that_devices_judge_differently_is_noticed() -> None:
    assert SCRIPT.judged("dev.gemm_op(x, w).cycles + 0").startswith("differs: {'golden': \"TypeError")
    assert SCRIPT.judged("dev.gemm_op(x, w)") == "accepted"


def test_a_wrong_result_is_noticed() -> None:
    bench = Bench()
    placed = bench.place(some_job())
    context = bench.submit(placed)
    assert bench.end(0)
    assert bench.differs(placed, context) == ""
    placed.z.view(np.uint16)[1, 2] ^= 1
    assert bench.differs(placed, context).startswith("1 elements differ, NONE")


def test_an_access_of_a_job_that_must_not_touch_memory_is_noticed() -> None:
    bench = Bench()
    bench.submit(bench.place(some_job(), permit=False))
    with pytest.raises(SimulationError, match="guard: the word read"):
        bench.end(0)


def test_runs_are_of_the_jobs_given() -> None:
    assert runs(some_job(2, 3, 4), some_job(4, 3, 2, "matmul")) == AS_GOLDEN
