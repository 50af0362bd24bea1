# SPDX-License-Identifier: Apache-2.0
"""Registers of the jobs that the rules are shown with."""

from redmule.regs import Ext, FormatCode, Macfg, Mcfig0, Mcfig1, Offset, OpCode
from tb.unit.control.decode import WORD

Words = dict[Offset, int]

# 3 x 7 x 5 in FP16: X has 42 bytes, W 70, Z 30.
JOB: Words = {
    Offset.X_ADDR: 0x1000,
    Offset.W_ADDR: 0x2000,
    Offset.Z_ADDR: 0x3000,
    Offset.MCFIG0: Mcfig0(m=3, k=5).pack(),
    Offset.MCFIG1: Mcfig1(n=7).pack(),
    Offset.MACFG: Macfg(format=FormatCode.FP16, op=OpCode.GEMM).pack(),
}
Z_BYTES = 30
BAD_JOB = JOB | {Offset.MCFIG1: 0}
MATMUL: Words = {Offset.MACFG: Macfg(format=FormatCode.FP16, op=OpCode.MATMUL).pack()}
OWN_Y: Words = {Offset.EXT: Ext(y_separate=1).pack()}

BUSY = -1 & WORD
OTHER_HOLDS = -2 & WORD


def formats(x: int = 1, w: int = 1, y: int = 1, z: int = 1, **ext: int) -> Words:
    """The registers that give each matrix its own format."""
    return {Offset.EXT: Ext(own_formats=1, x_format=x, w_format=w, y_format=y, z_format=z, **ext).pack()}


def elsewhere(number: int) -> Words:
    """A job that shares no byte with those of other numbers."""
    return JOB | {Offset.X_ADDR: 0x1000 + 0x100 * number, Offset.Z_ADDR: 0x3000 + 0x100 * number}
