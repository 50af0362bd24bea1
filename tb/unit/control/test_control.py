# SPDX-License-Identifier: Apache-2.0
"""The job control keeps the rules of the job interface, for every number of contexts."""

from pathlib import Path

import pytest

from tb.runner import simulate

RTL = Path(__file__).parents[3] / "rtl"
CONTROL = ("job_decode", "extent", "regfile", "queue", "supervisor", "perf", "results", "control")
SOURCES = [
    RTL / "fp/fp_pkg.sv",
    RTL / "redmule_pkg.sv",
    RTL / "regs/redmule_regs_pkg.sv",
    RTL / "control/redmule_control_pkg.sv",
    *(RTL / f"control/redmule_{name}.sv" for name in CONTROL),
    Path(__file__).parent / "control_top.sv",
]
SIZES = [(1, 1), (2, 8), (3, 5), (4, 16)]


@pytest.mark.parametrize(("contexts", "cores"), SIZES)
def test_control_keeps_every_rule(contexts: int, cores: int) -> None:
    ran = simulate("control_top", SOURCES, "tb.unit.control.rules", {"NumContexts": contexts, "NumCores": cores})
    assert ran > 0


@pytest.mark.parametrize(("contexts", "cores"), SIZES)
def test_control_agrees_with_its_model_under_random_traffic(contexts: int, cores: int) -> None:
    parameters = {"NumContexts": contexts, "NumCores": cores}
    ran = simulate("control_top", SOURCES, "tb.unit.control.traffic", parameters, env={"CYCLES": "15000"})
    assert ran == 1
