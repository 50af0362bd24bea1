# SPDX-License-Identifier: Apache-2.0
"""Slang as a command: elaborates a design with the arguments of slang and exits with 1 on any diagnostic."""

from __future__ import annotations

import shlex
import sys

from pyslang.driver import Driver


def main(arguments: list[str]) -> int:
    """Run slang and return the exit code."""
    driver = Driver()
    driver.addStandardArgs()
    if not driver.parseCommandLine(shlex.join(["slang", *arguments])) or not driver.processOptions():
        return 2
    return 0 if driver.parseAllSources() and driver.runFullCompilation() else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
