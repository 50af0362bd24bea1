# SPDX-License-Identifier: Apache-2.0
"""Loss scaling: gradients are those of a multiple of the loss, so that small ones do not vanish in a narrow format."""

from __future__ import annotations

from dataclasses import dataclass

from redmule import checks

SMALLEST, LARGEST = 2.0**-14, 2.0**24
"""The scale stays within."""


@dataclass(slots=True)
class LossScale:
    """What the loss is multiplied by (arXiv 1710.03740).

    A dynamic one is halved by an overflow among the gradients, and doubled after `grow_after` steps without; powers of
    two, so that scaling itself rounds nothing.

    Attributes:
        value: the scale.
        dynamic: whether it changes.
        grow_after: steps without overflow after which it is doubled.
        good_steps: how many there have been since it changed.
    """

    value: float = 1024.0
    dynamic: bool = True
    grow_after: int = 200
    good_steps: int = 0

    def __post_init__(self) -> None:
        checks.number("loss scale", self.value, SMALLEST, LARGEST)
        checks.integer("grow_after", self.grow_after, range(1, 1 << 31))

    def update(self, overflow: bool) -> None:
        """Note whether gradients of a step overflowed."""
        if not self.dynamic:
            return
        self.good_steps = 0 if overflow else self.good_steps + 1
        if overflow:
            self.value = max(self.value / 2, SMALLEST)
        elif self.good_steps == self.grow_after:
            self.value, self.good_steps = min(self.value * 2, LARGEST), 0
