# SPDX-License-Identifier: Apache-2.0
"""How well products of all shapes use the array: random ones and the layers of networks, before and now, by the law.

Exits with 1 if a target is missed, if a shape (of a network: with channels last) is slower than by the law of the
published RTL, or if the law differs from the RTL.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from redmule.cli.output import print_json, print_table, progress_bar
from redmule.config import Config
from redmule.device import MEMORY_BASE, MEMORY_BYTES, Memory, RtlDevice
from redmule.report import shapes, shapes_page
from redmule.workload import LAYOUTS

RESULTS = Path(__file__).parents[1] / "docs" / "results"
PICTURE = Path(__file__).parents[1] / "docs" / "pictures" / "shapes.svg"
COMMAND = "scripts/shapes.py --write"
MOST_CYCLES = 100_000
"""Longer products are not simulated."""


def simulate(tables: Sequence[shapes_page.Table], count: int, seed: int) -> list[str]:
    """Run some of the products on the RTL; return a line for each whose cycles are not those of the law."""
    short = [row for table in tables for row in table if row.alone <= MOST_CYCLES]
    chosen = np.random.default_rng(seed).permutation(len(short))[:count]
    wrong = []
    with progress_bar(len(chosen)) as bar:
        cycles = 0
        for done, index in enumerate(chosen, start=1):
            memory = Memory(MEMORY_BYTES, MEMORY_BASE)
            with RtlDevice(Config.named("paper"), memory) as device:
                measured, law = shapes.measure(short[index], device)
            cycles += measured
            bar(done, cycles)
            if measured != law:
                wrong.append(f"{short[index].product}: {measured} cycles on the RTL, {law} by the law")
    return wrong


def main() -> int:
    """Print the summary, write the files, simulate."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument("--write", action="store_true", help=f"write {RESULTS.name}/shapes.* and the picture")
    parser.add_argument("--rtl", type=int, default=0, metavar="N", help="simulate N of the shapes as well")
    parser.add_argument("--seed", type=int, default=1, help="chooses the shapes that are simulated")
    arguments = parser.parse_args()
    config = Config.named("paper")
    tables = [shapes.rows(products, config) for products in shapes.every_list()]
    verdicts = shapes_page.verdicts(tables)
    usual = [table for table in tables if table[0].product.layout != LAYOUTS[-1]]
    slower = [row for table in usual for row in shapes.slower_than_published(table)]
    wrong = simulate(tables, arguments.rtl, arguments.seed)
    if arguments.json:
        print_json([asdict(row) for table in tables for row in table])
    else:
        print_table(shapes_page.SUMMARY_COLUMNS, map(shapes_page.summary_cells, tables))
        figures = [(v.name, f"{v.figure:.4f}", v.target, "yes" if v.ok else "NO") for v in verdicts]
        print_table(("asked for", "figure", "at least", "ok"), figures)
        print(*(shapes_page.slower_line(tables, layout) for layout in LAYOUTS), sep="\n")
        print(f"simulated: {arguments.rtl} shapes, {len(wrong)} differ from the law (--seed {arguments.seed})")
        print("\n".join(wrong), end="")
    if arguments.write:
        RESULTS.mkdir(parents=True, exist_ok=True)
        (RESULTS / "shapes.md").write_text(shapes_page.markdown(tables, COMMAND), encoding="utf-8")
        (RESULTS / "shapes.csv").write_text(shapes_page.as_csv(tables), encoding="utf-8")
        PICTURE.write_text(shapes_page.svg(tables), encoding="utf-8")
    return 0 if all(v.ok for v in verdicts) and not slower and not wrong else 1


if __name__ == "__main__":
    sys.exit(main())
