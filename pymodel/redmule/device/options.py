# SPDX-License-Identifier: Apache-2.0
"""How the RTL device is simulated, checked. Every device judges these options by this one class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike, fspath
from pathlib import Path

from redmule import checks

MAX_STALL = 0.99
"""A memory that grants one cycle in a hundred is slow enough; nearer to 1 a hang could not be told from patience."""

MAX_LATENCY = 1000
"""Cycles: several times what a DRAM takes."""

KINDS_WITH: Mapping[str, tuple[str, ...]] = {
    "stall": ("rtl", "model"),
    "latency": ("rtl", "model"),
    "waves": ("rtl",),
    "check_guards": ("rtl",),
}
"""Options, and the kinds of devices that have them."""

WAVE_FLAGS: Mapping[str, tuple[str, ...]] = {".fst": ("--trace-fst",), ".vcd": ("--trace-vcd",)}
"""Kinds of waveform by the suffix of the file, and what Verilator needs for them."""


@dataclass(frozen=True, slots=True)
class Options:
    """Options of a simulation.

    Attributes:
        stall: probability that the memory grants nothing in a cycle, 0 to 0.99.
        latency: most cycles by which a response of the memory comes late, 0 to 1000; each one is drawn up to this.
        seed: of the memory's random numbers and of the flops without reset, 0 to 2^64 - 1.
        waves: file for a waveform, .fst or .vcd.
        check_guards: check every access against the matrices of the job.

    Raises:
        ValueError: an option is wrong; the message names it, its value and what is allowed.
    """

    stall: float = 0.0
    latency: int = 0
    seed: int = 0
    waves: str | PathLike[str] | None = None
    check_guards: bool = False

    def __post_init__(self) -> None:
        checked = {
            "stall": checks.number("stall", self.stall, 0, MAX_STALL),
            "latency": checks.integer("latency", self.latency, range(MAX_LATENCY + 1)),
            "seed": checks.integer("seed", self.seed, range(1 << 64)),
            "waves": None if self.waves is None else _wave_file(self.waves),
            "check_guards": checks.flag("check_guards", self.check_guards),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    def judge(self, kind: str) -> None:
        """Raise `ValueError` if a kind of device has no such option; a seed does no harm."""
        for name, kinds in KINDS_WITH.items():
            value = getattr(self, name)
            if value and kind not in kinds:
                devices = " and ".join(repr(each) for each in kinds)
                raise checks.refused(name, value, f"only for device {devices}, not {kind!r}")

    @property
    def wave_suffix(self) -> str | None:
        """The kind of waveform, a key of WAVE_FLAGS."""
        return None if self.waves is None else Path(self.waves).suffix

    @property
    def beat_delay(self) -> float:
        """Cycles by which the memory holds up one beat: those refused on average, and the latest answer."""
        return self.stall / (1 - self.stall) + self.latency


def _wave_file(path: object) -> str:
    """Return the name of a waveform."""
    name = fspath(path) if isinstance(path, str | PathLike) else None
    if not isinstance(name, str) or Path(name).suffix not in WAVE_FLAGS:
        raise checks.refused("waves", path, f"are file names ending in {', '.join(WAVE_FLAGS)}")
    return name
