# SPDX-License-Identifier: Apache-2.0
"""The default sweep: arrays of many sizes on products of many sizes and on four networks in training.

Leaves the table and the report in build/sweep/. Exits with 1 if a point fails.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from redmule.cli.output import progress_bar
from redmule.report import sweep_page, sweep_study
from redmule.sweep import Cache, Settings, run, write
from redmule.sweep.table import replaced

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "build" / "sweep"
PAGE = ROOT / "docs" / "results" / "sweep.md"
PICTURES = ROOT / "docs" / "pictures"


def main() -> int:
    """Sweep, report, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help=f"write docs/results/{PAGE.name} and its pictures")
    parser.add_argument("--jobs", type=int, default=2, help="processes (default: 2)")
    arguments = parser.parse_args()
    points = sweep_study.points()
    with progress_bar(len(points), "points") as bar:
        outcome = run(points, Settings(), Cache.default(), jobs=arguments.jobs, progress=bar)
    table, _ = write(outcome.rows, FOLDER)
    print(
        f"{table.relative_to(ROOT)}: points {len(outcome.rows)}, computed {outcome.computed}, failed {outcome.failed}"
    )
    if outcome.failed:
        return 1
    parts = sweep_page.sections(outcome.rows)
    with progress_bar(len(parts), "parts of the report") as bar:
        page = replaced(FOLDER / "report.html", sweep_page.page(parts, "Sweep over array sizes", bar).encode())
    print(page.relative_to(ROOT))
    if arguments.write:
        drawn = sweep_study.pictures(outcome.rows)
        with progress_bar(len(drawn), "pictures") as bar:
            for done, (name, picture) in enumerate(drawn.items(), 1):
                replaced(PICTURES / f"{name}.png", picture.png())
                bar(done, 0)
        replaced(PAGE, sweep_study.markdown(outcome.rows, drawn).encode())
        print(PAGE.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
