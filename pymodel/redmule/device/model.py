# SPDX-License-Identifier: Apache-2.0
"""The device that predicts: what the RTL device would do, with golden values and the cycles of the law."""

from __future__ import annotations

from redmule.cluster import Cluster
from redmule.config import Config
from redmule.device.base import Progress
from redmule.device.cluster import ClusterDevice
from redmule.device.memory import Memory
from redmule.device.options import Options
from redmule.device.rtl import RtlDevice
from redmule.device.transactions import Accelerator, ModelDriver, ModelHarness, PerfectMemory, RandomMemory
from redmule.device.transactions_cluster import ModelClusterHarness


class ModelDevice(RtlDevice):
    """The RTL device without RTL: the same queue and the same driver, on the law."""

    kind = "model"

    def __init__(
        self, config: Config, memory: Memory, options: Options | None = None, progress: Progress | None = None
    ) -> None:
        """Start in the cycle after the reset. With `stall` or `latency` the memory draws the numbers of the RTL's."""
        options = options or Options()
        around = RandomMemory(config, options) if options.beat_delay else PerfectMemory(config)
        harness = ModelHarness(config, [Accelerator(config, memory.bytes, memory.base)], around)
        super().__init__(config, memory, options, progress, harness)
        self._driver = ModelDriver(harness)


class ModelClusterDevice(ClusterDevice):
    """The RTL device in the cluster without RTL: the same queues, tiles and drivers, on the law."""

    kind = "model"

    def __init__(self, config: Config, cluster: Cluster, options: Options, progress: Progress | None = None) -> None:
        """Start in the cycle after the reset, and set the model as `cluster` says."""
        harness = ModelClusterHarness(config, cluster)
        super().__init__(config, cluster, options, progress, harness)
        self.drivers = [ModelDriver(harness, number) for number in range(cluster.accelerators)]
        self._driver = self.drivers[0]
