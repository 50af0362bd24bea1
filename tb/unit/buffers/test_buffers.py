# SPDX-License-Identifier: Apache-2.0
"""The buffers hand on what they were given, for rows of one and of many beats."""

from __future__ import annotations

from pathlib import Path

import pytest

from tb.runner import simulate

TREE = Path(__file__).parents[3]
SOURCES = [
    TREE / "rtl/fp/fp_pkg.sv",
    TREE / "rtl/redmule_pkg.sv",
    *(TREE / f"rtl/control/redmule_{name}.sv" for name in ("loop", "pointer")),
    TREE / "rtl/port/redmule_credit.sv",
    *(TREE / f"rtl/buffer/redmule_{name}.sv" for name in ("fifo", "spread", "x_buffer", "w_buffer", "yz_buffer")),
    TREE / "tb/tops/buffers_top.sv",
]
NAMES = ("NumRows", "RowLen", "TileCols", "ChunkElems", "XChunks", "WAhead", "PortWidth")
BENCHES = ",".join(f"tb.unit.buffers.{name}" for name in ("cells", "x", "w", "yz"))
TESTS = 5


@pytest.mark.parametrize(
    "values",
    [
        pytest.param((3, 5, 5, 5, 3, 2, 64), id="row-wider-than-a-beat"),
        pytest.param((2, 16, 80, 16, 2, 4, 64), id="row-of-more-beats-than-fetched-ahead"),
        pytest.param((5, 3, 15, 15, 8, 16, 256), id="row-narrower-than-a-beat"),
    ],
)
def test_buffers(values: tuple[int, ...]) -> None:
    parameters = dict(zip(NAMES, values, strict=True))
    assert simulate("buffers_top", SOURCES, BENCHES, parameters, env={"JOBS": "30"}) == TESTS
