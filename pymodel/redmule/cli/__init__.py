# SPDX-License-Identifier: Apache-2.0
"""The command `redmule`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NoReturn

import typer

from redmule.cli.batch import batch
from redmule.cli.explain import explain
from redmule.cli.info import info
from redmule.cli.run import run

app = typer.Typer(
    help="Run jobs on the RedMulE accelerator or its models, and look at numbers bit by bit.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)
for command in (run, batch, explain, info):
    app.command()(command)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit: with 0 only on success. An error is one message on stderr, no traceback."""
    try:
        app(arguments, prog_name="redmule")
    except (ValueError, RuntimeError, OSError) as error:
        print(f"redmule: {error}", file=sys.stderr)
    sys.exit(1)
