# SPDX-License-Identifier: Apache-2.0
"""The campaigns: what is run, on which accelerator, how often."""

from __future__ import annotations

import traceback
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from redmule.config import Config
from tb.campaigns import aborts, faults, trials
from tb.campaigns.contended import CLUSTERS, contended
from tb.campaigns.stage import Stage
from tb.campaigns.tally import Tally

REPLAY = ".venv/bin/python scripts/regress.py --only {name} --seed {seed} --trial {index} --waves trial.vcd"


@dataclass(frozen=True, slots=True)
class Campaign:
    """So many trials of one kind on one configuration.

    Attributes:
        kind: what the trials are.
        config: the accelerator.
        count: trials at full scale.
        trial: plays one.
        mean_cycles: what the mean of a job's cycles may be at most; None: anything.
    """

    kind: str
    config: Config
    count: int
    trial: Callable[[Stage], Tally]
    mean_cycles: int | None = None

    @property
    def name(self) -> str:
        """Kind and configuration."""
        return f"{self.kind}-{self.config.name}"

    def run(self, seed: int, index: int, waves: str | None = None) -> Tally:
        """Play one trial; failures say how to replay it."""
        random = np.random.default_rng([seed, zlib.crc32(self.name.encode()), index])
        try:
            tally = self.trial(Stage(self.config, random, index, waves))
        except Exception as error:
            text = f"{type(error).__name__}: {error}\n{traceback.format_exc()}"
            tally = Tally(rules=1, examples=(text,))
        texts = (f"{example}\nreplay: {self.replay(seed, index)}" for example in tally.examples)
        return replace(tally, trials=1, examples=tuple(texts))

    def replay(self, seed: int, index: int) -> str:
        """Return the command that plays one trial and records its waveform."""
        return REPLAY.format(name=self.name, seed=seed, index=index)

    def indices(self, seed: int, scale: float) -> list[int]:
        """Return the trials that a run of this scale plays: a seeded sample, all of them from scale 1 on."""
        count = max(1, round(self.count * scale))
        if count >= self.count:
            return list(range(count))
        chosen = np.random.default_rng([seed, self.count]).permutation(self.count)[:count]
        return sorted(int(index) for index in chosen)

    def too_slow(self, total: Tally) -> bool:
        """Whether the mean of a job's cycles is beyond its limit."""
        return self.mean_cycles is not None and total.cycles > self.mean_cycles * total.jobs


# Each value that must work beside the named configurations, in few accelerators.
ODD = (
    Config(5, 3, 4, 64, contexts=1, row_groups=2, x_chunks=5, w_ahead=2, name="odd_5x3"),
    Config(1, 1, 0, 1024, contexts=2, row_groups=1, transposes=False, x_chunks=8, w_ahead=16, name="odd_1x1"),
    Config(32, 5, 0, 128, contexts=3, row_groups=4, x_chunks=2, w_ahead=6, name="odd_32x5"),
    Config(3, 16, 1, 128, contexts=4, row_groups=2, transposes=False, x_chunks=5, w_ahead=16, name="odd_3x16"),
    Config(2, 3, 2, 1024, contexts=4, row_groups=4, x_chunks=8, w_ahead=2, name="odd_2x3"),
    Config(2, 5, 3, 64, contexts=2, row_groups=1, name="odd_2x5"),  # beats > stages
    Config(4, 2, 0, 64, contexts=4, row_groups=4, name="odd_4x2"),  # the smallest that has four groups
)

TINY, PAPER, PAPER_FP8, DATE22, MAGIA, WIDE = (
    Config.named(name) for name in ("tiny", "paper", "paper_fp8", "date22", "magia", "wide")
)
ODD_4X2 = ODD[-1]

CAMPAIGNS = (
    Campaign("upstream", PAPER, trials.upstream_count(), trials.upstream),
    Campaign("shapes", TINY, trials.shapes_count(TINY), trials.shapes),
    Campaign("stored", ODD_4X2, trials.stored_count(ODD_4X2), trials.stored),
    *(Campaign("mixed", config, 4000, trials.mixed) for config in (TINY, PAPER, PAPER_FP8, DATE22, MAGIA)),
    Campaign("mixed", WIDE, 2000, trials.mixed),
    *(Campaign("mixed", config, 300, trials.mixed) for config in ODD),
    *(Campaign("queued", config, 1500, trials.queued) for config in (TINY, PAPER, MAGIA)),
    *(Campaign("queued", config, 200, trials.queued) for config in ODD),
    *(Campaign("chains", config, 1000, trials.chains) for config in (TINY, PAPER)),
    *(Campaign("chains", config, 100, trials.chains) for config in ODD),
    *(Campaign("clears", config, 400, aborts.soft_clear) for config in (TINY, PAPER, ODD_4X2)),
    *(Campaign("resets", config, 300, aborts.reset) for config in (TINY, PAPER, ODD_4X2)),
    *(Campaign("errors", config, 300, faults.bus_error) for config in (TINY, PAPER, ODD_4X2)),
    *(Campaign(f"cluster_{count}", TINY, 1000, contended(count)) for count in CLUSTERS),
    Campaign("cluster_1", PAPER, 200, contended(1)),
    *(Campaign("long", config, len(trials.LONG), trials.long) for config in (TINY, PAPER)),
    Campaign("stalls_10", PAPER, 10, trials.stalled(0.1), mean_cycles=18_560),
    Campaign("stalls_50", PAPER, 10, trials.stalled(0.5), mean_cycles=19_200),
)
