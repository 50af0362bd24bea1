# SPDX-License-Identifier: Apache-2.0
"""Nested loop cells count, point and clear as Python's loops do."""

from __future__ import annotations

from pathlib import Path

from tb.runner import simulate

TREE = Path(__file__).parents[3]
SOURCES = [
    TREE / "rtl/control/redmule_loop.sv",
    TREE / "rtl/control/redmule_pointer.sv",
    TREE / "tb/tops/loop_top.sv",
]
TESTS = 4


def test_nested_loops_cover_every_total_in_every_step() -> None:
    assert simulate("loop_top", SOURCES, "tb.unit.loop.bench") == TESTS
