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
from tb.unit.control import test_control

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

    def run(self) -> str | None:
        """Run it on the RTL that is chosen; returns what failed first, or None."""
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            try:
                simulate(self.top, _of_copy(self.sources), self.module, self.parameters, seed=SEED, env=self.env)
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
    Bench("control_top", test_control.SOURCES, test_control.RULES, test_control.SIZES[3]),
    Bench("control_top", test_control.SOURCES, "tb.unit.control.traffic", test_control.SIZES[3], {"CYCLES": "10000"}),
]
"""Of the job control."""

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
        bench for bench in (*CONTROL, *CLUSTER) if any(str(source).endswith(f"/rtl/{file}") for source in bench.sources)
    ]
