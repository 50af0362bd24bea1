# SPDX-License-Identifier: Apache-2.0
"""What is around an accelerator that a walk meets: a memory that refuses at random, or the cores of a cluster."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from redmule.law.state import OPEN_BEATS, Records

MEMORY = np.dtype(
    [
        ("random", np.uint64),
        ("deny_below", np.uint64),  # of 2**32
        ("latency", np.uint64),  # most cycles by which an answer comes late
        ("last_due", np.int64),
        ("due", np.int64, OPEN_BEATS),  # cycles of the answers, in the places of their beats
    ]
)

WORD = 1 << 32
MASK = (1 << 64) - 1


def random_memory(stall: float, latency: int, seed: int) -> Records:
    """Return a memory in its first cycle; the arguments are those of `redmule.open`."""
    memory = np.zeros(1, MEMORY)
    start = (seed * 0x9E3779B97F4A7C15 + 0x2545F4914F6CDD1D) & MASK
    memory["random"] = start or 1
    memory["deny_below"] = int(min(stall * WORD, WORD - 1))
    memory["latency"] = latency
    return memory


PATTERNS = ("linear", "strided", "random", "bank")
LINEAR, STRIDED, RANDOM, ONE_BANK = range(4)
"""Which words a core accesses."""

REGION_WORDS = 256
"""Words of a core's region, which begins in bank 0."""

TRAFFIC = np.dtype(
    [
        ("random", np.uint64),
        ("pattern", np.int64),
        ("rate", np.int64),  # accesses begun, of 256 cycles; -1: off
        ("writes", np.int64),  # of 256 accesses
        ("stride", np.int64),  # words
        ("next", np.int64),  # word of the linear and strided patterns
        ("asks", np.int64),
        ("bank", np.int64),  # of the request that waits; -1: an access of no byte, granted at once
        ("served", np.int64),  # in this cycle
        *((name, np.int64) for name in ("grants", "waits", "waited", "worst")),
        ("conflicts", np.int64),  # in which the request that waits has waited
    ]
)
"""A core's traffic generator (pulp_traffic) with its counters, or a port of the DMA, which has none of its own."""

BUS = np.dtype(
    [
        (name, np.int64)
        for name in (
            *("now", "base", "wide_first", "num", "den", "credit", "chosen", "last_wide"),
            *("conflict", "conflicts", "worst_wide", "worst_log"),
        )
    ]
)
"""The arbiter: the cycle, the address of the TCDM, the rule, what the branch without priority has saved up; the
accelerator that waits for its banks or -1, and the one that was served last; whether there is a conflict; how many
there were, and the most of them that a request of each branch waited."""

BANK = np.dtype([(name, np.int64) for name in ("asker", "last")])
"""A bank: who of the log branch is to get it, or -1, and who was served last."""

TRANSFERS, TAGS, L2_OPEN = 4, 64, 1024
"""Most transfers in the queue of the DMA, beats it has asked for and not got, and those that L2 owes it."""

DMA = np.dtype(
    [
        *((name, np.int64) for name in ("now", "base", "lanes", "events", "ended")),
        # the queue of transfers, and the first one of it
        *((name, np.int64) for name in ("first", "queued")),
        *((name, np.int64, TRANSFERS) for name in ("l2", "l2_stride", "tcdm", "tcdm_stride")),
        *((name, np.int64, TRANSFERS) for name in ("row_bytes", "rows", "to_l2")),
        # read side: where it is; beats that it has asked for: the lanes of each, whether it is the last of its row, and
        # the place of the row in a bus word; words of each lane that have come
        *((name, np.int64) for name in ("r_row", "r_byte", "all_asked", "tag_first", "tags")),
        *((name, np.int64, TAGS) for name in ("tag_lanes", "tag_last", "tag_offset")),
        ("words", np.int64, 2),
        # write side
        *((name, np.int64) for name in ("w_row", "w_byte", "done", "begun", "tail")),
        # port to the TCDM: beats without an answer; lanes answered in this cycle
        ("tcdm_unanswered", np.int64),
        ("tcdm_answer", np.int64, 2),
        # port to L2, and L2: cycles that it rests; cycles of its answers
        *((name, np.int64) for name in ("l2_asks", "l2_unanswered", "l2_latency", "l2_interval", "l2_rest")),
        *((name, np.int64) for name in ("l2_oldest", "l2_waiting")),
        ("l2_due", np.int64, L2_OPEN),
    ]
)

SPREAD = 0x9E3779B1


def random_of(seed: int) -> int:
    """Return the state in which the random bits of a seed begin (pulp_traffic_random)."""
    spread = seed * SPREAD & 0xFFFFFFFF
    return (spread ^ 0xFFFFFFFF) << 32 | spread


@dataclass(frozen=True, slots=True)
class Sharing:
    """Who shares the TCDM with an accelerator, and by what rule.

    Attributes:
        banks: a power of two above the words of the accelerator's port.
        wide_first: the accelerators win conflicts, else the cores.
        share: (num, den): the others win num of any den of them.
        cores: that make traffic.
        pattern: "linear", "strided", "random" or "bank" (all words of one).
        rate, writes: cycles in which a core that does not wait begins an access, and accesses that write, of 256.
        stride: words, of the strided pattern.
        accelerators: that run the same queue at the same time.
        base: address of the TCDM.
    """

    banks: int = 16
    wide_first: bool = True
    share: tuple[int, int] = (1, 4)
    cores: int = 8
    pattern: str = "linear"
    rate: int = 0
    writes: int = 128
    stride: int = 3
    accelerators: int = 1
    base: int = 0

    def bus(self) -> Records:
        """Return the arbiter at rest."""
        bus = np.zeros(1, BUS)
        bus["wide_first"], bus["base"], bus["chosen"] = self.wide_first, self.base, -1
        bus["num"], bus["den"] = self.share
        bus["last_wide"] = self.accelerators - 1
        return bus

    def banks_at_rest(self, ports: int) -> Records:
        """Return the banks before their first access of so many ports."""
        banks = np.zeros(self.banks, BANK)
        banks["last"] = ports
        return banks

    def dma(self, lanes: int = 0) -> Records:
        """Return a DMA at rest, of so many ports; without any it does nothing."""
        dma = np.zeros(1, DMA)
        dma["base"], dma["lanes"], dma["l2_interval"], dma["l2_latency"] = self.base, lanes, 1, 1
        return dma

    def ports(self, seed: int, idle: int = 0) -> Records:
        """Return the cores at their first cycle, and so many ports without traffic of their own."""
        ports = np.zeros(self.cores + idle, TRAFFIC)
        ports["rate"] = -1
        busy = ports[: self.cores]
        busy["random"] = [random_of((seed * self.cores + core) % (1 << 32)) for core in range(self.cores)]
        busy["pattern"] = PATTERNS.index(self.pattern)
        busy["rate"], busy["writes"], busy["stride"] = self.rate, self.writes, self.stride
        return ports
