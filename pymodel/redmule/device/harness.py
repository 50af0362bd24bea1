# SPDX-License-Identifier: Apache-2.0
"""The Verilated accelerator with its memory model (harness.cpp, memory_port.h) as a Python object."""

from __future__ import annotations

import atexit
import ctypes
import functools
import os
from collections.abc import Mapping, Sequence
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
_SOURCES = ("harness.cpp", "failure.h", "instance.h", "memory_port.h")

# Several models live in one process: nothing but the C interface may be visible. A failed assertion must not end it.
_CXX_FLAGS = ("-fvisibility=hidden", "-fno-gnu-unique", "-DVL_USER_STOP", "-DVL_USER_FATAL")

DONE, TIMEOUT, FAILED, REGISTER_ERROR = range(4)  # enum Status of harness.cpp

_U32, _U64, _P = ctypes.c_uint32, ctypes.c_uint64, ctypes.c_void_p
_PROTOTYPES: Mapping[str, tuple[Any, tuple[Any, ...]]] = {
    "create": (_P, (_P, _U32, _U32, ctypes.c_double, _U32, _U64, ctypes.c_char_p)),
    "end": (None, (_P,)),
    "destroy": (None, (_P,)),
    "reset": (None, (_P,)),
    "step": (ctypes.c_int, (_P, _U64)),
    "run": (ctypes.c_int, (_P, _P, _P, _U32, _U64)),
    "write": (ctypes.c_int, (_P, _U32, _U32, _U32)),
    "read": (ctypes.c_int, (_P, _U32, _U32, ctypes.POINTER(_U32))),
    "cycle": (_U64, (_P,)),
    "events": (_U64, (_P, _U32)),
    "error": (ctypes.c_char_p, (_P,)),
    "coverage": (None, (ctypes.c_char_p,)),
    "permissions": (None, (_P, _P)),
    "fail_at": (None, (_P, ctypes.c_int, _U32)),
    "plan_write": (None, (_P, _U64, _U32, _U32, _U32)),
    "plan_reset": (None, (_P, _U64)),
    "log": (_U64, (_P, _P, _U64)),
}
_LOG_ENTRY = np.dtype([("cycle", "u8"), ("kind", "u4"), ("line", "u4")])
_LOG_CAPACITY = 1024
_LOG_KINDS = ("trigger", "event")


class SimulationError(RuntimeError):
    """The simulated hardware broke a rule: an assertion, a port protocol, or a guard band."""


class RegisterError(RuntimeError):
    """The register port answered an access with an error."""


@dataclass(frozen=True, slots=True)
class LogEntry:
    """A TRIGGER that was taken, or an event: the cycle, "trigger" or "event", and the core (the line of the event)."""

    cycle: int
    kind: str
    core: int


class Model:
    """A model in the process; it goes with the last reference to it."""

    def __init__(self, library: ctypes.CDLL, handle: int) -> None:
        self._library = library
        self.handle = handle

    def __del__(self) -> None:
        self._library.harness_destroy(self.handle)


class Harness:
    """The accelerator, its clock, its memory and one requester at its register port.

    Cycles count from 0 at the start of the first reset. After a `SimulationError` only `close` is of use.
    """

    def __init__(self, config: Config, memory: Memory | None, options: Options) -> None:
        """Start a model, building it on first use, and reset it.

        Args:
            config: parameters of the accelerator.
            memory: what its memory port reaches, other addresses answer with an error; None: the model has its own.
            options: of the simulation.

        Raises:
            ValueError: the waveform cannot be written.
            RuntimeError: the model could not be built.
        """
        self._model: Model | None = None
        if options.waves is not None:
            checks.writable("waves", str(options.waves))
        self._library = self._load(config, options)
        self._memory = memory  # kept alive: the model writes into it
        self._permissions: NDArray[np.uint8] | None = None
        where = (None, 0, 0) if memory is None else (memory.bytes.ctypes.data, memory.base, memory.bytes.size)
        waves = None if options.waves is None else os.fsencode(options.waves)
        self._model = Model(
            self._library, self._library.harness_create(*where, options.stall, options.latency, options.seed, waves)
        )

    def _load(self, config: Config, options: Options) -> ctypes.CDLL:
        """Return the compiled model."""
        sources = build.rtl_sources()
        return load(TOP, config.parameters(), sources, _SOURCES, options.wave_suffix, label=config.name)

    def close(self) -> None:
        """End the model and its waveform. More calls do nothing."""
        if self._model is not None:
            self._library.harness_end(self._model.handle)
            self._model = None

    def __del__(self) -> None:
        if hasattr(self, "_model"):
            self.close()

    @property
    def _handle(self) -> int:
        """The open model; without one a call into the library would crash the process."""
        if self._model is None:
            raise RuntimeError("the device is closed: open a new one")
        return self._model.handle

    def reset(self) -> None:
        """Hold the reset for two cycles. Planned writes and resets stay planned."""
        self._library.harness_reset(self._handle)

    def step(self, cycles: int) -> None:
        """Advance by this many cycles."""
        self._judge(self._library.harness_step(self._handle, cycles))

    def run(self, core: int, events: int, max_cycles: int) -> bool:
        """Run until the core has seen this many events since the start; False if `max_cycles` were not enough."""
        return self.run_any({core: events}, max_cycles)

    def run_any(self, events: Mapping[int, int], max_cycles: int) -> bool:
        """Run until one of the event lines has had as many events as is said; False if `max_cycles` were not enough."""
        lines, counts = np.array([*events], np.uint32), np.array([*events.values()], np.uint64)
        status = self._library.harness_run(self._handle, lines.ctypes.data, counts.ctypes.data, len(lines), max_cycles)
        return self._judge(status) == DONE

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

    def events(self, line: int = 0) -> int:
        """Return how many events a core (an event line) has seen since the start."""
        return int(self._library.harness_events(self._handle, line))

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


def load(
    top: str,
    parameters: Mapping[str, int],
    sources: Sequence[Path],
    cpp: Sequence[str],
    wave_suffix: str | None,
    *,
    label: str,
    defines: Sequence[str] = (),
) -> ctypes.CDLL:
    """Return a compiled model with the C interface of harness.cpp, built on first use.

    Args:
        top, parameters, sources: what is simulated.
        cpp: names of the files of this folder that wrap it.
        wave_suffix: kind of waveform it can write.
        label: what the progress line calls it.
        defines: macros of the C++ files.
    """
    waves = WAVE_FLAGS[wave_suffix] if wave_suffix else ()
    path = build.verilate(
        top,
        parameters,
        sources,
        cpp=[Path(__file__).with_name(name) for name in cpp],
        flags=["-CFLAGS", " ".join((*_CXX_FLAGS, *(f"-D{name}" for name in defines))), *waves],
        label=label + ("" if wave_suffix is None else f" with {wave_suffix[1:]} waves"),
    )
    return _library(path)


@functools.cache
def _library(path: Path) -> ctypes.CDLL:
    """Return a model with the types of its functions; what it has covered is written when the process ends."""
    library = ctypes.CDLL(str(path))
    for name, (result, arguments) in _PROTOTYPES.items():
        function = getattr(library, f"harness_{name}")
        function.restype, function.argtypes = result, arguments
    if (folder := build.coverage_dir()) is not None:
        atexit.register(library.harness_coverage, os.fsencode(folder / f"{path.parent.name}-{os.getpid()}-"))
    return library
