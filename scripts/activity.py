# SPDX-License-Identifier: Apache-2.0
"""Measure on mapped netlists what each event of the accelerator costs in energy; the data of `redmule.energy`.

Needs the cell library (`apt-get install qflow-tech-osu018`) and Yosys (`python -m pip install pyosys==0.70`, best into
an environment of its own, which --python names). Without them the model works on what is committed.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from redmule.area.data import replace_file
from redmule.area.synthesis import Synthesis, Unit
from redmule.cli.output import print_table, progress_bar
from redmule.energy import crosscheck, measure, signals

ROOT = Path(__file__).parents[1]
CACHE = ROOT / "build" / "area"
CHECKED = Unit("fp_fma", {"PipeRegs": 3})


def main() -> int:
    """Measure, or compare the evaluator with Verilator."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default=sys.executable, help="interpreter that has pyosys (default: this one)")
    parser.add_argument(
        "--check", action="store_true", help="compare the transitions of one FMA's nets with Verilator's"
    )
    parser.add_argument("--write", action="store_true", help=f"write {measure.ACTIVITY.relative_to(ROOT)}")
    arguments = parser.parse_args()
    synthesis = Synthesis(ROOT / "rtl", arguments.python, CACHE)
    try:
        return check(synthesis) if arguments.check else run(synthesis, write=arguments.write)
    except (RuntimeError, OSError) as error:
        print(f"activity: {error}", file=sys.stderr)
        return 1


def check(synthesis: Synthesis) -> int:
    """Print how an FMA's nets compare; 1 if one of them differs."""
    found = crosscheck.compare(synthesis, CHECKED)
    print(f"{CHECKED.module}: {found.nets} nets, {found.differing} differ in transitions")
    print(f"transitions: {found.evaluated} evaluated, {found.simulated} by Verilator")
    return 1 if found.differing else 0


def run(synthesis: Synthesis, *, write: bool) -> int:
    """Run every bench and print what was measured."""
    measured = []
    total = sum(len(measure.stimuli_of(bench)) for _, bench in measure.planned())
    with progress_bar(total, "benches") as bar:
        for done, one in enumerate(measure.measure(synthesis), start=1):
            measured.append(one)
            bar(done, done * signals.CYCLES * signals.LANES)
    columns = ("configuration", "event", "case", "operands", "pJ a cycle", "clock", "clock always on")
    cells = (
        [m.config, m.event, m.case, m.data, f"{m.logic:.2f}", f"{m.clock:.2f}", f"{m.free_clock:.2f}"] for m in measured
    )
    print_table(columns, cells)
    if write:
        replace_file(measure.ACTIVITY, measure.text(measured))
    return 0


if __name__ == "__main__":
    sys.exit(main())
