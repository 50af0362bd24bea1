# SPDX-License-Identifier: Apache-2.0
"""The check of a job: every edge of the configuration.

`Bench.cycle` checks every cycle against the model besides.
"""

from typing import Any

import cocotb

from redmule.regs import ErrorCode, Ext, FormatCode, Macfg, Mcfig0, Offset, OpCode
from tb.unit.control.bench import Bench
from tb.unit.control.decode import WORD
from tb.unit.control.jobs import JOB, MATMUL, OWN_Y, Words, formats

RESERVED_EXT = 0xFFE0_0088
LAST_ROWS = (1 << 32) - 2 * 0x100 - 10  # 3 rows of 5 fp16, 0x100 bytes apart, end here at exactly 2^32
EDGES: list[tuple[Words, ErrorCode]] = [
    ({Offset.MCFIG0: Mcfig0(m=0, k=5).pack()}, ErrorCode.SIZE),
    ({Offset.MCFIG0: Mcfig0(m=3, k=0).pack()}, ErrorCode.SIZE),
    ({Offset.MCFIG1: 0}, ErrorCode.SIZE),
    ({Offset.MCFIG1: 0x10000}, ErrorCode.SIZE),
    ({Offset.MCFIG1: 0, Offset.MACFG: Macfg(format=6).pack()}, ErrorCode.SIZE),
    *(({Offset.MACFG: Macfg(format=code, op=1).pack()}, ErrorCode.FORMAT) for code in (5, 6, 7)),
    (formats(x=5), ErrorCode.FORMAT),
    (formats(w=6), ErrorCode.FORMAT),
    (formats(y=7, y_separate=1), ErrorCode.FORMAT),
    (formats(z=5), ErrorCode.FORMAT),
    (MATMUL | formats(y=7), ErrorCode.NONE),
    ({Offset.X_ADDR: 0x1001}, ErrorCode.ALIGN),
    ({Offset.W_ADDR: 0x2001}, ErrorCode.ALIGN),
    ({Offset.Z_ADDR: 0x3001}, ErrorCode.ALIGN),
    (OWN_Y | {Offset.Y_ADDR: 0x4001}, ErrorCode.ALIGN),
    ({Offset.Y_ADDR: 0x4001}, ErrorCode.NONE),
    (MATMUL | OWN_Y | {Offset.Y_ADDR: 0x4001}, ErrorCode.NONE),
    ({Offset.X_STRIDE: 15}, ErrorCode.ALIGN),
    ({Offset.W_STRIDE: 15}, ErrorCode.ALIGN),
    ({Offset.Z_STRIDE: 11}, ErrorCode.ALIGN),
    (OWN_Y | {Offset.Y_STRIDE: 11}, ErrorCode.ALIGN),
    ({Offset.EXT: Ext(y_separate=1, y_broadcast=1).pack(), Offset.Y_STRIDE: 11}, ErrorCode.NONE),
    (formats(x=0) | {Offset.X_ADDR: 0x1001, Offset.X_STRIDE: 9}, ErrorCode.NONE),
    ({Offset.Z_STRIDE: 8}, ErrorCode.STRIDE),
    ({Offset.Z_STRIDE: 10}, ErrorCode.NONE),
    ({Offset.X_STRIDE: 2, Offset.W_STRIDE: 2}, ErrorCode.NONE),
    ({Offset.Z_STRIDE: 0x100, Offset.Z_ADDR: LAST_ROWS}, ErrorCode.NONE),
    ({Offset.Z_STRIDE: 0x100, Offset.Z_ADDR: LAST_ROWS + 2}, ErrorCode.EXTENT),
    ({Offset.X_ADDR: WORD - 1}, ErrorCode.EXTENT),
    ({Offset.W_ADDR: WORD - 1}, ErrorCode.EXTENT),
    (OWN_Y | {Offset.Y_ADDR: WORD - 1}, ErrorCode.EXTENT),
    (MATMUL | OWN_Y | {Offset.Y_ADDR: WORD - 1}, ErrorCode.NONE),
    ({Offset.X_STRIDE: 1 << 31}, ErrorCode.EXTENT),
    ({Offset.MCFIG0: Mcfig0(m=65535, k=1).pack(), Offset.X_STRIDE: 1 << 16, Offset.X_ADDR: 0}, ErrorCode.NONE),
    ({Offset.MCFIG0: Mcfig0(m=65535, k=1).pack(), Offset.X_STRIDE: 65540}, ErrorCode.EXTENT),
    (formats(y=0), ErrorCode.IN_PLACE),
    ({Offset.EXT: Ext(y_broadcast=1).pack()}, ErrorCode.IN_PLACE),
    (MATMUL | {Offset.EXT: Ext(y_broadcast=1).pack()}, ErrorCode.NONE),
    (MATMUL | formats(y=0), ErrorCode.NONE),
    ({Offset.EXT: Ext(z_trans=1, y_broadcast=1).pack()}, ErrorCode.IN_PLACE),
    ({Offset.EXT: RESERVED_EXT}, ErrorCode.NONE),
]
# What stored columns change: the first error with transposes, and without.
Z_BY_COLUMNS: Words = {Offset.EXT: Ext(z_trans=1).pack()}
X_BY_COLUMNS: Words = {Offset.EXT: Ext(x_trans=1).pack()}
LAST_COLUMNS = (1 << 32) - 4 * 0x100 - 6  # 5 columns of 3 fp16
TRANSPOSED: list[tuple[Words, ErrorCode, ErrorCode]] = [
    (X_BY_COLUMNS, ErrorCode.NONE, ErrorCode.UNSUPPORTED),
    ({Offset.EXT: Ext(w_trans=1).pack()}, ErrorCode.NONE, ErrorCode.UNSUPPORTED),
    (Z_BY_COLUMNS, ErrorCode.NONE, ErrorCode.UNSUPPORTED),
    (Z_BY_COLUMNS | {Offset.Z_STRIDE: 6}, ErrorCode.NONE, ErrorCode.STRIDE),
    (Z_BY_COLUMNS | {Offset.Z_STRIDE: 4}, ErrorCode.STRIDE, ErrorCode.STRIDE),
    (Z_BY_COLUMNS | {Offset.Z_STRIDE: 0x100, Offset.Z_ADDR: LAST_COLUMNS}, ErrorCode.NONE, ErrorCode.UNSUPPORTED),
    (Z_BY_COLUMNS | {Offset.Z_STRIDE: 0x100, Offset.Z_ADDR: LAST_COLUMNS + 2}, ErrorCode.EXTENT, ErrorCode.UNSUPPORTED),
    (X_BY_COLUMNS | {Offset.X_STRIDE: 1 << 30}, ErrorCode.EXTENT, ErrorCode.UNSUPPORTED),
]


