# SPDX-License-Identifier: Apache-2.0
"""Campaigns in shards for several processes: what has passed is kept, what fails is recorded with its waveform."""

from __future__ import annotations

import hashlib
import itertools
import json
import re
import time
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from redmule.build import cache_dir
from redmule.config import data_dir
from tb.campaigns import failure
from tb.campaigns.contended import CLUSTERS
from tb.campaigns.failure import Failure
from tb.campaigns.plan import CAMPAIGNS, Campaign
from tb.campaigns.tally import COUNTS, Tally
from tb.campaigns.worker import DiedError, LateError, Worker

SHARD_TRIALS = 100
BOX_TRIALS = 20
"""Trials of a campaign in one round of a run against the clock."""

SHARD_SECONDS = TRIAL_SECONDS = 3 * 3600.0
"""How long they may take, the build of a large model among busy neighbours included."""

MOST_FAILED = 20
"""After so many failing trials of a campaign the others say nothing new."""

MOST_WAVES = 3
"""Failing trials of a shard that are played again for their waveform."""

MODULES = ("build", "checks", "config", "golden", "job", "regs", "fp/*", "law/*", "plan/*", "cluster/*", "device/*")
PLAYERS = ("aborts", "arena", "contended", "data", "faults", "operands", "plan", "stage", "tally", "trials")
SOURCES = (
    *("configs.yaml", "rtl/**/*"),
    *(f"pymodel/redmule/{module}.*" for module in MODULES),
    *(f"tb/campaigns/{module}.py" for module in PLAYERS),
)
"""What an outcome depends on: design, models, and what draws and compares; not what shares out, keeps and reports."""
SOURCE_SUFFIXES = {".sv", ".f", ".vlt", ".py", ".cpp", ".h", ".yaml"}
OF_CLUSTER = re.compile(r"rtl/(cluster|regs/pulp|redmule_hci)|/(cluster|contended|dma|tile)|rtl/lint")
"""What it depends on only in the cluster, or not at all."""
NOTHING = Tally()
CLUSTER_KINDS = tuple(f"cluster_{count}" for count in CLUSTERS)


@dataclass(frozen=True, slots=True)
class Played:
    """What trials of a campaign gave: counts, seconds on one processor, and what failed."""

    campaign: Campaign
    tally: Tally = NOTHING
    seconds: float = 0.0
    failures: tuple[Failure, ...] = ()

    def __add__(self, other: Played) -> Played:
        failures = (self.failures + other.failures)[:MOST_FAILED]
        return Played(self.campaign, self.tally + other.tally, self.seconds + other.seconds, failures)

    @property
    def failed(self) -> bool:
        """Whether anything is wrong."""
        return self.tally.failures > 0 or self.campaign.too_slow(self.tally)

    @property
    def note(self) -> str:
        """The mean of the cycles where it has a limit."""
        limit, jobs = self.campaign.mean_cycles, self.tally.jobs
        return "" if limit is None or not jobs else f"mean {self.tally.cycles / jobs:.0f} cycles, at most {limit}"


@dataclass(frozen=True, slots=True)
class Trials:
    """Some trials of a campaign, to be played in one go."""

    campaign: Campaign
    seed: int
    indices: tuple[int, ...]

    @property
    def key(self) -> str:
        """A name for these trials, in this campaign."""
        return f"{self.seed}:{self.indices[0]}-{self.indices[-1]}:{zlib.crc32(repr(self.indices).encode()):08x}"

    def play(self, worker: Worker, limit: float | None = None) -> Played:
        """Play them; if the process dies, one after the other to see which trial it was; record waveforms."""
        try:
            played = self._play(worker, self.indices, SHARD_SECONDS if limit is None else limit)
        except DiedError as error:
            if limit is not None and isinstance(error, LateError):
                raise
            played = self._singly(worker, error)
        recorded = tuple(self._record(worker, found) for found in played.failures[:MOST_WAVES])
        return replace(played, failures=recorded + played.failures[MOST_WAVES:])

    def _play(self, worker: Worker, indices: Sequence[int], seconds: float, waves: str | None = None) -> Played:
        counts, spent, failures = worker.call(
            play_trials, self.campaign.name, self.seed, indices, waves, seconds=seconds
        )
        return Played(self.campaign, counts, spent, failures)

    def _singly(self, worker: Worker, first: DiedError) -> Played:
        played = Played(self.campaign)
        for index in self.indices:
            try:
                played += self._play(worker, (index,), TRIAL_SECONDS)
            except DiedError as error:
                played += self._broken(index, f"{error}")
        if not played.failures:
            between = f"trials {self.indices[0]} to {self.indices[-1]}"
            played += self._broken(self.indices[0], f"{first} in {between}; it did not when each was played alone")
        return played

    def _broken(self, index: int, text: str) -> Played:
        """Return what a trial gave that gave nothing."""
        found = Failure(self.campaign.name, text, self.campaign.replay(self.seed, index), self.seed, index)
        return Played(self.campaign, Tally(rules=1), failures=(found,))

    def _record(self, worker: Worker, found: Failure) -> Failure:
        """Play a failing trial again for its waveform."""
        assert found.trial is not None
        name = failure.file_name(f"{self.campaign.name}-{self.seed}-{found.trial}")
        path = failure.folder() / f"{name}{failure.wave_suffix()}"
        path.unlink(missing_ok=True)
        try:
            if not self._play(worker, (found.trial,), TRIAL_SECONDS, str(path)).failures:
                found = replace(found, text=f"{found.text}\nit did not fail when played again for its waveform")
        except DiedError:
            pass  # the waveform ends where the process did
        return replace(found, waves=path if path.exists() else None)


