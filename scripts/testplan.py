# SPDX-License-Identifier: Apache-2.0
"""The test plan as a table, with the number of tests of each entry; --write makes docs/results/testplan.md of it."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

sys.path.insert(0, str(Path(__file__).parents[1]))  # the benches are not part of the installed package

from redmule.cli.output import print_table
from redmule.sweep.table import replaced
from tb import testplan
from tb.coverage.groups import GROUPS

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "results" / "testplan.md"


def main(write: Annotated[bool, typer.Option(help="write docs/results/testplan.md")] = False) -> None:
    """Print the plan; exit code 1 if it does not agree with the tree."""
    try:
        plan = testplan.load()
        tests = testplan.collected(plan)
        counts = _counts(tests)
    except (ValueError, RuntimeError) as error:
        print(f"testplan: {error}", file=sys.stderr)
        raise typer.Exit(1) from None
    print_table(testplan.COLUMNS, testplan.rows(plan, counts))
    wrong = testplan.problems(plan, tests, [group.name for group in GROUPS])
    for text in wrong:
        print(f"testplan: {text}", file=sys.stderr)
    print(f"{len(plan.entries)} entries, {sum(counts.values())} tests")
    if write:
        replaced(PAGE, testplan.markdown(plan, counts).encode())
        print(f"wrote {PAGE.relative_to(ROOT)}")
    raise typer.Exit(int(bool(wrong)))


def _counts(tests: list[str]) -> Counter[str]:
    """Return how often each test runs: those of pytest with all their parameters, those of benches once.

    Raises:
        RuntimeError: pytest could not collect them.
    """
    files = sorted({file for test in tests if Path(file := test.partition("::")[0]).name.startswith("test_")})
    known = Counter(dict.fromkeys(tests, 1))
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-m", "", *files]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if said.returncode:
        errors = [line for line in said.stdout.splitlines() if line.startswith("ERROR")]
        raise RuntimeError(f"pytest cannot collect the tests: {', '.join(errors) or said.stderr.strip()}")
    found = Counter(line.partition("[")[0] for line in said.stdout.splitlines() if "::" in line)
    return Counter(known | found)


if __name__ == "__main__":
    typer.run(main)
