# SPDX-License-Identifier: Apache-2.0
"""The C driver as a Python object. Its declarations are read from its headers: nothing is written twice."""

from __future__ import annotations

import functools
import importlib.util
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from cffi import FFI

from redmule.device.driver import JobResult, RegisterPort
from redmule.fp import Flags
from redmule.job import STALLS, HardwareJob, Stored
from redmule.regs import CycleCode, ErrorCode, Offset

BASE = 0x1B20_0400
"""Where the register port is for the C driver; the accelerator itself decodes the lowest bits of an address only."""

STANDARD_HEADERS = ("stdbool.h", "stddef.h", "stdint.h")

C = Any
"""A C object: cffi gives it no type of its own."""


@functools.cache
def build_sw() -> ModuleType:
    """Return scripts/build_sw.py as a module."""
    path = Path(__file__).parents[2] / "scripts" / "build_sw.py"
    spec = importlib.util.spec_from_file_location("build_sw", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["build_sw"] = module
    spec.loader.exec_module(module)
    return module


@functools.cache
def load(*flags: str) -> tuple[Any, C]:
    """Compile the driver and its examples with these flags; return the declarations and the library."""
    build = build_sw()
    ffi = FFI()
    with tempfile.TemporaryDirectory() as folder:
        for name in STANDARD_HEADERS:  # cffi knows these types by itself
            (Path(folder) / name).touch()
        command = ["gcc", "-E", "-P", "-nostdinc", "-Dbool=_Bool", *flags, f"-I{folder}", *build.INCLUDES, "-"]
        ffi.cdef(build.run(command, '#include "examples.h"\n'))
        library = ffi.dlopen(str(build.shared_library(Path(folder), *flags)))
    return ffi, library


@dataclass(frozen=True, slots=True)
class Access:
    """One access of the C driver to a register."""

    write: bool
    offset: Offset
    data: int
    core: int


class CDriver:
    """One core that uses the C driver.

    Attributes:
        ffi, library: the driver's declarations and functions.
        handle: what its functions take first.
        accesses: what it has done so far.
    """

    def __init__(self, port: RegisterPort, core: int = 0, base: int = BASE) -> None:
        self.ffi, self.library = load(build_sw().BUS_FUNCTIONS)
        self.core = core
        self.accesses: list[Access] = []
        self._port = port
        self._base = base
        self._failure: BaseException | None = None
        self._kept = (
            self.ffi.callback("void(void *, uintptr_t, uint32_t, uint32_t)", self._write, onerror=self._note),
            self.ffi.callback("uint32_t(void *, uintptr_t, uint32_t)", self._read, error=0, onerror=self._note),
        )
        self.handle = self.ffi.new("redmule_t *")
        self.handle.base = base
        self.handle.bus.write, self.handle.bus.read = self._kept
        self.handle.bus.core = core

    def call(self, function: str, *arguments: C) -> C:
        """Call a function of the driver or of the examples with the handle; raise what went wrong at the port."""
        answer = getattr(self.library, function)(self.handle, *arguments)
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure
        return answer

    def info(self) -> C:
        """Return the parameters of the accelerator."""
        info = self.ffi.new("redmule_info_t *")
        assert self.call("redmule_info", info)
        return info

    def job(self, job: HardwareJob, watchdog: int = 0) -> C:
        """Return the struct of a job, made as software makes it."""
        made = self.ffi.new("redmule_job_t *")
        self.library.redmule_job_init(made, job.op.code, job.z.format.code, job.m, job.n, job.k)
        for name in ("x", "w", "z"):
            _describe(getattr(made, name), getattr(job, name))
        if job.y is not None and (job.y != job.z or job.y_broadcast):
            made.y_separate = True
            _describe(made.y, job.y)
            if job.y_broadcast:
                made.y.stride = 0
        for name in ("y_broadcast", "saturate", "x_trans", "w_trans", "z_trans"):
            setattr(made, name, getattr(job, name))
        made.watchdog = watchdog
        return made

    def check(self, info: C, job: C) -> ErrorCode:
        """Return what the driver finds wrong with a job."""
        return ErrorCode(self.library.redmule_check(info, job))

    def submit(self, job: C, *, hold: bool = False) -> int:
        """Return the context of a submitted job, or a negative answer."""
        return int(self.call("redmule_submit", job, hold))

    def wait(self, context: int, sleep: Callable[[], bool] | None = None) -> bool:
        """Wait for the job of a context, by polling or with `sleep` in between."""
        if sleep is None:
            return bool(self.call("redmule_wait", context, self.ffi.NULL, self.ffi.NULL))
        with_user = self.sleeper(sleep)
        return bool(self.call("redmule_wait", context, with_user, self.ffi.NULL))

    def sleeper(self, sleep: Callable[[], bool]) -> C:
        """Return a `redmule_sleep_t`, which has to be kept as long as it is used."""
        return self.ffi.callback("bool(void *)", lambda _: sleep(), error=False, onerror=self._note)

    def result(self, context: int) -> JobResult:
        """Return what is left of a job, in the form of the Python driver."""
        made = self.ffi.new("redmule_result_t *")
        self.call("redmule_result", context, made)
        return result_of(made)

    def _write(self, _: C, address: int, data: int, core: int) -> None:
        offset = Offset(address - self._base)
        self.accesses.append(Access(True, offset, data, core))
        self._port.write(address, data, core)

    def _read(self, _: C, address: int, core: int) -> int:
        offset = Offset(address - self._base)
        if self._failure is not None:  # the driver does not know, and must not wait for ever
            writes = [access.data for access in self.accesses if access.write and access.offset == offset]
            return writes[-1] if writes else 0
        data = self._port.read(address, core)
        self.accesses.append(Access(False, offset, data, core))
        return data

    def _note(self, _: type[BaseException], failure: BaseException, __: object) -> None:
        self._failure = self._failure or failure


def result_of(made: C) -> JobResult:
    """Return a `redmule_result_t` in the form of the Python driver."""
    return JobResult(
        error=ErrorCode(made.error),
        error_address=made.error_address,
        flags=Flags.from_bits(made.flags),
        cycles=made.cycles,
        steps=made.counters[CycleCode.STEP],
        stalls={name: made.counters[code] for name, code in STALLS.items()},
    )


def _describe(matrix: C, stored: Stored) -> None:
    matrix.address, matrix.stride, matrix.format = stored.address, stored.stride, stored.format.code
