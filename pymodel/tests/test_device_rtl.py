# SPDX-License-Identifier: Apache-2.0
"""The RTL device: every feature of the Python interface against the golden model, on the smallest configuration."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from redmule import golden, law
from redmule.config import Config
from redmule.device import MEMORY_BASE, Memory, Progress, RtlDevice, open_device
from redmule.device.driver import Driver
from redmule.device.harness import RegisterError, SimulationError
from redmule.device.options import MAX_LATENCY, MAX_STALL, Options
from redmule.device.placement import place
from redmule.device.rtl import TIME_FLOOR_CYCLES, TIME_MARGIN
from redmule.fp import FORMATS, Flags, Format, op_by_name
from redmule.job import DeviceError, HangError, Job, Result
from redmule.regs import ErrorCode, Info, Info2, Offset

MEMORY_BYTES = 1 << 20
TINY = Config.named("tiny")


def _device(progress: Progress | None = None, **options: Any) -> RtlDevice:
    memory = Memory(MEMORY_BYTES, MEMORY_BASE, poison=True)
    return RtlDevice(TINY, memory, Options(check_guards=True, **options), progress)


@pytest.fixture(name="device")
def _fresh_device() -> Iterator[RtlDevice]:
    with _device() as device:
        yield device


def _numbers(random: np.random.Generator, shape: tuple[int, ...], fmt: Format) -> np.ndarray[Any, Any]:
    """Any codes at all, NaN and infinities among them."""
    return random.integers(0, 1 << fmt.width, shape).astype(fmt.raw_dtype).view(fmt.dtype)


def _assert_golden(job: Job, result: Result, y: np.ndarray[Any, Any] | None = None) -> None:
    """Compare codes and flags with the golden model; `y`: what it was before the job ran in place."""
    expected = golden.gemm_op(
        job.x,
        job.w,
        job.y if y is None else y,
        job.op,
        job.out_dtype,
        job.x_trans,
        job.w_trans,
        job.z_trans,
        job.saturate,
    )
    raw = job.operands.z_format.raw_dtype
    np.testing.assert_array_equal(np.ascontiguousarray(result.z).view(raw), expected.z.view(raw))
    assert result.flags == expected.flags


def _random_job(random: np.random.Generator) -> Job:
    m, n, k = (int(size) for size in random.integers(1, 14, 3))
    formats = [FORMATS[code] for code in random.integers(0, len(FORMATS), 4)]
    x_trans, w_trans, z_trans, saturate = (bool(flag) for flag in random.integers(0, 2, 4))
    op = ("matmul", "gemm", "addmax", "mulmin", "maxmin")[random.integers(5)]
    y_shape: tuple[int, ...] = (k, m) if z_trans else (m, k)
    if random.random() < 0.2:
        y_shape = (k,)
    return Job(
        _numbers(random, (n, m) if x_trans else (m, n), formats[0]),
        _numbers(random, (k, n) if w_trans else (n, k), formats[1]),
        _numbers(random, y_shape, formats[2]) if op_by_name(op).uses_y else None,
        op,
        formats[3].dtype,
        x_trans,
        w_trans,
        z_trans,
        saturate,
        ("normal", "transposed")[random.integers(2)],
    )


@pytest.mark.parametrize(("stall", "latency"), [(0.0, 0), (0.4, 0), (0.3, 7)])
def test_queued_jobs_of_all_kinds_equal_the_golden_model(stall: float, latency: int) -> None:
    random = np.random.default_rng(11)
    jobs = [_random_job(random) for _ in range(60)]
    with _device(stall=stall, latency=latency, seed=3) as device:
        results = device.run(jobs)
    for job, result in zip(jobs, results, strict=True):
        _assert_golden(job, result)


def test_cycles_are_those_from_trigger_to_event_and_each_has_one_reason(device: RtlDevice) -> None:
    result = device.gemm_op(np.ones((5, 6), np.float16), np.ones((6, 7), np.float16))
    trigger, event = device.harness.take_log()
    assert (trigger.kind, event.kind) == ("trigger", "event")
    assert result.cycles == event.cycle - trigger.cycle
    assert result.steps is not None
    assert result.cycles == result.steps + sum(result.stalls.values())
    assert result.utilisation == 5 * 6 * 7 / (TINY.num_ces * result.cycles)
    assert [(part.m, part.n, part.k, part.orientation) for part in result.parts] == [(5, 6, 7, "normal")]


def test_the_model_device_predicts_the_cycles_and_stalls_of_the_rtl(device: RtlDevice) -> None:
    random = np.random.default_rng(12)
    jobs = [_random_job(random) for _ in range(40)]
    with open_device("model", TINY) as model:
        for job in jobs:
            predicted, measured = model.run([job])[0], device.run([job])[0]
            assert (predicted.cycles, predicted.steps) == (measured.cycles, measured.steps)
            assert predicted.stalls == measured.stalls
            assert predicted.parts == measured.parts
            assert predicted.utilisation == measured.utilisation
            assert predicted.flags == measured.flags


def test_views_of_every_sort_are_read_where_they_lie(device: RtlDevice) -> None:
    random = np.random.default_rng(2)
    big = random.standard_normal((12, 16)).astype(np.float16)
    w = random.standard_normal((4, 3)).astype(np.float16)
    windows = sliding_window_view(big[0], 4)
    column = big[0, :3].reshape(3, 1)
    jobs = [
        Job(big[2:9, 3:7], w),
        Job(big.T[4:9, 6:10], w),
        Job(windows, w),
        Job(np.broadcast_to(big[1, :4], (5, 4)), w),
        Job(big[:3, :4], w, np.broadcast_to(column, (3, 3))),
        Job(big[:3, :4], w, big[::4, 5][:3]),
    ]
    for job, result in zip(jobs, device.run(jobs), strict=True):
        _assert_golden(job, result)


def test_misaligned_views_of_device_memory_are_read_and_written_in_place(device: RtlDevice) -> None:
    random = np.random.default_rng(3)
    x, z = device.alloc((9, 15), np.float16), device.alloc((9, 15), np.float16)
    x[...] = random.standard_normal(x.shape)
    w = random.standard_normal((6, 5)).astype(np.float16)
    y = z[1:8, 7:12]
    y[...] = random.standard_normal(y.shape)
    before = y.copy()
    outside = z.copy()
    job = Job(x[1:8, 3:9], w, y, z_out=y)
    result = device.run([job])[0]
    _assert_golden(job, result, before)
    outside[1:8, 7:12] = result.z
    np.testing.assert_array_equal(z, outside)


def test_queued_jobs_depend_on_each_other_through_device_memory(device: RtlDevice) -> None:
    random = np.random.default_rng(4)
    x, w = random.standard_normal((2, 6, 6)).astype(np.float16)
    a, b = device.alloc((6, 6), np.float16), device.alloc((6, 6), np.float16)
    results = device.run(
        [
            Job(x, w, z_out=a),
            Job(a, w, z_out=b),
            Job(a, a, b, x_trans=True, z_trans=True, z_out=b),
            Job(b, w, a.T, op="addmax"),
            Job(x, b.T),
        ]
    )
    a_want = golden.gemm_op(x, w).z
    b_first = golden.gemm_op(a_want, w).z
    b_want = golden.gemm_op(a_want, a_want, b_first, x_trans=True, z_trans=True).z
    np.testing.assert_array_equal(a, a_want)
    np.testing.assert_array_equal(b, b_want)
    np.testing.assert_array_equal(results[3].z, golden.gemm_op(b_want, w, a_want.T, op="addmax").z)
    np.testing.assert_array_equal(results[4].z, golden.gemm_op(x, b_want.T).z)


def test_jobs_that_fill_the_memory_wait_for_each_other() -> None:
    x, w = np.ones((40, 40), np.float16), np.ones((40, 40), np.float16)
    with RtlDevice(TINY, Memory(12_000, MEMORY_BASE)) as device:
        results = device.run([Job(x, w)] * 3)
        assert all((result.z == 40).all() for result in results)
        with pytest.raises(ValueError, match="do not fit the device memory of 12000 bytes"):
            device.gemm_op(np.ones((100, 100), np.float16), np.ones((100, 1), np.float16))


def test_the_parameters_in_the_register_are_those_of_the_configuration(device: RtlDevice) -> None:
    info = Info.unpack(device.harness.read(Offset.INFO))
    assert (info.rows, info.row_len, info.pipe_regs) == (TINY.rows, TINY.row_len, TINY.pipe_regs)
    assert (1 << info.log2_port, info.contexts) == (TINY.port_width, TINY.contexts)
    assert 1 << info.log2_groups == TINY.row_groups
    more = Info2.unpack(device.harness.read(Offset.INFO2))
    assert (bool(more.transposes), more.x_chunks, more.w_ahead) == (TINY.transposes, TINY.x_chunks, TINY.w_ahead)


def test_a_register_that_is_not_there_is_an_error(device: RtlDevice) -> None:
    with pytest.raises(RegisterError, match="0x80"):
        device.harness.read(0x80)


def test_an_error_of_the_memory_is_named_with_its_address_and_the_device_goes_on(device: RtlDevice) -> None:
    x, w = device.alloc((3, 4), np.float16), np.ones((4, 5), np.float16)
    address = MEMORY_BASE + x.ctypes.data - device.memory.bytes.ctypes.data
    device.harness.fail_at(address)
    with pytest.raises(DeviceError, match=f"error BUS at address {address:#x}") as caught:
        device.gemm_op(x, w)
    assert caught.value.code == ErrorCode.BUS
    device.harness.fail_at(None)
    assert device.gemm_op(x, w).flags == Flags()


def test_an_access_outside_the_memory_is_a_bus_error(device: RtlDevice) -> None:
    job = Job(np.ones((3, 4), np.float16), np.ones((4, 5), np.float16))
    device.harness.guard(None)
    device.memory.base += MEMORY_BYTES  # the software now looks for its memory where none is
    with pytest.raises(DeviceError, match="error BUS"):
        device.run([job])


def test_a_write_outside_z_is_caught_by_the_guard(device: RtlDevice) -> None:
    job = Job(np.ones((3, 4), np.float16), np.ones((4, 5), np.float16))
    device.harness.guard(np.zeros(MEMORY_BYTES, np.uint8) + 1)
    with pytest.raises(SimulationError, match="guard: write outside Z at 0x1"):
        device.run([job])
    with pytest.raises(SimulationError, match="guard: write outside Z at 0x1"):
        device.run([job])


def test_a_read_outside_the_operands_is_caught_by_the_guard(device: RtlDevice) -> None:
    device.harness.guard(np.zeros(MEMORY_BYTES, np.uint8) + 2)
    with pytest.raises(SimulationError, match="guard: the word read at 0x1"):
        device.gemm_op(np.ones((3, 4), np.float16), np.ones((4, 5), np.float16))


def test_a_job_that_vanishes_is_a_hang_with_its_stalls_and_the_device_goes_on(device: RtlDevice) -> None:
    x, w = np.ones((30, 40), np.float16), np.ones((40, 50), np.float16)
    device.harness.plan_write(device.harness.cycle + 400, Offset.SOFT_CLEAR, 0)
    with pytest.raises(HangError, match=r"matmul 30x40x50 .* did not end within .*: x \d+, w \d+") as caught:
        device.gemm_op(x, w, orientation="normal")
    assert caught.value.stalls["start"] > 0
    assert (device.gemm_op(x, w).z == 40).all()


def test_a_planned_reset_ends_everything_and_the_next_job_runs_as_the_first(device: RtlDevice) -> None:
    x, w = np.ones((8, 8), np.float16), np.ones((8, 8), np.float16)
    first = device.gemm_op(x, w).cycles
    device.harness.plan_reset(device.harness.cycle + 60)
    with pytest.raises(HangError):
        device.gemm_op(x, w)
    assert device.gemm_op(x, w).cycles == first


@pytest.mark.parametrize("n", [1, TINY.row_len, TINY.row_len + 1, 3 * TINY.row_len])
def test_a_refused_job_between_two_others_leaves_both_right(n: int) -> None:
    random = np.random.default_rng(n)
    with RtlDevice(TINY, Memory(1 << 16, MEMORY_BASE)) as device:
        driver, before = Driver(device.harness), device.harness.events(0)
        good = [_allocated(device, random, (TINY.rows, n, TINY.tile_cols)) for _ in range(2)]
        placed = [place(job, device.memory, lambda: None, TINY).hardware[0] for job in good]
        wrong = replace(placed[0], x=replace(placed[0].x, address=placed[0].x.address | 1))
        driver.submit(placed[0], hold=True)
        refused = driver.submit(wrong, hold=True)
        driver.submit(placed[1])
        assert device.harness.run(0, before + 3, 5_000)
        assert driver.result(refused).error == ErrorCode.ALIGN
        for job in good:
            expected = golden.gemm_op(job.x, job.w, job.y).z
            np.testing.assert_array_equal(np.asarray(job.z_out).view(np.uint16), expected.view(np.uint16))


def _allocated(device: RtlDevice, random: np.random.Generator, shape: tuple[int, int, int]) -> Job:
    """Return a gemm on random numbers in device memory, as one hardware job."""
    m, n, k = shape
    x, w, y, z = (device.alloc(size, np.float16) for size in ((m, n), (n, k), (m, k), (m, k)))
    for operand in (x, w, y):
        operand[...] = random.standard_normal(operand.shape)
    return Job(x, w, y, z_out=z, orientation="normal")


def test_ctrl_c_leaves_a_device_that_works(monkeypatch: pytest.MonkeyPatch) -> None:
    x, w = np.ones((8, 8), np.float16), np.ones((8, 8), np.float16)
    with _device() as device:
        run = device.harness.run

        def interrupted(core: int, events: int, max_cycles: int) -> bool:
            run(core, events, 10)
            raise KeyboardInterrupt

        monkeypatch.setattr(device.harness, "run", interrupted)
        with pytest.raises(KeyboardInterrupt):
            device.gemm_op(x, w)
        monkeypatch.undo()
        assert (device.gemm_op(x, w).z == 8).all()


def test_the_same_seed_gives_the_same_cycles_and_another_one_others() -> None:
    x, w = np.ones((9, 9), np.float16), np.ones((9, 9), np.float16)

    def cycles(seed: int) -> int | None:
        with _device(stall=0.5, latency=3, seed=seed) as device:
            return device.gemm_op(x, w).cycles

    assert cycles(1) == cycles(1)
    assert len({cycles(seed) for seed in range(5)}) > 1


@pytest.mark.parametrize(("stall", "latency"), [(0.5, 0), (MAX_STALL, 0), (0.0, 100), (0.9, 30)])
def test_no_memory_that_is_allowed_brings_a_job_near_its_time_out(stall: float, latency: int) -> None:
    random = np.random.default_rng(13)
    with _device(stall=stall, latency=latency, seed=5) as device:
        for job in [_random_job(random) for _ in range(15)]:
            placed = place(job, device.memory, lambda: None, TINY).hardware
            [result] = device.run([job])
            assert result.cycles is not None
            assert result.cycles < sum(device.patience(each) / 2 + TIME_FLOOR_CYCLES / 4 for each in placed)


def test_the_time_out_of_the_worst_memory_is_a_few_hundred_times_that_of_the_best() -> None:
    job = Job(np.ones((8, 8), np.float16), np.ones((8, 8), np.float16))
    with _device() as best, _device(stall=MAX_STALL, latency=MAX_LATENCY) as worst:
        hardware = place(job, best.memory, lambda: None, TINY).hardware[0]
        per_beat = MAX_LATENCY + 99
        beats = sum(law.cycles(hardware, TINY).beats.values())
        assert best.patience(hardware) == TIME_MARGIN * law.cycles(hardware, TINY).total
        assert worst.patience(hardware) - best.patience(hardware) == pytest.approx(
            TIME_MARGIN * beats * per_beat, abs=1
        )


def test_a_device_that_runs_refuses_another_thread_and_goes_on() -> None:
    x, w = np.ones((60, 60), np.float16), np.ones((60, 60), np.float16)
    refusals: list[str] = []

    def from_another_thread(_jobs: int, _cycles: int) -> None:
        for act in (lambda: device.gemm_op(x, w), device.close):
            try:
                act()
            except RuntimeError as error:
                refusals.append(str(error))

    def progress(jobs: int, cycles: int) -> None:
        thread = threading.Thread(target=from_another_thread, args=(jobs, cycles))
        thread.start()
        thread.join(timeout=30)

    with _device(progress=progress) as device:
        assert (device.gemm_op(x, w).z == 60).all()
    assert len(refusals) >= 2
    assert set(refusals) == {"the rtl device runs jobs already: open one device for each thread"}


def test_devices_of_different_threads_run_side_by_side() -> None:
    def run(seed: int) -> list[np.ndarray[Any, Any]]:
        random = np.random.default_rng(seed)
        with _device(stall=0.2, seed=seed) as device:
            jobs = [_random_job(random) for _ in range(10)]
            for job, result in zip(jobs, results := device.run(jobs), strict=True):
                _assert_golden(job, result)
        return [result.z for result in results]

    with ThreadPoolExecutor(4) as pool:
        assert [len(results) for results in pool.map(run, range(4))] == [10] * 4


def test_progress_is_told_after_each_job() -> None:
    calls: list[tuple[int, int]] = []
    x, w = np.ones((3, 3), np.float16), np.ones((3, 3), np.float16)
    with _device(progress=lambda jobs, cycles: calls.append((jobs, cycles))) as device:
        device.run([Job(x, w)] * 6)
    assert calls[-1][0] == 6
    assert calls[-1][1] > 0
    assert calls == sorted(calls)


def test_a_waveform_is_written(tmp_path: Path) -> None:
    path = tmp_path / "out.vcd"
    smallest = Config(rows=1, row_len=1, pipe_regs=0, port_width=64, contexts=1, cores=1)  # the shortest build
    with RtlDevice(smallest, Memory(MEMORY_BYTES, MEMORY_BASE), Options(waves=str(path))) as device:
        device.gemm_op(np.ones((2, 2), np.float16), np.ones((2, 2), np.float16))
    text = path.read_text()
    assert "mem_req_o" in text
    assert "$enddefinitions" in text


def test_the_drain_waits_for_the_last_row_of_w_however_slow_the_memory_is() -> None:
    config = Config(2, 5, 3, 64)  # a W row is five beats, one more than an element has stages
    rng = np.random.default_rng(11)
    with (
        open_device("rtl", config, stall=0.9, seed=4, check_guards=True) as rtl,
        open_device("golden", config) as golden,
    ):
        for k in range(20, 40):
            x, w, y = (rng.standard_normal(shape).astype(np.float16) for shape in ((3, 10), (10, k), (3, k)))
            measured, expected = rtl.gemm_op(x, w, y), golden.gemm_op(x, w, y)
            assert (measured.z.view(np.uint16) == expected.z.view(np.uint16)).all(), f"K = {k}"
            assert measured.flags == expected.flags
