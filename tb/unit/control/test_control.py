# SPDX-License-Identifier: Apache-2.0
"""The job control keeps the rules of the job interface, for every number of contexts."""

from pathlib import Path

import pytest

from tb.runner import simulate

HERE = Path(__file__).parent
RTL = HERE.parents[2] / "rtl"
TYPES = [
    RTL / "fp/fp_pkg.sv",
    RTL / "redmule_pkg.sv",
    RTL / "regs/redmule_regs_pkg.sv",
    RTL / "control/redmule_control_pkg.sv",
]
CONTROL = ("job_decode", "extent", "hazard", "regfile", "queue", "supervisor", "perf", "results", "control", "job_feed")
SOURCES = [*TYPES, *(RTL / f"control/redmule_{name}.sv" for name in CONTROL), HERE / "control_top.sv"]
SUPERVISOR = [*TYPES, RTL / "control/redmule_supervisor.sv"]
RULES = ",".join(f"tb.unit.control.rules_{name}" for name in ("port", "queue", "check", "schedule", "clear"))
SIZES = [
    {"NumContexts": 1, "NumCores": 1, "RowGroups": 1, "Transposes": 0},
    {"NumContexts": 2, "NumCores": 8, "RowGroups": 2, "Transposes": 1},
    {"NumContexts": 3, "NumCores": 5, "RowGroups": 4, "Transposes": 0},
    {"NumContexts": 4, "NumCores": 16, "RowGroups": 4, "Transposes": 1},
]
each_size = pytest.mark.parametrize("parameters", SIZES, ids=lambda sizes: f"{sizes['NumContexts']} contexts")


@each_size
def test_control_keeps_every_rule(parameters: dict[str, int]) -> None:
    ran = simulate("control_top", SOURCES, RULES, parameters)
    assert ran > len(RULES.split(","))


def test_a_job_whose_port_is_silent_for_billions_of_cycles() -> None:
    assert simulate("redmule_supervisor", SUPERVISOR, "tb.unit.control.supervisor") == 2


@each_size
def test_control_agrees_with_its_model_under_random_traffic(parameters: dict[str, int]) -> None:
    ran = simulate("control_top", SOURCES, "tb.unit.control.traffic", parameters, env={"CYCLES": "40000"})
    assert ran == 1


@pytest.mark.parametrize("transposes", [0, 1])
def test_the_check_of_a_job_agrees_with_its_model(transposes: int) -> None:
    sources = [*TYPES, RTL / "control/redmule_job_decode.sv", RTL / "control/redmule_extent.sv", HERE / "check_top.sv"]
    ran = simulate("check_top", sources, "tb.unit.control.check", {"Transposes": transposes}, env={"JOBS": "3000"})
    assert ran == 1


@pytest.mark.parametrize("contexts", [1, 2, 3, 4])
def test_queued_jobs_wait_for_those_that_write_what_they_read(contexts: int) -> None:
    sources = [*TYPES, RTL / "control/redmule_hazard.sv", HERE / "hazard_top.sv"]
    ran = simulate("hazard_top", sources, "tb.unit.control.hazard", {"NumContexts": contexts}, env={"CYCLES": "5000"})
    assert ran == 1
