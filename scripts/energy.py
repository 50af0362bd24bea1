# SPDX-License-Identifier: Apache-2.0
"""The energy model beside what is published; 1 if a published point is missed by more than 10 %.

`--fit` makes the table of costs anew, from measurements (`scripts/activity.py`) and published points.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from redmule.area.data import replace_file
from redmule.cli.output import print_json, print_table
from redmule.energy import table
from redmule.energy.fit import fit
from redmule.energy.measure import load
from redmule.report import energy, energy_page

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "results" / "energy.md"


def main() -> int:
    """Fit, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--fit", action="store_true", help=f"write {table.COSTS.relative_to(ROOT)} before")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.relative_to(ROOT)}")
    arguments = parser.parse_args()
    if arguments.fit:
        replace_file(table.COSTS, table.text_of(fit(load())))
        table.costs.cache_clear()
    errors = energy.point_errors()
    if arguments.json:
        print_json(errors)
    else:
        print_table(energy.POINT_COLUMNS, energy.point_rows(), title="Published points and the model")
    if arguments.write:
        replace_file(PAGE, energy_page.markdown(load()))
    return 0 if max(map(abs, errors.values())) <= energy.MOST_ERROR else 1


if __name__ == "__main__":
    sys.exit(main())
