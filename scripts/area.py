# SPDX-License-Identifier: Apache-2.0
"""Area and logic depth: synthesise the design of experiments, fit the model, show how good it is.

The tools are Yosys (`python -m pip install pyosys==0.70`, best into an environment of its own, which --python names),
OpenSTA and the library osu018 (Debian: `apt-get install opensta qflow-tech-osu018`). Without them the figures are those
that were measured before. A run from an empty cache takes half an hour to an hour of one core.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from redmule.area import fit, model, points
from redmule.area.data import replace_file
from redmule.area.synthesis import Synthesis
from redmule.area.timing import Timing
from redmule.cli.output import print_table, progress_bar
from redmule.report import area, gates

ROOT = Path(__file__).parents[1]
PAGES = ROOT / "docs" / "results"
CACHE = ROOT / "build" / "area"


def measure(timing: Timing) -> points.Measured:
    """Measure with the tools if they are there; else return what was measured before."""
    try:
        timing.require()
    except RuntimeError as error:
        print(f"area: {error}; these are the figures measured before", file=sys.stderr)
        return points.load()
    with progress_bar(points.num_steps(), "steps") as bar:
        return points.measure(timing, lambda steps: bar(steps, 0))


def main() -> int:
    """Measure, fit, print, and write data and pages if asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default=sys.executable, help="interpreter that has pyosys (default: this one)")
    parser.add_argument("--write", action="store_true", help="write the data of the package, and area.md and gates.md")
    arguments = parser.parse_args()
    try:
        measured = measure(Timing(Synthesis(ROOT / "rtl", arguments.python, CACHE)))
    except RuntimeError as error:
        print(f"area: {error}", file=sys.stderr)
        return 1
    fitted = fit.fit(measured)
    for section in area.sections(measured, fitted):
        print_table(section.columns, section.rows, section.title)
    if arguments.write:
        points.save(measured)
        fit.save(fitted)
        measured, fitted = points.load(), model.load()  # rounded as they were written down
        replace_file(PAGES / "area.md", area.page(measured, fitted))
        replace_file(PAGES / "gates.md", gates.page(measured.sizes))
    return 0


if __name__ == "__main__":
    sys.exit(main())
