# SPDX-License-Identifier: Apache-2.0
"""The static checks of the RTL, as commands: Verilator and slang for every configuration, verible for every file.

Verilator's waivers stand in `rtl/lint`, each with its reason; slang and verible have none.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from redmule.build import rtl_sources, verilator
from redmule.cluster import Cluster
from redmule.config import CONFIGS, Config, data_dir

ROOT = data_dir()
LINT = ROOT / "rtl" / "lint"
TOP = "redmule_top"
WRAPPER_TOP, CLUSTER_TOP = "redmule_hci_wrap", "pulp_cluster_stub"

# Beside the named ones: rows, elements in a row, pipeline registers, port bits; and what may be left out or multiplied.
ODD_SHAPES = [(1, 1, 0, 64), (5, 3, 4, 64), (32, 5, 0, 1024), (1, 16, 4, 64), (5, 16, 4, 1024), (32, 1, 4, 512)]
ODD_CONFIGS = [
    *(Config(*shape, name="x".join(map(str, shape))) for shape in ODD_SHAPES),
    Config(1, 3, 0, 128, contexts=1, cores=1, id_width=1, row_groups=1, x_chunks=8, w_ahead=2, name="one of all"),
    Config(7, 3, 2, 128, contexts=3, cores=16, id_width=9, row_groups=2, x_chunks=3, w_ahead=16, name="much of all"),
    *(
        Config(
            12, 4, 3, 256, row_groups=groups, transposes=transposes, name=f"{groups} groups, transposes {transposes}"
        )
        for groups, transposes in [(1, True), (1, False), (2, False), (4, False)]
    ),
    Config(1, 1, 0, 64, contexts=1, row_groups=1, transposes=False, name="least of all"),
]


# Clusters that differ in every count from the default one.
ODD_CLUSTERS = [
    (Cluster(accelerators=2, dmas=1, banks=64, tcdm_bytes=64 << 10), CONFIGS["tiny"]),
    (Cluster(accelerators=3, l2_bytes=1 << 20), Config(1, 1, 0, 1024, cores=1, id_width=1, name="1x1x0x1024")),
    (Cluster(tcdm_bytes=32 << 10), Config(5, 3, 4, 64, cores=16, id_width=5, name="5x3x4x64, 16 cores")),
]


def checks() -> Iterator[tuple[str, list[str]]]:
    """Yield the checks: a name and the command that exits with 0 if all is well."""
    sources = rtl_sources()
    for config in sorted((*CONFIGS.values(), *ODD_CONFIGS), key=lambda config: -config.num_ces):
        yield from _elaborations(TOP, config.name, config.parameters(), sources)
    yield from _elaborations(WRAPPER_TOP, "wrapper", {}, [*sources, ROOT / "rtl" / f"{WRAPPER_TOP}.sv"])
    sources += rtl_sources("cluster.f")
    for cluster, config in [*((Cluster(), config) for config in CONFIGS.values()), *ODD_CLUSTERS]:
        name = f"cluster of {cluster.accelerators} {config.name}"
        yield from _elaborations(CLUSTER_TOP, name, cluster.parameters(config), sources)
    files = [str(path) for path in systemverilog_files()]
    yield "verible lint", ["verible-verilog-lint", f"--rules_config={LINT / 'verible.rules'}", *files]
    yield "verible format", [*formatter(), "--verify", *files]


def _elaborations(
    top: str, name: str, parameters: Mapping[str, int], sources: Sequence[Path]
) -> Iterator[tuple[str, list[str]]]:
    """Yield the checks of a top module with these parameters."""
    lint = [str(verilator()), "--lint-only", "-Wall", "--assert", "--timing", "--top-module", top]
    slang = [sys.executable, str(ROOT / "scripts" / "slang.py"), "-Wdefault", "-Wpedantic", "-Werror", "--top", top]
    values = [f"-G{parameter}={value}" for parameter, value in parameters.items()]
    waivers = [str(path) for path in sorted(LINT.glob("*.vlt"))]
    files = [str(path) for path in sources]
    yield f"verilator {name}", [*lint, *values, *waivers, *files]
    yield f"slang {name}", [*slang, *values, *files]


def formatter() -> list[str]:
    """Return the command that formats SystemVerilog."""
    return ["verible-verilog-format", f"--flagfile={LINT / 'verible.flags'}", "--inplace"]


def systemverilog_files() -> list[Path]:
    """Return every SystemVerilog file of the project."""
    return sorted(path for folder in ("rtl", "tb", "pymodel", "formal") for path in (ROOT / folder).rglob("*.sv"))
