# SPDX-License-Identifier: Apache-2.0
"""What commands print: tables for people, JSON for machines, a progress bar for those who wait."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.measure import Measurement
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from redmule import checks

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]

BAR_AFTER_SECONDS = 2.0
PIPE_WIDTH = 10_000

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""


def print_json(value: Mapping[str, Any] | Sequence[Any]) -> None:
    """Print one JSON value."""
    print(json.dumps(value))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], title: str | None = None) -> None:
    """Print a table, with a header if columns have names. A terminal wraps long cells; a pipe gets them whole."""
    table = Table(title=title, title_justify="left", show_edge=False, show_header=any(columns))
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    console = Console(markup=False, emoji=False)  # names may look like either
    if not console.is_terminal:
        console.width = max(Measurement.get(console, console.options.update(max_width=PIPE_WIDTH), table).maximum, 1)
    console.print(table)


class Bar:
    """A progress bar on stderr that shows itself only on a terminal, and only when the work takes long."""

    def __init__(self, progress: Progress, jobs: int, what: str) -> None:
        self._progress = progress
        self._task = progress.add_task(what, total=jobs, cycles=0)
        self._start = time.monotonic()

    def __call__(self, jobs_done: int, cycles: int) -> None:
        """Note the jobs done and the cycles simulated."""
        if self._progress.console.is_terminal and time.monotonic() - self._start > BAR_AFTER_SECONDS:
            self._progress.start()
        self._progress.update(self._task, completed=jobs_done, cycles=cycles)


def out_folder(out: str, names: Iterable[str]) -> Path:
    """Return the folder for files of these names, made if there is none; nobody works for what cannot be kept."""
    folder = Path(out)
    try:
        if not out:
            raise ValueError("it has no name")
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise checks.refused("out", out, f"is a folder that can be written ({reason})") from error
    for name in names:
        checks.writable("out", str(folder / name))
    return folder


@contextmanager
def progress_bar(jobs: int, what: str = "jobs") -> Iterator[Bar]:
    """Yield a bar for so many jobs, or what else is done; it vanishes at the end."""
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[cycles]} cycles"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    try:
        yield Bar(progress, jobs, what)
    finally:
        if progress.live.is_started:
            progress.stop()
