# SPDX-License-Identifier: Apache-2.0
"""How much the campaigns have to play, and what they have played."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tb.campaigns import trials
from tb.campaigns.plan import TINY
from tb.campaigns.regress import Played


@dataclass(frozen=True, slots=True)
class Figure:
    """One count: its name, the least that is wanted of a full run, and how it is counted."""

    name: str
    wanted: int
    count: Callable[[Sequence[Played]], int]


def _kind(name: str, outcomes: Sequence[Played]) -> list[Played]:
    return [played for played in outcomes if played.campaign.kind == name and played.tally.trials]


FIGURES = (
    Figure(
        "small shapes on `tiny`: every M, N, K, way to store, of four operations, with and without stalls",
        trials.shapes_count(TINY),
        lambda outcomes: sum(played.tally.trials for played in _kind("shapes", outcomes)),
    ),
    Figure(
        "random jobs: operation, formats, strides, alignments, transposes, stalls 0 to 90 %",
        20_000,
        lambda outcomes: sum(played.tally.trials for played in _kind("mixed", outcomes)),
    ),
    Figure("configurations of these", 4, lambda outcomes: len(_kind("mixed", outcomes))),
    Figure(
        "queued pairs of different jobs",
        10_000,
        lambda outcomes: sum(played.tally.pairs for played in outcomes),
    ),
    Figure(
        "soft clears at random cycles",
        1_000,
        lambda outcomes: sum(played.tally.trials for played in _kind("clears", outcomes)),
    ),
    Figure(
        "resets at random cycles",
        300,
        lambda outcomes: sum(played.tally.trials for played in _kind("resets", outcomes)),
    ),
)
