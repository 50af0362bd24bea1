# SPDX-License-Identifier: Apache-2.0
"""`redmule batch`: a queue of jobs."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any

import typer

from redmule.cli.jobs import JobSpec, agrees, record
from redmule.cli.output import JsonOption, print_json, print_table, progress_bar
from redmule.cli.run import BackendOption, ConfigOption, StallOption
from redmule.device import open_device

COLUMNS = ("M", "N", "K", "op", "cycles", "utilisation", "flags", "mismatches")


def batch(
    file: Annotated[str, typer.Argument(help="A JSON list of jobs: M, N, K or operands; op, dtype, out_dtype, ...")],
    backend: BackendOption = "rtl",
    config: ConfigOption = "paper",
    seed: Annotated[int, typer.Option(help="Seed of the random stalls; a job has its own.")] = 0,
    stall: StallOption = 0.0,
    as_json: JsonOption = False,
) -> None:
    """Run a list of jobs through the hardware's queue; one line a job."""
    jobs = [spec.job() for spec in read_specs(file)]
    with (
        progress_bar(len(jobs)) as bar,
        open_device(backend, config, stall=stall, seed=seed, progress=bar) as device,
    ):
        results = device.run(jobs)
        lines = [record(job, result, device) for job, result in zip(jobs, results, strict=True)]
    if as_json:
        print_json(lines)
    else:
        print_table(COLUMNS, ([_cell(line, column) for column in COLUMNS] for line in lines))
    if not all(agrees(line) for line in lines):
        raise typer.Exit(1)


def read_specs(file: str) -> list[JobSpec]:
    """Return the jobs of a batch file.

    Raises:
        ValueError: it is no JSON list of objects, or an object has an unknown key or a value of the wrong type.
        OSError: the file cannot be read.
    """
    try:
        entries = json.loads(Path(file).read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{file}: allowed is JSON ({error})") from error
    if not isinstance(entries, list) or not entries:
        raise ValueError(f"{file}: allowed is a list of jobs, at least one")
    return [_spec(f"{file}: job {number}", entry) for number, entry in enumerate(entries)]


def _spec(where: str, entry: object) -> JobSpec:
    """Return the job that one entry describes."""
    if not isinstance(entry, dict):
        raise ValueError(f"{where} = {entry!r}: allowed is an object")
    types: dict[str, Any] = {
        **dict.fromkeys(("M", "N", "K", "seed"), int),
        **dict.fromkeys(("operands", "op", "dtype", "out_dtype"), str),
        **dict.fromkeys(("x_trans", "w_trans", "z_trans", "saturate"), bool),
    }
    for key, value in entry.items():
        if key not in types:
            raise ValueError(f"{where}: key {key!r}: allowed are {', '.join(field.name for field in fields(JobSpec))}")
        if type(value) is not types[key]:
            raise ValueError(f"{where}: {key} = {value!r}: allowed is a value of type {types[key].__name__}")
    return JobSpec(**entry)


def _cell(line: dict[str, Any], column: str) -> object:
    """Return a value as people read it."""
    value = line[column]
    if value is None:
        return "-"
    return f"{value:.2%}" if column == "utilisation" else value
