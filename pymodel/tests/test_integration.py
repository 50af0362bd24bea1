# SPDX-License-Identifier: Apache-2.0
"""Bender.yml and redmule.core have the files of redmule.f and cluster.f, in their order, and those elaborate."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

import redmule
from redmule.build import rtl_sources, verilator
from redmule.config import Config, data_dir

ROOT = data_dir()
WRAPPER, CLUSTER_TOP = "redmule_hci_wrap", "pulp_cluster_stub"
SIMULATION, CLUSTER = "simulation", "pulp_cluster_stub"  # targets of Bender
TINY = {name: value for name, value in Config.named("tiny").parameters().items() if name != "IdWidth"}
PATIENCE_S = 300


def _relative(paths: Sequence[Path]) -> list[str]:
    return [path.relative_to(ROOT).as_posix() for path in paths]


ACCELERATOR, CLUSTER_FILES = _relative(rtl_sources()), _relative(rtl_sources("cluster.f"))
CHECKS = [name for name in ACCELERATOR if name.startswith("rtl/checks/")]
PLAIN = [name for name in ACCELERATOR if name not in CHECKS]
WRAPPER_FILES = [f"rtl/{WRAPPER}.sv"]


def _bender(*targets: str) -> list[str]:
    """Return the files that Bender takes for these targets."""
    groups = yaml.safe_load((ROOT / "Bender.yml").read_text(encoding="utf-8"))["sources"]
    assert all(group.keys() <= {"target", "files"} for group in groups)
    return [name for group in groups if group.get("target", "*") in ("*", *targets) for name in group["files"]]


def _core() -> dict[str, Any]:
    """Return the FuseSoC core."""
    text = (ROOT / "redmule.core").read_text(encoding="utf-8")
    assert text.startswith("CAPI=2:\n"), "FuseSoC knows a core by its first line"
    return dict(yaml.safe_load(text))


def _fusesoc(target: str, *kinds: str) -> list[str]:
    """Return the files of a target of the core, those of the kinds that are asked for."""
    core = _core()
    filesets = [core["filesets"][name] for name in core["targets"][target]["filesets"]]
    return [name for fileset in filesets if fileset["file_type"] in kinds for name in fileset["files"]]


def test_bender_has_the_files_of_the_lists_in_their_order() -> None:
    assert _bender() == [*PLAIN, *WRAPPER_FILES]
    assert _bender(SIMULATION) == [*ACCELERATOR, *WRAPPER_FILES]
    assert _bender(SIMULATION, CLUSTER) == [*ACCELERATOR, *WRAPPER_FILES, *CLUSTER_FILES]


def test_bender_needs_no_other_package_and_exports_no_folder() -> None:
    manifest = yaml.safe_load((ROOT / "Bender.yml").read_text(encoding="utf-8"))
    assert manifest.keys() == {"package", "sources"}
    assert manifest["package"]["name"] == "redmule"


@pytest.mark.parametrize(
    ("target", "files"),
    [
        ("default", [*PLAIN, *WRAPPER_FILES]),
        ("cluster", [*PLAIN, *CLUSTER_FILES]),
        ("lint", [*ACCELERATOR, *WRAPPER_FILES]),
        ("lint_cluster", [*ACCELERATOR, *CLUSTER_FILES]),
    ],
)
def test_the_core_has_the_files_of_the_lists_in_their_order(target: str, files: list[str]) -> None:
    assert _fusesoc(target, "systemVerilogSource") == files


def test_every_file_that_is_named_is_there() -> None:
    waivers = _fusesoc("lint", "vlt")
    assert waivers == sorted(_relative(list((ROOT / "rtl" / "lint").glob("*.vlt"))))
    named = {*_bender(SIMULATION, CLUSTER), *_fusesoc("lint_cluster", "systemVerilogSource"), *waivers}
    assert not [name for name in named if not (ROOT / name).is_file()]


def test_no_rtl_file_is_left_out() -> None:
    stored = {path.relative_to(ROOT).as_posix() for path in (ROOT / "rtl").rglob("*.sv")}
    assert set(_bender(SIMULATION, CLUSTER)) == stored


def test_the_core_has_the_version_of_the_package() -> None:
    assert _core()["name"] == f"::redmule:{redmule.__version__}"


@pytest.mark.parametrize("target", ["default", "cluster", "lint", "lint_cluster"])
def test_the_core_offers_the_parameters_of_its_tops(target: str) -> None:
    core = _core()
    top = core["targets"][target]["toplevel"]
    [path] = (ROOT / "rtl").rglob(f"{top}.sv")
    declared = re.findall(r"^ +parameter [\w ]+?(\w+) =", path.read_text(encoding="utf-8"), re.MULTILINE)
    offered = core["targets"][target]["parameters"]
    of_buses = {"UserWidth", "TcdmIdWidth", "EccWidth", "HandshakeEccWidth", "TcdmBase", "L2Base"}
    assert set(offered) == set(declared) - of_buses
    assert set(offered) <= core["parameters"].keys()


def _elaborate(top: str, files: Sequence[str], parameters: Mapping[str, int], *flags: str) -> None:
    """Elaborate with Verilator and slang; an error or a warning of either fails the test."""
    values = [f"-G{name}={value}" for name, value in parameters.items()]
    paths = [str(ROOT / name) for name in files]
    lint = [str(verilator()), "--lint-only", "--assert", "--timing", "--top-module", top, *flags]
    slang = [sys.executable, str(ROOT / "scripts" / "slang.py"), "-Wdefault", "-Wpedantic", "-Werror", "--top", top]
    for command in (lint, slang):
        ended = subprocess.run(
            [*command, *values, *paths], capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.mark.parametrize(
    "hci",
    [
        {"WritesAnswered": 1, "OneHotIds": 1},
        {"WritesAnswered": 0, "OneHotIds": 0, "IdWidth": 3, "EccWidth": 72, "UserWidth": 4},
        {"WritesAnswered": 0, "OneHotIds": 1, "IdWidth": 32, "NumContexts": 1},
        {"WritesAnswered": 1, "OneHotIds": 0, "IdWidth": 32, "NumCores": 16},
    ],
    ids=["all answered, bits", "reads answered, numbers", "wide ids, bits", "wide ids, numbers"],
)
def test_the_wrapper_is_free_of_warnings(hci: dict[str, int]) -> None:
    waivers = [str(ROOT / name) for name in _fusesoc("lint", "vlt")]
    _elaborate(WRAPPER, _bender(SIMULATION), TINY | hci, "-Wall", *waivers)


def test_the_wrapper_elaborates_without_the_checks() -> None:
    _elaborate(WRAPPER, _bender(), TINY)
    _elaborate(WRAPPER, _fusesoc("default", "systemVerilogSource"), TINY)


def test_too_few_id_bits_for_the_cores_are_an_error() -> None:
    for few in ({"OneHotIds": 1, "IdWidth": 7}, {"OneHotIds": 0, "IdWidth": 2}):
        with pytest.raises(AssertionError, match="too narrow for 8 cores"):
            _elaborate(WRAPPER, _bender(), TINY | few)


def test_the_cluster_elaborates() -> None:
    _elaborate(CLUSTER_TOP, _bender(SIMULATION, CLUSTER), TINY)
    _elaborate(CLUSTER_TOP, _fusesoc("cluster", "systemVerilogSource"), TINY)


def test_fusesoc_sets_the_core_up(tmp_path: Path) -> None:
    if importlib.util.find_spec("fusesoc") is None:
        pytest.skip("FuseSoC is not installed here (pip install fusesoc)")
    fusesoc = [sys.executable, "-c", "from fusesoc.main import main; main()", "--cores-root", str(ROOT)]
    run = ["run", "--target", "lint", "--setup", "--build-root", str(tmp_path / "build"), "redmule"]
    values = [f"--{name}={value}" for name, value in TINY.items()]
    subprocess.run([*fusesoc, *run, *values], cwd=tmp_path, check=True, capture_output=True, timeout=PATIENCE_S)
    [script] = (tmp_path / "build").rglob("*.vc")
    lines = script.read_text(encoding="utf-8").splitlines()
    seen = [line.partition("/rtl/")[2] for line in lines if line.endswith(".sv")]
    assert [f"rtl/{name}" for name in seen] == _fusesoc("lint", "systemVerilogSource")
    assert {f"-G{name}={value}" for name, value in TINY.items()} <= set(lines)
