# SPDX-License-Identifier: Apache-2.0
"""The agents at the ports of somebody else's engine."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from redmule.config import data_dir
from tb.agents import backend
from tb.runner import simulate

HERE = Path(__file__).parent
CHECKS = [data_dir() / "rtl/checks" / name for name in ("pulp_port_checks.sv", "redmule_reg_checks.sv")]
SOURCES = [*CHECKS, *backend.SOURCES, HERE / "gather.sv", HERE / "gather_top.sv"]
README = HERE.with_name("README.md")
TESTS = 2


def run(module: str = "tb.agents.example.bench", *, mistaken: bool = False) -> int:
    """Run the tests of a module on the engine, as it is or with its mistake; returns how many ran."""
    return simulate("gather_top", SOURCES, module, {"Mistaken": int(mistaken)}, flags=backend.FLAGS)


def test_the_agents_test_another_engine() -> None:
    assert run() == TESTS


def test_the_bench_of_the_readme_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    [code] = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "bench_of_the_readme.py").write_text(code, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    assert run("bench_of_the_readme") == 1


def test_a_broken_rule_of_the_port_fails_by_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(pytest.fail.Exception):
        run(mistaken=True)
    assert "InitiatorHoldsItsRequest" in capsys.readouterr().out
