# SPDX-License-Identifier: Apache-2.0
"""The banks of a cluster's TCDM between accelerators and cores, as their walks meet them, compiled.

Cores, log branch, wide branch and arbiter are those of `rtl/cluster`, cycle by cycle; the cores' random numbers too.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from redmule.law.around import ONE_BANK, RANDOM, REGION_WORDS, STRIDED
from redmule.law.cycle import cycle
from redmule.law.dma import dma_cycle
from redmule.law.inlined import inlined
from redmule.law.loops import wake
from redmule.law.state import Array, Records, Walk


@inlined
def _next_access(core: Any, banks: int) -> None:
    """Let a core that does not wait begin an access, if its random bits say so, and draw the next ones.

    bits | data 32 | index 12 | bytes 4 | write or read 8 | begin or not 8 |
    """
    bits = core.random
    low = np.int64(bits & np.uint64(0xFFFFFFFF))
    if not core.asks and (low & 0xFF) < core.rate:
        core.asks = 1
        core.bank = core.next % banks
        if core.pattern == RANDOM:
            core.bank = (low >> 20) % REGION_WORDS % banks
        elif core.pattern == ONE_BANK:
            core.bank = 0
        if ((low >> 8) & 0xFF) < core.writes and ((low >> 16) & 0xF) == 0:
            core.bank = -1
        core.next = (core.next + (core.stride if core.pattern == STRIDED else 1)) % REGION_WORDS
    bits ^= bits << np.uint64(13)
    bits ^= bits >> np.uint64(7)
    core.random = bits ^ (bits << np.uint64(17))


@inlined
def _ask(ports: Records, banks: Records) -> None:
    """Find for each bank whose turn it is, of those who ask: the next one behind the one served last."""
    for b in range(len(banks)):
        banks[b].asker = -1
    for p in range(len(ports)):
        port = ports[p]
        port.served = int(port.asks != 0 and port.bank < 0)
        if port.asks and port.bank >= 0:
            bank = banks[port.bank]
            if bank.asker < 0 or (bank.asker <= bank.last < p):
                bank.asker = p


@inlined
def _wide_wins(bus: Any) -> bool:
    """Decide a conflict: the branch without priority wins num of any den, evenly spread."""
    bus.conflict = 1
    bus.conflicts += 1
    other = False
    if bus.den > 0:
        bus.credit += bus.num
        other = bus.credit >= bus.den
        if bus.num >= bus.den:
            bus.credit = 0
        elif other:
            bus.credit -= bus.den
    return bool((bus.wide_first != 0) != other)


@inlined
def _choose(walks: tuple[Walk, ...], bus: Any) -> None:
    """Choose an accelerator, in turn; one that waits stays chosen."""
    if bus.chosen >= 0:
        return
    for step in range(1, len(walks) + 1):
        number = (bus.last_wide + step) % len(walks)
        if walks[number].core[0].asks:
            bus.chosen = number
            return


@inlined
def _grant(walks: tuple[Walk, ...], bus: Any, banks: Records) -> tuple[int, int, int]:
    """Return the accelerator that is granted, or -1, and the first of its banks and their number."""
    _choose(walks, bus)
    if bus.chosen < 0:
        return -1, 0, 0
    core = walks[bus.chosen].core[0]
    first = (core.address - bus.base) >> 2
    count = ((core.address + core.bytes - 1 - bus.base) >> 2) - first + 1
    conflict = False
    for i in range(count):
        conflict |= banks[(first + i) & (len(banks) - 1)].asker >= 0
    if conflict and not _wide_wins(bus):
        return -1, 0, 0
    return bus.chosen, first, count


@inlined
def _count_wait(port: Any, bus: Any) -> None:
    """Count what a port was granted and what it waits."""
    waits = port.asks != 0 and port.served == 0
    port.grants += port.served
    port.waits += int(waits)
    port.waited = port.waited + 1 if waits else 0
    port.worst = max(port.worst, port.waited)
    port.conflicts = port.conflicts + bus.conflict if waits else 0
    bus.worst_log = max(bus.worst_log, port.conflicts)


@inlined
def walk_shared(
    walks: tuple[Walk, ...], array: Array, bus: Records, banks: Records, ports: Records, dma: Records, until: int
) -> None:
    """Walk on, for accelerators of one configuration with all others, to the next event or to the cycle `until`."""
    for number in range(len(walks)):
        wake(walks[number].walkers, walks[number].jobs, walks[number].core[0].count)
    before = _ended(walks) + dma[0].events
    while bus[0].now < until and _ended(walks) + dma[0].events == before:
        _cycle_of_all(walks, array, bus[0], banks, ports, dma[0])


@inlined
def _ended(walks: tuple[Walk, ...]) -> int:
    """Return how many jobs have ended."""
    count = 0
    for number in range(len(walks)):
        count += walks[number].core[0].head
    return count


@inlined
def _cycle_of_all(walks: tuple[Walk, ...], array: Array, bus: Any, banks: Records, ports: Records, dma: Any) -> None:
    """Let one cycle pass."""
    _ask(ports, banks)
    bus.conflict = 0
    granted, first, count = _grant(walks, bus, banks)
    for i in range(count):
        banks[(first + i) & (len(banks) - 1)].asker = -1
    for b in range(len(banks)):
        bank = banks[b]
        if bank.asker >= 0:
            bank.last = bank.asker
            ports[bank.asker].served = 1
    if granted >= 0:
        bus.chosen = -1
        bus.last_wide = granted
    for number in range(len(walks)):
        state = walks[number]
        core = state.core[0]
        core.waited = core.waited + bus.conflict if core.asks != 0 and granted != number else 0
        bus.worst_wide = max(bus.worst_wide, core.waited)
        if core.head < core.count and core.now > state.jobs[core.head].trigger:
            cycle(state, array, granted == number, core.due != 0, True)
        else:
            core.now += 1
    for p in range(len(ports)):
        _count_wait(ports[p], bus)
    cores = len(ports) - dma.lanes
    if dma.lanes > 0:
        dma_cycle(dma, ports, cores, len(banks))
    for p in range(cores):
        port = ports[p]
        if port.served:
            port.asks = 0
        if port.rate >= 0:
            _next_access(port, len(banks))
    bus.now += 1
