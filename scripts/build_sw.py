# SPDX-License-Identifier: Apache-2.0
"""Compiles the C driver and its examples for rv32imc into build/sw; with --host it checks them with gcc and g++."""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SW = ROOT / "sw"
SOURCES = (SW / "src/redmule.c", SW / "examples/published.c", SW / "examples/queue.c")
HEADERS = (SW / "include/redmule.h", SW / "examples/examples.h")
INCLUDES = (f"-I{SW / 'include'}", f"-I{SW / 'examples'}")
WARNINGS = ("-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wundef", "-Werror")
C_FLAGS = (
    *("-std=c11", "-ffreestanding", "-O2", *WARNINGS),
    *("-Wstrict-prototypes", "-Wmissing-prototypes", "-Wcast-qual", *INCLUDES),
)
CPP_FLAGS = ("-std=c++11", *WARNINGS, *INCLUDES)
RISCV_FLAGS = ("-march=rv32imc", "-mabi=ilp32", "-nostdlib")
RISCV_GCC, RISCV_PACKAGE = "riscv64-unknown-elf-gcc", "gcc-riscv64-unknown-elf"
BUS_FUNCTIONS = "-DREDMULE_BUS_FUNCTIONS"


class BuildError(RuntimeError):
    """A compiler is missing, or has something to say."""


def run(command: Sequence[str | Path], text: str = "") -> str:
    """Run a compiler with this text as its input and return its output.

    Raises:
        BuildError: it is not there, or refuses; the message holds what it said.
    """
    if shutil.which(command[0]) is None:
        raise BuildError(f"{command[0]} is not there")
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildError(f"{shlex.join(map(str, command))}\n{done.stdout}{done.stderr}".rstrip())
    return done.stdout


def compile_objects(compiler: Sequence[str], folder: Path) -> list[Path]:
    """Compile every source into an object in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    objects = [folder / source.with_suffix(".o").name for source in SOURCES]
    for source, output in zip(SOURCES, objects, strict=True):
        run([*compiler, *C_FLAGS, "-c", source, "-o", output])
    return objects


def shared_library(folder: Path, *flags: str) -> Path:
    """Compile all into a shared library of this machine."""
    folder.mkdir(parents=True, exist_ok=True)
    library = folder / "libredmule.so"
    run(["gcc", *C_FLAGS, "-fPIC", "-shared", *flags, *SOURCES, "-o", library])
    return library


def check_host(folder: Path) -> list[Path]:
    """Compile for this machine, with both kinds of register access, and the headers as C++; return the objects."""
    for flags in ((), (BUS_FUNCTIONS,)):
        for header in HEADERS:
            run(["g++", *CPP_FLAGS, *flags, "-x", "c++", "-fsyntax-only", "-"], f'#include "{header.name}"\n')
        objects = compile_objects(("gcc", *flags), folder / ("bus_functions" if flags else "memory"))
    return objects


def riscv_compiler() -> list[str]:
    """Return the command of the cross compiler: RISCV_CC, or Debian's.

    Raises:
        BuildError: there is none; the message names the package that brings it.
    """
    if chosen := os.environ.get("RISCV_CC"):
        return shlex.split(chosen)
    if shutil.which(RISCV_GCC) is None:
        raise BuildError(
            f"no {RISCV_GCC}: on Debian apt-get install {RISCV_PACKAGE}, or set RISCV_CC to the command of a compiler "
            f"that takes {' '.join(RISCV_FLAGS)}"
        )
    return [RISCV_GCC, *RISCV_FLAGS]


def main() -> int:
    """Print each object that was made; 1 if a compiler is missing or complains."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", action="store_true", help="check with gcc and g++ instead of cross-compiling")
    arguments = parser.parse_args()
    folder = ROOT / "build/sw"
    try:
        if arguments.host:
            objects = check_host(folder / "host")
        else:
            objects = compile_objects(riscv_compiler(), folder / "rv32imc")
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    for output in objects:
        print(output.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
