# SPDX-License-Identifier: Apache-2.0
"""`redmule run`: one job."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any

import typer

from redmule import checks
from redmule.cli.jobs import JobSpec, agrees, record, save_result
from redmule.cli.options import (
    BackendOption,
    ClusterOption,
    ConfigOption,
    DtypeOption,
    OpOption,
    OrientationOption,
    OutDtypeOption,
    PriorityOption,
    SaturateOption,
    SeedOption,
    ShareOption,
    StallOption,
    TrafficOption,
    WavesOption,
    cluster_of,
    whole,
)
from redmule.cli.output import JsonOption, print_json, print_table, progress_bar
from redmule.device import open_device


def run(
    m: Annotated[int | None, typer.Option("--m", "--M", parser=whole, metavar="SIZE", help="Rows of X and Z.")] = None,
    n: Annotated[
        int | None, typer.Option("--n", "--N", parser=whole, metavar="SIZE", help="Columns of X, rows of W.")
    ] = None,
    k: Annotated[
        int | None, typer.Option("--k", "--K", parser=whole, metavar="SIZE", help="Columns of W and Z.")
    ] = None,
    operands: Annotated[
        str | None, typer.Option(help="An .npz file with x, w and optionally y, as raw codes or numbers.")
    ] = None,
    out: Annotated[str | None, typer.Option(help="An .npz file for the raw codes of z.")] = None,
    op: OpOption = "gemm",
    dtype: DtypeOption = None,
    out_dtype: OutDtypeOption = None,
    x_trans: Annotated[bool, typer.Option("--x-trans", help="X is stored N x M.")] = False,
    w_trans: Annotated[bool, typer.Option("--w-trans", help="W is stored K x N.")] = False,
    z_trans: Annotated[bool, typer.Option("--z-trans", help="Y and Z are stored K x M.")] = False,
    saturate: SaturateOption = False,
    orientation: OrientationOption = "auto",
    backend: BackendOption = "rtl",
    config: ConfigOption = "paper",
    seed: SeedOption = 0,
    stall: StallOption = 0.0,
    waves: WavesOption = None,
    traffic: TrafficOption = None,
    priority: PriorityOption = None,
    share: ShareOption = None,
    in_cluster: ClusterOption = False,
    as_json: JsonOption = False,
) -> None:
    """Run one job, on random data or on operands of a file, and compare it with the golden model."""
    spec = JobSpec(m, n, k, operands, op, dtype, out_dtype, x_trans, w_trans, z_trans, saturate, orientation, seed)
    job = spec.job()
    cluster = cluster_of(in_cluster, traffic, priority, share)
    if out is not None:
        checks.writable("out", out)
    with (
        progress_bar(1) as bar,
        open_device(backend, config, stall=stall, seed=seed, waves=waves, progress=bar, cluster=cluster) as device,
    ):
        [result] = device.run([job])
        line = record(job, result, device) | {"seed": seed}
    if out is not None:
        save_result(out, result, job)
    if as_json:
        print_json(line)
    else:
        print_table(("", ""), _rows(line))
    if not agrees(line):
        raise typer.Exit(1)


def _rows(line: dict[str, Any]) -> list[tuple[str, object]]:
    """Return the record of a job as rows of a table."""
    rows: list[tuple[str, object]] = [
        ("job", f"{line['op']} {line['M']} x {line['N']} x {line['K']} (M x N x K)"),
        ("formats X W Y Z", " ".join(line["formats"])),
        ("device", f"{line['backend']} {line['config']}, seed {line['seed']}"),
    ]
    if line["cycles"] is not None:
        rows += [("cycles", line["cycles"]), ("utilisation", f"{line['utilisation']:.2%}"), ("steps", line["steps"])]
        rows += [(f"stalled: {reason}", cycles) for reason, cycles in line["stalls"].items()]
    rows += _parts(line["parts"])
    verdict = "same" if line["flags_match"] else "DIFFERENT from golden"
    return [*rows, ("flags", f"{line['flags']} ({verdict})"), ("mismatches", line["mismatches"])]


def _parts(parts: list[dict[str, Any]]) -> list[tuple[str, object]]:
    """Return a row for each shape of hardware job that the job ran as, and how many there were of it."""
    counts = Counter("{m} x {n} x {k} {orientation}, row groups {groups}".format(**part) for part in parts)
    return [(f"ran as {count} of" if count > 1 else "ran as", shape) for shape, count in counts.items()]
