# SPDX-License-Identifier: Apache-2.0
"""`redmule map`: how a training step of a network runs, layer by layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from redmule import checks
from redmule.cli.options import ConfigOption, SeedOption, whole
from redmule.cli.output import JsonOption, print_json, print_table, progress_bar
from redmule.config import Config
from redmule.device import open_device
from redmule.layers import RECIPES
from redmule.mapper import ASSUMPTIONS, Mapping, map_step, table
from redmule.mapper.choose import ATTEMPTS
from redmule.mapper.verify import MOST_CYCLES, Verified, tiles_of, verify
from redmule.networks import NETWORKS, build

DEVICE_RECIPES = tuple(recipe.name for recipe in RECIPES.values() if recipe.output.itemsize == 2)


def map_network(
    network: Annotated[str, typer.Argument(metavar="NET", help=f"Network: {', '.join(NETWORKS)}.")],
    batch: Annotated[int, typer.Option(parser=whole, metavar="B", help="Samples of a step.")] = 1,
    config: ConfigOption = "paper",
    recipe: Annotated[str, typer.Option(help=f"Formats: {', '.join(DEVICE_RECIPES)}.")] = "fp16",
    tcdm: Annotated[int | None, typer.Option(parser=whole, metavar="BYTES", help="Size of the TCDM.")] = None,
    layer: Annotated[str | None, typer.Option(metavar="NAME", help="Show only this layer, or those inside it.")] = None,
    runners_up: Annotated[bool, typer.Option("--runners-up", help="Show the other ways and their cycles.")] = False,
    on_rtl: Annotated[
        bool, typer.Option("--verify", help="Run the tiles' products on the RTL and compare cycles.")
    ] = False,
    seed: SeedOption = 0,
    as_json: JsonOption = False,
) -> None:
    """Map a training step: variants, tiles, buffers and order of every layer and pass, with what each costs."""
    formats = RECIPES[checks.choice("recipe", recipe, DEVICE_RECIPES)]
    accelerator = Config.named(config)
    checks.integer("seed", seed, range(1 << 32))
    with progress_bar(ATTEMPTS, "attempts") as bar:
        mapping = map_step(build(network), accelerator, batch, tcdm_bytes=tcdm, recipe=formats, progress=bar)
    passes = mapping.passes if layer is None else mapping.find(layer)
    verified = _verified(mapping, layer, seed) if on_rtl else []
    if as_json:
        values = table.as_values(mapping, passes)
        values["verified"] = [{"pass": v.turn, "layer": v.layer, "law": v.counted, "rtl": v.measured} for v in verified]
        print_json(values)
    else:
        print_table(table.COLUMNS, table.rows(passes, mapping))
        if runners_up:
            print_table(table.RUNNER_UP_COLUMNS, table.runner_up_rows(passes))
        print_table(("", ""), table.totals(mapping))
        print("Assumptions:", *(f"* {line}" for line in ASSUMPTIONS), sep="\n")
        if on_rtl:
            _tell(mapping, layer, verified)
    if any(each.counted != each.measured for each in verified):
        raise typer.Exit(1)


def _verified(mapping: Mapping, layer: str | None, seed: int) -> list[Verified]:
    tiles = len(tiles_of(mapping, layer))
    with progress_bar(tiles, "tiles") as bar, open_device("rtl", mapping.machine.config) as device:
        return verify(mapping, device, layer, seed, bar)


def _tell(mapping: Mapping, layer: str | None, verified: Sequence[Verified]) -> None:
    wrong = [each for each in verified if each.counted != each.measured]
    tiles, cycles = len(tiles_of(mapping, layer)), sum(each.measured for each in verified)
    print(
        f"On the RTL: {len(verified)} of {tiles} different tiles (those up to {MOST_CYCLES} cycles), {cycles} cycles,"
    )
    print(f"{len(wrong)} differ from the law.")
    for each in wrong:
        print(f"  {each.layer} {each.turn}: {each.measured} cycles on the RTL, {each.counted} by the law")
