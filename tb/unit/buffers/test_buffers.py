# SPDX-License-Identifier: Apache-2.0
"""The buffers hand on what they were given, in both directions and every split, for rows of one and of many beats."""

from __future__ import annotations

from pathlib import Path

import pytest

from redmule.config import Config
from tb.runner import simulate

TREE = Path(__file__).parents[3]
SOURCES = [
    TREE / "rtl/fp/fp_pkg.sv",
    TREE / "rtl/redmule_pkg.sv",
    *(TREE / f"rtl/control/redmule_{name}.sv" for name in ("loop", "pointer")),
    *(TREE / f"rtl/port/redmule_{name}.sv" for name in ("credit", "lines")),
]
CELL_SOURCES = [
    *SOURCES,
    *(TREE / f"rtl/buffer/redmule_{name}.sv" for name in ("fifo", "spread", "w_rows")),
    TREE / "tb/tops/cells_top.sv",
]
BUFFER_SOURCES = [
    *SOURCES,
    *(TREE / f"rtl/buffer/redmule_{name}.sv" for name in ("spread", "line_buffer", "yz_buffer")),
    TREE / "tb/tops/buffers_top.sv",
]
CELL_SIZES = ("Depth", "RowLen", "TileCols", "RowGroups", "ChunkLines", "PortWidth")
BENCHES = "tb.unit.buffers.lines,tb.unit.buffers.yz"
CELL_ENV, ENV = {"JOBS": "30"}, {"JOBS": "40"}
CELL_TESTS, BUFFER_TESTS = 5, 3
LEFT_OVER = Config(5, 5, 1, 64, row_groups=2, x_chunks=3)
ONE_ROW = Config(1, 3, 1, 64, row_groups=4, transposes=False)


def parameters(config: Config) -> dict[str, int]:
    """Return the parameters of buffers_top for an accelerator."""
    return {
        "NumRows": config.rows,
        "TileCols": config.tile_cols,
        "RowGroups": config.row_groups,
        "Transposes": int(config.transposes),
        "XChunkLines": config.x_chunk,
        "XChunks": config.x_chunks,
        "WChunkLines": config.w_chunk,
        "WChunks": config.w_chunks,
        "PortWidth": config.port_width,
    }


@pytest.mark.parametrize(
    "values",
    [
        pytest.param((2, 5, 5, 1, 5, 64), id="one-phase"),
        pytest.param((4, 16, 80, 2, 16, 64), id="twenty-beats-a-row"),
        pytest.param((16, 3, 15, 4, 15, 256), id="row-narrower-than-a-beat"),
    ],
)
def test_cells(values: tuple[int, ...]) -> None:
    size = dict(zip(CELL_SIZES, values, strict=True))
    assert simulate("cells_top", CELL_SOURCES, "tb.unit.buffers.cells", size, env=CELL_ENV) == CELL_TESTS


@pytest.mark.parametrize(
    "config",
    [
        pytest.param(Config.named("paper"), id="paper"),
        pytest.param(LEFT_OVER, id="rows-left-over-and-lines-of-many-beats"),
        pytest.param(ONE_ROW, id="one-row-no-transposes"),
        pytest.param(Config(3, 1, 2, 128, row_groups=1, x_chunks=8, w_ahead=16), id="one-group-narrow-tiles"),
        pytest.param(Config(8, 5, 0, 256, row_groups=4, transposes=False, w_ahead=16), id="no-transposes-many-chunks"),
    ],
)
def test_buffers(config: Config) -> None:
    assert simulate("buffers_top", BUFFER_SOURCES, BENCHES, parameters(config), env=ENV) == BUFFER_TESTS
