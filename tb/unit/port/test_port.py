# SPDX-License-Identifier: Apache-2.0
"""The memory port keeps its rules at every width, and its arbiter gives the port to the most urgent stream."""

from __future__ import annotations

from pathlib import Path

import pytest

from tb.runner import simulate

TREE = Path(__file__).parents[3]
ARBITER = [TREE / "rtl/fp/fp_pkg.sv", TREE / "rtl/redmule_pkg.sv", TREE / "rtl/port/redmule_arbiter.sv"]
PORT = [TREE / "rtl/buffer/redmule_fifo.sv", TREE / "rtl/port/redmule_port.sv", TREE / "tb/tops/port_top.sv"]
TESTS = 3


def test_arbiter_for_every_order_of_leads() -> None:
    assert simulate("arbiter_top", [*ARBITER, TREE / "tb/tops/arbiter_top.sv"], "tb.unit.port.arbiter") == 1


@pytest.mark.parametrize("width", [64, 256, 1024])
def test_port_of_width(width: int) -> None:
    parameters = {"PortWidth": width}
    env = {"CYCLES": "2000"}
    assert simulate("port_top", [*ARBITER, *PORT], "tb.unit.port.bench", parameters, env=env) == TESTS
