# SPDX-License-Identifier: Apache-2.0
"""Devices without hardware, and device memory."""

from __future__ import annotations

import gc
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from math import nan
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from redmule import golden
from redmule.config import Config
from redmule.device import KINDS, Memory, open_device
from redmule.device.memory import ALIGNMENT, GUARD_BYTES, rowwise, signalling_nan
from redmule.device.placement import place
from redmule.fp import FORMATS, scalar
from redmule.job import Job, Result

BASE = 0x4000
TINY = Config.named("tiny")
X = np.arange(12, dtype=np.float16).reshape(3, 4)
W = np.arange(20, dtype=np.float16).reshape(4, 5)


def _no_settling() -> None:
    raise AssertionError("nothing to wait for")


def test_the_golden_device_gives_values_and_flags_and_no_cycles() -> None:
    with open_device("golden") as device:
        result = device.gemm_op(X, W, np.ones(5, np.float16), out_dtype=ml_dtypes.float8_e5m2)
    expected = golden.gemm_op(X, W, np.ones(5, np.float16), out_dtype=ml_dtypes.float8_e5m2)
    np.testing.assert_array_equal(result.z, expected.z)
    assert result.flags == expected.flags
    assert result.cycles is None


def test_a_job_may_depend_on_the_one_before_it() -> None:
    with open_device("golden") as device:
        middle = device.alloc((3, 5), np.float16)
        last = device.alloc((5, 3), np.float16)
        jobs = [Job(X, W, z_out=middle), Job(middle, W, w_trans=True, z_trans=True, z_out=last[:4])]
        results = device.run(jobs)
    assert results[1].z.base is not None
    np.testing.assert_array_equal(middle, golden.gemm_op(X, W).z)
    np.testing.assert_array_equal(last[:4], golden.gemm_op(middle, W, w_trans=True, z_trans=True).z)
    assert not last[4].any()


def test_a_closed_device_says_so() -> None:
    with open_device("golden") as device:
        pass
    with pytest.raises(RuntimeError, match="golden device is closed"):
        device.gemm_op(X, W)


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        ("silicon", {}, "kind = 'silicon': allowed are golden"),
        (["golden"], {}, r"kind = \['golden'\]: allowed are golden"),
        ("golden", {"config": "huge"}, "'huge': allowed are tiny, paper"),
        ("golden", {"config": []}, r"config = \[\]: allowed are tiny, paper"),
        ("golden", {"config": 3}, "config = 3: allowed are tiny, paper"),
        ("golden", {"stall": 0.5}, "stall = 0.5: allowed only for device 'rtl' and 'model', not 'golden'"),
        ("model", {"check_guards": True}, "check_guards = True: allowed only for device 'rtl', not 'model'"),
        (
            "rtl",
            {"waves": "no/such/folder/out.vcd"},
            r"waves = .*: allowed is a file that can be written \(No such file",
        ),
        ("rtl", {"waves": "/proc/out.vcd"}, r"waves = '/proc/out.vcd': allowed is a file that can be written"),
    ],
)
def test_a_wrong_option_is_named_with_what_is_allowed(kind: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        open_device(kind, **options)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        *(("stall", value, "are numbers from 0 to 0.99") for value in ("a", nan, 1.0, 0.995, -0.1, True, None)),
        *(("latency", value, "are 0 to 1000") for value in (-1, 1.5, 1001, "3")),
        *(("seed", value, "are 0 to 18446744073709551615") for value in (-3, 1 << 64, "x", 0.5)),
        *(("waves", value, "are file names ending in .fst, .vcd") for value in (3, "out.png", b"out.vcd", True)),
        *(("memory_bytes", value, "are 1 to") for value in (0, -1, "1", 1e6, 1 << 32)),
        *(("check_guards", value, "are True, False") for value in (1, "no")),
        ("progress", "bar", "is a function of the jobs done and the cycles simulated"),
    ],
)
def test_every_device_judges_an_option_in_the_same_words(kind: str, option: str, value: Any, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"{option} = {value!r}: allowed {message}")):
        open_device(kind, "tiny", **{option: value})


def test_jobs_that_are_none_are_named() -> None:
    with open_device("golden") as device:
        with pytest.raises(ValueError, match=r"jobs = 3: allowed is a sequence of redmule\.Job"):
            device.run(3)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match=r"jobs\[1\] = 'gemm': allowed is a redmule\.Job"):
            device.run([Job(X, W), "gemm"])  # type: ignore[list-item]


