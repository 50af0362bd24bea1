# SPDX-License-Identifier: Apache-2.0
"""The memory port keeps its rules at every width, and its arbiter gives the port to the most urgent stream."""

from __future__ import annotations

from pathlib import Path

import pytest

from tb.runner import simulate

TREE = Path(__file__).parents[3]
COMMON = [TREE / "rtl/fp/fp_pkg.sv", TREE / "rtl/redmule_pkg.sv", TREE / "rtl/port/redmule_arbiter.sv"]
ARBITER = [*COMMON, TREE / "tb/tops/arbiter_top.sv"]
PORT = [
    *COMMON,
    *(TREE / "rtl" / name for name in ("buffer/redmule_fifo.sv", "port/redmule_port.sv")),
    TREE / "tb/tops/port_top.sv",
]
ENV = {"CYCLES": "2000"}
TESTS = 3


def test_arbiter_for_every_order_of_leads() -> None:
    assert simulate("arbiter_top", ARBITER, "tb.unit.port.arbiter") == 1


@pytest.mark.parametrize("width", [64, 256, 1024])
def test_port_of_width(width: int) -> None:
    parameters = {"PortWidth": width}
    assert simulate("port_top", PORT, "tb.unit.port.bench", parameters, env=ENV) == TESTS
