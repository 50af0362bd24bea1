# SPDX-License-Identifier: Apache-2.0
"""Jobs that end otherwise: cleared, failed, refused; and the check in software gives the code of the hardware."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from redmule.config import Config
from redmule.device.memory import Memory
from redmule.device.options import Options
from redmule.fp import Flags, format_by_name
from redmule.fp.ops import GEMM
from redmule.job import HardwareJob
from redmule.regs import ErrorCode
from tb.driver.bench import FULL, MEMORY_BASE, MEMORY_BYTES, PATIENCE_CYCLES, TINY, Bench
from tb.driver.library import C, CDriver
from tb.env.jobs import Wish, YPlace, any_wish, predict

SMALLEST = Config(rows=1, row_len=1, pipe_regs=0, port_width=64, contexts=2, cores=2, transposes=False)


def assert_same_z(memory: Memory, job: HardwareJob, content: NDArray[np.uint8]) -> None:
    """Compare the result of a job with that in another content of the memory."""
    np.testing.assert_array_equal(memory.rows_of(memory.bytes, job.z), memory.rows_of(content, job.z))


def until_accepted(core: CDriver, job: C) -> int:
    """Submit as soon as the accelerator has drained."""
    for _ in range(100):
        context = core.submit(job)
        if context >= 0:
            return context
        assert context == FULL
    raise AssertionError("it never drained")


@pytest.mark.parametrize("cycles", [0, 1, 7, 40, 150])
@pytest.mark.parametrize("options", [Options(), Options(stall=0.3, latency=8, seed=1)], ids=("prompt", "slow"))
def test_after_a_soft_clear_in_the_middle_the_next_job_is_as_after_a_reset(cycles: int, options: Options) -> None:
    bench = Bench.start(TINY, options)
    core = bench.core
    long, queued, good = bench.wished(Wish(20, 20, 20, GEMM), Wish(5, 5, 5, GEMM), any_wish((5, 6, 7)))
    events = bench.harness.events(core.core)
    assert [core.submit(core.job(job)) for job in (long, queued)] == [0, 1]
    bench.harness.step(cycles)
    core.call("redmule_soft_clear", core.library.REDMULE_CLEAR_ALL)
    assert core.wait(0)
    assert core.wait(1)
    after_clear = until_accepted(core, core.job(good))
    assert after_clear == 0
    content = bench.memory.bytes.copy()
    flags = predict(good, bench.memory, content).flags
    assert core.wait(after_clear)
    result = core.result(after_clear)
    assert (result.error, result.flags) == (ErrorCode.NONE, flags)
    assert_same_z(bench.memory, good, content)
    assert bench.harness.events(core.core) == events + 1, "aborted jobs have no event"
    assert core.call("redmule_finished") == 1
    if options == Options():
        fresh = Bench.start(TINY)
        fresh.memory.bytes[:] = content
        assert fresh.core.submit(fresh.core.job(good)) == 0
        assert fresh.core.wait(0)
        repeated = fresh.core.result(0)
        assert (repeated.cycles, repeated.stalls) == (result.cycles, result.stalls)
        fresh.harness.close()
    bench.harness.close()


def test_a_soft_clear_of_one_job_lets_the_queue_go_on(bench: Bench) -> None:
    core = bench.core
    long, *others = bench.wished(Wish(30, 30, 30, GEMM), *(any_wish(bench.small()) for _ in range(2)))
    contexts = [core.submit(core.job(job)) for job in (long, *others)]
    bench.harness.step(60)
    assert [core.call("redmule_busy", context) for context in contexts] == [True] * 3
    core.call("redmule_soft_clear", core.library.REDMULE_CLEAR_JOB)
    content = bench.memory.bytes.copy()
    flags = [predict(job, bench.memory, content).flags for job in others]
    assert core.wait(contexts[0])
    assert core.wait(contexts[2], bench.sleep_until_event())
    assert core.wait(contexts[1])
    assert [core.result(context).flags for context in contexts[1:]] == flags
    for job in others:
        assert_same_z(bench.memory, job, content)
    assert core.call("redmule_finished") == 2


def test_an_error_of_the_memory_is_told_with_its_address(bench: Bench) -> None:
    job, after = bench.wished(Wish(5, 6, 7, GEMM), any_wish((5, 6, 7)))
    address = job.x.address - job.x.address % 4  # where an access begins
    bench.harness.fail_at(address)
    context = bench.core.submit(bench.core.job(job))
    assert bench.core.wait(context, bench.sleep_until_event())
    result = bench.core.result(context)
    assert (result.error, result.error_address) == (ErrorCode.BUS, address)
    bench.harness.fail_at(None)
    bench.run(after)


def test_the_watchdog_ends_a_job_that_waits_too_long() -> None:
    bench = Bench.start(TINY, Options(stall=0.95, seed=4))
    [job] = bench.wished(Wish(4, 6, 8, GEMM))
    context = bench.core.submit(bench.core.job(job, watchdog=15))
    assert bench.core.wait(context, bench.sleep_until_event())
    assert bench.core.result(context).error == ErrorCode.WATCHDOG
    assert not bench.core.call("redmule_busy", context)
    bench.run(*bench.wished(any_wish((4, 6, 8))))
    bench.harness.close()


SIZES = (*range(1, 10), *range(1, 10), 0, 65535, 65536, 65539, 1 << 31)
CODES = (*range(5), *range(5), *range(5), 5, 7, 8, 1 << 31)
OP_CODES = (*range(8), *range(8), *range(8), 8, 15, (1 << 32) - 1)


def wild_job(bench: Bench) -> C:
    """A job out of everything that software can write into the struct."""
    job = bench.core.ffi.new("redmule_job_t *")
    job.op = random.choice(OP_CODES)
    one = random.choice(CODES)
    mixed = random.random() < 0.5
    job.m, job.n, job.k = random.choices(SIZES, k=3)
    for name in ("x", "w", "y", "z"):
        matrix = getattr(job, name)
        matrix.format = random.choice(CODES) if mixed else one
        anywhere = random.randrange(MEMORY_BASE, MEMORY_BASE + MEMORY_BYTES)
        matrix.address = random.choice((*(anywhere & ~1,) * 8, anywhere, (1 << 32) - random.randint(1, 200)))
        step = random.randint(0, 20)
        matrix.stride = random.choice((0, 0, 0, 0, 2 * step, step, 1 << 31, 1 << 24))
    for name in ("y_separate", "y_broadcast", "saturate", "x_trans", "w_trans", "z_trans"):
        setattr(job, name, random.random() < 0.4)
    return job


@pytest.mark.parametrize("name", "xwyz")
@pytest.mark.parametrize("beyond", [0, 1, 2])
def test_a_matrix_may_end_with_the_last_byte_of_memory_and_no_later(name: str, beyond: int) -> None:
    bench = Bench.start(TINY)
    formats = (format_by_name("e4m3"),) * 4
    for trans in ((False,) * 3, (True,) * 3):
        [job] = bench.wished(
            Wish(3, 5, 7, GEMM, formats, y_place=YPlace.SEPARATE, trans=(trans[0], trans[1], trans[2]))
        )
        stored = getattr(job, name)
        size = (stored.rows - 1) * stored.stride + stored.row_bytes
        made = bench.core.job(replace(job, **{name: replace(stored, address=(1 << 32) - size + beyond)}))
        expected = ErrorCode.EXTENT if beyond else ErrorCode.NONE
        assert bench.core.check(bench.core.info(), made) == expected
        context = bench.core.submit(made)
        assert bench.core.wait(context, bench.sleep_until_event())
        assert bench.core.result(context).error == (expected or ErrorCode.BUS), "this bench has no memory up there"
    bench.harness.close()


@pytest.mark.parametrize("config", [TINY, SMALLEST], ids=("all", "no transposes"))
def test_the_check_in_software_gives_the_code_of_the_accelerator(config: Config) -> None:
    bench = Bench.start(config)
    core, info = bench.core, bench.core.info()
    found: dict[ErrorCode, int] = {}
    for _ in range(1200):
        job = wild_job(bench)
        expected = core.check(info, job)
        if expected == ErrorCode.NONE and max(job.m, job.n, job.k) > 9:
            job.x.address = 0  # right, but long: end it at once
            expected = core.check(info, job)
        found[expected] = found.get(expected, 0) + 1
        content = bench.memory.bytes.copy() if expected else None
        events = bench.harness.events(core.core)
        context = core.submit(job)
        assert bench.harness.run(core.core, events + 1, PATIENCE_CYCLES)
        error = core.result(context).error
        if expected == ErrorCode.NONE:
            assert error in (ErrorCode.NONE, ErrorCode.BUS)
        else:
            assert error == expected, core.ffi.string(core.ffi.cast("redmule_error_t", error))
            np.testing.assert_array_equal(bench.memory.bytes, content)
    refused = {code for code in ErrorCode if code not in (ErrorCode.BUS, ErrorCode.WATCHDOG)}
    if config.transposes:
        refused.remove(ErrorCode.UNSUPPORTED)
    assert {code for code, count in found.items() if count >= 5} == refused, found
    bench.harness.close()


ROW_BYTES, TOP = 14, (1 << 32) - 2
REFUSED: Sequence[tuple[ErrorCode, dict[str, int]]] = [  # fields that make a job wrong, `__` for the dot
    *((ErrorCode.SIZE, {name: size}) for name in "mnk" for size in (0, 65536)),
    *((ErrorCode.FORMAT, {f"{name}__format": code}) for name in "xwyz" for code in (5, 8)),
    (ErrorCode.FORMAT, {"op": 8}),
    *((ErrorCode.ALIGN, {f"{name}__address": MEMORY_BASE + 1}) for name in "xwyz"),
    *((ErrorCode.ALIGN, {f"{name}__stride": ROW_BYTES + 1}) for name in "xwyz"),
    (ErrorCode.STRIDE, {"z__stride": ROW_BYTES - 2}),
    (ErrorCode.STRIDE, {"z__stride": 4, "z_trans": 1}),
    *((ErrorCode.EXTENT, {f"{name}__address": TOP}) for name in "xwyz"),
    *((ErrorCode.EXTENT, {f"{name}__stride": 1 << 31}) for name in "xwyz"),
    (ErrorCode.IN_PLACE, {"y_separate": 0, "y_broadcast": 1}),
]


@pytest.mark.parametrize(("error", "fields"), REFUSED, ids=str)
def test_a_refused_job_touches_no_memory_and_the_queue_goes_on(error: ErrorCode, fields: dict[str, int]) -> None:
    bench = Bench.start(TINY)
    core = bench.core
    before, wrong, after = bench.wished(*(Wish(3, 5, 7, GEMM, y_place=YPlace.SEPARATE),) * 3)
    bad = core.job(wrong)
    for path, value in fields.items():
        matrix, _, name = path.rpartition("__")
        setattr(getattr(bad, matrix) if matrix else bad, name, value)
    assert core.check(core.info(), bad) == error
    content = bench.memory.bytes.copy()
    flags = [predict(job, bench.memory, content).flags for job in (before, after)]
    jobs = (core.job(before), bad, core.job(after))
    contexts = [core.submit(job) for job in jobs]
    assert core.wait(contexts[2], bench.sleep_until_event())
    results = [core.result(context) for context in contexts]
    assert [result.error for result in results] == [ErrorCode.NONE, error, ErrorCode.NONE]
    assert [results[0].flags, results[1].flags, results[2].flags] == [flags[0], Flags(), flags[1]]
    np.testing.assert_array_equal(bench.memory.bytes, content)
    bench.harness.close()
