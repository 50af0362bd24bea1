# SPDX-License-Identifier: Apache-2.0
"""The functional coverage of this process: counted if REDMULE_COVERAGE names a folder, and written there at its end."""

from __future__ import annotations

import atexit
import functools
import os
from pathlib import Path

from redmule.build import coverage_dir
from tb.coverage.functional import FunctionalCoverage


@functools.cache
def collector() -> FunctionalCoverage | None:
    """Return where the jobs of this process are sampled; None: they are not."""
    folder = coverage_dir()
    return None if folder is None else _begin(folder)


def _begin(folder: Path) -> FunctionalCoverage:
    """Count from now on, and write what was counted when the process ends."""
    coverage = FunctionalCoverage()
    atexit.register(coverage.save, folder / f"functional-{os.getpid()}.json")
    return coverage
