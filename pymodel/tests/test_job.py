# SPDX-License-Identifier: Apache-2.0
"""Jobs: what is accepted, and what the hardware is told."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest
from numpy.lib.stride_tricks import as_strided

from redmule import regs
from redmule.fp import format_by_name, op_by_name
from redmule.job import HardwareJob, Job, Stored

X = np.zeros((3, 4), np.float16)
W = np.zeros((4, 5), np.float16)
Y = np.zeros((3, 5), np.float16)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"x": X.astype(np.float32)}, r"x.*float32.*allowed"),
        ({"x": X[0]}, r"x.*\(4,\).*allowed"),
        ({"x": [[1.0]]}, r"x.*list.*allowed"),
        ({"x": np.zeros((0, 4), np.float16)}, r"x.*\(0, 4\).*allowed"),
        ({"w": W.T}, r"w.*5.*allowed"),
        ({"w": W, "w_trans": True}, r"w.*5.*allowed"),
        ({"y": Y.T}, r"y.*\(5, 3\).*allowed"),
        ({"y": Y, "z_trans": True}, r"y.*\(3, 5\).*allowed"),
        ({"y": Y, "op": "gemmm"}, r"op.*'gemmm'.*allowed.*matmul"),
        ({"y": Y, "op": ["gemm"]}, r"op = \['gemm'\]: allowed are matmul, gemm"),
        ({"x_trans": "yes"}, "x_trans = 'yes': allowed are True, False"),
        ({"w_trans": None}, "w_trans = None: allowed are True, False"),
        ({"z_trans": 1}, "z_trans = 1: allowed are True, False"),
        ({"saturate": "no"}, "saturate = 'no': allowed are True, False"),
        ({"orientation": 3}, "orientation = 3: allowed are auto, normal, transposed"),
        ({"y": 0.5}, r"y is a float.*allowed.*array"),
        ({"y": np.zeros((1, 3, 5), np.float16)}, r"y has shape \(1, 3, 5\).*allowed"),
        ({"y": np.zeros(4, np.float16)}, r"y has shape \(4,\).*allowed.*\(5,\)"),
        ({"y": Y.astype(object)}, r"y.dtype.*'O'.*allowed"),
        ({"y": Y, "op": "matmul"}, r"y.*'matmul'"),
        ({"op": "addmax"}, r"y.*'addmax'"),
        ({"out_dtype": np.float64}, r"out_dtype.*float64.*allowed"),
        ({"orientation": "sideways"}, r"orientation.*'sideways'.*allowed.*auto"),
        ({"z_out": Y.T}, r"z_out.*\(5, 3\).*allowed.*\(3, 5\)"),
        ({"z_out": Y, "out_dtype": ml_dtypes.bfloat16}, r"z_out.*float16.*allowed.*bfloat16"),
        ({"z_out": "buffer"}, r"z_out.*'buffer'.*allowed"),
        ({"z_out": np.broadcast_to(Y[:1], (3, 5))}, r"z_out is read-only"),
        ({"z_out": as_strided(np.zeros(20, np.float16), (3, 5), (4, 2))}, r"z_out has strides \(4, 2\).*allowed"),
        ({"w": (both := np.zeros((7, 5), np.float16))[:4], "z_out": both[3:6]}, r"z_out overlaps w"),
        ({"y": (both := np.zeros((4, 5), np.float16))[:3], "z_out": both[1:]}, r"z_out overlaps y"),
    ],
)
def test_a_wrong_argument_is_named_with_its_value_and_what_is_allowed(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Job(**{"x": X, "w": W, **arguments})


def test_a_flag_of_numpy_is_a_flag() -> None:
    job = Job(X, W.T, w_trans=np.True_)  # type: ignore[arg-type]
    assert job.w_trans is True


def test_y_may_be_exactly_the_memory_of_the_result() -> None:
    buffer = np.zeros((3, 5), np.float16)
    assert Job(X, W, buffer, z_out=buffer[:]).y_in_place
    assert not Job(X, W, Y, z_out=buffer).y_in_place


def test_the_result_format_defaults_to_that_of_z_out() -> None:
    z_out = np.zeros((3, 5), ml_dtypes.float8_e5m2)
    assert Job(X, W, z_out=z_out).operands.z_format.name == "e5m2"
    assert Job(X, W).operands.z_format.name == "fp16"


def _stored(address: int, rows: int, cols: int, fmt: str = "fp16", gap: int = 0) -> Stored:
    chosen = format_by_name(fmt)
    return Stored(address, rows, cols, cols * chosen.bytes + gap, chosen)


def _image(job: HardwareJob) -> dict[int, regs.Word]:
    return {word.OFFSET: word for word in job.registers()}


def test_a_job_of_one_format_in_place_needs_no_extension() -> None:
    z = _stored(0x300, 3, 5)
    image = _image(HardwareJob(op_by_name("gemm"), _stored(0x100, 3, 4), _stored(0x200, 4, 5), z, z))
    assert regs.Offset.EXT not in image
    assert regs.Offset.Y_ADDR not in image
    assert image[regs.Offset.MCFIG0] == regs.Mcfig0(m=3, k=5)
    assert image[regs.Offset.MCFIG1] == regs.Mcfig1(n=4)
    assert image[regs.Offset.MACFG] == regs.Macfg(format=regs.FormatCode.FP16, op=regs.OpCode.GEMM)
    assert image[regs.Offset.Z_ADDR] == regs.ZAddr(0x300)


def test_a_separate_y_brings_its_pointer_and_stride() -> None:
    job = HardwareJob(
        op_by_name("addmax"),
        _stored(0x100, 3, 4, gap=6),
        _stored(0x200, 4, 5),
        _stored(0x400, 3, 5, gap=2),
        _stored(0x300, 3, 5),
        saturate=True,
    )
    image = _image(job)
    assert image[regs.Offset.EXT] == regs.Ext(y_separate=1, saturate=1)
    assert image[regs.Offset.Y_ADDR] == regs.YAddr(0x400)
    assert image[regs.Offset.Y_STRIDE] == regs.YStride(12)
    assert image[regs.Offset.X_STRIDE] == regs.XStride(14)


def test_a_bias_is_a_broadcast_without_a_stride() -> None:
    job = HardwareJob(
        op_by_name("gemm"),
        _stored(0x100, 3, 4),
        _stored(0x200, 4, 5),
        _stored(0x400, 1, 5),
        _stored(0x300, 3, 5),
        y_broadcast=True,
    )
    image = _image(job)
    assert image[regs.Offset.EXT] == regs.Ext(y_separate=1, y_broadcast=1)
    assert image[regs.Offset.Y_STRIDE] == regs.YStride(0)


def test_mixed_formats_are_named_one_by_one() -> None:
    job = HardwareJob(
        op_by_name("matmul"),
        _stored(0x100, 3, 4, "e4m3"),
        _stored(0x200, 4, 5, "e5m2"),
        None,
        _stored(0x300, 3, 5, "bf16"),
    )
    ext = _image(job)[regs.Offset.EXT]
    assert isinstance(ext, regs.Ext)
    assert (ext.own_formats, ext.x_format, ext.w_format, ext.z_format) == (1, 2, 0, 3)
    assert ext.y_separate == 0
