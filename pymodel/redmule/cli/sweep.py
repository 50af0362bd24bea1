# SPDX-License-Identifier: Apache-2.0
"""`redmule sweep`: many configurations, many workloads, one table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from redmule import checks
from redmule.cli.options import SeedOption, help_of, whole
from redmule.cli.output import INTERRUPTED, JsonOption, out_folder, print_json, print_table, progress_bar
from redmule.sweep import Cache, Outcome, Point, Settings, grid, named_corner, on_any_front, run, write
from redmule.sweep.front import best, by_workload
from redmule.sweep.table import KINDS, STEM
from redmule.workload import GRAMMAR, Workload

MOST_JOBS = 256
MOST_ERRORS = 5
"""Errors that are shown; the table has all."""

RESULTS, VERIFIED = STEM, "pareto_rtl"
"""Names of the tables: of the sweep, and of its best points on the RTL."""

BEST = {"mac_per_cycle": "most MAC/cycle", "gflops_per_w": "most GFLOPS/W", "gflops_per_mm2": "most GFLOPS/mm2"}


def _axis(what: str, example: str, *names: str) -> Any:
    """Return the option for the values of a parameter."""
    return typer.Option(*names, metavar="N,N,...", help=f"{what}, as {example}.")


def sweep(
    out: Annotated[str, typer.Option(metavar="DIR", help="Folder for results.parquet and results.csv.")],
    workload: Annotated[list[str], typer.Option(help=f"{GRAMMAR}, as resnet8:train:16; repeatable.")],
    rows: Annotated[str | None, _axis("Rows of the array", "4,8,12")] = None,
    row_len: Annotated[str | None, _axis("Elements of a row", "2,4,8", "--len")] = None,
    pipe: Annotated[str | None, _axis("Pipeline registers of an element", "1,3")] = None,
    port: Annotated[str | None, _axis("Bits of the memory port", "128,256")] = None,
    groups: Annotated[str | None, _axis("Most row groups", "1,2,4")] = None,
    transposes: Annotated[str | None, _axis("Whether matrices may lie by columns", "0,1")] = None,
    contexts: Annotated[str | None, _axis("Places in the queue", "1,4")] = None,
    config: Annotated[list[str] | None, typer.Option(help=help_of("--config", "Also a named one, repeatable"))] = None,
    backend: Annotated[str, typer.Option(help="model (the cycle law) or rtl (simulated).")] = "model",
    corner: Annotated[str, typer.Option(help="Supply: 0.65V or 0.80V, as published, or volts.")] = "0.65V",
    seed: SeedOption = 0,
    jobs: Annotated[int, typer.Option(parser=whole, metavar="N", help="Processes.")] = 2,
    scheduler: Annotated[str | None, typer.Option(metavar="ADDRESS", help="Dask scheduler to compute instead.")] = None,
    verify_pareto: Annotated[
        bool, typer.Option("--verify-pareto", help="Then run the points on the Pareto fronts on the RTL.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Compute cycles, area and energy of every configuration on every workload; write one table.

    Parameters that are not listed are those of `paper`. What an earlier sweep knows, or one that was interrupted, is
    not computed again.
    """
    given = {"rows": rows, "row_len": row_len, "pipe_regs": pipe, "port_width": port}
    given |= {"row_groups": groups, "transposes": transposes, "contexts": contexts}
    configs = grid({field: _values(field, text) for field, text in given.items() if text is not None}, config or ())
    workloads = {each.name: each for each in map(Workload.parse, workload)}.values()
    points = [Point(each, work) for each in configs for work in workloads]
    settings = Settings(backend, named_corner(corner), seed)
    checks.integer("jobs", jobs, range(1, MOST_JOBS + 1))

    stems = (RESULTS, VERIFIED) if verify_pareto else (RESULTS,)
    folder = out_folder(out, [f"{stem}.{kind}" for stem in stems for kind in KINDS])
    outcome = _carried_out(points, settings, folder, RESULTS, jobs, scheduler)
    outcomes = {RESULTS: outcome}
    if verify_pareto:
        chosen = {id(row) for row in on_any_front(outcome.rows)}
        fronts = [point for point, row in zip(points, outcome.rows, strict=True) if id(row) in chosen]
        settings = Settings("rtl", settings.corner, seed)
        outcomes[VERIFIED] = _carried_out(fronts, settings, folder, VERIFIED, jobs, scheduler)
    _tell(outcomes, folder, as_json)
    if any(each.failed or each.differing for each in outcomes.values()):
        raise typer.Exit(1)


def _values(field: str, text: str) -> list[int]:
    """Return the values of an axis; the configuration judges each of them."""
    words = [word.strip() for word in text.split(",")]
    if not all(word.isdecimal() for word in words):
        raise checks.refused(field, text, "is a list of whole numbers, as 4,8,12")
    return [int(word) for word in words]


def _carried_out(
    points: Sequence[Point], settings: Settings, folder: Path, stem: str, jobs: int, scheduler: str | None
) -> Outcome:
    """Return the outcome of a sweep, its table written."""
    try:
        with progress_bar(len(points), "points") as bar:
            outcome = run(points, settings, Cache.default(), jobs=jobs, scheduler=scheduler, progress=bar)
    except KeyboardInterrupt:
        typer.echo("redmule: interrupted; what was computed is kept: the same command goes on from there", err=True)
        raise typer.Exit(INTERRUPTED) from None
    write(outcome.rows, folder, stem)
    return outcome


def _tell(outcomes: dict[str, Outcome], folder: Path, as_json: bool) -> None:
    """Print what came of the sweeps."""
    lines = [
        {
            "table": str(folder / f"{stem}.parquet"),
            "points": len(outcome.rows),
            "computed": outcome.computed,
            "failed": outcome.failed,
            "differing": outcome.differing,
        }
        for stem, outcome in outcomes.items()
    ]
    if as_json:
        print_json(lines)
        return
    rows = outcomes[RESULTS].rows
    print_table(
        ("workload", *BEST.values()),
        ((name, *(_best(group, column) for column in BEST)) for name, group in by_workload(rows).items()),
    )
    for line in lines:
        counts = ", ".join(f"{name} {count}" for name, count in line.items() if name != "table")
        print(f"{line['table']} (and .csv): {counts}")
    for outcome in outcomes.values():
        failed = [row for row in outcome.rows if row["error"]]
        for row in failed[:MOST_ERRORS]:
            typer.echo(f"failed: {row['config']}, {row['workload']}: {row['error']}", err=True)
        if len(failed) > MOST_ERRORS:
            typer.echo(f"failed: {len(failed) - MOST_ERRORS} more, see the column error of the table", err=True)


def _best(rows: Sequence[dict[str, Any]], column: str) -> str:
    """Return the configuration that has most of something, and how much."""
    row = best(rows, column)
    return "-" if row is None else f"{row['config']}: {row[column]:.4g}"
