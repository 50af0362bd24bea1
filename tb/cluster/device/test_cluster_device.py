# SPDX-License-Identifier: Apache-2.0
"""The device in the cluster gives the bits of the golden model, from the TCDM and from L2, alone and in traffic."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from redmule import golden
from redmule.cluster import ARBITER_BASE, DMA_BASE, TRAFFIC_BASE, TRAFFIC_STEP, Cluster
from redmule.config import Config
from redmule.device import ClusterDevice, open_device
from redmule.device.harness import RegisterError
from redmule.device.options import Options
from redmule.device.tiling import BUFFERS, Problem, Tiling, choose, slot_bytes, steps
from redmule.fp import FORMATS
from redmule.job import HangError, Job
from tb.campaigns.contended import CLUSTERS

TINY = Config.named("tiny")
SMALL = CLUSTERS[1]
HOLES = (0x100, 0x7FC, 0x80C, 0x1010, 0x1FFC, 0x202C, 0x3000, 0x4200, 0x8000, 0xFFFC)


@pytest.fixture(name="device")
def _device() -> Iterator[ClusterDevice]:
    with ClusterDevice(TINY, SMALL, Options(seed=3)) as device:
        device.configure(traffic=None)
        yield device


def _operands(m: int, n: int, k: int, dtype: Any = np.float16) -> tuple[Any, Any, Any]:
    random = np.random.default_rng(m * 10_000 + n * 100 + k)
    x, w, y = (random.standard_normal(shape).astype(dtype) for shape in ((m, n), (n, k), (m, k)))
    return x, w, y


def _agree(device: ClusterDevice, x: Any, w: Any, y: Any = None, **how: Any) -> Any:
    result, wanted = device.gemm_op(x, w, y, **how), golden.gemm_op(x, w, y, **how)
    raw = f"u{result.z.itemsize}"
    assert np.array_equal(result.z.view(raw), wanted.z.view(raw))
    assert result.flags == wanted.flags
    return result


def test_a_job_in_the_tcdm_takes_the_cycles_of_the_law_when_nobody_else_is_there(device: ClusterDevice) -> None:
    operands = _operands(9, 13, 11)
    with open_device("model", TINY) as model:
        predicted = model.gemm_op(*operands)
    result = _agree(device, *operands)
    assert (result.cycles, result.stalls) == (predicted.cycles, predicted.stalls)


@pytest.mark.parametrize("tiling", [Tiling(5, 7, 6), Tiling(4, 31, 8, True), Tiling(1, 1, 1), Tiling(20, 4, 3)])
def test_a_job_in_tiles_of_any_size_has_every_bit(device: ClusterDevice, tiling: Tiling) -> None:
    device.fixed_tiling = tiling
    x, w, y = _operands(11, 9, 13)
    on_l2 = device.alloc(x.shape, x.dtype, "l2")
    on_l2[...] = x
    _agree(device, on_l2, w, y)


def test_a_job_larger_than_the_tcdm_is_tiled_by_itself_and_says_so(device: ClusterDevice) -> None:
    result = _agree(device, *_operands(150, 60, 170))
    assert len(result.parts) > 1
    assert result.stalls["dma"] > 0
    assert result.utilisation is not None
    assert result.utilisation > 0.9


@pytest.mark.parametrize("op", ["gemm", "addmax", "mulmin", "maxmin"])
def test_partial_results_between_tiles_keep_their_bits_in_every_format(device: ClusterDevice, op: str) -> None:
    device.fixed_tiling = Tiling(7, 5, 9)
    x, w, y = (matrix.astype(ml_dtypes.float8_e4m3) for matrix in _operands(10, 17, 12))
    held = device.alloc(y.shape, ml_dtypes.float8_e5m2, "l2")
    result = device.gemm_op(x, w, y, op, z_out=held, saturate=True)
    wanted = golden.gemm_op(x, w, y, op, ml_dtypes.float8_e5m2, saturate=True)
    assert result.z is held
    assert np.array_equal(held.view(np.uint8), wanted.z.view(np.uint8))
    assert result.flags == wanted.flags


def test_a_bias_and_transposed_operands_come_from_l2(device: ClusterDevice) -> None:
    device.fixed_tiling = Tiling(6, 5, 4)
    x, w, _ = _operands(13, 11, 10)
    bias = np.arange(10, dtype=np.float16)
    on_l2 = device.alloc((11, 13), x.dtype, "l2")
    on_l2[...] = x.T
    _agree(device, on_l2, np.ascontiguousarray(w.T), bias, x_trans=True, w_trans=True, z_trans=True)


def test_queues_mix_jobs_of_both_memories_in_order(device: ClusterDevice) -> None:
    x, w, y = _operands(8, 8, 8)
    first = device.alloc(y.shape, y.dtype)
    second = device.alloc(y.shape, y.dtype, "l2")
    device.run([Job(x, w, y, z_out=first), Job(first, w, y, z_out=second), Job(second, w, first)])
    expected = golden.gemm_op(golden.gemm_op(x, w, y).z, w, y).z
    assert np.array_equal(second.view(np.uint16), expected.view(np.uint16))


def test_tiled_and_resident_jobs_of_one_run_need_each_other(device: ClusterDevice) -> None:
    x, w, _ = _operands(8, 8, 8)
    a, b, c = (device.alloc((8, 8), np.float16, memory) for memory in ("tcdm", "l2", "tcdm"))
    for _ in range(3):
        device.run([Job(x, w, z_out=a), Job(a, w, z_out=b), Job(b, w, a, z_out=c), Job(c, w, z_out=a)])
        first = golden.gemm_op(x, w).z
        third = golden.gemm_op(golden.gemm_op(first, w).z, w, first).z
        assert np.array_equal(a.view(np.uint16), golden.gemm_op(third, w).z.view(np.uint16))


@pytest.mark.parametrize("transposes", [True, False])
def test_matrices_by_columns_come_from_l2_whatever_direction_the_result_has(transposes: bool) -> None:
    config = replace(TINY, transposes=transposes, row_groups=TINY.row_groups if transposes else 1)
    cluster = replace(SMALL, traffic=None)
    with ClusterDevice(config, cluster, Options()) as device:
        device.fixed_tiling = Tiling(7, 6, 9)
        x, w, y = _operands(40, 24, 35)
        for x_trans, w_trans, z_trans, y_turned, bias in itertools.product((False, True), repeat=5):
            held = device.alloc((24, 40) if x_trans else (40, 24), x.dtype, "l2")
            held[...] = x.T if x_trans else x
            given = np.arange(35, dtype=np.float16) if bias else y.T if z_trans else y
            if y_turned and not bias:
                given = np.asfortranarray(given)
            out = device.alloc((40, 35), x.dtype, "l2")
            z_out = out.T if z_trans else out
            device.gemm_op(
                held, w.T if w_trans else w, given, x_trans=x_trans, w_trans=w_trans, z_trans=z_trans, z_out=z_out
            )
            wanted = golden.gemm_op(x, w, given if bias else y).z
            assert np.array_equal(out.view(np.uint16), wanted.view(np.uint16)), (x_trans, w_trans, z_trans, y_turned)


def test_an_accelerator_that_gets_no_bank_is_a_hang_in_little_time(device: ClusterDevice) -> None:
    device.configure(priority="log", share=(0, 0), traffic="bank:1.0")
    for memory in ("tcdm", "l2"):
        x = device.alloc((64, 64), np.float16, memory)
        before = device.harness.cycle
        with pytest.raises(HangError, match="got no bank for more than"):
            device.gemm_op(x, np.ones((64, 64), np.float16))
        assert device.harness.cycle - before < 200_000
    device.configure(traffic=None)
    _agree(device, *_operands(9, 9, 9))


def test_strides_that_nobody_can_read_are_refused_in_l2_too(device: ClusterDevice) -> None:
    held, other = (device.alloc((8, cols), np.float16, "l2") for cols in (16, 8))
    x, w, _ = _operands(8, 8, 8)
    for arguments in ({"x": held[:, ::2], "z_out": other}, {"x": x, "z_out": held[:, ::2]}):
        with pytest.raises(ValueError, match="strides"):
            device.gemm_op(**{"w": w, **arguments})


def test_arrays_outlive_the_device() -> None:
    with ClusterDevice(TINY, SMALL, Options()) as device:
        kept = [device.alloc((4, 4), np.float16, memory) for memory in ("tcdm", "l2")]
        for number, array in enumerate(kept):
            array[...] = number
    assert [float(array.sum()) for array in kept] == [0.0, 16.0]
    with pytest.raises(RuntimeError, match="closed"):
        device.contention()
    del device
    assert float(kept[1].sum()) == 16.0


def test_the_peripheral_bus_reaches_every_unit_and_answers_holes_with_an_error(device: ClusterDevice) -> None:
    cores = range(TINY.cores)
    for base in (0, ARBITER_BASE, DMA_BASE, *(TRAFFIC_BASE + core * TRAFFIC_STEP for core in cores)):
        device.harness.read(base + 8)
    for core in cores:  # each generator has registers of its own
        device.harness.write(TRAFFIC_BASE + core * TRAFFIC_STEP + 0x18, core + 1)
    assert [device.harness.read(TRAFFIC_BASE + core * TRAFFIC_STEP + 0x18) for core in cores] == [1 + c for c in cores]
    for hole in HOLES:
        with pytest.raises(RegisterError):
            device.harness.read(hole)
        with pytest.raises(RegisterError):
            device.harness.write(hole, 1)


def test_traffic_slows_a_job_down_and_changes_no_bit(device: ClusterDevice) -> None:
    operands = _operands(24, 24, 24)
    alone = _agree(device, *operands).cycles
    device.configure(priority="log", share=(1, 4), traffic="random:1.0")
    device.reset_counters()
    assert _agree(device, *operands).cycles > alone
    seen = device.contention()
    assert seen.conflicts > 0
    assert seen.grants > 0
    assert seen.errors == 0
    assert (0 < seen.worst_wide <= 4, device.cluster.bounds(TINY)) == (True, (4, 40))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"accelerators": 0}, "accelerators = 0: allowed are 1 to 8"),
        ({"dmas": 3}, "dmas = 3: allowed are 1, 2"),
        ({"banks": 12}, "banks = 12"),
        ({"banks": 512}, "banks = 512: allowed are 0, 4, 8, 16, 32, 64, 128, 256"),
        ({"priority": "both"}, "priority = 'both': allowed are wide, log"),
        ({"share": (1, 256)}, "share = 256"),
        ({"share": [1, 2]}, "share = .1, 2.: allowed is a pair"),
        ({"traffic": "random"}, "traffic = 'random': allowed is PATTERN:RATE"),
        ({"traffic": "random:2"}, "traffic = 'random:2'"),
        ({"traffic": "zigzag:0.5"}, "traffic = 'zigzag:0.5'"),
        ({"traffic": 3}, "traffic = 3"),
        ({"l2_latency": 0}, "l2_latency = 0"),
        ({"l2_interval": 256}, "l2_interval = 256"),
        ({"l2_bytes": 4100}, "l2_bytes = 4100"),
    ],
)
def test_a_wrong_cluster_is_refused_by_name_and_value(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Cluster(**fields)


def test_a_cluster_that_does_not_suit_its_accelerator_or_device_is_refused() -> None:
    for how, message in (
        ({"cluster": Cluster(banks=8), "config": "paper"}, "banks = 8"),
        ({"cluster": Cluster(tcdm_bytes=5000)}, "tcdm_bytes = 5000"),
        ({"cluster": Cluster(accelerators=8)}, "accelerators = 8: allowed are 7 at most for 8 cores"),
        ({"cluster": Cluster(tcdm_bytes=8192, traffic="linear:0.1")}, "tcdm_bytes = 8192"),
        ({"cluster": Cluster(), "stall": 0.5}, "stall = 0.5"),
        ({"cluster": 7}, "cluster = 7"),
        ({"cluster": Cluster(), "kind": "golden"}, "cluster = "),
    ):
        arguments: dict[str, Any] = {"kind": "rtl", "config": "tiny", **how}
        with pytest.raises(ValueError, match=message):
            open_device(**arguments)


def test_a_job_too_large_for_l2_is_refused_and_the_device_goes_on_as_it_was_set(device: ClusterDevice) -> None:
    large = np.zeros((400, 400), np.float16)
    device.configure(priority="log", share=(3, 7), l2_latency=77, l2_interval=5, traffic="random:0.5")
    settings = (ARBITER_BASE, DMA_BASE + 0x28, TRAFFIC_BASE, TRAFFIC_BASE + 8)
    before = [device.harness.read(register) for register in settings]
    with pytest.raises(ValueError, match="do not fit"):
        device.gemm_op(large, large)
    assert [device.harness.read(register) for register in settings] == before
    _agree(device, *_operands(4, 4, 4))


def test_what_cannot_be_set_at_run_time_is_refused(device: ClusterDevice) -> None:
    for changes, message in (
        ({"priority": "bogus"}, "priority = 'bogus'"),
        ({"accelerators": 2}, "field = 'accelerators': allowed are priority, share"),
        ({"share": (1, 300)}, "share = 300"),
    ):
        with pytest.raises(ValueError, match=message):
            device.configure(**changes)
    with pytest.raises(RuntimeError, match="memory model"):
        device.harness.fail_at(4)


@pytest.mark.parametrize(
    ("priority", "share", "bounds"),
    [
        ("wide", (1, 4), (4, 40)),
        ("log", (3, 7), (7, 70)),
        ("wide", (0, 4), (4, None)),
        ("log", (0, 0), (None, None)),
        ("log", (5, 5), (5, None)),
        ("wide", (9, 8), (None, 80)),
    ],
)
def test_the_bounds_of_the_waits_follow_from_the_share(priority: str, share: tuple[int, int], bounds: Any) -> None:
    assert Cluster(priority=priority, share=share).bounds(TINY) == bounds


def test_steps_cover_every_element_once_and_slots_fit() -> None:
    random = np.random.default_rng(5)
    for _ in range(60):
        m, n, k = (int(size) for size in random.integers(1, 90, 3))
        x, w, y, z = (FORMATS[index] for index in random.integers(0, len(FORMATS), 4))
        problem = Problem(m, n, k, x, w, y if random.integers(2) else None, z)
        tiling = choose(problem, TINY, 6_000, 8)
        assert sum(slot_bytes(problem, tiling).values()) * BUFFERS <= 6_000
        seen = np.zeros((m, n, k), np.uint8)
        for step in steps(problem, tiling):
            seen[step.rows, step.inner, step.cols] += 1
        assert (seen == 1).all()
    with pytest.raises(ValueError, match="tcdm_bytes = 100"):
        choose(Problem(64, 64, 64, *FORMATS[:4]), TINY, 100, 8)
