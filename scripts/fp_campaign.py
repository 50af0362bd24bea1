# SPDX-License-Identifier: Apache-2.0
"""The long campaigns of the arithmetic: golden against SoftFloat, units of the RTL against golden.

.venv/bin/python scripts/fp_campaign.py --write                  all, and docs/results/fp.md
.venv/bin/python scripts/fp_campaign.py --minutes 10 --jobs 2    what has not been played yet, for so long
.venv/bin/python scripts/fp_campaign.py --only fma --shard 17    a shard, whatever has been played
.venv/bin/python scripts/fp_campaign.py --only fma --operands 0x3c00,0x0001,0x8001 --waves fma.vcd

What has been played is kept in `build/fp_campaign` until a source changes, so a run that was interrupted goes on. The
exit code is 0 only if nothing differs.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

sys.path.insert(0, str(Path(__file__).parents[1]))  # the benches are not part of the installed package

from redmule.cli.output import print_table
from tb.unit.fp.parts import PARTS, Part, part_named
from tb.unit.fp.play import Shard, missing, play
from tb.unit.fp.record import Record, page, summary

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "docs" / "results" / "fp.md"
SECONDS_PER_MINUTE = 60
MOST_SEED = (1 << 32) - 1


def main(
    only: Annotated[str | None, typer.Option(help=f"only this part: {', '.join(part.name for part in PARTS)}")] = None,
    minutes: Annotated[
        float | None, typer.Option(min=0, help="begin no shard after so long (default: play all)")
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="processes")] = 1,
    seed: Annotated[int, typer.Option(min=0, max=MOST_SEED, help="of random operands")] = 1,
    write: Annotated[bool, typer.Option(help="write docs/results/fp.md of all that has been played")] = False,
    shard: Annotated[int | None, typer.Option(help="play this shard of the part, and nothing else")] = None,
    operands: Annotated[str | None, typer.Option(help="only these codes, with commas: what either side gives")] = None,
    waves: Annotated[str | None, typer.Option(help="file for the waves of the RTL with these operands, .vcd")] = None,
) -> None:
    """Play what has not been played; exit code 1 if anything differs."""
    console = Console()
    try:
        parts = PARTS if only is None else (part_named(only),)
        _check(parts, shard, operands, waves)
        codes = None if operands is None else _codes(parts[0], operands)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    record = Record()
    try:
        if codes is not None:
            differ = _show(parts[0], shard or 0, codes, waves)
        else:
            shards = missing(parts, record, seed) if shard is None else [(parts[0], shard)]
            differ = _play(parts, shards, record, seed, jobs, minutes, console)
    except RuntimeError as error:
        console.print(f"error: {error}", style="red", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(1) from None
    if write:
        fresh = RESULTS.with_suffix(".new")
        fresh.write_text(page(record, seed), encoding="utf-8")
        fresh.replace(RESULTS)
        console.print(f"wrote {RESULTS.relative_to(ROOT)}")
    if codes is None:
        console.print(summary(record, seed, parts), highlight=False, soft_wrap=True)
    raise typer.Exit(int(differ > 0))


def _check(parts: Sequence[Part], shard: int | None, operands: str | None, waves: str | None) -> None:
    """Refuse options that do not go together."""
    part = parts[0]
    if (shard is not None or operands is not None) and len(parts) > 1:
        raise ValueError("--shard and --operands need --only with a part")
    if shard is not None and shard not in range(part.shards):
        raise ValueError(f"shard = {shard}: allowed are 0 to {part.shards - 1}")
    if waves is not None and (operands is None or part.name == "golden" or not waves.endswith(".vcd")):
        raise ValueError(f"waves = {waves!r}: allowed are a file .vcd, with --operands and a part of the RTL")


def _codes(part: Part, operands: str) -> list[int]:
    """Return the operands of one result."""
    try:
        codes = [int(code, 0) for code in operands.split(",")]
    except ValueError:
        codes = []
    if len(codes) != part.arity or not all(0 <= code < 1 << 16 for code in codes):
        raise ValueError(f"operands = {operands!r}: allowed are {part.arity} codes from 0 to 0xffff, with commas")
    return codes


def _show(part: Part, shard: int, codes: list[int], waves: str | None) -> int:
    """Print what all sides give for some operands; return how many checks differ."""
    arrays = [np.array([code], np.uint16) for code in codes]
    rows, differ = [], 0
    for check in part.checks(shard, waves):
        given = [(int(z[0]), int(flags[0])) for z, flags in (function(*arrays) for function in check.functions)]
        differ += given[0] != given[1]
        rows += [(check.name, side, f"{z:#06x}", f"{f:#x}") for side, (z, f) in zip(check.sides, given, strict=True)]
    print_table(["what", "by", "code", "flags"], rows, ", ".join(map(hex, codes)))
    return differ


def _play(
    parts: Sequence[Part],
    shards: Sequence[Shard],
    record: Record,
    seed: int,
    jobs: int,
    minutes: float | None,
    console: Console,
) -> int:
    """Play shards, with a bar for each part; print and count what differs."""
    differ = 0
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    seconds = None if minutes is None else minutes * SECONDS_PER_MINUTE
    with Progress(*columns, console=console) as bar:
        left = {part.name: sum(part is other for other, _ in shards) for part in parts}
        bars = {
            part.name: bar.add_task(part.name, total=part.shards, completed=part.shards - left[part.name])
            for part in parts
        }
        for outcome, text in play(shards, record, seed, jobs, seconds):
            bar.advance(bars[outcome.part])
            differ += outcome.differ
            if text:
                console.print(text, markup=False, highlight=False, soft_wrap=True)
    return differ


if __name__ == "__main__":
    typer.run(main)
