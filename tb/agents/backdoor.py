# SPDX-License-Identifier: Apache-2.0
"""Memories inside of the simulated hardware, as NumPy arrays."""

from __future__ import annotations

import ctypes

import numpy as np
from numpy.typing import NDArray

from tb.agents.backend import POINTER, TEXT


def memory(scope: str, name: str, size: int) -> NDArray[np.uint8]:
    """Return the bytes of an array of words, without a copy; they are there as long as the simulation.

    Args:
        scope: path of the instance that has it.
        name: of the array, which a `.vlt` file makes public_flat_rw.
        size: bytes.

    Raises:
        LookupError: there is no such array, or it is not public.
    """
    find = ctypes.CDLL(None).backdoor_bytes
    find.restype, find.argtypes = POINTER, (TEXT, TEXT)
    address = find(scope.encode(), name.encode())
    if not address:
        raise LookupError(f"scope = {scope!r}: there is no public array {name!r}")
    return np.ctypeslib.as_array((ctypes.c_uint8 * size).from_address(address))
