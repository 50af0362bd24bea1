# SPDX-License-Identifier: Apache-2.0
"""What functional coverage is told of a job that has ended, and how a bench finds some of it out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from redmule import checks
from redmule.config import Config
from redmule.fp import Flags, Format
from redmule.job import HardwareJob, Stored
from redmule.regs import ErrorCode

ENDINGS = (*(code.name.lower() for code in ErrorCode), "clear_all", "clear_running", "reset")
"""How a job may end: "none" is well, then the error codes, then SOFT_CLEAR of the queue or of it alone, then reset."""

PHASES = ("waiting", "loading", "running", "storing", "draining")
"""Where an aborted job was: behind others; before its first step; between its steps without and with a byte of Z
written; behind its last step."""

RELATIONS = (
    "independent",
    *("reads_z_as_x", "reads_z_as_w", "reads_z_as_y", "accumulates"),
    *("overwrites_x", "overwrites_w", "overwrites_y", "overwrites_z"),
)
"""What a queued job has to do with the one before it: it reads what that one writes (`accumulates`: as Y in the place
of its own Z), or writes where that one reads or writes."""

DATA = ("number", "zero", "subnormal", "largest", "infinity", "quiet_nan", "signalling_nan")
"""Classes of the codes of an operand."""


@dataclass(frozen=True, slots=True)
class JobSample:
    """A hardware job that has ended in some way.

    Attributes:
        config: the accelerator.
        job: what it was told; None: registers that no `HardwareJob` says (some refused jobs).
        ended: one of ENDINGS.
        flags: exceptions it raised.
        stalls: its cycles by reason, as the result registers have them; empty: not read.
        stall: probability that the memory denies a grant.
        latency: most cycles by which an answer came late.
        ahead: unfinished jobs before it in the queue when it was committed.
        followed: another job was committed before it had ended.
        relations: to the job before it in the queue, some of RELATIONS; empty without one.
        held: committed to wait for the next job that is not.
        core: who committed it.
        other_core: the job before it in the queue is another core's.
        phase: one of PHASES where it was aborted, if known; None: it was not.
        cluster: in the cluster, not on a memory of the bench.
        data: operand ("x", "w", "y") and class (one of DATA) of all codes it read, as far as known.

    Raises:
        ValueError: a name is none of those allowed.
    """

    config: Config
    job: HardwareJob | None
    ended: str = "none"
    flags: Flags = field(default_factory=Flags)
    stalls: Mapping[str, int] = field(default_factory=dict)
    stall: float = 0.0
    latency: int = 0
    ahead: int = 0
    followed: bool = False
    relations: frozenset[str] = frozenset()
    held: bool = False
    core: int = 0
    other_core: bool = False
    phase: str | None = None
    cluster: bool = False
    data: frozenset[tuple[str, str]] = frozenset()

    def __post_init__(self) -> None:
        checks.choice("ended", self.ended, ENDINGS)
        if self.phase is not None:
            checks.choice("phase", self.phase, PHASES)
        for relation in self.relations:
            checks.choice("relations", relation, RELATIONS)

    @property
    def place(self) -> str:
        """Its place in the queue: "alone", "first" or "behind"."""
        if self.ahead:
            return "behind"
        return "first" if self.followed else "alone"


def relations(job: HardwareJob, before: HardwareJob) -> frozenset[str]:
    """Return what a job has to do with the one before it in the queue, by the extents of their matrices."""
    found = set()
    in_place = job.y is not None and not job.y_broadcast and job.y == job.z
    for name in ("x", "w", "y"):
        matrix: Stored | None = getattr(job, name)
        if matrix is not None and _meet(matrix, before.z):
            found.add("accumulates" if name == "y" and in_place else f"reads_z_as_{name}")
        other: Stored | None = getattr(before, name)
        if other is not None and other != before.z and _meet(job.z, other):
            found.add(f"overwrites_{name}")
    if _meet(job.z, before.z) and not in_place:
        found.add("overwrites_z")
    return frozenset(found or {"independent"})


def _meet(a: Stored, b: Stored) -> bool:
    first = max(a.address, b.address)
    return first < min(s.address + (s.rows - 1) * s.stride + s.row_bytes for s in (a, b))


def data_classes(codes: NDArray[Any], fmt: Format) -> frozenset[str]:
    """Return the classes of raw codes (uint8 or uint16) of a format that occur."""
    codes = np.unique(codes)
    magnitude = codes & ~fmt.raw_dtype.type(fmt.sign_mask)
    exponent = magnitude & fmt.exponent_mask
    is_nan = magnitude > fmt.exponent_mask if fmt.has_inf else magnitude == fmt.canonical_nan
    is_inf = magnitude == fmt.exponent_mask if fmt.has_inf else np.zeros(codes.shape, np.bool_)
    quiet = is_nan & ((magnitude & fmt.quiet_bit) != 0)
    seen = {
        "zero": magnitude == 0,
        "subnormal": (exponent == 0) & (magnitude != 0),
        "largest": magnitude == fmt.max_finite_code,
        "infinity": is_inf,
        "quiet_nan": quiet,
        "signalling_nan": is_nan & ~quiet,
    }
    special = np.logical_or.reduce([*seen.values()])
    return frozenset(name for name, mask in (seen | {"number": ~special}).items() if mask.any())
