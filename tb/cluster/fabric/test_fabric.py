# SPDX-License-Identifier: Apache-2.0
"""The fabric grants fairly, loses nothing and keeps its promises in every shape."""

from __future__ import annotations

from pathlib import Path

import pytest

from tb.cluster.fabric.model import Shape
from tb.runner import simulate

TREE = Path(__file__).parents[3]
CLUSTER = ("cluster_pkg", "round_robin", "tcdm", "log_branch", "wide_branch", "branch_arbiter", "tcdm_interconnect")
CHECKS = TREE / "rtl/checks/pulp_port_checks.sv"
SOURCES = [CHECKS, *(TREE / f"rtl/cluster/pulp_{name}.sv" for name in CLUSTER), TREE / "tb/tops/fabric_top.sv"]
TESTS = 6

# Ports, wide initiators, bits of the port, banks (as few as may be, or more), words of a bank, base.
SHAPES = {
    "of the default cluster": Shape(10, 1, 256, 16, 32, 0x1000_0000),
    "with two accelerators": Shape(9, 2, 256, 32, 7, 0x1C00_0104),
    "with the least banks at address 0": Shape(3, 1, 64, 4, 9, 0),
    "at the end of all addresses": Shape(2, 3, 64, 8, 8, 0xFFFF_FF00),
    "with a wide port": Shape(5, 1, 1024, 64, 4, 0x8000),
    "of one port of each kind and one row": Shape(1, 1, 64, 4, 1, 0x40),
}


LONG = ("with two accelerators", "with the least banks at address 0", "with a wide port")
"""Those that are left to the long run."""


@pytest.mark.parametrize(
    "shape",
    [pytest.param(shape, id=name, marks=[pytest.mark.long] * (name in LONG)) for name, shape in SHAPES.items()],
)
def test_fabric(shape: Shape) -> None:
    env = {"CYCLES": "3000"}
    module = "tb.cluster.fabric.traffic"
    assert simulate("fabric_top", SOURCES, module, shape.parameters(), env=env) == TESTS
