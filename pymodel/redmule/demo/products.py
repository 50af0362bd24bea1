# SPDX-License-Identifier: Apache-2.0
"""Matrix products as jobs of a device."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from redmule.device import Device

Fp16 = NDArray[np.float16]


class Multiply(Protocol):
    """Computes z = x w + y in the accelerator's arithmetic; `y` may be a bias."""

    def __call__(
        self, name: str, /, x: Fp16, w: Fp16, y: Fp16 | None = None, *, x_trans: bool = False, w_trans: bool = False
    ) -> Fp16:
        """Return z (M, K) of x (M, N) and w (N, K), each given transposed if so said."""


def multiplication(device: Device) -> Multiply:
    """Return the multiplication of a device, as it is."""

    def multiply(
        _name: str, /, x: Fp16, w: Fp16, y: Fp16 | None = None, *, x_trans: bool = False, w_trans: bool = False
    ) -> Fp16:
        z: Fp16 = device.gemm_op(x, w, y, x_trans=x_trans, w_trans=w_trans).z
        return z

    return multiply
