# SPDX-License-Identifier: Apache-2.0
"""The Verilated accelerator with its memory model (harness.cpp, memory_port.h) as a Python object."""

from __future__ import annotations

import ctypes
import functools
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from redmule import build, checks
from redmule.config import Config
from redmule.device.memory import Memory
from redmule.device.options import WAVE_FLAGS, Options

TOP = "redmule_top"
_SOURCES = [Path(__file__).with_name(name) for name in ("harness.cpp", "memory_port.h")]

# Several models live in one process: nothing but the C interface may be visible. A failed assertion must not end it.
_CXX_FLAGS = ("-fvisibility=hidden", "-fno-gnu-unique", "-DVL_USER_STOP", "-DVL_USER_FATAL")

DONE, TIMEOUT, FAILED, REGISTER_ERROR = range(4)  # enum Status of harness.cpp

_U32, _U64, _P = ctypes.c_uint32, ctypes.c_uint64, ctypes.c_void_p
_PROTOTYPES: Mapping[str, tuple[Any, tuple[Any, ...]]] = {
    "create": (_P, (_P, _U32, _U32, ctypes.c_double, _U32, _U64, ctypes.c_char_p)),
    "destroy": (None, (_P,)),
    "reset": (None, (_P,)),
    "step": (ctypes.c_int, (_P, _U64)),
    "run": (ctypes.c_int, (_P, _U32, _U64, _U64)),
    "write": (ctypes.c_int, (_P, _U32, _U32, _U32)),
    "read": (ctypes.c_int, (_P, _U32, _U32, ctypes.POINTER(_U32))),
    "cycle": (_U64, (_P,)),
    "events": (_U64, (_P, _U32)),
    "error": (ctypes.c_char_p, (_P,)),
    "permissions": (None, (_P, _P)),
    "fail_at": (None, (_P, ctypes.c_int, _U32)),
    "plan_write": (None, (_P, _U64, _U32, _U32, _U32)),
    "plan_reset": (None, (_P, _U64)),
    "log": (_U64, (_P, _P, _U64)),
}
_LOG_ENTRY = np.dtype([("cycle", "u8"), ("kind", "u4"), ("core", "u4")])
_LOG_CAPACITY = 1024
_LOG_KINDS = ("trigger", "event")


class SimulationError(RuntimeError):
    """The simulated hardware broke a rule: an assertion, a port protocol, or a guard band."""


class RegisterError(RuntimeError):
    """The register port answered an access with an error."""


@dataclass(frozen=True, slots=True)
class LogEntry:
    """A TRIGGER that was taken, or an event: the cycle, "trigger" or "event", and the core."""

    cycle: int
    kind: str
    core: int


