# SPDX-License-Identifier: Apache-2.0
"""What the fabric does: who is granted in a cycle, what the memory holds, what comes back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

WORD_BITS, WORD_BYTES, BYTE_BITS = 32, 4, 8
WORD_MASK = (1 << WORD_BITS) - 1


@dataclass(frozen=True, slots=True)
class Shape:
    """Parameters of the fabric."""

    ports: int
    wide: int
    port_width: int
    banks: int
    bank_words: int
    base: int

    @property
    def lanes(self) -> int:
        """Words of a wide access."""
        return self.port_width // WORD_BITS + 1

    @property
    def words(self) -> int:
        """Words of the memory."""
        return self.banks * self.bank_words

    @property
    def end(self) -> int:
        """Address behind the memory."""
        return self.base + self.words * WORD_BYTES

    def parameters(self) -> dict[str, int]:
        """Return them by their names in the RTL."""
        names = ("NumPorts", "NumWide", "PortWidth", "NumBanks", "BankWords", "Base")
        values = (self.ports, self.wide, self.port_width, self.banks, self.bank_words, self.base)
        return dict(zip(names, values, strict=True))


@dataclass(frozen=True, slots=True)
class Config:
    """Which branch has priority, and the other one's share of the conflict cycles."""

    wide_first: bool = False
    num: int = 0
    den: int = 0

    def wins(self, conflict: int) -> bool:
        """Return whether the branch without priority wins this conflict cycle, counted from 0."""
        if not self.den or self.num >= self.den:
            return bool(self.den)
        return (conflict + 1) * self.num // self.den > conflict * self.num // self.den


@dataclass(frozen=True, slots=True)
class Access:
    """A request of an initiator of one word or of several."""

    add: int
    wen: bool
    be: int
    data: int
    lanes: int = 1

    def lane_be(self, lane: int) -> int:
        """Return the byte enables of a word."""
        return self.be >> lane * WORD_BYTES & (1 << WORD_BYTES) - 1

    def enabled(self) -> list[int]:
        """Return the words with a byte enable."""
        return [lane for lane in range(self.lanes) if self.lane_be(lane)]


@dataclass(frozen=True, slots=True)
class Response:
    """What comes back."""

    data: int
    err: bool


@dataclass(slots=True)
class Turn:
    """Whose turn it is: the search begins behind the one served last."""

    count: int
    last: int = -1

    def pick(self, asks: Sequence[int]) -> int:
        """Return the one of them that comes first."""
        return min(asks, key=lambda number: (number - self.last - 1) % self.count)


@dataclass(frozen=True, slots=True)
class Grants:
    """What happens in a cycle: who is granted, and in a conflict which branch wins."""

    log: frozenset[int]
    wide: frozenset[int]
    conflict: bool
    wide_wins: bool
    served: dict[int, int]  # bank -> port of the logarithmic branch


@dataclass(slots=True)
class Fabric:
    """Memory and arbitration."""

    shape: Shape
    config: Config = field(default_factory=Config)
    conflicts: int = 0  # cycles since the configuration was set
    held: int | None = None  # the wide initiator that waits for its banks
    memory: list[int] = field(default_factory=list)
    bank_turn: list[Turn] = field(default_factory=list)
    wide_turn: Turn = field(default_factory=lambda: Turn(1))

    def __post_init__(self) -> None:
        self.memory = [0] * self.shape.words
        self.reset()

    def reset(self) -> None:
        """Forget everything but the contents of the memory."""
        self.configure(Config())
        self.held = None
        self.bank_turn = [Turn(self.shape.ports) for _ in range(self.shape.banks)]
        self.wide_turn = Turn(self.shape.wide)

    def configure(self, config: Config) -> None:
        """Take a configuration."""
        self.config, self.conflicts = config, 0

    def places(self, access: Access) -> list[tuple[int, int]] | None:
        """Return lane and number of each word that an access touches, or nothing if one is outside."""
        shape = self.shape
        pairs = []
        if access.lanes == 1 and not shape.base <= access.add < shape.end:
            return None
        for lane in access.enabled():
            address = access.add + lane * WORD_BYTES
            if not shape.base <= address < shape.end:
                return None
            pairs.append((lane, (address - shape.base) // WORD_BYTES))
        return pairs

    def banks(self, access: Access) -> frozenset[int]:
        """Return the banks that an access touches."""
        return frozenset(word % self.shape.banks for _, word in self.places(access) or ())

    def grant(self, log: Sequence[Access | None], wide: Sequence[Access | None]) -> Grants:
        """Return what happens with these requests; nothing moves."""
        wanted: dict[int, list[int]] = {}
        granted_log, granted_wide = set(), set()
        for port, access in enumerate(log):
            if access is not None:
                if touched := self.banks(access):
                    wanted.setdefault(min(touched), []).append(port)
                else:
                    granted_log.add(port)
        touched, conflict, wins = frozenset[int](), False, True
        if chosen := [number for number, access in enumerate(wide) if access is not None]:
            number = self.wide_turn.pick(chosen) if self.held is None else self.held
            access = wide[number]
            assert access is not None
            touched = self.banks(access)
            conflict = not touched.isdisjoint(wanted)
            if conflict:
                wins = self.config.wide_first != self.config.wins(self.conflicts)
            if wins:
                granted_wide.add(number)
            else:
                touched = frozenset()
        served = {bank: self.bank_turn[bank].pick(asks) for bank, asks in wanted.items() if bank not in touched}
        return Grants(frozenset(granted_log | set(served.values())), frozenset(granted_wide), conflict, wins, served)

    def move(self, grants: Grants, wide: Sequence[Access | None]) -> None:
        """End the cycle."""
        waiting = [number for number, access in enumerate(wide) if access is not None]
        if grants.wide:
            (self.wide_turn.last,) = grants.wide
            self.held = None
        elif waiting:
            self.held = self.wide_turn.pick(waiting) if self.held is None else self.held
        for bank, port in grants.served.items():
            self.bank_turn[bank].last = port
        self.conflicts += grants.conflict

    def perform(self, access: Access) -> Response:
        """Perform a granted access; those of a cycle touch different words, so their order does not matter."""
        places = self.places(access)
        if places is None:
            return Response(0, True)
        data = 0
        for lane, word in places:
            if access.wen:
                data |= self.memory[word] << lane * WORD_BITS
                continue
            be = access.lane_be(lane)
            mask = sum(0xFF << BYTE_BITS * byte for byte in range(WORD_BYTES) if be >> byte & 1)
            written = access.data >> lane * WORD_BITS & mask
            self.memory[word] = self.memory[word] & ~mask | written
        return Response(data, False)
