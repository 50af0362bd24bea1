# SPDX-License-Identifier: Apache-2.0
"""Which faults are injected: uniform over bits and cycles of a signal, and for each signal enough of them."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from redmule.faults.flops import Flop
from redmule.faults.injector import FAULT

BY_BITS = 0.5
"""Share of the faults that are dealt out by bits. The rest goes to the blocks in equal parts: half of each by the bits
of its signals, half to its signals in equal parts."""


@dataclass(frozen=True, slots=True)
class Stratum:
    """The flops of a signal: all rows, elements, contexts of it.

    Attributes:
        block: folder and unit.
        signal: path without indices.
        flops: their numbers.
        bits: how many flops they are together.
    """

    block: str
    signal: str
    flops: tuple[int, ...]
    bits: int


@dataclass(frozen=True, slots=True, eq=False)
class Draw:
    """The faults of a campaign.

    Attributes:
        strata: where they are.
        stratum: (n,) of each fault the number of its stratum.
        job: (n,) of each fault the number of its scenario.
        faults: (n,) of type FAULT.
    """

    strata: tuple[Stratum, ...]
    stratum: NDArray[np.int32]
    job: NDArray[np.int32]
    faults: NDArray[np.void]


def strata_of(flops: Sequence[Flop]) -> tuple[Stratum, ...]:
    """Return the signals of some flops."""
    groups: dict[tuple[str, str], list[int]] = {}
    for number, flop in enumerate(flops):
        groups.setdefault((flop.block, flop.signal), []).append(number)
    return tuple(
        Stratum(block, signal, tuple(numbers), sum(flops[number].bits for number in numbers))
        for (block, signal), numbers in groups.items()
    )


def allocate(strata: Sequence[Stratum], count: int) -> list[int]:
    """Return how many faults each signal gets: at least one, and `count` or a few more in all."""
    bits = sum(stratum.bits for stratum in strata)
    blocks: dict[str, list[Stratum]] = {}
    for stratum in strata:
        blocks.setdefault(stratum.block, []).append(stratum)

    def share(stratum: Stratum) -> float:
        block = blocks[stratum.block]
        within = (stratum.bits / sum(each.bits for each in block) + 1 / len(block)) / 2
        return BY_BITS * stratum.bits / bits + (1 - BY_BITS) * within / len(blocks)

    return [ceil(count * share(stratum)) for stratum in strata]


def draw(flops: Sequence[Flop], windows: Mapping[str, range], strata: Sequence[Stratum], count: int, seed: int) -> Draw:
    """Draw faults.

    Args:
        flops: of the accelerator.
        windows: of each scenario the cycles in which faults count; all of these are equally likely.
        strata: signals to draw from.
        count: about how many.
        seed: of the draw; signals do not depend on each other.
    """
    sizes = [len(window) for window in windows.values()]
    ends, firsts = np.cumsum(sizes), np.array([window.start for window in windows.values()])
    numbers, jobs, drawn = [], [], []
    for number, (stratum, wanted) in enumerate(zip(strata, allocate(strata, count), strict=True)):
        random = np.random.default_rng([seed, zlib.crc32(stratum.signal.encode())])
        bit_ends = np.cumsum([flops[flop].bits for flop in stratum.flops])
        bit, place = random.integers(stratum.bits, size=wanted), random.integers(ends[-1], size=wanted)
        flop, job = (np.searchsorted(edges, at, side="right") for edges, at in ((bit_ends, bit), (ends, place)))
        faults = np.empty(wanted, FAULT)
        faults["flop"] = np.array(stratum.flops)[flop]
        faults["bit"] = bit - np.where(flop > 0, bit_ends[flop - 1], 0)
        faults["cycle"] = firsts[job] + place - np.where(job > 0, ends[job - 1], 0)
        numbers.append(np.full(wanted, number, np.int32))
        jobs.append(job.astype(np.int32))
        drawn.append(faults)
    return Draw(tuple(strata), np.concatenate(numbers), np.concatenate(jobs), np.concatenate(drawn))
