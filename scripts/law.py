# SPDX-License-Identifier: Apache-2.0
"""Hold the cycle law against the RTL: exactness, estimates under contention, cost, and the published figures.

Exits with 1 if a job differs, or the mean error of the estimates is too large. `--scale` makes all counts smaller;
`--write` writes docs/results/law.md.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from redmule.cli.output import print_table, progress_bar
from redmule.config import CONFIGS, Config
from redmule.report import law, law_page

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "results" / "law.md"

COUNTS = {"isolated": 600, "queued": 450, "refused": 100, "cluster": 100, "tiles": 20}
"""Jobs of each kind on each configuration."""

SHARE_OF = {"wide": 0.1}
"""Of the jobs, on a configuration that takes long to simulate."""

IN_CLUSTER = ("tiny", "paper")
"""Configurations that are compared in the cluster as well."""

GUESSES = {"tiny": 100, "paper": 100, "paper_fp8": 50, "magia": 50}
"""Estimates on memories that refuse, by configuration; among cores for those in IN_CLUSTER."""

QUESTIONS = {1: 2000, 4: 500}
"""Random questions, by the length of the queue."""


def main() -> int:
    """Measure part by part, then print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=_share, default=1.0, help="share of the counts, above 0 to 1")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.relative_to(ROOT)}")
    scale = (arguments := parser.parse_args()).scale

    outcomes = []
    for kind, count in COUNTS.items():
        names = IN_CLUSTER if kind in ("cluster", "tiles") else tuple(CONFIGS)
        for name in names:
            jobs = max(1, round(count * scale * SHARE_OF.get(name, 1)))
            with progress_bar(jobs, f"{kind} {name}") as bar:
                outcomes.append(law.compare(kind, Config.named(name), jobs, bar))
    refused, shared = _guesses(scale)
    costs = [law.cost_of_layers(config) for config in CONFIGS.values()]
    costs += [law.cost_of_any(max(1, round(count * scale)), length) for length, count in QUESTIONS.items()]

    print_table(law_page.EXACT, law_page.exact_rows(outcomes), "jobs compared with the RTL")
    print_table(law_page.GUESSES, law_page.guess_rows(refused), "estimates: a memory that refuses and is late")
    print_table(law_page.GUESSES, law_page.guess_rows(shared), "estimates: busy cores")
    print_table(law_page.COSTS, law_page.cost_rows(costs), "cost of a question")
    print_table(law_page.POINTS, law_page.point_rows(), "published figures")
    if arguments.write:
        text = law_page.markdown(_command(scale), outcomes, refused, shared, costs)
        _write(PAGE, text)
        print(f"wrote {PAGE.relative_to(ROOT)}")
    exact = all(outcome.differ == 0 for outcome in outcomes)
    return 0 if exact and max(map(law_page.mean_error, (refused, shared))) <= law_page.TARGET else 1


def _guesses(scale: float) -> tuple[list[law.Guess], list[law.Guess]]:
    """Return the estimates on memories that refuse, and those among cores."""
    refused, shared = [], []
    for name, count in GUESSES.items():
        jobs = max(1, round(count * scale))
        with progress_bar(jobs, f"estimates {name}") as bar:
            refused += list(law.guess_refused(Config.named(name), jobs, bar))
        if name in IN_CLUSTER:
            with progress_bar(jobs, f"estimates {name} in the cluster") as bar:
                shared += list(law.guess_shared(Config.named(name), jobs, bar))
    return refused, shared


def _share(text: str) -> float:
    """Return a share of the counts."""
    value = float(text)
    if not 0 < value <= 1:
        raise argparse.ArgumentTypeError(f"scale = {text}: allowed are numbers above 0, up to 1")
    return value


def _command(scale: float) -> str:
    """Return the command that makes the page."""
    arguments = "--write" if scale == 1 else f"--scale {scale:g} --write"
    return f'make law ARGS="{arguments}"'


def _write(path: Path, text: str) -> None:
    """Write a file at once or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".tmp")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


if __name__ == "__main__":
    sys.exit(main())
