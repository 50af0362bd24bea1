# SPDX-License-Identifier: Apache-2.0
"""The sequencers ask for exactly the beats that the matrices have, for arrays and ports of every shape."""

from __future__ import annotations

from pathlib import Path

import pytest

from redmule.config import Config
from tb.runner import simulate

TREE = Path(__file__).parents[3]
PACKAGES = [TREE / "rtl/fp/fp_pkg.sv", TREE / "rtl/redmule_pkg.sv"]
TILES = [TREE / f"rtl/control/redmule_{name}.sv" for name in ("loop", "pointer", "tile_walk")]
PORT = ("patch_walk", "credit", "lines", "line_loader", "yz_access")
SEQUENCERS = [
    TREE / "rtl/control/redmule_job_feed.sv",
    *(TREE / f"rtl/port/redmule_{name}.sv" for name in PORT),
    TREE / "tb/tops/walk_top.sv",
]
TILE_SOURCES = [*PACKAGES, *TILES]
SOURCES = [*TILE_SOURCES, *SEQUENCERS]
ENV = {"JOBS": "30"}
WALK_TESTS, TILE_TESTS = 3, 2
NARROW = Config(3, 5, 0, 64, contexts=3, row_groups=2, x_chunks=3, w_ahead=16)
WIDEST = Config(1, 4, 0, 1024, contexts=1, x_chunks=8, w_ahead=3)  # more lines of X than the arbiter is told of


def parameters(config: Config) -> dict[str, int]:
    """Return the parameters of walk_top for an accelerator."""
    return {
        "NumRows": config.rows,
        "RowLen": config.row_len,
        "TileCols": config.tile_cols,
        "RowGroups": config.row_groups,
        "XChunkLines": config.x_chunk,
        "XChunks": config.x_chunks,
        "WChunkLines": config.w_chunk,
        "WChunks": config.w_chunks,
        "PortWidth": config.port_width,
        "NumContexts": config.contexts,
    }


@pytest.mark.parametrize(
    "config",
    [
        pytest.param(Config.named("paper"), id="paper"),
        pytest.param(NARROW, id="port-narrower-than-a-row"),
        pytest.param(Config(8, 16, 4, 64, contexts=2, transposes=False), id="twenty-beats-a-row"),
        pytest.param(Config(5, 3, 4, 256, row_groups=1, x_chunks=8, w_ahead=16), id="one-group"),
        pytest.param(WIDEST, id="one-row-widest-port"),
    ],
)
def test_address_sequences(config: Config) -> None:
    assert simulate("walk_top", SOURCES, "tb.unit.walk.bench", parameters(config), env=ENV) == WALK_TESTS


@pytest.mark.parametrize("values", [(12, 16, 4), (7, 5, 4), (3, 4, 2), (1, 3, 4), (8, 1, 1)])
def test_tiles_of_every_small_matrix(values: tuple[int, ...]) -> None:
    size = dict(zip(("NumRows", "TileCols", "RowGroups"), values, strict=True))
    assert simulate("redmule_tile_walk", TILE_SOURCES, "tb.unit.walk.tiles", size) == TILE_TESTS