def test_a_device_that_runs_refuses_another_thread_and_goes_on() -> None:
    inside, done = threading.Event(), threading.Event()
    results: list[Result] = []

    def wait_inside(_jobs: int, _cycles: int) -> None:
        inside.set()
        assert done.wait(timeout=30)

    with open_device("golden", progress=wait_inside) as device:
        worker = threading.Thread(target=lambda: results.extend(device.run([Job(X, W)])))
        worker.start()
        assert inside.wait(timeout=30)
        for act in (lambda: device.run([Job(X, W)]), device.close):
            with pytest.raises(
                RuntimeError, match="the golden device runs jobs already: open one device for each thread"
            ):
                act()
        device.alloc((2, 2), np.float16)
        done.set()
        worker.join(timeout=30)
        assert len(results) == 1
        assert len(device.run([Job(X, W)])) == 1


def test_threads_that_allocate_at_once_get_different_memory() -> None:
    memory = Memory(1 << 20, BASE)

    def fill(number: int) -> bool:
        for _ in range(200):
            arrays = [memory.alloc((20,), np.float16) for _ in range(3)]
            for array in arrays:
                array[...] = number
            if any((array != number).any() for array in arrays):
                return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(fill, range(8)))
    assert memory.alloc(((1 << 19) - GUARD_BYTES,), np.float16).size  # all of it is free again, as one block


def test_a_result_buffer_must_lie_in_device_memory() -> None:
    with open_device("golden") as device, pytest.raises(ValueError, match=r"z_out lies in host memory.*alloc"):
        device.run([Job(X, W, z_out=np.zeros((3, 5), np.float16))])


@pytest.mark.parametrize("view", [X[:, ::2], X[::-1], X[:, ::-1]], ids=["every second", "upside down", "backwards"])
def test_an_operand_without_rows_of_adjacent_elements_is_refused(view: np.ndarray[Any, Any]) -> None:
    w = np.ones((view.shape[1], 2), np.float16)
    with (
        open_device("golden") as device,
        pytest.raises(ValueError, match=r"x has strides .* allowed is one stride of 2"),
    ):
        device.gemm_op(view, w)


def test_memory_is_given_back_with_the_last_view_and_not_before() -> None:
    memory = Memory(4096, BASE)
    array = memory.alloc((3, 400), np.float16)
    row = array[1]
    del array
    with pytest.raises(ValueError, match="2400 bytes do not fit the device memory of 4096 bytes"):
        memory.alloc((3, 400), np.float16)
    del row
    gc.collect()
    assert memory.alloc((3, 400), np.float16).shape == (3, 400)


def test_freed_neighbours_join() -> None:
    memory = Memory(4096, BASE)
    parts = [memory.alloc((100,), np.float16) for _ in range(4)]
    parts.pop(2)
    parts.pop(0)
    parts.clear()
    assert memory.alloc((1700,), np.float16).size == 1700


def test_allocated_arrays_are_zero_aligned_and_apart() -> None:
    memory = Memory(1 << 16, BASE, poison=True)
    a, b = memory.alloc((3, 5), ml_dtypes.float8_e4m3), memory.alloc((3, 5), np.float16)
    assert not a.view(np.uint8).any()
    assert not b.view(np.uint16).any()
    assert a.ctypes.data % ALIGNMENT == b.ctypes.data % ALIGNMENT
    assert b.ctypes.data - a.ctypes.data >= a.nbytes + 2 * GUARD_BYTES


@pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
def test_unused_memory_holds_signalling_nans(fmt: Any) -> None:
    assert scalar.decode(signalling_nan(fmt), fmt).is_nan
    memory = Memory(4096, BASE, poison=True)
    stored, kept = memory.place("x", np.ones((3, 10), fmt.dtype)[:, :5])
    gap = memory.bytes[stored.address - BASE + stored.row_bytes :][: 5 * fmt.bytes].view(fmt.raw_dtype)
    guard = memory.bytes[stored.address - BASE - 2 : stored.address - BASE].view(fmt.raw_dtype)
    assert set(gap.tolist()) == set(guard.tolist()) == {signalling_nan(fmt)}
    assert (np.asarray(kept, np.float32) == 1).all()


def test_a_strided_view_keeps_its_gaps_in_device_memory() -> None:
    memory = Memory(4096, BASE)
    stored, kept = memory.place("x", X[:, 1:3])
    assert (stored.rows, stored.cols, stored.stride) == (3, 2, 8)
    assert not np.shares_memory(kept, X)
    np.testing.assert_array_equal(kept, X[:, 1:3])


def test_a_sliding_window_keeps_its_overlap_in_device_memory() -> None:
    memory = Memory(4096, BASE)
    windows = sliding_window_view(np.arange(10, dtype=np.float16), 4)
    stored, kept = memory.place("x", windows)
    assert (stored.rows, stored.cols, stored.stride) == (7, 4, 2)
    np.testing.assert_array_equal(kept, windows)


