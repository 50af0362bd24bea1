# SPDX-License-Identifier: Apache-2.0
"""What training shows on the digits: recipes against FP32, loss scaling, continual learning, approximate kernels.

Each piece is kept in build/training and not computed again until a source it comes from changes; a run that was
interrupted goes on. Exits with 1 if something that is asked for is not so.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from redmule.build import cache_dir
from redmule.cli.output import print_json, print_table, progress_bar
from redmule.report import training, training_page
from redmule.report.training_study import Study
from redmule.sweep.table import replaced

DOCS = Path(__file__).parents[1] / "docs"


def main() -> int:
    """Compute the pieces, print the tables, write the files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument("--write", action="store_true", help="write results/training.md and the pictures")
    parser.add_argument("--fresh", action="store_true", help="compute all pieces again")
    arguments = parser.parse_args()
    folder = cache_dir() / "training"
    if arguments.fresh:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    pieces = list(Study(folder, training.FRESH_SPLITS).pieces())
    found = {}
    with progress_bar(len(pieces), "pieces") as bar:
        for done, (name, compute) in enumerate(pieces, 1):
            found[name] = compute()
            bar(done, 0)
    if arguments.json:
        print_json(found)
    else:
        for table in (*training_page.tables(found), training_page.verdict_table(found)):
            print_table(table.columns, table.rows, table.title)
            print()
    if arguments.write:
        replaced(DOCS / "results" / "training.md", training_page.markdown(found).encode())
        for name, content in training_page.pictures(found).items():
            replaced(DOCS / "pictures" / name, content.encode())
    return 0 if all(verdict.ok for verdict in training.verdicts(found)) else 1


if __name__ == "__main__":
    sys.exit(main())
