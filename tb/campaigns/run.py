# SPDX-License-Identifier: Apache-2.0
"""A long run: what is to be played, what has been, and what was left out."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from tb.campaigns import regress
from tb.campaigns.commands import Command, Ended, KeptCommands
from tb.campaigns.crew import share_out
from tb.campaigns.plan import Campaign
from tb.campaigns.regress import MOST_FAILED, Kept, Played, Trials
from tb.campaigns.worker import Worker

Tell = Callable[[Played | Ended], None]
"""Told of a campaign, or another part, that has ended."""

Advance = Callable[[str, int], None]
"""Told that so many trials of a campaign have been played; with 0 now and then."""


class Run:
    """A long run.

    Attributes:
        played: what each campaign has given so far.
        ended: what other parts gave.
        left_out: what was not played, and why.
    """

    def __init__(
        self,
        campaigns: Sequence[Campaign],
        commands: Sequence[Command],
        tell: Tell,
        advance: Advance,
        hire: Callable[[], Worker] = Worker,
    ) -> None:
        """Make a run.

        Args:
            campaigns: which are played.
            commands: other parts that are.
            tell: is told what has ended.
            advance: is told what is under way.
            hire: makes a worker.
        """
        self._campaigns, self._commands = campaigns, commands
        self._tell, self._advance, self._hire = tell, advance, hire
        self.played = {campaign.name: Played(campaign) for campaign in campaigns}
        self.ended: list[Ended] = []
        self.left_out: list[str] = []

    def play(self, seed: int, scale: float, jobs: int, kept: Kept) -> None:
        """Play all that has not been kept, the other parts first: some are long, and on one processor.

        Raises:
            KeyboardInterrupt: as it came; what has been played stands in the attributes.
        """
        kept_commands = KeptCommands()
        missing: list[Command | Trials] = []
        for command in self._commands:
            if (known := kept_commands.get(command)) is None:
                missing.append(command)
            else:
                self._end(known)
        left: Counter[str] = Counter()
        for shard in regress.shards(self._campaigns, seed, scale):
            if (past := kept.get(shard)) is None:
                missing.append(shard)
                left[shard.campaign.name] += len(shard.indices)
            else:
                self._add(past)
        for campaign in self._campaigns:
            if not left[campaign.name]:
                self._tell(self.played[campaign.name])
        try:
            for word in share_out(filter(self._is_useful, missing), jobs, hire=self._hire):
                if word is None:
                    self._advance("", 0)
                    continue
                piece, gave = word
                if isinstance(gave, Ended):
                    kept_commands.add(gave)
                    self._end(gave)
                elif isinstance(piece, Trials) and isinstance(gave, Played):
                    kept.add(piece, gave)
                    self._add(gave)
                    left[piece.campaign.name] -= len(piece.indices)
                    if not left[piece.campaign.name]:
                        self._tell(self.played[piece.campaign.name])
        finally:
            self._leave_out_commands()
            self.left_out += [f"{count} trials of {name}" for name, count in left.items() if count]

    def play_until(self, end: float, seed: int, jobs: int) -> None:
        """Play the campaigns in turn, with new random numbers in each round, until time.monotonic() is `end`."""
        try:
            for word in share_out(self._round_robin(seed), jobs, end, self._hire):
                if word is None:
                    self._advance("", 0)
                elif isinstance(word[1], Ended):
                    self._end(word[1])
                elif isinstance(word[1], Played):
                    self._add(word[1])
        finally:
            self._leave_out_commands()
            for name, played in self.played.items():
                self._tell(played)
                missing = played.campaign.count - played.tally.trials
                if missing > 0:
                    self.left_out.append(f"{name}: {played.tally.trials} of {played.campaign.count} trials were played")

    def _round_robin(self, seed: int) -> Iterator[Command | Trials]:
        yield from self._commands
        for number in itertools.count(seed):
            begun = False
            for shard in regress.a_round(self._campaigns, number):
                if self._is_useful(shard):
                    begun = True
                    yield shard
            if not begun:
                return

    def _is_useful(self, piece: Command | Trials) -> bool:
        """Whether a piece may say something new."""
        return isinstance(piece, Command) or len(self.played[piece.campaign.name].failures) < MOST_FAILED

    def _add(self, gave: Played) -> None:
        name = gave.campaign.name
        self.played[name] += gave
        self._advance(name, gave.tally.trials)

    def _leave_out_commands(self) -> None:
        done = {ended.command.name for ended in self.ended}
        self.left_out += [command.name for command in self._commands if command.name not in done]

    def _end(self, ended: Ended) -> None:
        self.ended.append(ended)
        self._tell(ended)
