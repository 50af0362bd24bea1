# SPDX-License-Identifier: Apache-2.0
"""Single-event upsets in the flops of the accelerator: two campaigns on each configuration, and the document.

.venv/bin/python scripts/faults.py                  the tables
.venv/bin/python scripts/faults.py --scale 0.01     of fewer faults
.venv/bin/python scripts/faults.py --write          and docs/results/faults.md

What has been played is kept in `build/faults` until a source changes. One campaign, one fault: `redmule faults`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from redmule.cli.output import print_table, progress_bar
from redmule.faults import COLUMNS, inject
from redmule.faults.page import Study, text
from redmule.sweep.table import replaced

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "results" / "faults.md"
SEEDS = (1, 2)
COUNTS = {"paper": 100_000, "tiny": 50_000}
"""Faults of each of the two campaigns."""


def main(
    scale: Annotated[float, typer.Option(help="share of the counts, above 0 to 1")] = 1.0,
    jobs: Annotated[int, typer.Option(min=1, help="processes")] = 2,
    write: Annotated[bool, typer.Option("--write", help=f"write {PAGE.relative_to(ROOT)}")] = False,
) -> None:
    """Inject the faults and print the tables."""
    if not 0 < scale <= 1:
        raise typer.BadParameter(f"scale = {scale:g}: allowed are numbers above 0, up to 1")
    studies = {}
    for config, full in COUNTS.items():
        tables = []
        for seed in SEEDS:
            count = max(1, round(full * scale))
            with progress_bar(count, f"faults {config}, seed {seed}") as bar:
                tables.append(inject(config, count=count, seed=seed, processes=jobs, progress=bar))
        studies[config] = study = Study(*tables)
        rows = ((row.name, row.bits, row.injections, *row.shares.values()) for row in study.both.rows)
        print_table(("block", "flops", "faults", *COLUMNS), rows, config)
    if write:
        command = ".venv/bin/python scripts/faults.py " + ("--write" if scale == 1 else f"--scale {scale:g} --write")
        replaced(PAGE, text(command, studies).encode())
        print(f"wrote {PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    typer.run(main)
