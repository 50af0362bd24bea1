# SPDX-License-Identifier: Apache-2.0
"""Prove the properties in `formal/proofs.yaml` for all inputs and all times; exit with 1 if one is not proved.

--self-test breaks the design, or an assumption, once for each property and requires that the proof then fails.
The tool, Yosys, is installed into build/formal-env if this interpreter does not have it.
"""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from redmule.cli.output import print_table
from redmule.report import formal
from redmule.report.formal import Outcome, Proof, Prover, Status

ROOT = Path(__file__).parents[1]
PROOFS = ROOT / "formal" / "proofs.yaml"
CONSTRAINTS = ROOT / "formal" / "constraints.txt"
ENVIRONMENT = ROOT / "build" / "formal-env"
PAGE = ROOT / "docs" / "results" / "formal.md"
TOOL = "pyosys"

Row = tuple[str, ...]


def tool_python() -> str:
    """Return an interpreter that has Yosys; make an environment in the tree if need be."""
    if importlib.util.find_spec(TOOL):
        return sys.executable
    python = ENVIRONMENT / "bin" / "python"
    done = ENVIRONMENT / "done"
    wanted = CONSTRAINTS.read_text(encoding="utf-8")
    if not done.exists() or done.read_text(encoding="utf-8") != wanted:
        print(f"formal: installing {TOOL} into {ENVIRONMENT.relative_to(ROOT)}", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", "--clear", ENVIRONMENT], check=True)
        pip: list[str | Path] = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--constraint", CONSTRAINTS, TOOL], check=True)
        done.write_text(wanted, encoding="utf-8")
    return str(python)


def run_all(runs: Iterable[Callable[[], tuple[bool, Row]]], jobs: int) -> tuple[bool, list[Row]]:
    """Do all runs, with a bar; return whether all went as they must, and the rows of the table."""
    runs = list(runs)
    rows, passed = [], True
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with (
        Progress(*columns, console=Console(stderr=True), transient=True) as bar,
        ThreadPoolExecutor(jobs) as pool,
    ):
        task = bar.add_task("", total=len(runs))
        for ok, row in pool.map(lambda run: run(), runs):
            bar.update(task, advance=1, description=" ".join(row[:2]))
            rows.append(row)
            passed &= ok
    return passed, rows


def proved(prover: Prover, proof: Proof, number: int) -> tuple[bool, Row]:
    """Prove an instance and return its row."""
    parameters = proof.instances[number]
    outcome = prover.prove(proof, parameters)
    return outcome.status is Status.PROVED, (
        proof.top.removesuffix("_proof"),
        formal.instance_text(parameters),
        formal.METHOD,
        str(outcome.depth or "-"),
        f"{outcome.seconds:.1f}",
        said(outcome),
    )


def refuted(prover: Prover, proof: Proof, number: int) -> tuple[bool, Row]:
    """Try a mutant and return its row."""
    mutant = proof.mutants[number]
    outcome = prover.refute(proof, mutant)
    fails = outcome.status is Status.FAILED
    return fails, (
        proof.top.removesuffix("_proof"),
        mutant.breaks,
        formal.edit_text(mutant),
        f"{outcome.seconds:.1f}",
        f"fails in cycle {outcome.depth}" if fails else f"NOT BROKEN {outcome.text}",
    )


def said(outcome: Outcome) -> str:
    """Return the result of a proof, with the reason if it is not proved."""
    return f"{outcome.status}: {outcome.text}" if outcome.text else str(outcome.status)


def main() -> int:
    """Read the arguments, and do what they say."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*", help="only proofs whose name contains one of these (default: all)")
    parser.add_argument("--self-test", action="store_true", help="require that each proof fails for its mutants")
    parser.add_argument("--limit", type=float, default=300.0, help="seconds that one proof may take (default: 300)")
    parser.add_argument("--jobs", type=int, default=2, help="proofs at a time (default: 2)")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.relative_to(ROOT)} (both tables)")
    arguments = parser.parse_args()
    if arguments.write and arguments.words:
        parser.error("--write takes all proofs")
    proofs = [
        proof
        for proof in formal.load(PROOFS)
        if not arguments.words or any(word in proof.top for word in arguments.words)
    ]
    if not proofs:
        print(f"formal: no proof is named {' or '.join(arguments.words)}", file=sys.stderr)
        return 1
    try:
        return run(proofs, Prover(ROOT, tool_python(), arguments.limit), arguments)
    except (ValueError, subprocess.CalledProcessError) as error:
        print(f"formal: {error}", file=sys.stderr)
        return 1


def run(proofs: list[Proof], prover: Prover, arguments: argparse.Namespace) -> int:
    """Prove, or try the mutants, as the arguments say; return the exit code."""
    passed = True
    tables = []
    if arguments.write or not arguments.self_test:
        runs = [partial(proved, prover, proof, n) for proof in proofs for n in range(len(proof.instances))]
        passed, rows = run_all(runs, arguments.jobs)
        print_table(formal.PROOF_COLUMNS, [tuple(map(escape, row)) for row in rows])
        print(f"{sum(row[-1] == str(Status.PROVED) for row in rows)} of {len(rows)} proofs hold")
        tables.append(rows)
    if arguments.write or arguments.self_test:
        runs = [partial(refuted, prover, proof, n) for proof in proofs for n in range(len(proof.mutants))]
        broken, rows = run_all(runs, arguments.jobs)
        print_table(formal.SELF_TEST_COLUMNS, [tuple(map(escape, row)) for row in rows])
        print(f"{sum(row[-1].startswith('fails') for row in rows)} of {len(rows)} mutants are found")
        passed &= broken
        tables.append(rows)
    if arguments.write:
        PAGE.write_text(formal.page(proofs, *tables), encoding="utf-8")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
