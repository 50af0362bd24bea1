# SPDX-License-Identifier: Apache-2.0
"""A row of computing elements with pipelines of several lengths, and how the rows are split into groups."""

from __future__ import annotations

from pathlib import Path

import pytest

from redmule.build import rtl_sources
from tb.runner import simulate

TREE = Path(__file__).parents[3]
NAMES = {"redmule_pkg.sv", "redmule_ce.sv", "redmule_row.sv"}
ROW = [
    *(path for path in rtl_sources() if path.parent.name == "fp" or path.name in NAMES),
    TREE / "tb/tops/row_top.sv",
]
MAP = [
    *(TREE / "rtl" / name for name in ("fp/fp_pkg.sv", "redmule_pkg.sv", "array/redmule_row_map.sv")),
    TREE / "tb/tops/row_map_top.sv",
]
TESTS = 3


@pytest.mark.parametrize(("row_len", "pipe_regs"), [(5, 0), (3, 1), (4, 3)])
def test_row_of_elements_with_pipeline_registers(row_len: int, pipe_regs: int) -> None:
    parameters = {"RowLen": row_len, "PipeRegs": pipe_regs}
    assert simulate("row_top", ROW, "tb.unit.row.bench", parameters) == TESTS


def test_map_of_rows_to_groups() -> None:
    assert simulate("row_map_top", MAP, "tb.unit.row.map", {"MaxRows": 32}) == 1
