# SPDX-License-Identifier: Apache-2.0
"""The unit benches in cocotb that judge what the device's harness cannot drive: byte enables, ids, other sizes."""

from __future__ import annotations

import contextlib
import io
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from redmule.build import RTL_VARIABLE
from redmule.config import data_dir
from tb.cluster.dma import test_dma
from tb.cluster.fabric import test_fabric
from tb.cluster.traffic import test_traffic
from tb.runner import simulate
from tb.unit.buffers import test_buffers
from tb.unit.ce import test_ce
from tb.unit.control import test_control
from tb.unit.loop import test_loop
from tb.unit.port import test_port
from tb.unit.row import test_row
from tb.unit.walk import test_walk

SEED = 1

_FAILURE = re.compile(r"^.*(?:Error|assert |failed at).*$", re.MULTILINE)
_MOST_TEXT = 200


@dataclass(frozen=True, slots=True)
class Bench:
    """A bench in cocotb: top, sources, modules of tests, parameters and environment, as for `tb.runner.simulate`."""

    top: str
    sources: Sequence[Path]
    module: str
    parameters: Mapping[str, int]
    env: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Its top, its last module and its parameters."""
        return " ".join((self.top, self.module.rpartition(".")[2], *map(str, self.parameters.values())))

    @property
    def decided_by(self) -> tuple[str, ...]:
        """Patterns of the files that decide what it sees: its folder, its top and how pins are driven."""
        folder = self.module.partition(",")[0].rpartition(".")[0].replace(".", "/")
        return f"{folder}/*", f"tb/tops/{self.top}.sv", "tb/pins.py", "tb/agents/clock.py"

    def run(self) -> str | None:
        """Run it on the RTL that is chosen; returns what failed first, or None."""
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            try:
                env = {"COCOTB_MAX_FAILURES": "1"} | dict(self.env)
                simulate(self.top, _of_copy(self.sources), self.module, self.parameters, seed=SEED, env=env)
            except pytest.fail.Exception as failure:
                found = _FAILURE.search(said.getvalue())
                return (found[0].strip() if found else str(failure))[:_MOST_TEXT]
        return None


def _of_copy(sources: Sequence[Path]) -> list[Path]:
    """Return the sources with those of the RTL taken from the copy that is chosen, behind what the copy needs."""
    copy = os.environ.get(RTL_VARIABLE)
    if not copy:
        return list(sources)
    tree, folder = data_dir() / "rtl", Path(copy)
    helpers = sorted(folder.glob("fp/fp_mutation*"), reverse=True)  # the package is none of the other sources
    return [*helpers, *(folder / path.relative_to(tree) if path.is_relative_to(tree) else path for path in sources)]


_CHECKED = ("redmule_job_decode", "redmule_extent")
_TWO_ACCELERATORS, _SMALL = (
    test_fabric.SHAPES["with two accelerators"],
    test_fabric.SHAPES["at the end of all addresses"],
)

CONTROL = [
    *(
        Bench(
            "check_top",
            [
                *test_control.TYPES,
                *(path for path in test_control.SOURCES if path.stem in _CHECKED),
                test_control.HERE / "check_top.sv",
            ],
            "tb.unit.control.check",
            {"Transposes": transposes},
            {"JOBS": "1000"},
        )
        for transposes in (1, 0)
    ),
    Bench(
        "hazard_top",
        [*test_control.TYPES, test_control.RTL / "control/redmule_hazard.sv", test_control.HERE / "hazard_top.sv"],
        "tb.unit.control.hazard",
        {"NumContexts": 3},
        {"CYCLES": "5000"},
    ),
    Bench("redmule_supervisor", test_control.SUPERVISOR, "tb.unit.control.supervisor", {}),
    Bench("control_top", test_control.SOURCES, test_control.RULES, test_control.SIZES[3]),
    Bench("control_top", test_control.SOURCES, "tb.unit.control.traffic", test_control.SIZES[2], {"CYCLES": "10000"}),
]
"""Of the job control."""

_TILES = [dict(zip(("NumRows", "TileCols", "RowGroups"), values, strict=True)) for values in ((7, 5, 4), (3, 4, 2))]
_CELLS = [
    dict(zip(test_buffers.CELL_SIZES, values, strict=True)) for values in ((2, 5, 5, 1, 5, 64), (16, 3, 15, 4, 15, 256))
]

ENGINE = [
    Bench("loop_top", test_loop.SOURCES, "tb.unit.loop.bench", {}),
    *(Bench("redmule_tile_walk", test_walk.TILE_SOURCES, "tb.unit.walk.tiles", size) for size in _TILES),
    *(
        Bench("walk_top", test_walk.SOURCES, "tb.unit.walk.bench", test_walk.parameters(config), test_walk.ENV)
        for config in (test_walk.NARROW, test_walk.WIDEST)
    ),
    Bench("arbiter_top", test_port.ARBITER, "tb.unit.port.arbiter", {}),
    Bench("port_top", test_port.PORT, "tb.unit.port.bench", {"PortWidth": 64}, test_port.ENV),
    *(
        Bench("cells_top", test_buffers.CELL_SOURCES, "tb.unit.buffers.cells", size, test_buffers.CELL_ENV)
        for size in _CELLS
    ),
    *(
        Bench(
            "buffers_top",
            test_buffers.BUFFER_SOURCES,
            test_buffers.BENCHES,
            test_buffers.parameters(config),
            test_buffers.ENV,
        )
        for config in (test_buffers.LEFT_OVER, test_buffers.ONE_ROW)
    ),
    Bench("row_map_top", test_row.MAP, "tb.unit.row.map", {"MaxRows": 9}),
    Bench("row_top", test_row.ROW, "tb.unit.row.bench", {"RowLen": 3, "PipeRegs": 1}),
    Bench("ce_top", test_ce.SOURCES, "tb.unit.ce.bench", {"PipeRegs": 3}),
]
"""Of what moves and computes."""

CLUSTER = [
    *(
        Bench("fabric_top", test_fabric.SOURCES, "tb.cluster.fabric.traffic", shape.parameters(), {"CYCLES": "2000"})
        for shape in (_TWO_ACCELERATORS, _SMALL)
    ),
    Bench(
        "dma_top",
        test_dma.SOURCES,
        "tb.cluster.dma.bench",
        {"NumDma": 2, "QueueDepth": 1, "FifoBeats": 1},
        {"ROUNDS": "30", "STEP": "4"},
    ),
    Bench("dma_top", test_dma.SOURCES, "tb.cluster.dma.l2", {"NumDma": 2, "QueueDepth": 4, "FifoBeats": 64}),
    *(
        Bench(
            "traffic_top",
            test_traffic.SOURCES,
            f"tb.cluster.traffic.{module}",
            {"NumBanks": 16, "RegionWords": 256, "NumWide": 2, "NumPorts": 3},
        )
        for module in ("bench", "arbiter")
    ),
]
"""Of the cluster."""


def for_file(file: str) -> list[Bench]:
    """Return the benches that have a file of the RTL, named below `rtl/`, in them."""
    return [
        bench
        for bench in (*CONTROL, *ENGINE, *CLUSTER)
        if any(str(source).endswith(f"/rtl/{file}") for source in bench.sources)
    ]
