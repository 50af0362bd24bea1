# SPDX-License-Identifier: Apache-2.0
"""Plays trials in this process: `python -m tb.coverage.play NAME [--count N]`; exit code 1 if one fails.

NAME is a campaign: one of `tb.campaigns.plan`, of which a seeded sample is played, or one of those below.
"""

from __future__ import annotations

from typing import Annotated

import typer

from redmule.config import Config
from tb.campaigns import plan, trials
from tb.campaigns.plan import Campaign
from tb.campaigns.tally import Tally
from tb.coverage import directed, registers

TINY, PAPER = Config.named("tiny"), Config.named("paper")
PLAIN = Config(3, 3, 1, 64, contexts=3, row_groups=1, transposes=False, name="plain_3x3")
"""A small accelerator with as little as there can be, and tiles of more columns than a beat has elements."""
QUAD = Config(4, 2, 3, 64, name="quad_4x2")
"""A small one with four groups of rows, and tiles of as many columns as a beat can have elements."""
TALL = Config(32, 1, 0, 128, contexts=3, name="tall_32x1")
"""The most rows there may be, in few elements."""


class OwnCampaign(Campaign):
    """A campaign that only coverage has."""

    def replay(self, seed: int, index: int) -> str:
        """Return the command that plays one trial and records its waveform."""
        options = f"--seed {seed} --trial {index} --waves trial.vcd"
        return f".venv/bin/python -m tb.coverage.play {self.name} {options}"


CAMPAIGNS = (
    *plan.CAMPAIGNS,
    *(OwnCampaign("directed", each, len(directed.scenarios(each)), directed.play) for each in (TINY, PLAIN)),
    OwnCampaign("row_groups", PAPER, len(directed.group_shapes(PAPER)), directed.play_groups),
    OwnCampaign("related", TINY, len(directed.related(TINY)), directed.play_related),
    OwnCampaign("registers", TINY, 1, registers.play),
    *(OwnCampaign("mixed", each, 1000, trials.mixed) for each in (PLAIN, QUAD, TALL)),
)
BY_NAME = {campaign.name: campaign for campaign in CAMPAIGNS}


def main(
    name: Annotated[str, typer.Argument(help="a campaign")],
    count: Annotated[int | None, typer.Option(min=1, help="trials, at most (default: all)")] = None,
    seed: Annotated[int, typer.Option(min=0, help="of all random numbers")] = 1,
    trial: Annotated[int | None, typer.Option(min=0, help="play only this one")] = None,
    waves: Annotated[str | None, typer.Option(help="file for the waveform of the trial, .vcd or .fst")] = None,
) -> None:
    """Play trials."""
    if name not in BY_NAME:
        raise typer.BadParameter(f"name = {name!r}: allowed are {', '.join(BY_NAME)}")
    campaign = BY_NAME[name]
    scale = 1.0 if count is None else min(1.0, count / campaign.count)
    chosen = campaign.indices(seed, scale) if trial is None else [trial]
    total = sum((campaign.run(seed, index, waves) for index in chosen), Tally())
    print(f"{name}: {total.jobs} jobs, {total.failures} failures", *total.examples, sep="\n")
    raise typer.Exit(int(total.failures > 0))


if __name__ == "__main__":
    typer.run(main)
