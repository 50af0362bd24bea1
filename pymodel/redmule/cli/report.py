# SPDX-License-Identifier: Apache-2.0
"""`redmule report`: the table of a sweep as a page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from redmule import checks
from redmule.cli.output import progress_bar

PAGE = "report.html"


def report(
    folder: Annotated[str, typer.Argument(metavar="DIR", help="Folder that `redmule sweep` has written.")],
    out: Annotated[str | None, typer.Option(metavar="FILE", help=f"The page (default: {PAGE} in the folder).")] = None,
    png: Annotated[str | None, typer.Option(metavar="DIR", help="Write the figures as PNG too.")] = None,
    title: Annotated[str | None, typer.Option(help="Heading of the page (default: the name of the folder).")] = None,
) -> None:
    """Make one HTML page of a sweep: figures, tables, published points. It needs no network and no other file."""
    from redmule.report import sweep_page  # with Matplotlib, only here
    from redmule.sweep import read
    from redmule.sweep.table import replaced

    target = Path(folder) / PAGE if out is None else Path(out)
    rows = read(Path(folder))
    checks.writable("out", str(target))
    figures = _folder(png) if png is not None else None
    parts = sweep_page.sections(rows)
    pictures = [each for part in parts for each in part.pictures]
    with progress_bar(len(parts) + (len(pictures) if figures else 0), "parts of the report") as bar:
        page = sweep_page.page(parts, title or f"Sweep {Path(folder).resolve().name}", bar)
        replaced(target, page.encode())
        if figures:
            for done, picture in enumerate(pictures, len(parts) + 1):
                replaced(figures / f"{picture.name}.png", picture.png())
                bar(done, 0)
    print(target)


def _folder(name: str) -> Path:
    """Return a folder for figures, made if there is none."""
    path = Path(name)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise checks.refused("png", name, f"is a folder that can be written ({error.strerror})") from error
    return path
