# SPDX-License-Identifier: Apache-2.0
"""The cluster as its drivers meet it, without RTL: accelerators, cores and DMA on the walks of the law."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from redmule.cluster import (
    ARBITER_BASE,
    DMA_BASE,
    L2_BASE,
    PARTS,
    STRIDE_WORDS,
    TCDM_BASE,
    TRAFFIC_BASE,
    TRAFFIC_STEP,
    Cluster,
    Traffic,
    regs_arbiter,
    regs_dma,
    regs_traffic,
)
from redmule.config import Config
from redmule.device.cluster_harness import ClusterHarness
from redmule.device.dma import Place
from redmule.device.transactions import ACCESS_CYCLES, Accelerator, ModelHarness
from redmule.law import Sharing
from redmule.law.around import TRANSFERS, random_of
from redmule.law.state import Records, array_of

_TRAFFIC_FIELDS = {
    regs_traffic.Offset.PATTERN: "pattern",
    regs_traffic.Offset.WRITES: "writes",
    regs_traffic.Offset.STRIDE: "stride",
    regs_traffic.Offset.GRANTS: "grants",
    regs_traffic.Offset.WAITS: "waits",
    regs_traffic.Offset.WORST: "worst",
}
_ARBITER_FIELDS = {
    regs_arbiter.Offset.CONFLICTS: "conflicts",
    regs_arbiter.Offset.WORST_WIDE: "worst_wide",
    regs_arbiter.Offset.WORST_LOG: "worst_log",
}
"""Registers that are fields of the records of `redmule.law.around`."""


def sharing(cluster: Cluster, config: Config) -> Sharing:
    """Return how a cluster shares its TCDM, as `redmule.law.shared` takes it.

    Raises:
        ValueError: the cluster does not suit the configuration.
    """
    traffic = cluster.traffic if isinstance(cluster.traffic, Traffic) else Traffic("linear", 0)
    return Sharing(
        banks=cluster.bank_count(config),
        wide_first=cluster.priority == "wide",
        share=cluster.share,
        cores=config.cores,
        pattern=traffic.pattern,
        rate=round(traffic.rate * PARTS),
        writes=round(traffic.writes * PARTS),
        stride=STRIDE_WORDS,
        accelerators=cluster.accelerators,
        base=TCDM_BASE,
    )


class SharedTcdm:
    """The TCDM with all that use it beside the accelerators."""

    def __init__(self, config: Config, cluster: Cluster) -> None:
        """Make it as after a reset: nobody has told the arbiter a rule, no core makes traffic."""
        from redmule.law.entries import shared_on  # compiled when first needed

        self._shared_on, self._array = shared_on, array_of(config)
        shared = sharing(cluster, config)
        self.bus, self.dma = shared.bus(), shared.dma(cluster.dmas)
        self.ports = shared.ports(0, cluster.dmas)
        self.ports["rate"] = -1
        self.banks = shared.banks_at_rest(len(self.ports))

    def run(self, accelerators: Sequence[Accelerator], until: int) -> None:
        """Walk on."""
        states = tuple(accelerator.state for accelerator in accelerators)
        self._shared_on(states, self._array, self.bus, self.banks, self.ports, self.dma, until)


class ModelClusterHarness(ModelHarness, ClusterHarness):
    """What stands in for the simulation of a cluster: its memories, and the registers of arbiter, cores and DMA.

    A transfer of the DMA takes its time and then moves its bytes at once.

    Attributes:
        tcdm, l2: bytes of the memories, zero at first.
    """

    def __init__(self, config: Config, cluster: Cluster) -> None:
        """Start in the cycle after the reset.

        Raises:
            ValueError: the cluster does not suit the configuration.
        """
        cluster.parameters(config)  # or it is refused
        self._cluster = cluster
        self.tcdm = np.zeros(cluster.tcdm_bytes, np.uint8)
        self.l2 = np.zeros(cluster.l2_bytes, np.uint8)
        self._rates = [0] * config.cores
        self._written: dict[int, int] = {}  # registers of the DMA
        self._transfers: deque[tuple[Place, Place, bool]] = deque()
        self._moved = 0
        self._tcdm = SharedTcdm(config, cluster)
        accelerators = [Accelerator(config, self.tcdm, TCDM_BASE) for _ in range(cluster.accelerators)]
        super().__init__(config, accelerators, self._tcdm)

    def reset(self) -> None:
        """Forget all jobs, transfers and settings."""
        self._around = self._tcdm = SharedTcdm(self.config, self._cluster)
        self._tcdm.bus["now"] = self._tcdm.dma["now"] = self._now
        self._tcdm.dma["events"] = self._moved
        self._transfers.clear()
        super().reset()

    def events(self, line: int = 0) -> int:
        """Return how many events a line has seen; those of the DMA are behind the accelerators'."""
        if line == len(self.accelerators) * self.config.cores:
            return self._moved
        return super().events(line)

    def write(self, address: int, data: int, core: int = 0) -> None:
        """Write a register: it holds its new value from the cycle after the grant on."""
        self._pass(1)
        if address >= TRAFFIC_BASE:
            number, offset = divmod(address - TRAFFIC_BASE, TRAFFIC_STEP)
            self._set_traffic(number, offset, data)
        elif address >= DMA_BASE:
            self._set_dma(address - DMA_BASE, data)
        elif address >= ARBITER_BASE:
            self._set_arbiter(address - ARBITER_BASE, data)
        self._pass(ACCESS_CYCLES - 1)

    def read(self, address: int, core: int = 0) -> int:
        """Read a counter."""
        value = 0
        if address >= TRAFFIC_BASE:
            number, offset = divmod(address - TRAFFIC_BASE, TRAFFIC_STEP)
            value = self._field(self._tcdm.ports, number, _TRAFFIC_FIELDS, offset)
        elif ARBITER_BASE <= address < DMA_BASE:
            value = self._field(self._tcdm.bus, 0, _ARBITER_FIELDS, address - ARBITER_BASE)
        self._pass(ACCESS_CYCLES)
        return value

    @staticmethod
    def _field(records: Records, number: int, fields: Mapping[Any, str], offset: int) -> int:
        """Return a field that is a register; errors there are none."""
        return int(records[fields[offset]][number]) if offset in fields else 0

    def _set_traffic(self, number: int, offset: int, data: int) -> None:
        port = self._tcdm.ports[number : number + 1]
        if offset in _TRAFFIC_FIELDS:
            port[_TRAFFIC_FIELDS[regs_traffic.Offset(offset)]] = data
        elif offset == regs_traffic.Offset.ENABLE:
            port["rate"] = self._rates[number] if data else -1
        elif offset == regs_traffic.Offset.RATE:
            self._rates[number] = data
        elif offset == regs_traffic.Offset.SEED:
            port["random"] = random_of(data)
        elif offset == regs_traffic.Offset.BASE:
            port["next"] = 0

    def _set_arbiter(self, offset: int, data: int) -> None:
        bus = self._tcdm.bus
        if offset == regs_arbiter.Config.OFFSET:
            rule = regs_arbiter.Config.unpack(data)
            bus["wide_first"], bus["num"], bus["den"], bus["credit"] = rule.wide_first, rule.num, rule.den, 0
        elif offset in _ARBITER_FIELDS:
            bus[_ARBITER_FIELDS[regs_arbiter.Offset(offset)]] = data

    def _set_dma(self, offset: int, data: int) -> None:
        dma, names = self._tcdm.dma, regs_dma.Offset
        self._written[offset] = data
        if offset == names.L2_CFG:
            timing = regs_dma.L2Cfg.unpack(data)
            dma["l2_latency"], dma["l2_interval"] = max(timing.latency, 1), max(timing.interval, 1)
        if offset != names.START:
            return
        rows, row_bytes = self._written[names.ROWS], self._written[names.ROW_BYTES]
        l2 = Place(self._written[names.L2_ADDR], rows, row_bytes, self._written[names.L2_STRIDE])
        tcdm = Place(self._written[names.TCDM_ADDR], rows, row_bytes, self._written[names.TCDM_STRIDE])
        place = (int(dma["first"][0]) + int(dma["queued"][0])) % TRANSFERS
        values = (l2.address, l2.stride, tcdm.address, tcdm.stride, row_bytes, rows, data)
        fields = ("l2", "l2_stride", "tcdm", "tcdm_stride", "row_bytes", "rows", "to_l2")
        for field, value in zip(fields, values, strict=True):
            dma[field][0, place] = value
        dma["queued"] += 1
        self._transfers.append((l2, tcdm, data == regs_dma.DirectionCode.TO_L2))

    def _collect(self) -> int:
        """Move the bytes of the transfers that have ended; return how many events there have been of all kinds."""
        while self._moved < int(self._tcdm.dma["events"][0]):
            l2, tcdm, to_l2 = self._transfers.popleft()
            outer, inner = _bytes(self.l2, l2, L2_BASE), _bytes(self.tcdm, tcdm, TCDM_BASE)
            if to_l2:
                outer[...] = inner
            else:
                inner[...] = outer
            self._moved += 1
        return super()._collect() + self._moved


def _bytes(memory: NDArray[np.uint8], place: Place, base: int) -> NDArray[np.uint8]:
    """Return the bytes of a rectangle."""
    return np.ndarray((place.rows, place.row_bytes), np.uint8, memory, place.address - base, (place.stride, 1))
