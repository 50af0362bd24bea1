# SPDX-License-Identifier: Apache-2.0
"""`redmule batch`: a queue of jobs."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any

import typer

from redmule import checks
from redmule.cli.jobs import JobSpec, agrees, record
from redmule.cli.options import (
    BackendOption,
    ClusterOption,
    ConfigOption,
    PriorityOption,
    SeedOption,
    ShareOption,
    StallOption,
    TrafficOption,
    cluster_of,
)
from redmule.cli.output import JsonOption, print_json, print_table, progress_bar
from redmule.device import open_device
from redmule.job import Job

COLUMNS = ("M", "N", "K", "op", "cycles", "utilisation", "flags", "mismatches")


def batch(
    file: Annotated[str, typer.Argument(help="A JSON list of jobs: M, N, K or operands; op, dtype, out_dtype, ...")],
    backend: BackendOption = "rtl",
    config: ConfigOption = "paper",
    seed: SeedOption = 0,
    stall: StallOption = 0.0,
    traffic: TrafficOption = None,
    priority: PriorityOption = None,
    share: ShareOption = None,
    in_cluster: ClusterOption = False,
    as_json: JsonOption = False,
) -> None:
    """Run a list of jobs through the hardware's queue; one line a job. The operands of a job have its own seed."""
    jobs = read_jobs(file)
    cluster = cluster_of(in_cluster, traffic, priority, share)
    with (
        progress_bar(len(jobs)) as bar,
        open_device(backend, config, stall=stall, seed=seed, progress=bar, cluster=cluster) as device,
    ):
        results = device.run(jobs)
        lines = [record(job, result, device) for job, result in zip(jobs, results, strict=True)]
    if as_json:
        print_json(lines)
    else:
        print_table(COLUMNS, ([_cell(line, column) for column in COLUMNS] for line in lines))
    if not all(agrees(line) for line in lines):
        raise typer.Exit(1)


def read_jobs(file: str) -> list[Job]:
    """Return the jobs of a batch file.

    Raises:
        ValueError: it is no JSON list of objects, or an object is no job; the message says which one.
        OSError: a file cannot be read.
    """
    try:
        entries = json.loads(Path(file).read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{file}: allowed is JSON ({error})") from error
    if not isinstance(entries, list) or not entries:
        raise ValueError(f"{file}: allowed is a list of jobs, at least one")
    jobs = []
    for number, entry in enumerate(entries):
        if not isinstance(entry, dict):
            raise checks.refused(f"{file}: job {number}", entry, "is an object")
        try:
            jobs.append(_spec(entry).job())
        except ValueError as error:
            raise ValueError(f"{file}: job {number}: {error}") from error
    return jobs


def _spec(entry: dict[str, Any]) -> JobSpec:
    """Return the job that one entry describes."""
    types: dict[str, Any] = {
        **dict.fromkeys(("M", "N", "K", "seed"), int),
        **dict.fromkeys(("operands", "op", "dtype", "out_dtype", "orientation"), str),
        **dict.fromkeys(("x_trans", "w_trans", "z_trans", "saturate"), bool),
    }
    for key, value in entry.items():
        if key not in types:
            raise ValueError(f"key {key!r}: allowed are {', '.join(field.name for field in fields(JobSpec))}")
        if type(value) is not types[key]:
            raise checks.refused(key, value, f"is a value of type {types[key].__name__}")
    return JobSpec(**entry)


def _cell(line: dict[str, Any], column: str) -> object:
    """Return a value as people read it."""
    value = line[column]
    if value is None:
        return "-"
    return f"{value:.2%}" if column == "utilisation" else value
