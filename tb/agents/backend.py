# SPDX-License-Identifier: Apache-2.0
"""The C functions of the agents, which are in the simulator itself: it is the process that this Python runs in."""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SOURCES: Sequence[Path] = [
    HERE / name
    for name in (
        "clock_source.sv",
        "memory_monitor.sv",
        "memory_agent.sv",
        "register_monitor.sv",
        "register_agent.sv",
        "instances.h",
        "memory_agent.cpp",
        "register_agent.cpp",
        "backdoor.cpp",
    )
]
"""What a bench with agents is built from, beside `rtl/checks/{pulp_port,redmule_reg}_checks.sv`."""

FLAGS: Sequence[str] = ("-LDFLAGS", "-rdynamic")
"""Flags of Verilator that let Python see the functions."""

POINTER, U8, U32, U64 = ctypes.c_void_p, ctypes.c_uint8, ctypes.c_uint32, ctypes.c_uint64
INT, DOUBLE, TEXT = ctypes.c_int, ctypes.c_double, ctypes.c_char_p

Prototypes = Mapping[str, tuple[Any, tuple[Any, ...]]]
"""Result and arguments of functions, by name; each begins with the object, which is not mentioned."""


class Instance:
    """The object behind an instance of one of the modules; its functions are attributes."""

    def __init__(self, kind: str, scope: str, prototypes: Prototypes) -> None:
        """Find it.

        Args:
            kind: the module (`memory_agent`): its functions begin with this.
            scope: path of the instance in the simulation (`env_top.u_memory`).
            prototypes: of its functions, without their beginning.

        Raises:
            LookupError: there is no such instance; the functions were not linked.
        """
        library = _library()
        try:
            find = getattr(library, f"{kind}_find")
        except AttributeError:
            raise LookupError(
                f"the simulator has no {kind}: it needs the sources and the flags of {__name__}"
            ) from None
        find.restype, find.argtypes = POINTER, (TEXT,)
        self._handle = find(scope.encode())
        if not self._handle:
            raise LookupError(f"scope = {scope!r}: there is no {kind} at this path of the simulation")
        for name, (result, arguments) in prototypes.items():
            function = getattr(library, f"{kind}_{name}")
            function.restype, function.argtypes = result, (POINTER, *arguments)
            setattr(self, name, functools.partial(function, self._handle))

    def __getattr__(self, name: str) -> Any:  # for type checkers: the functions
        raise AttributeError(name)


@functools.cache
def _library() -> ctypes.CDLL:
    return ctypes.CDLL(None)
