# SPDX-License-Identifier: Apache-2.0
"""The long campaigns of the arithmetic: their parts, each cut into shards that can be played in any order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from redmule.fp import campaign as golden
from redmule.fp import stimuli
from redmule.fp.campaign import Check, Comparison, Operands
from redmule.fp.formats import E4M3, E5M2, FORMATS, Format
from tb.unit.fp import campaign

RANDOM_SHARDS = 100
RANDOM_PAIRS = 1_000_000
FP8_SHARDS = 256
FIXED_MINMAX = 1 + stimuli.SPECIALS.size

Draw = Callable[[int, int], Iterator[Operands]]
Checks = Callable[[int, str | None], Sequence[Check]]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the campaigns.

    Attributes:
        name: what it is called, on the command line as well.
        compares: what is compared with what, for people.
        operands: what it runs through, for people.
        shards: how many it has.
        fixed: so many of them, the first ones, are the same for every seed.
        arity: operands of a result.
        draw: the operands of a shard, by shard and seed, in arrays.
        checks: what is compared in a shard; with a file name, models of the RTL that record waves there.
    """

    name: str
    compares: str
    operands: str
    shards: int
    fixed: int
    arity: int
    draw: Draw
    checks: Checks

    def play(self, shard: int, seed: int) -> Comparison:
        """Compare all of a shard."""
        checks = self.checks(shard, None)
        return sum((check(operands) for operands in self.draw(shard, seed) for check in checks), Comparison())


def _pairs(shard: int, seed: int) -> Iterator[Operands]:
    """Pairs of special values; then a special value and any, both ways; then all exponents."""
    special = stimuli.SPECIALS
    if shard == 0:
        yield np.repeat(special, special.size), np.tile(special, special.size)
    elif shard < FIXED_MINMAX:
        every = campaign.every_code()
        yield np.full_like(every, special[shard - 1]), every
        yield every, np.full_like(every, special[shard - 1])
    else:
        yield from campaign.operands(RANDOM_PAIRS, 2, np.random.default_rng((seed, shard)))


def _every_code(shard: int, seed: int) -> Iterator[Operands]:
    yield (campaign.every_code(),)


def _casts(shard: int, waves: str | None) -> Sequence[Check]:
    """A cast in, a cast out, or a saturating cast out for each format."""
    kind, index = divmod(shard, len(FORMATS))
    fmt = FORMATS[index]
    return [campaign.cast_in(fmt, waves) if kind == 0 else campaign.cast_out(fmt, kind == 2, waves)]


def _of_fp8(a: Format, b: Format) -> Part:
    def draw(shard: int, seed: int) -> Iterator[Operands]:
        return campaign.fp8_triples(shard, FP8_SHARDS)

    return Part(
        name=f"{a.name}_{b.name}",
        compares=f"RTL casts and fma, {a.name} x {b.name} + fp16, against golden",
        operands="all",
        shards=FP8_SHARDS,
        fixed=FP8_SHARDS,
        arity=3,
        draw=draw,
        checks=lambda shard, waves: [campaign.cast_fma(a, b, waves)],
    )


_TRIPLES = partial(
    Part,
    operands="triples of special values, pairs of them with any third operand, directed and random ones",
    shards=golden.FIXED_SHARDS + RANDOM_SHARDS,
    fixed=golden.FIXED_SHARDS,
    arity=3,
    draw=golden.triples,
)

PARTS = (
    _TRIPLES(
        name="golden",
        compares="golden fma, kernel and NumPy twin, against SoftFloat",
        checks=lambda shard, waves: golden.checks(),
    ),
    _TRIPLES(name="fma", compares="RTL fma against golden", checks=lambda shard, waves: [campaign.fma(waves)]),
    Part(
        name="minmax",
        compares="RTL minimum and maximum against golden",
        operands="pairs of special values, one of them with any other, pairs of all exponents",
        shards=FIXED_MINMAX + RANDOM_SHARDS,
        fixed=FIXED_MINMAX,
        arity=2,
        draw=_pairs,
        checks=lambda shard, waves: campaign.minmax(waves),
    ),
    Part(
        name="casts",
        compares="RTL casts, every format and direction, saturating or not, against golden",
        operands="all",
        shards=3 * len(FORMATS),
        fixed=3 * len(FORMATS),
        arity=1,
        draw=_every_code,
        checks=_casts,
    ),
    *(_of_fp8(a, b) for a, b in ((E5M2, E5M2), (E4M3, E4M3), (E4M3, E5M2))),
)
"""All parts."""

SOURCES = (
    "rtl/fp/*.sv",
    "pymodel/redmule/fp/*.py",
    *(f"tb/unit/fp/{name}" for name in ("campaign.py", "fp_unit.cpp", "fp_unit_top.sv", "parts.py", "unit.py")),
)
"""What the outcome of a shard depends on."""


def part_named(name: str) -> Part:
    """Return the part with a name; ValueError if there is none."""
    for part in PARTS:
        if part.name == name:
            return part
    raise ValueError(f"part {name!r}: allowed are {', '.join(part.name for part in PARTS)}")
