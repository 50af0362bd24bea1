# SPDX-License-Identifier: Apache-2.0
"""The agents at the ports of somebody else's engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from redmule.config import data_dir
from tb.agents import backend
from tb.runner import simulate

HERE = Path(__file__).parent
CHECKS = [data_dir() / "rtl/checks" / name for name in ("pulp_port_checks.sv", "redmule_reg_checks.sv")]
SOURCES = [*CHECKS, *backend.SOURCES, HERE / "gather.sv", HERE / "gather_top.sv"]
TESTS = 2


def run(mistaken: bool) -> int:
    """Run the tests of the engine, as it is or with its mistake; returns how many ran."""
    parameters = {"Mistaken": int(mistaken)}
    return simulate("gather_top", SOURCES, "tb.agents.example.bench", parameters, flags=backend.FLAGS)


def test_the_agents_test_another_engine() -> None:
    assert run(mistaken=False) == TESTS


def test_a_broken_rule_of_the_port_fails_by_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(pytest.fail.Exception):
        run(mistaken=True)
    assert "InitiatorHoldsItsRequest" in capsys.readouterr().out
