# SPDX-License-Identifier: Apache-2.0
"""Options that several commands have, and the names they take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from redmule import checks
from redmule.cluster import PATTERNS, PRIORITIES, Cluster
from redmule.config import CONFIGS
from redmule.device import KINDS
from redmule.fp import FORMATS, OPS
from redmule.job import ORIENTATIONS
from redmule.train import DATA, OPTIMISERS, TRAIN_RECIPES

_FORMAT_NAMES = tuple(fmt.name for fmt in FORMATS)

CHOICES: Mapping[str, tuple[str, ...]] = {
    "--op": tuple(op.name for op in OPS),
    "--dtype": _FORMAT_NAMES,
    "--out-dtype": _FORMAT_NAMES,
    "--format": _FORMAT_NAMES,
    "--backend": KINDS,
    "--config": tuple(CONFIGS),
    "--recipe": TRAIN_RECIPES,
    "--data": DATA,
    "--optimiser": tuple(OPTIMISERS),
}
"""Option -> what it may be. The package judges a value; this is for help and for what Typer finds wrong itself."""


def whole(text: str | int) -> int:
    """Return the integer that a word of the command line means."""
    try:
        return int(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r}: allowed is a whole number") from None


def number(text: str | float) -> float:
    """Return the number that a word of the command line means."""
    try:
        return float(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r}: allowed is a number") from None


def help_of(option: str, text: str) -> str:
    """Return the help of an option that takes names."""
    return f"{text}: {', '.join(CHOICES[option])}."


OpOption = Annotated[str, typer.Option(help=help_of("--op", "Operation"))]
DtypeOption = Annotated[str | None, typer.Option(help=help_of("--dtype", "Format of the operands (default fp16)"))]
OutDtypeOption = Annotated[str | None, typer.Option(help="Format of the result (default: that of X).")]
OrientationOption = Annotated[str, typer.Option(help=f"How it may run: {', '.join(ORIENTATIONS)}.")]
SaturateOption = Annotated[bool, typer.Option("--saturate", help="Overflow gives the largest finite value.")]


def _backend(name: str) -> str:
    """Return the name of a device, which the package calls its kind."""
    return checks.choice("backend", name, KINDS)


BackendOption = Annotated[str, typer.Option(callback=_backend, help=help_of("--backend", "Device"))]
ConfigOption = Annotated[str, typer.Option(help=help_of("--config", "Configuration of the accelerator"))]
StallOption = Annotated[
    float, typer.Option(parser=number, metavar="P", help="Probability that the memory grants nothing in a cycle (rtl).")
]
SeedOption = Annotated[int, typer.Option(parser=whole, metavar="S", help="Seed of random operands and stalls.")]
WavesOption = Annotated[str | None, typer.Option(help="Write a waveform, .vcd or .fst (rtl).")]

ClusterOption = Annotated[
    bool, typer.Option("--cluster", help="Run in the cluster (rtl): banks, cores and DMA; large jobs come from L2.")
]
TrafficOption = Annotated[
    str | None,
    typer.Option(metavar="PATTERN:RATE", help=f"Traffic of every core (in the cluster): {', '.join(PATTERNS)}."),
]
PriorityOption = Annotated[
    str | None, typer.Option(help=f"Branch that wins conflicts (in the cluster): {', '.join(PRIORITIES)}.")
]
ShareOption = Annotated[
    str | None, typer.Option(metavar="NUM/DEN", help="Conflict cycles that the other branch wins (in the cluster).")
]


def cluster_of(wanted: bool, traffic: str | None, priority: str | None, share: str | None) -> Cluster | None:
    """Return the cluster that options ask for; one that makes sense in a cluster only asks for one."""
    fields: dict[str, Any] = {"traffic": traffic, "priority": priority}
    if share is not None:
        num, _, den = share.partition("/")
        if not (num.isdecimal() and den.isdecimal()):
            raise checks.refused("share", share, "is NUM/DEN, as 1/4")
        fields["share"] = (int(num), int(den))
    given = {name: value for name, value in fields.items() if value is not None}
    return Cluster(**given) if wanted or given else None
