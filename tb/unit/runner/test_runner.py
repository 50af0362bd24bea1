# SPDX-License-Identifier: Apache-2.0
"""The runner passes what passes and fails what fails, whatever the results file says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tb.runner import simulate

SOURCES = [Path(__file__).parent / "runner_counter.sv"]
PARAMETERS = {"Width": 8, "Limit": 200}


def _run(testcase: str) -> int:
    return simulate("runner_counter", SOURCES, "tb.unit.runner.bench", PARAMETERS, testcase=testcase)


def test_a_passing_bench_passes_with_any_seed(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run("counts_the_enabled_cycles") == 1
    assert "1 ran, 0 failed; seed " in capsys.readouterr().out


def test_a_failing_bench_fails_with_the_command_that_replays_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDMULE_SEED", "17")
    with pytest.raises(
        pytest.fail.Exception,
        match=r"1 of 1 tests failed(.|\n)*replay: REDMULE_SEED=17 REDMULE_WAVES=1 .*pytest 'tb/unit/runner/.*'",
    ):
        _run("wrong_count")


def test_a_failing_assertion_in_the_rtl_fails_the_bench(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(pytest.fail.Exception):
        _run("past_the_limit")
    assert "CountBelowLimit" in capsys.readouterr().out


def test_a_bench_in_which_no_test_runs_fails() -> None:
    with pytest.raises(pytest.fail.Exception, match=r"no test ran|return code"):
        _run("there_is_no_such_test")
