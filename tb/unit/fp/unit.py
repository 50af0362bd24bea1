# SPDX-License-Identifier: Apache-2.0
"""One Verilated arithmetic unit as a function on NumPy arrays."""

from __future__ import annotations

import ctypes
from enum import IntEnum
from pathlib import Path

import numpy as np
import numpy.typing as npt

from redmule.build import rtl_sources, verilate
from redmule.fp.formats import FP16, Format

Codes = npt.NDArray[np.uint16]
FlagBits = npt.NDArray[np.uint8]
Results = tuple[Codes, FlagBits]

_FOLDER = Path(__file__).parent
_POINTER = ctypes.c_void_p


class Unit(IntEnum):
    """What `fp_unit_top` holds; the value of its parameter `Unit`."""

    FMA = 0
    MINMAX = 1
    CAST_IN = 2
    CAST_OUT = 3
    CAST_FMA = 4


def control(option: bool = False, a_format: Format = FP16, b_format: Format = FP16) -> int:
    """The control byte of a unit that is no multiply-add: max or saturate, and the formats of the operands."""
    return int(option) | a_format.code << 1 | b_format.code << 4


class Model:
    """A unit, built on first use. Calls are independent of each other: each one starts a fresh model."""

    def __init__(self, unit: Unit, pipe_regs: int = 0) -> None:
        sources = [path for path in rtl_sources() if path.parent.name == "fp"]
        library = verilate(
            "fp_unit_top",
            {"Unit": int(unit), "PipeRegs": pipe_regs},
            [*sources, _FOLDER / "fp_unit_top.sv"],
            cpp=[_FOLDER / "fp_unit.cpp"],
            label=f"fp {unit.name.lower()} with {pipe_regs} registers",
        )
        self._run = ctypes.CDLL(str(library)).run
        self._run.argtypes = [ctypes.c_size_t, *[_POINTER] * 6]
        self._run.restype = None

    def __call__(
        self, a: npt.ArrayLike, b: npt.ArrayLike = 0, c: npt.ArrayLike = 0, *, control: npt.ArrayLike = 0
    ) -> Results:
        """Apply one set of operands a cycle; return codes and flag bits as the outputs show them in that cycle.

        Operands are raw codes and may be scalars; the results are as long as the longest.
        """
        operands = np.broadcast_arrays(*(np.asarray(operand, np.uint16) for operand in (a, b, c, control)))
        a16, b16, c16 = (np.ascontiguousarray(operand) for operand in operands[:3])
        control8 = operands[3].astype(np.uint8)
        z, flags = np.empty(a16.shape, np.uint16), np.empty(a16.shape, np.uint8)
        self._run(a16.size, *(array.ctypes.data for array in (control8, a16, b16, c16, z, flags)))
        return z, flags
