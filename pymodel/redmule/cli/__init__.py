# SPDX-License-Identifier: Apache-2.0
"""The command `redmule`.

An error is one line on stderr, no traceback; the exit code is 2 for a command line that cannot be read, else 1.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import NoReturn

import typer

from redmule.cli.batch import batch
from redmule.cli.explain import explain
from redmule.cli.faults import faults
from redmule.cli.info import info
from redmule.cli.map import map_network
from redmule.cli.options import CHOICES
from redmule.cli.report import report
from redmule.cli.run import run
from redmule.cli.sweep import sweep
from redmule.cli.train import train

app = typer.Typer(
    help="Run jobs on the RedMulE accelerator or its models, and look at numbers bit by bit.",
    add_completion=False,
    rich_markup_mode=None,
)
COMMANDS: Mapping[str, Callable[..., None]] = {
    "run": run,
    "batch": batch,
    "train": train,
    "map": map_network,
    "sweep": sweep,
    "report": report,
    "faults": faults,
    "explain": explain,
    "info": info,
}
for name, command in COMMANDS.items():
    app.command(name)(command)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit: with 0 only on success."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    try:
        sys.exit(app(given or ["--help"], prog_name="redmule", standalone_mode=False))
    except typer.TyperException as error:
        message, code = _with_choices(" ".join(error.format_message().split())), 2
    except (ValueError, RuntimeError, OSError, MemoryError) as error:
        message, code = str(error), 1
    print(f"redmule: {message}", file=sys.stderr)
    sys.exit(code)


def _with_choices(message: str) -> str:
    """Add to a message about an option the names it takes, and about a command the commands there are."""
    names = list(COMMANDS) if message.startswith("No such command") else []
    for option, choices in CHOICES.items():
        if f"'{option}'" in message:
            names = list(choices)
    return f"{message.rstrip('.')}: allowed are {', '.join(names)}" if names else message
