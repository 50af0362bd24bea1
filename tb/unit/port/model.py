# SPDX-License-Identifier: Apache-2.0
"""The memory port as a reference model: one step a cycle, from the inputs of the cycle to its outputs."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

X, W, Y, Z = range(4)
TIE_ORDER = (X, Z, Y, W)
WORD_BYTES = 4
TWO_BYTES = (1, 3)  # format codes of FP16 and BF16


@dataclass(frozen=True, slots=True)
class Beat:
    """What a stream asks for, and the place it wants back with the answer."""

    stream: int
    addr: int
    elems: int
    code: int
    place: int

    @property
    def size(self) -> int:
        """Bytes."""
        return self.elems * (2 if self.code in TWO_BYTES else 1)

    @property
    def word(self) -> int:
        """Address of the first word."""
        return self.addr - self.offset

    @property
    def offset(self) -> int:
        """Bytes of the first word before the first element."""
        return self.addr % WORD_BYTES

    @property
    def enables(self) -> list[bool]:
        """Which bytes belong to the beat, from the first word on."""
        return [False] * self.offset + [True] * self.size


def pick(leads: Sequence[int | None]) -> int | None:
    """The stream that gets the port; a lead of None asks for nothing."""
    asking = [(lead, TIE_ORDER.index(stream), stream) for stream, lead in enumerate(leads) if lead is not None]
    return min(asking)[-1] if asking else None


@dataclass(slots=True)
class Port:
    """What is on the port, what is outstanding (with it), and whether it still has an owner."""

    depth: int
    request: Beat | None = None
    outstanding: deque[Beat] = field(default_factory=deque)
    orphans: int = 0

    @property
    def idle(self) -> bool:
        """Nothing on the port, nothing outstanding."""
        return not self.outstanding

    def taken(self, leads: Sequence[int | None], granted: bool, clear: bool) -> int | None:
        """The stream whose beat the port takes in this cycle."""
        blocked = clear or (self.request is not None and not granted) or len(self.outstanding) == self.depth
        return None if blocked else pick(leads)

    def move(self, taken: Beat | None, granted: bool, answered: bool, clear: bool) -> None:
        """Go to the next cycle."""
        if answered:
            self.outstanding.popleft()
            self.orphans = max(self.orphans - 1, 0)
        if granted:
            self.request = None
        if taken:
            self.request = taken
            self.outstanding.append(taken)
        if clear:
            self.orphans = len(self.outstanding)
