# SPDX-License-Identifier: Apache-2.0
"""The configurations of a sweep: the product of lists of values, and named ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

from redmule import checks
from redmule.config import CONFIGS, Config

AXES: Mapping[str, str] = {
    "rows": "rows",
    "len": "row_len",
    "pipe": "pipe_regs",
    "port": "port_width",
    "groups": "row_groups",
    "transposes": "transposes",
    "contexts": "contexts",
}
"""Axis of a sweep -> field of `Config`, the first axis the slowest one."""

BASE = "paper"
"""The configuration that gives the fields of which no values are listed."""


def grid(axes: Mapping[str, Sequence[int]], names: Sequence[str] = ()) -> list[Config]:
    """Return the configurations of a sweep, each once: all combinations of `axes` in order, then the named ones.

    Args:
        axes: field of `Config` -> values. With no axis and no name, the grid is the base alone.
        names: of `configs.yaml`.

    Raises:
        ValueError: a value is outside its range, or there is no such name.
    """
    fields = [field for field in AXES.values() if field in axes]
    wanted = [Config.named(name) for name in names]
    if fields or not wanted:
        combined = product(*(dict.fromkeys(axes[field]) for field in fields))
        wanted = [_config(dict(zip(fields, values, strict=True))) for values in combined] + wanted
    return list(dict.fromkeys(wanted))


def _config(values: Mapping[str, int]) -> Config:
    """Return the base with these values, and its label as name."""
    fields: dict[str, Any] = dict(values)
    if "transposes" in fields:
        fields["transposes"] = bool(checks.integer("transposes", fields["transposes"], (0, 1)))
    config = replace(Config.named(BASE), **fields)
    return replace(config, name=label(config))


def label(config: Config) -> str:
    """Return a short name of a configuration: that of `configs.yaml`, or its parameters where they are not the base's.

    `24x8 p1 b512`: 24 rows of 8 elements with 1 pipeline register, on a port of 512 bits.
    """
    for name, named in CONFIGS.items():
        if named == config:
            return name
    base = Config.named(BASE)
    parts = [f"{config.rows}x{config.row_len}", f"p{config.pipe_regs}", f"b{config.port_width}"]
    if config.row_groups != base.row_groups:
        parts.append(f"g{config.row_groups}")
    if config.contexts != base.contexts:
        parts.append(f"c{config.contexts}")
    return " ".join(parts if config.transposes else [*parts, "plain"])