class Harness:
    """The accelerator, its clock, its memory and one requester at its register port.

    Cycles count from 0 at the start of the first reset. After a `SimulationError` only `close` is of use.
    """

    def __init__(self, config: Config, memory: Memory, options: Options) -> None:
        """Start a model, building it on first use, and reset it.

        Args:
            config: parameters of the accelerator.
            memory: what its memory port reaches; other addresses answer with an error.
            options: of the simulation.

        Raises:
            ValueError: the waveform cannot be written.
            RuntimeError: the model could not be built.
        """
        self._open: int | None = None
        waves = None if options.waves is None else str(options.waves)
        if waves is not None:
            checks.writable("waves", waves)
        self._library = _library(config, options.wave_suffix)
        self._memory = memory  # kept alive: the model writes into it
        self._permissions: NDArray[np.uint8] | None = None
        self._open = self._library.harness_create(
            memory.bytes.ctypes.data,
            memory.base,
            memory.bytes.size,
            options.stall,
            options.latency,
            options.seed,
            None if waves is None else os.fsencode(waves),
        )

    def close(self) -> None:
        """End the model and its waveform. More calls do nothing."""
        if self._open is not None:
            self._library.harness_destroy(self._open)
            self._open = None

    def __del__(self) -> None:
        if hasattr(self, "_open"):
            self.close()

    @property
    def _handle(self) -> int:
        """The open model; without one a call into the library would crash the process."""
        if self._open is None:
            raise RuntimeError("the device is closed: open a new one")
        return self._open

    def reset(self) -> None:
        """Hold the reset for two cycles. Planned writes and resets stay planned."""
        self._library.harness_reset(self._handle)

    def step(self, cycles: int) -> None:
        """Advance by this many cycles."""
        self._judge(self._library.harness_step(self._handle, cycles))

    def run(self, core: int, events: int, max_cycles: int) -> bool:
        """Run until the core has seen this many events since the start; False if `max_cycles` were not enough."""
        return self._judge(self._library.harness_run(self._handle, core, events, max_cycles)) == DONE

    def write(self, address: int, data: int, core: int = 0) -> None:
        """Write a register: takes the cycle of its grant and that of the response."""
        if self._judge(self._library.harness_write(self._handle, address, data, core)) == REGISTER_ERROR:
            raise RegisterError(f"write of {data:#x} to register {address:#x} by core {core}: error response")

    def read(self, address: int, core: int = 0) -> int:
        """Read a register."""
        data = _U32()
        if self._judge(self._library.harness_read(self._handle, address, core, ctypes.byref(data))) == REGISTER_ERROR:
            raise RegisterError(f"read of register {address:#x} by core {core}: error response")
        return data.value

    @property
    def cycle(self) -> int:
        """Cycles since the start."""
        return int(self._library.harness_cycle(self._handle))

    def events(self, core: int = 0) -> int:
        """Return how many events the core has seen since the start."""
        return int(self._library.harness_events(self._handle, core))

    def guard(self, permissions: NDArray[np.uint8] | None) -> None:
        """Check every access from now on against a map with one byte for each byte of memory; None: no more checks.

        Each word that is read must hold a byte with MAY_READ, each byte written must have MAY_WRITE.
        """
        self._permissions = permissions
        self._library.harness_permissions(self._handle, None if permissions is None else permissions.ctypes.data)

    def fail_at(self, address: int | None) -> None:
        """Answer accesses to the word at this address with an error; None: no more."""
        self._library.harness_fail_at(self._handle, address is not None, address or 0)

    def plan_write(self, cycle: int, address: int, data: int, core: int = 0) -> None:
        """Write a register in exactly this cycle, if no other register access is under way then."""
        self._library.harness_plan_write(self._handle, cycle, address, data, core)

    def plan_reset(self, cycle: int) -> None:
        """Assert the reset in exactly this cycle, for two cycles."""
        self._library.harness_plan_reset(self._handle, cycle)

    def take_log(self) -> list[LogEntry]:
        """Return the triggers and events since the last call, in order."""
        entries: list[LogEntry] = []
        buffer = np.empty(_LOG_CAPACITY, _LOG_ENTRY)
        while count := self._library.harness_log(self._handle, buffer.ctypes.data, _LOG_CAPACITY):
            entries += [LogEntry(int(cycle), _LOG_KINDS[kind], int(core)) for cycle, kind, core in buffer[:count]]
        return entries

    def _judge(self, status: int) -> int:
        if status == FAILED:
            raise SimulationError(self._library.harness_error(self._handle).decode())
        return status


@functools.cache
def _library(config: Config, wave_suffix: str | None) -> ctypes.CDLL:
    """Return the compiled model of a configuration, built on first use."""
    waves = WAVE_FLAGS[wave_suffix] if wave_suffix else ()
    path = build.verilate(
        TOP,
        config.parameters(),
        build.rtl_sources(),
        cpp=_SOURCES,
        flags=["-CFLAGS", " ".join(_CXX_FLAGS), *waves],
        label=config.name + ("" if wave_suffix is None else f" with {wave_suffix[1:]} waves"),
    )
    library = ctypes.CDLL(str(path))
    for name, (result, arguments) in _PROTOTYPES.items():
        function = getattr(library, f"harness_{name}")
        function.restype, function.argtypes = result, arguments
    return library
