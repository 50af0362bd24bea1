# SPDX-License-Identifier: Apache-2.0
"""The model device is the RTL device in every cycle: queues, memories that refuse, cores in the way, tiles from L2."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from redmule import law
from redmule.cluster import Cluster
from redmule.config import Config
from redmule.device import Device, open_device
from redmule.device.model import ModelClusterDevice, ModelDevice
from redmule.device.tiling import Tiling
from redmule.job import Job, Result
from redmule.report.law import KINDS, compare

TINY = Config.named("tiny")
JOBS = {"isolated": 25, "queued": 50, "refused": 30, "cluster": 12, "tiles": 4}


def _no_progress(_done: int, _cycles: int) -> None:
    """Tell nobody."""


@pytest.mark.parametrize("kind", KINDS)
def test_no_random_job_takes_other_cycles_than_on_the_rtl(kind: str) -> None:
    outcome = compare(kind, TINY, JOBS[kind], _no_progress)
    assert outcome.jobs >= JOBS[kind]
    assert outcome.differ == 0


def _operands(random: np.random.Generator, m: int, n: int, k: int) -> tuple[np.ndarray[Any, Any], ...]:
    return tuple(random.standard_normal(shape).astype(np.float16) for shape in ((m, n), (n, k), (m, k)))


def _chain(device: Device) -> list[Job]:
    """Return jobs of which each reads what the one before writes; more than the queue holds."""
    random = np.random.default_rng(5)
    x, w, _ = _operands(random, 9, 8, 8)
    jobs = []
    for _ in range(7):
        z = device.alloc((9, 8), np.float16)
        jobs.append(Job(x, w, z_out=z))
        x = z
    return jobs


def test_triggers_and_events_of_a_long_queue_come_in_the_cycles_of_the_rtl() -> None:
    logs, results = [], []
    for kind in ("rtl", "model"):
        with open_device(kind, TINY) as device:
            results.append([(r.cycles, r.stalls, r.flags, r.z.tobytes()) for r in device.run(_chain(device))])
            logs.append(device.harness.take_log())  # type: ignore[attr-defined]
    assert results[0] == results[1]
    assert logs[0] == logs[1]
    assert len(logs[0]) == 2 * 7


def test_the_counters_of_arbiter_and_cores_are_those_of_the_rtl() -> None:
    x, w, y = _operands(np.random.default_rng(6), 20, 30, 25)
    seen = []
    for kind in ("rtl", "model"):
        cluster = Cluster(traffic="random:0.6", priority="log", share=(1, 4))
        with open_device(kind, TINY, cluster=cluster, seed=9) as device:
            device.gemm_op(x, w, y)
            seen.append(device.contention())  # type: ignore[attr-defined]
    assert seen[0] == seen[1]
    assert seen[0].conflicts > 100


def test_tiles_of_any_size_are_computed_by_the_model_as_well() -> None:
    x, w, y = _operands(np.random.default_rng(7), 21, 18, 19)
    with open_device("golden") as golden:
        wanted = golden.gemm_op(x, w, y)
    cluster = Cluster(accelerators=2, dmas=1, l2_interval=3, traffic="strided:0.2")
    with ModelClusterDevice(TINY, cluster, options=_options()) as device:
        device.fixed_tiling = Tiling(6, 7, 8)
        on_l2 = device.alloc(x.shape, x.dtype, "l2")
        on_l2[...] = x
        result = device.gemm_op(on_l2, w, y)
    assert result.z.tobytes() == wanted.z.tobytes()
    assert result.flags == wanted.flags
    assert len(result.parts) == 4 * 3 * 3
    assert result.stalls["dma"] > 0


def _options() -> Any:
    from redmule.device.options import Options

    return Options(seed=1)


def test_a_model_that_was_abandoned_works_again() -> None:
    x, w, y = _operands(np.random.default_rng(8), 9, 9, 9)

    def fail(_done: int, _cycles: int) -> None:
        raise KeyboardInterrupt

    with ModelDevice(TINY, _memory()) as device:
        first = _cycles(device.run([Job(x, w, y)]))
        device._progress = fail
        with pytest.raises(KeyboardInterrupt):
            device.run([Job(x, w, y)] * 3)
        device._progress = _no_progress
        assert _cycles(device.run([Job(x, w, y)])) == first


def _memory() -> Any:
    from redmule.device import Memory

    return Memory(1 << 16, 0x1000)


def _cycles(results: Sequence[Result]) -> list[int | None]:
    return [result.cycles for result in results]


def test_what_the_law_does_not_know_is_refused() -> None:
    with open_device("model", TINY) as device:
        harness = device.harness  # type: ignore[attr-defined]
        for call in (harness.guard, harness.fail_at, harness.plan_reset):
            with pytest.raises(RuntimeError, match="only for device 'rtl'"):
                call(None)
        with pytest.raises(RuntimeError, match="planned writes are only for device 'rtl'"):
            harness.plan_write(0, 0, 0)


def test_the_model_computes_what_the_queue_computes() -> None:
    random = np.random.default_rng(9)
    x, w, y = (a.astype(ml_dtypes.float8_e5m2) for a in _operands(random, 17, 13, 11))
    with open_device("model", TINY, stall=0.4, latency=3) as model, open_device("golden") as golden:
        got, wanted = (d.gemm_op(x, w, y[0], out_dtype=np.float16) for d in (model, golden))
    assert got.z.tobytes() == wanted.z.tobytes()
    assert got.flags == wanted.flags
    assert got.cycles is not None
    assert got.cycles > law.shape_cycles(17, 13, 11, TINY, (1, 1, 1, 2)).total
