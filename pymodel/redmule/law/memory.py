# SPDX-License-Identifier: Apache-2.0
"""A memory that refuses at random and answers late, as the accelerator's walk meets it, compiled.

It draws the very numbers of `device/memory_port.h`: with the seed of a simulation, and begun in its first cycle, it
grants and answers in the same cycles.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from redmule.law.cycle import cycle
from redmule.law.inlined import inlined
from redmule.law.loops import wake
from redmule.law.state import LAST_PLACE, Array, Records, Walk


@inlined
def _draw(memory: Any) -> Any:
    """Return the next 32 random bits (xorshift64*)."""
    bits = memory.random
    bits ^= bits >> np.uint64(12)
    bits ^= bits << np.uint64(25)
    bits ^= bits >> np.uint64(27)
    memory.random = bits
    return (bits * np.uint64(0x2545F4914F6CDD1D)) >> np.uint64(32)


@inlined
def walk_stalled(state: Walk, array: Array, memory: Records, until: int) -> None:
    """Walk on, on this memory, to the end of a job or to the cycle `until`."""
    core, port = state.core[0], memory[0]
    head = core.head
    wake(state.walkers, state.jobs, core.count)
    while core.head == head and core.now < until:
        denied = port.deny_below > 0 and _draw(port) < port.deny_below
        if core.head == core.count or core.now <= state.jobs[core.head].trigger:
            core.now += 1
            continue
        answered = core.open > core.asks and port.due[core.oldest] <= core.now
        if core.asks and not denied:
            due = core.now + 1
            if port.latency > 0:
                due += np.int64((_draw(port) * (port.latency + np.uint64(1))) >> np.uint64(32))
            port.last_due = max(due, port.last_due + 1)
            port.due[(core.oldest + core.open - 1) & LAST_PLACE] = port.last_due
        cycle(state, array, not denied, answered, False)