def play_trials(
    name: str, seed: int, indices: Sequence[int], waves: str | None = None
) -> tuple[Tally, float, tuple[Failure, ...]]:
    """Play trials of a campaign in this process, until too many have failed; return counts, seconds, failures."""
    (campaign,) = select(name)
    started = time.monotonic()
    total, failures = Tally(), list[Failure]()
    for index in indices:
        tally = campaign.run(seed, index, waves)
        total += tally
        if tally.failures:
            text = failure.shortened("\n".join(tally.examples))
            failures.append(Failure(name, text, campaign.replay(seed, index), seed, index))
        if len(failures) == MOST_FAILED:
            break
    return total, time.monotonic() - started, tuple(failures)


def select(only: str | None) -> list[Campaign]:
    """Return the campaigns whose name is, or whose kind or configuration is, `only`; default: all.

    Raises:
        ValueError: there is none.
    """
    chosen = [c for c in CAMPAIGNS if only is None or only in (c.name, c.kind, c.config.name)]
    if not chosen:
        kinds = sorted({campaign.kind for campaign in CAMPAIGNS})
        raise ValueError(
            f"only = {only!r}: allowed are a kind ({', '.join(kinds)}), a configuration or kind-configuration"
        )
    return chosen


def shards(campaigns: Iterable[Campaign], seed: int, scale: float) -> Iterator[Trials]:
    """Yield all trials of a run of this scale."""
    for campaign in campaigns:
        for indices in itertools.batched(campaign.indices(seed, scale), SHARD_TRIALS):
            yield Trials(campaign, seed, indices)


def a_round(campaigns: Iterable[Campaign], seed: int) -> Iterator[Trials]:
    """Yield a few trials of each campaign."""
    for campaign in campaigns:
        yield Trials(campaign, seed, tuple(campaign.indices(seed, BOX_TRIALS / campaign.count)))


class Kept:
    """Shards that have passed on the sources as they are: a file for each campaign."""

    def __init__(self, top: Path | None = None) -> None:
        """Take a folder; default: that of the sources."""
        self._top = top
        self._folders: dict[bool, Path] = {}
        self._read: dict[str, dict[str, Played]] = {}

    def get(self, shard: Trials) -> Played | None:
        """Return what a shard gave, if it has been played."""
        name = shard.campaign.name
        if name not in self._read:
            self._read[name] = {}
            if (path := self._path(shard.campaign)).exists():
                for line in path.read_text(encoding="utf-8").splitlines():
                    try:
                        entry = json.loads(line)
                    except ValueError:
                        continue  # the run that wrote it was killed
                    played = Played(shard.campaign, Tally(**entry["counts"]), entry["seconds"])
                    self._read[name][entry["key"]] = played
        return self._read[name].get(shard.key)

    def add(self, shard: Trials, played: Played) -> None:
        """Keep a shard; one that failed is not kept, so that the next run plays it again."""
        if played.tally.failures:
            return
        counts = {name: count for name, count in asdict(played.tally).items() if name in COUNTS}
        with self._path(shard.campaign).open("a", encoding="utf-8") as lines:
            print(
                "\n" + json.dumps({"key": shard.key, "seconds": played.seconds, "counts": counts}), file=lines, end=""
            )

    def _path(self, campaign: Campaign) -> Path:
        in_cluster = campaign.kind in CLUSTER_KINDS
        if in_cluster not in self._folders:
            folder = self._top or cache_dir() / "regress" / f"campaigns-{digest(in_cluster=in_cluster)}"
            folder.mkdir(parents=True, exist_ok=True)
            self._folders[in_cluster] = folder
        return self._folders[in_cluster] / f"{campaign.name}.jsonl"


def digest(*, in_cluster: bool) -> str:
    """Return a name for the contents of all that outcomes depend on."""
    top = data_dir()
    contents = hashlib.sha256()
    for path in sorted({path for pattern in SOURCES for path in top.glob(pattern)}):
        name = path.relative_to(top).as_posix()
        if path.suffix in SOURCE_SUFFIXES and (in_cluster or not OF_CLUSTER.search(name)):
            contents.update(f"\0{name}\0".encode() + path.read_bytes())
    return contents.hexdigest()[:16]