def test_an_allocated_operand_is_not_copied() -> None:
    memory = Memory(4096, BASE)
    buffer = memory.alloc((8, 9), np.float16)
    stored, kept = memory.place("x", buffer[2:5, 1:])
    assert kept.base is not None
    assert np.shares_memory(kept, buffer)
    assert stored.address == BASE + (buffer.ctypes.data - memory.bytes.ctypes.data) + 2 * 18 + 2
    assert stored.stride == 18


def test_a_matrix_that_does_not_fit_is_named() -> None:
    with pytest.raises(ValueError, match="w: 40 bytes do not fit the device memory of 256 bytes"):
        Memory(256, BASE).place("w", W)


@pytest.mark.parametrize(
    ("matrix", "trans"),
    [(X, False), (X.T, True), (X[:, :1], False), (X[:1, ::2], True), (np.broadcast_to(X[0], (3, 4)), False)],
    ids=["rows", "columns", "one column", "one row of every second", "broadcast"],
)
def test_a_matrix_of_columns_counts_as_transposed(matrix: np.ndarray[Any, Any], trans: bool) -> None:
    view, found = rowwise("x", matrix)
    assert found == trans
    np.testing.assert_array_equal(view.T if trans else view, matrix)


def test_in_place_y_is_one_matrix_with_z() -> None:
    memory = Memory(4096, BASE)
    buffer = memory.alloc((3, 5), np.float16)
    placed = place(Job(X, W, buffer, z_out=buffer), memory, _no_settling, TINY)
    assert all(hardware.y == hardware.z for hardware in placed.hardware)
    assert placed.in_place


def test_a_bias_is_placed_once_for_all_rows() -> None:
    bias = np.arange(5, dtype=np.float16)
    for y in (bias, np.broadcast_to(bias, (3, 5)), np.repeat(bias, 2)[::2]):
        (hardware,) = place(Job(X, W, y, orientation="normal"), Memory(4096, BASE), _no_settling, TINY).hardware
        assert hardware.y_broadcast
        assert hardware.y is not None
        assert hardware.y.rows == 1


def test_a_software_copy_of_device_memory_waits_for_the_queue() -> None:
    memory = Memory(4096, BASE)
    buffer = memory.alloc((4, 3), np.float16)
    waits: list[str] = []
    plain = replace(TINY, transposes=False)
    place(Job(buffer, W, x_trans=True), memory, lambda: waits.append("settled"), plain)
    assert waits == ["settled"]


def test_a_matrix_stored_by_columns_is_read_as_it_lies() -> None:
    memory = Memory(4096, BASE)
    buffer, z = memory.alloc((4, 3), np.float16), memory.alloc((5, 3), np.float16)
    job = Job(buffer, W, x_trans=True, z_trans=True, z_out=z, orientation="normal")
    (hardware,) = place(job, memory, _no_settling, TINY).hardware
    assert (hardware.x_trans, hardware.w_trans, hardware.z_trans) == (True, False, True)
    assert hardware.x.address == BASE + buffer.ctypes.data - memory.bytes.ctypes.data
    assert (hardware.m, hardware.n, hardware.k) == (3, 4, 5)


def test_a_y_that_lies_across_z_is_turned_by_software() -> None:
    y = np.arange(15, dtype=np.float16).reshape(5, 3).T
    memory = Memory(4096, BASE)
    (hardware,) = place(Job(X, W, y, orientation="normal"), memory, _no_settling, TINY).hardware
    assert hardware.y is not None
    assert not hardware.z_trans
    stored = memory.rows_of(memory.bytes, hardware.y).copy().view(np.float16)
    np.testing.assert_array_equal(stored, y)


def test_a_transposed_job_exchanges_its_operands() -> None:
    (hardware,) = placed = place(Job(X, W, orientation="transposed"), Memory(4096, BASE), _no_settling, TINY).hardware
    assert (hardware.m, hardware.n, hardware.k) == (5, 4, 3)
    assert (hardware.x_trans, hardware.w_trans, hardware.z_trans) == (True, True, True)
    assert len(placed) == 1


def test_strips_cover_the_result_once() -> None:
    config = Config.named("paper")
    placed = place(Job(np.ones((33, 33), np.float16), np.ones((33, 33), np.float16)), _large(), _no_settling, config)
    assert len(placed.hardware) == len(placed.parts) > 1
    covered = np.zeros((33, 33), np.uint8)
    for strip in placed.strips:
        covered[strip.row0 : strip.row0 + strip.rows, strip.col0 : strip.col0 + strip.cols] += 1
    assert (covered == 1).all()


def _large() -> Memory:
    return Memory(1 << 16, BASE)


def test_a_configuration_of_ones_own_is_a_configuration() -> None:
    config = Config(rows=1, row_len=1, pipe_regs=0, port_width=64)
    with open_device("golden", config) as device:
        assert device.config is config
