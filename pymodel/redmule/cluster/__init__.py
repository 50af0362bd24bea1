# SPDX-License-Identifier: Apache-2.0
"""The cluster around the accelerator: what is built, how it is run, and where things are."""

from __future__ import annotations

from dataclasses import dataclass, field

from redmule import checks
from redmule.cluster import regs_arbiter, regs_dma
from redmule.cluster.regs_traffic import PatternCode
from redmule.config import Config

WORD_BYTES = 4
WORD_BITS = 32

TCDM_BASE = 0x1000_0000
L2_BASE = 0x1C00_0000

ACCELERATOR_STEP = 0x100
ARBITER_BASE = 0x1000
DMA_BASE = 0x2000
TRAFFIC_BASE, TRAFFIC_STEP = 0x4000, 0x40
"""Offsets on the peripheral bus, as pulp_periph_bus decodes them."""

STRIDE_WORDS = 3
"""Of the strided pattern."""

REGION_BYTES = 1024
"""What a traffic generator needs of the TCDM for itself."""

PATTERNS = tuple(code.name.lower() for code in PatternCode)
PRIORITIES = ("wide", "log")
LEAST_BANKS = 16
MOST_BANKS = REGION_BYTES // WORD_BYTES
"""A generator has a word in each bank at least."""

DMA_QUEUE, DMA_FIFO_BEATS = 4, 64
"""Transfers the DMA holds; beats it has asked for at most before they come."""

DMA_LOOP_CYCLES = 4
"""From the place of a beat in that FIFO to the next beat asked for, beside the latency of L2."""

DMA_BANK_SHARE = 0.75
"""Share of the cycles in which a port of the DMA gets its bank while the accelerator works, about."""

MOST_LINES = 64
"""Event lines that a simulation can watch."""

PARTS = 256
"""Rates and shares of the traffic are set in so many parts."""

MOST_SHARE = (1 << regs_arbiter.Config.FIELDS["num"][1]) - 1
MOST_LATENCY, MOST_INTERVAL = ((1 << regs_dma.L2Cfg.FIELDS[name][1]) - 1 for name in ("latency", "interval"))


