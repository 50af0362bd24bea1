# SPDX-License-Identifier: Apache-2.0
"""The C driver compiles cleanly, alone, for the host and for rv32imc, with both kinds of register access."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from redmule.regs import Info, Offset
from tb.driver.bench import Bench
from tb.driver.library import build_sw, load
from tb.env.jobs import any_wish


def test_driver_and_examples_compile_without_a_warning_and_the_headers_as_cpp(tmp_path: Path) -> None:
    build_sw().check_host(tmp_path)


@pytest.mark.parametrize("optimisation", ["-O0", "-Os", "-O3"])
def test_the_driver_needs_no_library(tmp_path: Path, optimisation: str) -> None:
    build = build_sw()
    driver, *_ = build.compile_objects(("gcc",), tmp_path / "unused")
    build.run(["gcc", *build.C_FLAGS, optimisation, "-c", build.SOURCES[0], "-o", driver])
    assert build.run(["nm", "-u", driver]).split() == []


def test_the_driver_compiles_for_rv32imc(tmp_path: Path) -> None:
    build = build_sw()
    try:
        compiler = build.riscv_compiler()
    except build.BuildError as missing:
        pytest.skip(str(missing))
    for output in build.compile_objects(compiler, tmp_path):
        machine = output.read_bytes()[:20]
        assert (machine[4], int.from_bytes(machine[18:20], "little")) == (1, 243), "a 32-bit RISC-V object"


def test_the_driver_names_no_bit_by_its_number() -> None:
    for source in build_sw().SOURCES:
        code = re.sub(r"//.*", "", source.read_text())
        assert not re.findall(r"0x[0-9A-Fa-f]+|<<\s*\d|>>\s*\d", code)


def test_without_bus_functions_registers_are_volatile_memory(tiny: Bench) -> None:
    ffi, library = load()
    words = np.zeros(32, np.uint32)
    handle = ffi.new("redmule_t *")
    handle.base = words.ctypes.data
    for job in tiny.wished(*(any_wish((9, 9, 9)) for _ in range(20))):
        words[:] = 0
        library.redmule_configure(handle, ffi.cast("redmule_job_t *", tiny.core.job(job)))
        expected = np.zeros_like(words)
        for word in job.registers():
            expected[word.OFFSET // 4] = word.pack()
        np.testing.assert_array_equal(words, expected)
    library.redmule_trigger(handle, True)
    assert words[Offset.TRIGGER // 4] == 1
    info = ffi.new("redmule_info_t *")
    words[Offset.INFO // 4] = Info(rows=3, row_len=5, pipe_regs=1, log2_port=7, contexts=2, version=1).pack()
    assert library.redmule_info(handle, info)
    assert (info.rows, info.row_len, info.pipe_regs, info.port_bits, info.contexts) == (3, 5, 1, 128, 2)
    words[Offset.INFO // 4] = 0
    assert not library.redmule_info(handle, info)
