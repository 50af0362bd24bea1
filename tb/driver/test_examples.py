# SPDX-License-Identifier: Apache-2.0
"""The examples of the C driver give what the golden model does."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from redmule import golden
from redmule.device.harness import Harness
from redmule.device.memory import Memory
from redmule.fp import Format, format_by_name
from redmule.fp.ops import GEMM
from redmule.regs import ErrorCode, Info, Offset, Word
from tb.campaigns.data import sprinkled
from tb.driver.bench import FP16, Bench
from tb.driver.library import BASE, CDriver, result_of
from tb.env.jobs import Wish, any_wish, predict


def test_the_published_example_runs_on_published_registers_only(bench: Bench) -> None:
    for _ in range(8):
        m, n, k = (random.randint(1, size) for size in bench.small())
        [job] = bench.wished(Wish(m, n, k, GEMM, data=sprinkled))
        content = bench.memory.bytes.copy()
        flags = predict(job, bench.memory, content).flags
        bench.core.accesses.clear()
        context = bench.core.call("published_gemm", job.x.address, job.w.address, job.z.address, m, n, k)
        assert context is None
        np.testing.assert_array_equal(bench.memory.bytes, content)
        assert bench.core.call("redmule_sticky") == flags.bits
        bench.core.call("redmule_sticky_clear")
    published = {Offset.X_ADDR, Offset.W_ADDR, Offset.Z_ADDR, Offset.MCFIG0, Offset.MCFIG1, Offset.MACFG}
    accesses = bench.core.accesses[:-2]  # without those of this test
    assert {access.offset for access in accesses if access.write} == {*published, Offset.TRIGGER}
    assert {access.offset for access in accesses if not access.write} == {Offset.ACQUIRE, Offset.STATUS}


class FewContexts:
    """A register port of an accelerator that says it had fewer contexts."""

    def __init__(self, harness: Harness, contexts: int) -> None:
        self._harness = harness
        self._contexts = contexts

    def write(self, address: int, data: int, core: int = 0) -> None:
        """Write a register."""
        self._harness.write(address, data, core)

    def read(self, address: int, core: int = 0) -> int:
        """Read a register."""
        data = self._harness.read(address, core)
        if address == BASE + Offset.INFO:
            word: Word = replace(Info.unpack(data), contexts=self._contexts)
            return word.pack()
        return data


def numbers(random_numbers: np.random.Generator, memory: Memory, shape: tuple[int, int], fmt: Format) -> Any:
    """A matrix in device memory, of numbers near 1."""
    matrix = memory.alloc(shape, fmt.dtype)
    matrix[...] = random_numbers.standard_normal(shape)
    return matrix


@pytest.mark.parametrize("contexts", [4, 2, 1])
def test_the_queue_example_equals_the_golden_model(bench: Bench, contexts: int) -> None:
    generator = np.random.default_rng(contexts)
    batch, inputs, outputs, hidden = 9, 14, 11, 40  # the last job is the longest: it is at work when the host gives up
    e4m3, e5m2 = format_by_name("e4m3"), format_by_name("e5m2")
    memory = bench.memory
    wide = numbers(generator, memory, (batch, outputs + 5), e5m2)
    dy = wide[:, 3 : 3 + outputs]
    arrays = {
        "x": numbers(generator, memory, (batch, inputs), e4m3),
        "w": numbers(generator, memory, (inputs, outputs), e4m3),
        "v": numbers(generator, memory, (hidden, inputs), e4m3),
        "bias_ones": numbers(generator, memory, (1, batch), e4m3),
        "dx": numbers(generator, memory, (batch, inputs), FP16),
        "dw": numbers(generator, memory, (inputs, outputs), FP16),
        "db": numbers(generator, memory, (1, outputs), FP16),
        "du": numbers(generator, memory, (hidden, batch), e5m2),
        "dy": dy,
    }
    arrays["bias_ones"][...] = 1
    dx = golden.gemm_op(dy, arrays["w"], None, "matmul", np.float16, w_trans=True)
    dw = golden.gemm_op(arrays["x"], dy, arrays["dw"], "gemm", np.float16, x_trans=True)
    db = golden.gemm_op(arrays["bias_ones"], dy, arrays["db"], "gemm", np.float16)
    du = golden.gemm_op(dx.z, arrays["v"], None, "matmul", e5m2.dtype, w_trans=True, z_trans=True, saturate=True)
    core = CDriver(FewContexts(bench.harness, contexts), core=1)
    at = core.ffi.new("queue_matrices_t *")
    for name, array in arrays.items():
        setattr(at, name, memory.base + array.ctypes.data - memory.bytes.ctypes.data)
    at.dy_stride = dy.strides[0]
    sizes = core.ffi.new("queue_sizes_t *", [batch, inputs, outputs, hidden])
    results = core.ffi.new("redmule_result_t[]", 4)
    sleep = core.sleeper(bench.sleep_until_event()) if contexts < 4 else core.ffi.NULL
    assert core.call("queue_backward", at, sizes, sleep, core.ffi.NULL, results) == ErrorCode.NONE
    for name, expected, result in zip(("dx", "dw", "db", "du"), (dx, dw, db, du), results, strict=True):
        raw = np.uint8 if name == "du" else np.uint16
        np.testing.assert_array_equal(arrays[name].view(raw), expected.z.view(raw), name)
        assert result_of(result).flags == expected.flags
    at.dx += 1
    core.accesses.clear()
    assert core.call("queue_backward", at, sizes, sleep, core.ffi.NULL, results) == ErrorCode.ALIGN
    assert not any(access.write for access in core.accesses), "a job that cannot run is not submitted"
    at.dx -= 1
    give_up = core.sleeper(lambda: False)
    assert core.call("queue_backward", at, sizes, give_up, core.ffi.NULL, results) == ErrorCode.WATCHDOG
    assert core.call("redmule_finished") < 8
    bench.run(*bench.wished(any_wish((4, 6, 8))))
