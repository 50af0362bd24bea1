# SPDX-License-Identifier: Apache-2.0
"""The price of each mechanism in gates: synthesise the blocks of the accelerator with Yosys, with it and without.

Yosys comes with `python -m pip install pyosys==0.70`, best into an environment of its own, which --python names.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from redmule.cli.output import print_json, print_table, progress_bar
from redmule.config import CONFIGS, Config
from redmule.report import gates
from redmule.report.synthesis import Synthesis

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "results" / "gates.md"
CACHE = ROOT / "build" / "gates"


def main() -> int:
    """Synthesise every variant, then print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", default="paper", choices=CONFIGS, help="named configuration (default: paper)")
    parser.add_argument("--python", default=sys.executable, help="interpreter that has pyosys (default: this one)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.relative_to(ROOT)}")
    arguments = parser.parse_args()
    synthesis = Synthesis(ROOT / "rtl", arguments.python, CACHE)
    base = Config.named(arguments.config)
    areas: dict[str, gates.Areas] = {}
    try:
        with progress_bar(len(gates.VARIANTS)) as bar:
            for done, (name, fields) in enumerate(gates.VARIANTS.items(), start=1):
                areas[name] = gates.areas(synthesis, replace(base, **fields))
                bar(done, 0)
    except RuntimeError as error:
        print(f"gates: {error}", file=sys.stderr)
        return 1
    if arguments.json:
        print_json({name: {block: area.as_dict() for block, area in blocks.items()} for name, blocks in areas.items()})
    else:
        print_table(gates.BLOCK_COLUMNS, gates.block_rows(areas[gates.ALL], areas[gates.NONE]))
        print_table(gates.PRICE_COLUMNS, gates.price_rows(areas))
    if arguments.write:
        PAGE.parent.mkdir(parents=True, exist_ok=True)
        PAGE.write_text(gates.markdown(areas, arguments.config), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
