# SPDX-License-Identifier: Apache-2.0
"""The computing element with every number of pipeline registers that cuts its path differently."""

from __future__ import annotations

from pathlib import Path

import pytest

from redmule.build import rtl_sources
from tb.runner import simulate

NAMES = {"redmule_pkg.sv", "redmule_ce.sv"}
SOURCES = [
    *(path for path in rtl_sources() if path.parent.name == "fp" or path.name in NAMES),
    Path(__file__).parent / "ce_top.sv",
]
TESTS = 5


@pytest.mark.parametrize("pipe_regs", [0, 1, 3, 4])
def test_computing_element_with_pipeline_registers(pipe_regs: int) -> None:
    assert simulate("ce_top", SOURCES, "tb.unit.ce.bench", {"PipeRegs": pipe_regs}) == TESTS
