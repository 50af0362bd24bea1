# SPDX-License-Identifier: Apache-2.0
"""Measure every cycle count with a limit on the RTL, and compare it with the limit, the law and the published RTL.

Exits with 1 if a figure that must be met is not, a pinned count differs, or the law differs from the RTL. What misses
only its aim is shown.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from math import inf
from pathlib import Path

from redmule.cli.output import print_json, print_table, progress_bar
from redmule.report import cycles
from redmule.report.bench import Bench

ROOT = Path(__file__).parents[1]
PINS = ROOT / "tb" / "pinned_cycles.yaml"
PAGE = ROOT / "docs" / "results" / "cycles.md"


def main() -> int:
    """Measure section by section, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--long", action="store_true", help="simulate also jobs of more than a million cycles")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.relative_to(ROOT)}")
    arguments = parser.parse_args()
    most_cycles = inf if arguments.long else cycles.LONG_CYCLES
    sections: list[Callable[[Bench], list[cycles.Line]]] = [
        cycles.fixed_cost,
        cycles.queued,
        cycles.named,
        cycles.fp8,
        cycles.stalled,
        cycles.other_configurations,
        partial(cycles.published, most_cycles=most_cycles),
        partial(cycles.pinned, path=PINS, most_cycles=most_cycles),
    ]
    lines: list[cycles.Line] = []
    with progress_bar(len(sections)) as bar, Bench() as bench:
        for done, section in enumerate(sections, start=1):
            lines += section(bench)
            bar(done, bench.cycles)
    remark = cycles.survey()
    if arguments.json:
        print_json([asdict(line) for line in lines])
    else:
        print_table(cycles.COLUMNS, map(cycles.cells, lines))
        print(remark)
    if arguments.write:
        command = f'make cycles ARGS="{"--long " if arguments.long else ""}--write"'
        PAGE.parent.mkdir(parents=True, exist_ok=True)
        PAGE.write_text(cycles.markdown(lines, remark, command), encoding="utf-8")
    return 0 if all(line.ok for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main())
