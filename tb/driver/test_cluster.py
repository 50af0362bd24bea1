# SPDX-License-Identifier: Apache-2.0
"""The C driver in the cluster: over the peripheral bus, to either accelerator, while the cores make traffic."""

from __future__ import annotations

import random

import pytest

from redmule.cluster import ACCELERATOR_STEP
from redmule.device import ClusterDevice
from redmule.device.options import Options
from tb.campaigns.contended import CLUSTERS
from tb.driver.bench import TINY, Bench
from tb.driver.library import CDriver
from tb.env.jobs import any_wish


@pytest.mark.parametrize("accelerator", [0, 1])
def test_queues_of_jobs_are_right_on_each_accelerator_of_a_busy_cluster(accelerator: int) -> None:
    random.seed(7)
    with ClusterDevice(TINY, CLUSTERS[2], Options(seed=7)) as device:
        device.configure(traffic="random:0.5", share=(1, 2))
        driver = CDriver(device.harness, core=3, base=accelerator * ACCELERATOR_STEP)
        bench = Bench(TINY, device.memory, device.harness, driver)
        line = accelerator * TINY.cores + driver.core
        before = device.harness.events(line)
        for _ in range(6):
            bench.run(*bench.wished(*(any_wish(bench.small()) for _ in range(3))), polling=True)
            bench.kept.clear()
        assert device.harness.events(line) == before + 18
        assert sum(device.harness.events(other) for other in range(3 * TINY.cores)) == before + 18
        assert device.contention().errors == 0
