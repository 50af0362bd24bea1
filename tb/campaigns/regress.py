# SPDX-License-Identifier: Apache-2.0
"""Plays whole campaigns: in shards on several processes, finished ones kept, the outcome as a table."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import re
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import asdict, dataclass
from pathlib import Path

from redmule.build import cache_dir
from redmule.config import data_dir
from tb.campaigns.contended import CLUSTERS
from tb.campaigns.plan import CAMPAIGNS, Campaign
from tb.campaigns.tally import COUNTS, Tally

SHARD_TRIALS = 100
MODULES = ("build", "checks", "config", "golden", "job", "regs", "fp/*", "law/*", "plan/*", "cluster/*", "device/*")
SOURCES = ("configs.yaml", "rtl/**/*", "tb/campaigns/*", *(f"pymodel/redmule/{module}.*" for module in MODULES))
SOURCE_SUFFIXES = {".sv", ".f", ".vlt", ".py", ".cpp", ".h", ".yaml"}
"""What an outcome depends on."""
OF_CLUSTER = re.compile(r"rtl/(cluster|regs/pulp|redmule_hci)|/(cluster|contended|dma|tile)|rtl/lint")
"""What it depends on only in the cluster, or not at all."""
CLUSTER_KINDS = tuple(f"cluster_{count}" for count in CLUSTERS)

COLUMNS = {
    "jobs": "jobs",
    "bits": "differing bits",
    "flags": "flags",
    "hangs": "hangs",
    "stray": "stray bytes",
    "rules": "broken rules",
    "law": "law mismatches",
}
"""Counts of the table and their headings."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a campaign gave; `seconds` of computing, on one processor."""

    campaign: Campaign
    tally: Tally
    seconds: float

    @property
    def failed(self) -> bool:
        """Whether anything is wrong."""
        return self.tally.failures > 0 or self.campaign.too_slow(self.tally)

    @property
    def note(self) -> str:
        """The mean of the cycles where it has a limit."""
        limit = self.campaign.mean_cycles
        return "" if limit is None else f"mean {self.tally.cycles / self.tally.jobs:.0f} cycles, at most {limit}"


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


def play(
    campaigns: Sequence[Campaign], seed: int, scale: float, jobs: int, advance: Callable[[Campaign, int], None]
) -> Iterator[Outcome]:
    """Play campaigns and yield their outcomes as they end.

    Args:
        campaigns: which.
        seed: of all random numbers.
        scale: share of the full counts.
        jobs: processes.
        advance: told how many trials of a campaign are done now, as they are.
    """
    tallies = {campaign.name: Tally() for campaign in campaigns}
    seconds = dict.fromkeys(tallies, 0.0)
    left = dict.fromkeys(tallies, 0)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        running: dict[Future[tuple[Tally, float]], tuple[Campaign, int]] = {}
        for campaign in campaigns:
            indices = campaign.indices(seed, scale)
            kept = _place(campaign, seed, scale)
            if kept.exists():
                advance(campaign, len(indices))
                yield _load(campaign, kept)
                continue
            shards = [indices[start : start + SHARD_TRIALS] for start in range(0, len(indices), SHARD_TRIALS)]
            left[campaign.name] = len(shards)
            for shard in shards:
                running[pool.submit(_play_shard, campaign.name, seed, shard)] = (campaign, len(shard))
        try:
            while running:
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    campaign, trials = running.pop(future)
                    tally, spent = future.result()
                    tallies[campaign.name] += tally
                    seconds[campaign.name] += spent
                    left[campaign.name] -= 1
                    advance(campaign, trials)
                    if left[campaign.name] == 0:
                        outcome = Outcome(campaign, tallies[campaign.name], seconds[campaign.name])
                        _save(outcome, _place(campaign, seed, scale))
                        yield outcome
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def table(outcomes: Sequence[Outcome], seed: int, scale: float) -> str:
    """Return the outcomes as Markdown."""
    heads = ["campaign", "configuration", *COLUMNS.values(), "seconds", "note"]
    lines = [
        "# Campaigns on the RTL",
        "",
        f"Made by `make regress`; seed {seed}, {scale:g} of the full counts. Every job is compared with the golden "
        "model in all bits and flags, every byte of memory around it is compared as well, and on a memory that always "
        "grants the cycles, steps and stalls are compared with the cycle law. `seconds` counts builds too.",
        "Configurations are those of `configs.yaml`, and for `odd` ones of `tb/campaigns/plan.py` (rows x row length).",
        "",
        f"| {' | '.join(heads)} |",
        f"|{'---|' * 2}{'---:|' * (len(COLUMNS) + 1)}---|",
    ]
    order = [campaign.name for campaign in CAMPAIGNS]
    for outcome in sorted(outcomes, key=lambda outcome: order.index(outcome.campaign.name)):
        campaign = outcome.campaign
        counts = (f"{getattr(outcome.tally, name)}" for name in COLUMNS)
        cells = [campaign.kind, campaign.config.name, *counts, f"{outcome.seconds:.0f}", outcome.note]
        lines.append(f"| {' | '.join(cells)} |")
    total = sum((outcome.tally for outcome in outcomes), Tally())
    cells = ["all", "", *(f"{getattr(total, name)}" for name in COLUMNS), f"{sum(o.seconds for o in outcomes):.0f}", ""]
    return "\n".join([*lines, f"| {' | '.join(cells)} |", ""])


def _place(campaign: Campaign, seed: int, scale: float) -> Path:
    """Return the file where an outcome is kept."""
    return results_dir(campaign.kind in CLUSTER_KINDS) / f"{campaign.name}-{seed}-{scale:g}.json"


def results_dir(in_cluster: bool) -> Path:
    """Return the folder of outcomes for the sources as they are."""
    top = data_dir()
    digest = hashlib.sha256()
    for path in sorted({path for pattern in SOURCES for path in top.glob(pattern)}):
        name = path.relative_to(top).as_posix()
        matters = path.suffix in SOURCE_SUFFIXES and not path.name.startswith(("test_", "regress"))
        if matters and (in_cluster or not OF_CLUSTER.search(name)):
            digest.update(f"\0{name}\0".encode() + path.read_bytes())
    folder = cache_dir() / "regress" / digest.hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _play_shard(name: str, seed: int, indices: Sequence[int]) -> tuple[Tally, float]:
    """Play trials of a campaign in this process."""
    (campaign,) = select(name)
    started = time.monotonic()
    return sum((campaign.run(seed, index) for index in indices), Tally()), time.monotonic() - started


def _save(outcome: Outcome, path: Path) -> None:
    """Keep what a campaign gave; a failure is not kept, so that the next run plays it again."""
    if not outcome.failed:
        counts = {name: count for name, count in asdict(outcome.tally).items() if name in COUNTS}
        path.write_text(json.dumps({"seconds": outcome.seconds, "counts": counts}), encoding="utf-8")


def _load(campaign: Campaign, path: Path) -> Outcome:
    kept = json.loads(path.read_text(encoding="utf-8"))
    return Outcome(campaign, Tally(**kept["counts"]), kept["seconds"])
