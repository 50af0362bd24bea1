# SPDX-License-Identifier: Apache-2.0
"""The Verilated accelerator in which any flop can be turned over in any cycle (injector.cpp), as a Python object."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import hashlib
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntFlag
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from redmule import build
from redmule.config import Config
from redmule.device.options import WAVE_FLAGS
from redmule.faults.flops import TOP, Flop, control_file, flops_of
from redmule.faults.scenarios import Scenario

FAULT = np.dtype([("cycle", "u8"), ("flop", "u4"), ("bit", "u4")])
"""A bit of a flop, by its place in the list of flops, turned over in a cycle."""

OUTCOME = np.dtype(
    [("end_cycle", "u8"), ("wrong_bytes", "u8"), ("first_wrong", "u8"), ("seen", "u4"), ("reserved", "u4")]
)
"""What came of it; `seen` is of type Seen, `first_wrong` an offset in memory."""

PATIENCE = 4
"""A program that takes this many times as long as without the fault hangs."""

MOST_CYCLES = 1_000_000
"""For a program without a fault."""

_SOURCES = ("injector.cpp", "state.h", "host.h", "../device/failure.h", "../device/memory_port.h")
_CXX_FLAGS = ("-fvisibility=hidden", "-fno-gnu-unique", "-DVL_USER_STOP", "-DVL_USER_FATAL")
_CAPACITY = 1024

_U32, _U64, _P, _TEXT = ctypes.c_uint32, ctypes.c_uint64, ctypes.c_void_p, ctypes.c_char_p
_PROTOTYPES: Mapping[str, tuple[Any, tuple[Any, ...]]] = {
    "create": (_P, (_P, _U32, _U32, _P, _P, _U32, ctypes.c_double, _U32, _U64, _TEXT)),
    "destroy": (None, (_P,)),
    "flop": (_U32, (_P, _TEXT)),
    "record": (_U64, (_P, _U64)),
    "inject": (None, (_P, _P, _P, _U64, _U64)),
    "trace": (None, (_P, _P, _U64)),
    "assertion": (_TEXT, (_P,)),
    "answers": (_U32, (_P, ctypes.c_int, _P, _U32)),
    "events": (_U32, (_P, ctypes.c_int, _P, _U32)),
    "first_write": (_U64, (_P,)),
}


class Seen(IntFlag):
    """How a run differs from the one without a fault (enum Seen of injector.cpp)."""

    HANG = 1 << 0
    REFUSED = 1 << 1
    ERROR = 1 << 2
    FLAGS = 1 << 3
    COUNTERS = 1 << 4
    BITS = 1 << 5
    STRAY = 1 << 6
    MOVED = 1 << 7
    RULE = 1 << 8
    ASSERTION = 1 << 9
    AS_BEFORE = 1 << 10


@dataclass(frozen=True, slots=True)
class Told:
    """What a host has heard: answers to its reads, cycles of the events."""

    answers: tuple[int, ...]
    events: tuple[int, ...]


class Injector:
    """A program, recorded without a fault, into which faults can be injected.

    Attributes:
        flops: what can be turned over, in the order of their numbers.
        cycles: in which faults count: from the first write of a register to the last event.
        end_cycle: in which the program ends.
    """

    def __init__(self, config: Config, scenario: Scenario, seed: int = 0, *, waves: str | None = None) -> None:
        """Build the model on first use, and play the program without a fault.

        Args:
            config: the accelerator.
            scenario: the program; its memory is written to.
            seed: of the memory's refusals and of flops without reset.
            waves: file for a waveform, .fst or .vcd. Then only `trace` may be called.

        Raises:
            RuntimeError: the model could not be built, or the program does not end without a fault.
        """
        self.flops: Sequence[Flop] = flops_of(config)
        self._library = _load(config, None if waves is None else Path(waves).suffix)
        self._scenario = scenario  # kept alive: the model writes into its memory
        memory, recipe = scenario.memory, scenario.recipe
        self._handle: int | None = self._library.faults_create(
            memory.bytes.ctypes.data,
            memory.base,
            memory.bytes.size,
            scenario.is_result.ctypes.data,
            scenario.program.ctypes.data,
            len(scenario.program),
            recipe.stall,
            recipe.latency,
            seed,
            None if waves is None else os.fsencode(waves),
        )
        for flop in self.flops:
            bits = self._library.faults_flop(self._handle, f"TOP.{TOP}.{flop.path}".encode())
            if bits != flop.bits:
                raise RuntimeError(
                    f"{flop.path} has {flop.bits} bits in the RTL, but {bits} that are flops in the model"
                )
        self.end_cycle = 0
        if waves is None:
            self.end_cycle = self._library.faults_record(self._handle, MOST_CYCLES)
            if not self.end_cycle:
                raise RuntimeError(f"the program does not end well without a fault {self.assertion}".rstrip())
            self.cycles = range(self._library.faults_first_write(self._handle), self.expected.events[-1] + 1)

    def __del__(self) -> None:
        if getattr(self, "_handle", None) is not None:
            self._library.faults_destroy(self._handle)

    @property
    def limit(self) -> int:
        """Cycles after which a program hangs."""
        return PATIENCE * self.end_cycle

    @property
    def expected(self) -> Told:
        """What the host heard without a fault."""
        return self._told(1)

    @property
    def told(self) -> Told:
        """What it heard in the last run."""
        return self._told(0)

    @property
    def assertion(self) -> str:
        """Where the first assertion of the last run failed: file:line, the file below `rtl/`; empty if none did."""
        return str(self._library.faults_assertion(self._handle).decode()).strip().rpartition("/rtl/")[2]

    def inject(self, faults: NDArray[np.void]) -> NDArray[np.void]:
        """Play faults, each in a run of its own, and return their outcomes.

        Args:
            faults: (n,) of type FAULT, by cycle, soonest first, each in `cycles`.

        Returns:
            (n,) of type OUTCOME.
        """
        faults = np.ascontiguousarray(faults)
        outcomes = np.zeros(len(faults), OUTCOME)
        with _silence():
            self._library.faults_inject(self._handle, faults.ctypes.data, outcomes.ctypes.data, len(faults), self.limit)
        return outcomes

    def trace(self, fault: NDArray[np.void], cycles: int) -> None:
        """Play the program from its beginning with one fault, for the waveform; at most so many cycles."""
        with _silence():
            self._library.faults_trace(self._handle, fault.ctypes.data, cycles)

    def _told(self, expected: int) -> Told:
        answers, events = np.empty(_CAPACITY, np.uint32), np.empty(_CAPACITY, np.uint64)
        count = self._library.faults_answers(self._handle, expected, answers.ctypes.data, _CAPACITY)
        heard = self._library.faults_events(self._handle, expected, events.ctypes.data, _CAPACITY)
        return Told(tuple(answers[:count].tolist()), tuple(events[:heard].tolist()))


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Keep the messages of failing assertions, which are counted, away from the output."""
    sys.stdout.flush()
    kept = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(nowhere)
        os.close(kept)


def _load(config: Config, wave_suffix: str | None) -> ctypes.CDLL:
    """Return the compiled model, built on first use."""
    waves = () if wave_suffix is None else WAVE_FLAGS[wave_suffix]
    path = build.verilate(
        TOP,
        config.parameters(),
        [*build.rtl_sources(), _visible(flops_of(config))],
        cpp=sources(),
        flags=["--savable", "-CFLAGS", " ".join(_CXX_FLAGS), *waves],
        label=f"{config.name} for faults",
    )
    return _library(path)


def sources() -> list[Path]:
    """Return the C++ sources of the injector."""
    return [Path(__file__).parent / name for name in _SOURCES]


def _visible(flops: Sequence[Flop]) -> Path:
    """Return the control file that makes flops visible."""
    text = control_file(flops)
    path = build.cache_dir() / "faults" / f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.vlt"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(f".{os.getpid()}")
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(path)
    return path


@functools.cache
def _library(path: Path) -> ctypes.CDLL:
    """Return a model with the types of its functions."""
    library = ctypes.CDLL(str(path))
    for name, (result, arguments) in _PROTOTYPES.items():
        function = getattr(library, f"faults_{name}")
        function.restype, function.argtypes = result, arguments
    return library
