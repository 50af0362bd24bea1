# SPDX-License-Identifier: Apache-2.0
"""The compiled functions of the cycle law that Python calls."""

from __future__ import annotations

from collections.abc import Callable

from redmule.law.banks import walk_shared
from redmule.law.inlined import SOURCES, kept
from redmule.law.memory import walk_stalled
from redmule.law.recur import Seen
from redmule.law.state import Array, Records, Walk
from redmule.law.walk import walk


def _entries(sources: str) -> tuple[Callable[..., None], ...]:
    @kept
    def walk_on(state: Walk, array: Array, seen: Seen, skip: bool, until: int) -> None:
        if sources:  # always: this makes them part of what is kept
            walk(state, array, seen, skip, until)

    @kept
    def stalled_on(state: Walk, array: Array, memory: Records, until: int) -> None:
        if sources:
            walk_stalled(state, array, memory, until)

    @kept
    def shared_on(
        states: tuple[Walk, ...],
        array: Array,
        bus: Records,
        banks: Records,
        ports: Records,
        dma: Records,
        until: int,
    ) -> None:
        if sources:
            walk_shared(states, array, bus, banks, ports, dma, until)

    return walk_on, stalled_on, shared_on


walk_on, stalled_on, shared_on = _entries(SOURCES)
