# SPDX-License-Identifier: Apache-2.0
"""Random jobs through the check of a job, against the reference and against every single element."""

import itertools
import os
import random
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import RisingEdge

from redmule.regs import JOB_OFFSETS, ErrorCode, Ext, Mcfig0, Mcfig1, Offset
from tb.unit.control.decode import ELEMENT_BYTES, MATRICES, Checked, Extent, Job, decode
from tb.unit.control.model import CHECK_CYCLES
from tb.unit.control.traffic import random_word

SIZES = [1, 1, 2, 3, 5, 8, 13]


def random_job() -> dict[int, int]:
    """Registers of a job, of few elements as a rule."""
    words = {int(offset): random_word(offset) for offset in JOB_OFFSETS}
    if random.random() < 0.8:
        m, n, k = random.choices(SIZES, k=3)
        words |= {Offset.MCFIG0: Mcfig0(m=m, k=k).pack(), Offset.MCFIG1: Mcfig1(n=n).pack()}
    return words


def spanned(checked: Checked, broadcast: bool) -> dict[str, Extent]:
    """The first and the last byte of all elements of each matrix, one element after the other."""
    job = checked.job
    shapes = {"x": (job.m, job.n), "w": (job.n, job.k), "y": (job.m, job.k), "z": (job.m, job.k)}
    extents = {}
    for name in checked.extents:
        addr, stride, code, trans = getattr(job, name)
        step = 0 if name == "y" and broadcast else stride
        size = ELEMENT_BYTES[code]
        places = [
            addr + (col * step + row * size if trans else row * step + col * size)
            for row, col in itertools.product(*map(range, shapes[name]))
        ]
        extents[name] = (min(places), max(places) + size - 1)
    return extents


@cocotb.test()
async def random_jobs_are_checked_as_the_reference_does(dut: Any) -> None:
    transposes = os.environ["TRANSPOSES"] == "1"
    Clock(dut.clk_i, 10, unit="ns").start()
    dut.restart_i.value = 0
    dut.rst_ni.value = 0
    await RisingEdge(dut.clk_i)
    dut.rst_ni.value = 1
    seen: set[ErrorCode] = set()
    for _ in range(int(os.environ["JOBS"])):
        words = random_job()
        expected = decode(words, transposes)
        dut.regs_i.value = sum(word << 32 * number for number, word in enumerate(words.values()))
        dut.restart_i.value = 1
        await RisingEdge(dut.clk_i)
        dut.restart_i.value = 0
        for _ in range(CHECK_CYCLES):
            await RisingEdge(dut.clk_i)
            assert not int(dut.done_o.value)
        await RisingEdge(dut.clk_i)
        assert int(dut.done_o.value)
        assert Job.unpack(int(dut.job_o.value)) == expected.job
        assert int(dut.error_o.value) == expected.error, words
        reads = int(dut.reads_o.value)
        assert "".join(name for number, name in enumerate(MATRICES) if reads >> number & 1) == expected.reads
        numbers = {name: MATRICES.index(name) for name in expected.extents}
        extents = {
            name: (int(dut.first_o[number].value), int(dut.last_o[number].value)) for name, number in numbers.items()
        }
        assert extents == expected.extents, words
        if expected.error == ErrorCode.NONE and max(expected.job.m, expected.job.n, expected.job.k) <= max(SIZES):
            assert extents == spanned(expected, bool(Ext.unpack(words[Offset.EXT]).y_broadcast)), words
        seen.add(expected.error)
    assert seen >= set(list(ErrorCode)[: ErrorCode.UNSUPPORTED + (not transposes)])