@cocotb.test()
async def every_edge_of_the_configuration_gives_its_error_and_the_queue_goes_on(dut: Any) -> None:
    bench = await Bench.start(dut)
    transposed = [(words, on if bench.model.transposes else off) for words, on, off in TRANSPOSED]
    for count, (words, error) in enumerate([*EDGES, *transposed]):
        ctx = await bench.trigger_job(JOB | words, core=2)
        out = await bench.cycle(job_done=int(error == ErrorCode.NONE))
        assert (out.job is None, out.event) == (error != ErrorCode.NONE, bench.line(2)), (words, error)
        assert await bench.result(ctx, Offset.RESULT_ERROR) == error, words
        assert await bench.result(ctx, Offset.RESULT_CYCLES) == int(error == ErrorCode.NONE)
        assert await bench.read(Offset.FINISHED) == count + 1


@cocotb.test()
async def strides_and_y_are_resolved(dut: Any) -> None:
    bench = await Bench.start(dut)
    fp16 = FormatCode.FP16
    await bench.trigger_job(JOB | {Offset.Z_STRIDE: 0x40, Offset.Y_ADDR: 0x9000})
    job = (await bench.cycle(job_done=1)).job
    assert job is not None
    assert (job.x, job.w) == ((0x1000, 14, fp16, 0), (0x2000, 10, fp16, 0))
    assert job.y == job.z == (0x3000, 0x40, fp16, 0)
    words = JOB | formats(x=0, w=2, y=4, z=3, y_separate=1, y_broadcast=1, saturate=1) | {Offset.Y_ADDR: 0x9001}
    await bench.trigger_job(words | {Offset.X_STRIDE: 99})
    job = (await bench.cycle(job_done=1)).job
    assert job is not None
    assert (job.x, job.w) == ((0x1000, 99, 0, 0), (0x2000, 5, 2, 0))
    assert (job.y, job.z) == ((0x9001, 0, 4, 0), (0x3000, 10, 3, 0))
    assert (job.m, job.n, job.k, job.op, job.use_y, job.saturate) == (3, 7, 5, OpCode.GEMM, 1, 1)


@cocotb.test()
async def a_matrix_stored_by_columns_has_the_stride_of_a_column(dut: Any) -> None:
    bench = await Bench.start(dut)
    fp16 = FormatCode.FP16
    ext = {Offset.EXT: Ext(x_trans=1, w_trans=1, z_trans=1, y_separate=1).pack()}
    await bench.trigger_job(JOB | ext | {Offset.Y_ADDR: 0x9000})
    out = await bench.cycle(job_done=int(bench.model.transposes))
    if not bench.model.transposes:
        assert (out.job, out.event) == (None, 1)
        return
    assert out.job is not None
    assert (out.job.x, out.job.w) == ((0x1000, 6, fp16, 1), (0x2000, 14, fp16, 1))
    assert (out.job.y, out.job.z) == ((0x9000, 6, fp16, 1), (0x3000, 6, fp16, 1))
