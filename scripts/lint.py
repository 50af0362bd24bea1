# SPDX-License-Identifier: Apache-2.0
"""All static checks of RTL and Python, two at a time; exits with 1 if one fails. With --fix it formats in place."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import lint_rtl

PYTHON_FOLDERS = ("pymodel", "tb", "scripts")


def python_checks() -> Iterator[tuple[str, list[str]]]:
    """Yield the checks of the Python half and of what is generated."""
    yield "mypy", ["mypy", *PYTHON_FOLDERS]
    yield "ruff check", ["ruff", "check", *PYTHON_FOLDERS]
    yield "ruff format", ["ruff", "format", "--check", *PYTHON_FOLDERS]
    yield "registers", [sys.executable, "scripts/gen_regs.py", "--check"]
    yield "C driver", [sys.executable, "scripts/build_sw.py", "--host"]


def run(check: tuple[str, list[str]]) -> bool:
    """Run one check, print one line for it and, if it fails, what it says; return whether it passed."""
    name, command = check
    started = time.monotonic()
    done = subprocess.run(command, cwd=lint_rtl.ROOT, check=False, capture_output=True, text=True)
    output = (done.stdout + done.stderr).strip()
    line = f"{'failed' if done.returncode else 'ok':6} {name} ({time.monotonic() - started:.1f} s)"
    print(f"{line}\n{output}" if done.returncode else line, flush=True)
    return done.returncode == 0


def fix() -> None:
    """Format every file in place."""
    for command in (
        ["ruff", "check", "--fix", *PYTHON_FOLDERS],
        ["ruff", "format", *PYTHON_FOLDERS],
        [*lint_rtl.formatter(), *map(str, lint_rtl.systemverilog_files())],
    ):
        subprocess.run(command, cwd=lint_rtl.ROOT, check=False)


def main() -> int:
    """Run the checks whose names contain the given words (all by default)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("words", nargs="*", help="run only checks whose name contains one of these")
    parser.add_argument("--fix", action="store_true", help="format instead of checking")
    arguments = parser.parse_args()
    if arguments.fix:
        fix()
        return 0
    checks = [*python_checks(), *lint_rtl.checks()]
    if arguments.words:
        checks = [check for check in checks if any(word in check[0] for word in arguments.words)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        passed = list(pool.map(run, checks))
    print(f"{sum(passed)} of {len(passed)} checks passed")
    return 0 if all(passed) and passed else 1


if __name__ == "__main__":
    sys.exit(main())
