# SPDX-License-Identifier: Apache-2.0
"""A row of computing elements with pipelines of several lengths, and how the rows are split into groups."""

from __future__ import annotations

from pathlib import Path

import pytest

from redmule.build import rtl_sources
from tb.runner import simulate

TREE = Path(__file__).parents[3]
NAMES = {"redmule_pkg.sv", "redmule_ce.sv", "redmule_row.sv"}
TESTS = 3


@pytest.mark.parametrize(("row_len", "pipe_regs"), [(5, 0), (3, 1), (4, 3)])
def test_row_of_elements_with_pipeline_registers(row_len: int, pipe_regs: int) -> None:
    sources = [path for path in rtl_sources() if path.parent.name == "fp" or path.name in NAMES]
    sources.append(TREE / "tb/tops/row_top.sv")
    parameters = {"RowLen": row_len, "PipeRegs": pipe_regs}
    assert simulate("row_top", sources, "tb.unit.row.bench", parameters) == TESTS


def test_map_of_rows_to_groups() -> None:
    names = ("rtl/fp/fp_pkg.sv", "rtl/redmule_pkg.sv", "rtl/array/redmule_row_map.sv", "tb/tops/row_map_top.sv")
    assert simulate("row_map_top", [TREE / name for name in names], "tb.unit.row.map") == 1
