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

LANES = 4
"""Units side by side in a model without registers: they share what one evaluation costs."""

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

    def __init__(self, unit: Unit, pipe_regs: int = 0, waves: str | None = None) -> None:
        """Build a unit. A call of one with `waves` records all signals in that file, as VCD."""
        self._clocked, self._waves = pipe_regs > 0, waves
        lanes = LANES if pipe_regs == 0 and waves is None else 1
        sources = [path for path in rtl_sources() if path.parent.name == "fp"]
        library = verilate(
            "fp_unit_top",
            {"Unit": int(unit), "PipeRegs": pipe_regs, "Lanes": lanes},
            [*sources, _FOLDER / "fp_unit_top.sv"],
            cpp=[_FOLDER / "fp_unit.cpp"],
            flags=() if waves is None else ("--trace-vcd",),
            label=f"fp {unit.name.lower()} with {pipe_regs} registers",
        )
        self._run = ctypes.CDLL(str(library)).run
        self._run.argtypes = [ctypes.c_size_t, ctypes.c_bool, *[_POINTER] * 6, ctypes.c_char_p]
        self._run.restype = None

    def __call__(
        self, a: npt.ArrayLike, b: npt.ArrayLike = 0, c: npt.ArrayLike = 0, *, control: npt.ArrayLike = 0
    ) -> Results:
        """Apply operands, one set of them a cycle if there are registers; return codes and flag bits.

        Operands are raw codes and may be scalars; the results are as long as the longest. They are what the outputs
        show in the cycle of the operands.
        """
        operands = np.broadcast_arrays(*(np.asarray(operand, np.uint16) for operand in (a, b, c, control)))
        a16, b16, c16 = (np.ascontiguousarray(operand) for operand in operands[:3])
        control8 = operands[3].astype(np.uint8)
        z, flags = np.empty(a16.shape, np.uint16), np.empty(a16.shape, np.uint8)
        arrays = (array.ctypes.data for array in (control8, a16, b16, c16, z, flags))
        self._run(a16.size, self._clocked, *arrays, None if self._waves is None else self._waves.encode())
        return z, flags
