# SPDX-License-Identifier: Apache-2.0
"""`redmule faults`: single-event upsets in the flops of the accelerator."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Annotated, Any

import typer

from redmule import checks
from redmule.cli.options import ConfigOption, SeedOption, whole
from redmule.cli.output import INTERRUPTED, JsonOption, out_folder, print_json, print_table, progress_bar
from redmule.faults import COLUMNS, SCENARIOS, Campaign, Replay, Row, carry_out, replay
from redmule.sweep.table import replaced

FILES = ("faults.json", "injections.csv")


def faults(
    config: ConfigOption = "paper",
    count: Annotated[int, typer.Option(parser=whole, metavar="N", help="About how many faults.")] = 100_000,
    seed: SeedOption = 1,
    block: Annotated[str | None, typer.Option(help="Only this folder of rtl/, or unit in it, as array/ce.")] = None,
    job: Annotated[
        list[str] | None, typer.Option(help=f"Only in this job, repeatable: {', '.join(SCENARIOS)}.")
    ] = None,
    processes: Annotated[int, typer.Option("--jobs", parser=whole, metavar="N", help="Processes.")] = 2,
    out: Annotated[str | None, typer.Option(metavar="DIR", help=f"Folder for {' and '.join(FILES)}.")] = None,
    replayed: Annotated[
        str | None,
        typer.Option("--replay", metavar="SITE:BIT:CYCLE:JOB", help="One fault, as injections.csv has them."),
    ] = None,
    waves: Annotated[str | None, typer.Option(help="Write a waveform of the replay, .vcd or .fst.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Turn over single bits of flops in random cycles of small jobs, and count what comes of it, block by block.

    Shares are of all bits and cycles, with 95 % intervals. What has been played is kept until a source changes.
    """
    if replayed is not None:
        if out is not None:
            raise checks.refused("out", out, "only without --replay")
        _tell(replay(config, replayed, waves=waves), config, as_json)
        return
    if waves is not None:
        raise checks.refused("waves", waves, "only with --replay")
    folder = None if out is None else out_folder(out, FILES)
    try:
        with progress_bar(max(count, 1), "faults") as bar:
            campaign = carry_out(
                config, count=count, seed=seed, block=block, jobs=job, processes=processes, progress=bar
            )
    except KeyboardInterrupt:
        typer.echo("redmule: interrupted; what was played is kept: the same command goes on from there", err=True)
        raise typer.Exit(INTERRUPTED) from None
    if folder is not None:
        _write(campaign, folder)
    if as_json:
        print_json(campaign.table.record())
        return
    table = campaign.table
    print_table(("block", "flops", "faults", *COLUMNS), map(_cells, table.rows), f"{table.config}, seed {table.seed}")
    print("any of them once more: redmule faults --replay SITE:BIT:CYCLE:JOB (--out DIR lists them)")


def _cells(row: Row) -> list[object]:
    """Return a row of the table."""
    shares = [f"{100 * i.share:.2f} ({100 * i.low:.2f} to {100 * i.high:.2f})" for i in row.shares.values()]
    return [row.name, row.bits, row.injections, *shares]


def _write(campaign: Campaign, folder: Path) -> None:
    """Write the table and the list of faults."""
    listed = io.StringIO()
    lines = csv.writer(listed)
    lines.writerow(("site", "bit", "cycle", "job", "outcome"))
    lines.writerows(campaign.lines())
    for name, text in zip(FILES, (json.dumps(campaign.table.record(), indent=1), listed.getvalue()), strict=True):
        replaced(folder / name, text.encode())


def _tell(told: Replay, config: str, as_json: bool) -> None:
    """Print what came of one fault."""
    record: dict[str, Any] = {
        "fault": str(told.site),
        "config": config,
        "block": told.block,
        "outcome": told.outcome,
        "differences": [flag.name.lower().replace("_", " ") for flag in told.seen if flag.name],
        "events": list(told.events),
        "events without": list(told.expected_events),
        "errors": list(told.errors),
        "flags": list(told.flags),
        "flags without": list(told.expected_flags),
        "wrong bytes": told.wrong_bytes,
        "first wrong byte": f"{told.first_wrong:#x}" if told.wrong_bytes else "",
        "assertion": told.assertion,
        "end cycle": told.end_cycle,
    }
    if as_json:
        print_json(record)
        return
    lines = ((name, ", ".join(map(str, value)) if isinstance(value, list) else value) for name, value in record.items())
    print_table(("", ""), lines)
