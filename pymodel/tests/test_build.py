# SPDX-License-Identifier: Apache-2.0
"""The cache of Verilated models, on a counter."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

import pytest

from redmule import build

RTL = Path(__file__).parent / "rtl"
SOURCES = [RTL / "build_counter.sv"]
WRAPPER = [RTL / "build_counter.cpp"]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDMULE_CACHE", str(tmp_path / "cache"))


def test_a_model_is_built_once_and_parameters_make_another_one(capsys: pytest.CaptureFixture[str]) -> None:
    counts = {}
    for width in (4, 7, 4):
        library = build.verilate("build_counter", {"Width": width}, SOURCES, cpp=WRAPPER, label=f"width{width}")
        counts[width] = ctypes.CDLL(str(library)).run(100)
    assert counts == {4: 100 % 2**4, 7: 100}
    progress = capsys.readouterr().err
    assert progress.count("building RTL model width4 ... ") == 1
    assert progress.count("building RTL model width7 ... ") == 1
    assert {path.suffix for path in library.parent.iterdir()} == {".so", ".log"}


def test_a_failed_build_shows_the_error_and_leaves_no_folder(tmp_path: Path) -> None:
    broken = tmp_path / "broken.sv"
    broken.write_text("module broken (input logic a_i); assign a_i = nonsense; endmodule\n")
    with pytest.raises(RuntimeError, match=r"building RTL model broken failed:(.|\n)*nonsense"):
        build.verilate("broken", {}, [broken], cpp=WRAPPER)
    assert [path for path in build.cache_dir().iterdir() if path.is_dir()] == []


def test_a_missing_tool_is_named_with_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for tool in ("perl", "make"):
        (tmp_path / tool).symlink_to("/bin/true")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RuntimeError, match=r"needs g\+\+; on Debian: apt-get install g\+\+"):
        build.verilate("build_counter", {}, SOURCES, cpp=WRAPPER)


def test_a_wrong_choice_of_verilator_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VERILATOR", "no-such-verilator")
    with pytest.raises(RuntimeError, match="no-such-verilator"):
        build.verilator()


def test_the_cache_is_in_the_tree_unless_the_environment_names_another_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REDMULE_CACHE")
    assert build.cache_dir() == Path(__file__).parents[2] / "build"
    monkeypatch.setenv("REDMULE_CACHE", os.sep + "elsewhere")
    assert build.cache_dir() == Path("/elsewhere")


def test_every_file_of_the_file_list_exists() -> None:
    sources = build.rtl_sources()
    assert sources
    assert [source for source in sources if not source.is_file()] == []
