# SPDX-License-Identifier: Apache-2.0
"""Matrix products as accelerator jobs on the RTL, each compared with the golden model and the cycle law."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from redmule.device import Device
from redmule.job import Job, Result

Fp16 = NDArray[np.float16]


class Multiply(Protocol):
    """Computes z = x w + y in the accelerator's arithmetic; `y` may be a bias."""

    def __call__(
        self, name: str, /, x: Fp16, w: Fp16, y: Fp16 | None = None, *, x_trans: bool = False, w_trans: bool = False
    ) -> Fp16:
        """Return z (M, K) of x (M, N) and w (N, K), each given transposed if so said."""


@dataclass(frozen=True, slots=True, eq=False)
class Product:
    """A product that ran.

    Attributes:
        name: what it was for.
        m, n, k: sizes.
        result: what the device gave.
        law_cycles: cycles by the law.
        agrees: whether codes and flags are those of the golden model and the cycles those of the law.
    """

    name: str
    m: int
    n: int
    k: int
    result: Result
    law_cycles: int
    agrees: bool


class CheckedProducts:
    """Multiplies on one device and compares with another that has golden values and the cycles of the law.

    Attributes:
        done: the products so far.
    """

    def __init__(self, device: Device, reference: Device) -> None:
        self._device = device
        self._reference = reference
        self.done: list[Product] = []

    def __call__(
        self, name: str, /, x: Fp16, w: Fp16, y: Fp16 | None = None, *, x_trans: bool = False, w_trans: bool = False
    ) -> Fp16:
        """Return the product of the device."""
        job = Job(x, w, y, x_trans=x_trans, w_trans=w_trans)
        [result], [expected] = self._device.run([job]), self._reference.run([job])
        operands = job.operands
        self.done.append(
            Product(
                name,
                operands.m,
                operands.n,
                operands.k,
                result,
                expected.cycles or 0,
                _same(result, expected),
            )
        )
        return result.z


def unchecked(device: Device) -> Multiply:
    """Return the multiplication of a device, as it is."""

    def multiply(
        _name: str, /, x: Fp16, w: Fp16, y: Fp16 | None = None, *, x_trans: bool = False, w_trans: bool = False
    ) -> Fp16:
        z: Fp16 = device.gemm_op(x, w, y, x_trans=x_trans, w_trans=w_trans).z
        return z

    return multiply


def _same(result: Result, expected: Result) -> bool:
    """Whether two results have the same codes, flags, cycles and stalls."""
    codes_equal = np.array_equal(result.z.view(np.uint16), expected.z.view(np.uint16))
    timing_equal = result.cycles == expected.cycles and dict(result.stalls) == dict(expected.stalls)
    return codes_equal and result.flags == expected.flags and timing_equal
