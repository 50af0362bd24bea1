# SPDX-License-Identifier: Apache-2.0
"""The sequencers ask for exactly the beats that the matrices have, for arrays and ports of every shape."""

from __future__ import annotations

from pathlib import Path

import pytest

from tb.runner import simulate

TREE = Path(__file__).parents[3]
CONTROL = ("loop", "pointer", "tile_walk", "job_gate")
PORT = ("row_walk", "credit", "x_loader", "w_loader", "yz_access")
SOURCES = [
    TREE / "rtl/fp/fp_pkg.sv",
    TREE / "rtl/redmule_pkg.sv",
    *(TREE / f"rtl/control/redmule_{name}.sv" for name in CONTROL),
    *(TREE / f"rtl/port/redmule_{name}.sv" for name in PORT),
    TREE / "tb/tops/walk_top.sv",
]
NAMES = ("NumRows", "TileCols", "ChunkElems", "XChunks", "WAhead", "PortWidth")
TESTS = 3


@pytest.mark.parametrize(
    "values",
    [
        pytest.param((3, 5, 5, 3, 2, 64), id="row-wider-than-the-port"),
        pytest.param((2, 80, 16, 2, 6, 64), id="twenty-beats-a-row"),
        pytest.param((5, 15, 15, 8, 16, 256), id="tile-narrower-than-a-beat"),
        pytest.param((4, 4, 64, 2, 3, 1024), id="widest-port"),
    ],
)
def test_address_sequences(values: tuple[int, ...]) -> None:
    parameters = dict(zip(NAMES, values, strict=True))
    assert simulate("walk_top", SOURCES, "tb.unit.walk.bench", parameters, env={"JOBS": "25"}) == TESTS