@dataclass(frozen=True, slots=True)
class Traffic:
    """What every core does to the TCDM beside the accelerator.

    Attributes:
        pattern: which words of its region: "linear", "strided" (each STRIDE_WORDS-th), "random", "bank" (all of one).
        rate: share of the cycles in which a core that does not wait begins an access, 0 to 1.
        writes: share of the accesses that write, 0 to 0.99.

    Raises:
        ValueError: a value is wrong; the message names it and what is allowed.
    """

    pattern: str
    rate: float
    writes: float = 0.5

    def __post_init__(self) -> None:
        checks.choice("traffic pattern", self.pattern, PATTERNS)
        object.__setattr__(self, "rate", checks.number("traffic rate", self.rate, 0, 1))
        object.__setattr__(self, "writes", checks.number("traffic writes", self.writes, 0, 0.99))

    @classmethod
    def parse(cls, text: str) -> Traffic:
        """Return the traffic that "PATTERN:RATE" says, as "random:0.3".

        Raises:
            ValueError: the text does not say it.
        """
        pattern, _, rate = text.partition(":")
        try:
            return cls(pattern, float(rate))
        except ValueError:
            allowed = f"is PATTERN:RATE with a pattern of {', '.join(PATTERNS)} and a rate from 0 to 1"
            raise checks.refused("traffic", text, allowed) from None


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster and how it is run.

    Attributes:
        accelerators: as many, 1 to 8, all of one configuration.
        dmas: 32-bit ports of the DMA to the TCDM, 1 or 2; L2 is as wide as they are together.
        banks: of the TCDM, a power of two above the words of the accelerator's port; 0: the least, at least 16.
        tcdm_bytes: size of the TCDM; the banks share it equally.
        l2_bytes: size of L2.
        priority: the branch that wins a conflict for a bank: "wide" (accelerators) or "log" (cores and DMA).
        share: (num, den): the other branch wins num of any den conflict cycles. With num or den 0 it is sure of none;
            with num >= den > 0 it wins all, and the branch with priority none.
        traffic: of all cores, as `Traffic` or "PATTERN:RATE"; None: they are idle.
        l2_latency: cycles from an access of L2 to its answer, 1 to 1023.
        l2_interval: cycles from one access of L2 to the next, 1 to 255.

    Raises:
        ValueError: a value is wrong; the message names it and what is allowed.
    """

    accelerators: int = 1
    dmas: int = 2
    banks: int = 0
    tcdm_bytes: int = 128 << 10
    l2_bytes: int = 4 << 20
    priority: str = "wide"
    share: tuple[int, int] = (1, 4)
    traffic: Traffic | str | None = field(default=None)
    l2_latency: int = 10
    l2_interval: int = 1

    def __post_init__(self) -> None:
        checked = {
            "accelerators": checks.integer("accelerators", self.accelerators, range(1, 9)),
            "dmas": checks.integer("dmas", self.dmas, (1, 2)),
            "banks": checks.integer(
                "banks", self.banks, (0, *(1 << bits for bits in range(2, MOST_BANKS.bit_length())))
            ),
            "tcdm_bytes": checks.integer("tcdm_bytes", self.tcdm_bytes, range(4096, (8 << 20) + 1)),
            "l2_bytes": checks.integer("l2_bytes", self.l2_bytes, range(4096, (64 << 20) + 1)),
            "priority": checks.choice("priority", self.priority, PRIORITIES),
            "share": self._share(),
            "traffic": self._traffic(),
            "l2_latency": checks.integer("l2_latency", self.l2_latency, range(1, MOST_LATENCY + 1)),
            "l2_interval": checks.integer("l2_interval", self.l2_interval, range(1, MOST_INTERVAL + 1)),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)
        unit = self.dmas * WORD_BYTES
        if self.l2_bytes % unit:
            raise checks.refused("l2_bytes", self.l2_bytes, f"are multiples of {unit}, the width of L2")

    def _share(self) -> tuple[int, int]:
        if not isinstance(self.share, tuple) or len(self.share) != 2:
            raise checks.refused("share", self.share, "is a pair (num, den)")
        num, den = (checks.integer("share", part, range(MOST_SHARE + 1)) for part in self.share)
        return num, den

    def _traffic(self) -> Traffic | None:
        if self.traffic is None or isinstance(self.traffic, Traffic):
            return self.traffic
        if not isinstance(self.traffic, str):
            raise checks.refused("traffic", self.traffic, "is a redmule.Traffic or PATTERN:RATE")
        return Traffic.parse(self.traffic)

    @property
    def dma_bytes_per_cycle(self) -> float:
        """What the DMA brings from L2, about: by the interval of L2, the beats under way, its share of the banks."""
        open_beats = DMA_FIFO_BEATS / (self.l2_latency + DMA_LOOP_CYCLES)
        return self.dmas * WORD_BYTES * min(1 / self.l2_interval, open_beats, DMA_BANK_SHARE)

    def bounds(self, config: Config) -> tuple[int | None, int | None]:
        """Return the conflict cycles that a wide request, and one of a core or the DMA, waits at most; None: no bound.

        The wide branch serves its accelerators in turn, a bank its cores and DMA ports; a branch with a bound wins one
        of `den` conflict cycles at least.
        """
        num, den = self.share
        first, other = den > num or den == 0, num > 0 and den > 0
        wide, log = (first, other) if self.priority == "wide" else (other, first)
        users = self.accelerators, config.cores + self.dmas
        bounded = [count * den if sure and den > 0 else None for count, sure in zip(users, (wide, log), strict=True)]
        return bounded[0], bounded[1]

    def bank_count(self, config: Config) -> int:
        """Return the banks of the TCDM for accelerators of a configuration.

        Raises:
            ValueError: `banks` are too few for its port.
        """
        words = config.port_width // WORD_BITS + 1
        least = 1 << (words - 1).bit_length()
        if self.banks == 0:
            return max(least, LEAST_BANKS)
        if self.banks < least:
            raise checks.refused("banks", self.banks, f"are 0 and powers of two from {least} for {config.name}")
        return self.banks

    def free_bytes(self, config: Config) -> int:
        """Return the bytes of the TCDM, from its base on, that the traffic generators leave to others.

        Raises:
            ValueError: they leave nothing.
        """
        free = self.tcdm_bytes - (config.cores * REGION_BYTES if self.traffic else 0)
        if free <= 0:
            allowed = f"are more than {config.cores * REGION_BYTES}, which the traffic of {config.cores} cores takes"
            raise checks.refused("tcdm_bytes", self.tcdm_bytes, allowed)
        return free

    def parameters(self, config: Config) -> dict[str, int]:
        """Return the parameters of `pulp_cluster_stub`, by their names in the RTL.

        Raises:
            ValueError: the sizes do not suit the configuration.
        """
        banks = self.bank_count(config)
        lines = (self.accelerators + 1) * config.cores
        if lines > MOST_LINES:
            allowed = f"are {MOST_LINES // config.cores - 1} at most for {config.cores} cores: {lines} event lines"
            raise checks.refused("accelerators", self.accelerators, allowed)
        if self.tcdm_bytes % (banks * WORD_BYTES):
            raise checks.refused("tcdm_bytes", self.tcdm_bytes, f"are multiples of {banks * WORD_BYTES}: {banks} banks")
        return {
            "NumAccelerators": self.accelerators,
            "NumDma": self.dmas,
            "NumBanks": banks,
            "BankWords": self.tcdm_bytes // (banks * WORD_BYTES),
            "L2Bytes": self.l2_bytes,
            "RegionWords": REGION_BYTES // WORD_BYTES,
            "DmaQueueDepth": DMA_QUEUE,
            "DmaFifoBeats": DMA_FIFO_BEATS,
            "TcdmBase": TCDM_BASE,
            "L2Base": L2_BASE,
            **config.parameters(),
        }
