# SPDX-License-Identifier: Apache-2.0
"""Traffic generators do what their registers say and see every wrong bit; the arbiter's registers count."""

from __future__ import annotations

from pathlib import Path

import pytest

from tb.runner import simulate

TREE = Path(__file__).parents[3]
CLUSTER = TREE / "rtl" / "cluster"
SOURCES = [
    CLUSTER / "pulp_cluster_pkg.sv",
    *(TREE / f"rtl/regs/pulp_{name}_regs_pkg.sv" for name in ("arbiter", "traffic")),
    *(CLUSTER / f"pulp_{name}.sv" for name in ("reg_port", "worst_wait", "arbiter_regs")),
    *(CLUSTER / f"pulp_traffic_{name}.sv" for name in ("regs", "random", "pattern", "shadow")),
    CLUSTER / "pulp_traffic.sv",
    TREE / "rtl/checks/pulp_port_checks.sv",
    TREE / "tb/tops/traffic_top.sv",
]
TESTS, ARBITER_TESTS = 17, 3


@pytest.mark.parametrize(("banks", "words"), [(16, 256), (64, 64), pytest.param(4, 128, marks=pytest.mark.long)])
def test_traffic_on_banks_and_a_region_of(banks: int, words: int) -> None:
    parameters = {"NumBanks": banks, "RegionWords": words}
    assert simulate("traffic_top", SOURCES, "tb.cluster.traffic.bench", parameters) == TESTS


@pytest.mark.parametrize(("wide", "ports"), [(1, 10), (2, 3)])
def test_registers_of_an_arbiter_between(wide: int, ports: int) -> None:
    parameters = {"NumBanks": 16, "RegionWords": 256, "NumWide": wide, "NumPorts": ports}
    assert simulate("traffic_top", SOURCES, "tb.cluster.traffic.arbiter", parameters) == ARBITER_TESTS
