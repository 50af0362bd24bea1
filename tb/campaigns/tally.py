# SPDX-License-Identifier: Apache-2.0
"""What a campaign counts."""

from __future__ import annotations

from dataclasses import dataclass, fields

EXAMPLES = 5
"""Failures that are kept as text."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of one or more trials; `a + b` is their sum. From `bits` on they count failures.

    Attributes:
        trials: trials played.
        jobs: jobs run.
        pairs: jobs that waited in the queue behind one that differs from them in more than its data.
        cycles: cycles of those that ended.
        bits: bits of results that differ from the golden model's.
        flags: jobs whose flags differ.
        hangs: jobs that did not end.
        stray: bytes changed outside every Z.
        law: jobs whose cycles, steps or stalls differ from the law's.
        rules: assertions, port rules, guards and other promises broken.
        examples: the first failures, as text.
    """

    trials: int = 0
    jobs: int = 0
    pairs: int = 0
    cycles: int = 0
    bits: int = 0
    flags: int = 0
    hangs: int = 0
    stray: int = 0
    law: int = 0
    rules: int = 0
    examples: tuple[str, ...] = ()

    def __add__(self, other: Tally) -> Tally:
        sums = {name: getattr(self, name) + getattr(other, name) for name in COUNTS}
        return Tally(**sums, examples=(self.examples + other.examples)[:EXAMPLES])

    @property
    def failures(self) -> int:
        """How much went wrong; 0 is a pass."""
        return self.bits + self.flags + self.hangs + self.stray + self.law + self.rules


COUNTS = tuple(field.name for field in fields(Tally) if field.name != "examples")
"""The fields that add up."""
