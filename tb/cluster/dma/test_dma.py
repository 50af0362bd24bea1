# SPDX-License-Identifier: Apache-2.0
"""The DMA copies byte exactly at the full rate; the L2 memory keeps its latency and interval."""

from __future__ import annotations

from pathlib import Path

import pytest

from tb.runner import simulate

TREE = Path(__file__).parents[3]
CLUSTER = TREE / "rtl" / "cluster"
SOURCES = [
    CLUSTER / "pulp_cluster_pkg.sv",
    TREE / "rtl/regs/pulp_dma_regs_pkg.sv",
    CLUSTER / "pulp_dma_pkg.sv",
    *(TREE / f"rtl/control/redmule_{name}.sv" for name in ("loop", "pointer")),
    TREE / "rtl/buffer/redmule_fifo.sv",
    *(CLUSTER / f"pulp_{name}.sv" for name in ("reg_port", "l2")),
    *(CLUSTER / f"pulp_dma_{name}.sv" for name in ("regs", "walk", "port", "read", "realign", "write")),
    CLUSTER / "pulp_dma.sv",
    TREE / "rtl/checks/pulp_port_checks.sv",
    TREE / "tb/tops/dma_top.sv",
]
TESTS, L2_TESTS = 12, 5
DEFAULT_FIFO = 64  # with this all row lengths are tried, else every fourth


@pytest.mark.parametrize(("lanes", "queue", "fifo"), [(2, 4, DEFAULT_FIFO), (1, 4, DEFAULT_FIFO), (2, 1, 1), (1, 3, 2)])
def test_transfers_with_lanes_queue_and_buffer_of(lanes: int, queue: int, fifo: int) -> None:
    parameters = {"NumDma": lanes, "QueueDepth": queue, "FifoBeats": fifo}
    env = {"ROUNDS": "60", "STEP": "1" if fifo == DEFAULT_FIFO else "4"}
    assert simulate("dma_top", SOURCES, "tb.cluster.dma.bench", parameters, env=env) == TESTS


@pytest.mark.parametrize("lanes", [1, 2])
def test_l2_on_a_bus_of_words(lanes: int) -> None:
    parameters = {"NumDma": lanes, "QueueDepth": 4, "FifoBeats": DEFAULT_FIFO}
    assert simulate("dma_top", SOURCES, "tb.cluster.dma.l2", parameters) == L2_TESTS
