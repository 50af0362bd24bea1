# SPDX-License-Identifier: Apache-2.0
"""A campaign carried out: faults in shards on several processes, those that are done kept until a source changes."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from redmule import build, checks
from redmule.config import Config, data_dir
from redmule.faults.draw import Draw, Stratum, draw, strata_of
from redmule.faults.flops import flops_of
from redmule.faults.injector import OUTCOME, Injector, Seen, sources
from redmule.faults.scenarios import SCENARIOS, scenario
from redmule.faults.table import OUTCOMES, Count, FaultTable, classify
from redmule.sweep.cache import sources_digest
from redmule.sweep.runner import workers

Progress = Callable[[int, int], None]
"""Called with the faults done, and the cycles they took."""

MOST_FAULTS = 100_000_000
MOST_PROCESSES = 256
SHARD_FAULTS = 1000
"""Some seconds of computing."""


@dataclass(frozen=True, slots=True, eq=False)
class Shard:
    """Faults of one scenario that are played together.

    Attributes:
        places: (n,) where their outcomes belong.
        faults: (n,) of type FAULT, by cycle.
        kept: file that holds their outcomes once they are known.
    """

    config: Config
    job: str
    places: NDArray[np.int64]
    faults: NDArray[np.void]
    kept: Path


@dataclass(frozen=True, slots=True, eq=False)
class Campaign:
    """What was injected and what came of it.

    Attributes:
        draw: the faults.
        outcomes: (n,) of type OUTCOME.
        table: them, counted.
    """

    config: Config
    jobs: tuple[str, ...]
    draw: Draw
    outcomes: NDArray[np.void]
    table: FaultTable

    def lines(self) -> Iterator[tuple[str, int, int, str, str]]:
        """Yield for each fault path, bit, cycle, scenario, outcome; the first four are what `replay` takes."""
        flops, classes = flops_of(self.config), classify(self.outcomes["seen"])
        names = tuple(OUTCOMES)
        for fault, job, outcome in zip(self.draw.faults, self.draw.job, classes, strict=True):
            yield flops[fault["flop"]].path, int(fault["bit"]), int(fault["cycle"]), self.jobs[job], names[outcome]


def carry_out(
    config: Config | str = "paper",
    *,
    count: int = 100_000,
    seed: int = 1,
    block: str | None = None,
    jobs: Sequence[str] | None = None,
    processes: int = 1,
    progress: Progress | None = None,
) -> Campaign:
    """Inject faults, each into a run of its own; those that have been played before are not played again.

    Args:
        config: a configuration, or the name of one.
        count: about how many faults; each signal has one at least.
        seed: of the draw.
        block: only flops of blocks whose name begins with this: a folder of `rtl/` or a unit in it; None: all.
        jobs: names of scenarios; None: all.
        processes: 1: this one.
        progress: told now and then what is done.

    Raises:
        ValueError: an argument is wrong.
        RuntimeError: the model could not be built, or a process died.
    """
    chosen = config if isinstance(config, Config) else Config.named(config)
    checks.integer("count", count, range(1, MOST_FAULTS + 1))
    checks.integer("seed", seed, range(1 << 32))
    checks.integer("processes", processes, range(1, MOST_PROCESSES + 1))
    names = tuple(checks.choice("job", name, SCENARIOS) for name in (SCENARIOS if jobs is None else jobs))
    strata = _in_block(strata_of(flops_of(chosen)), block)
    scenarios = {name: scenario(name, chosen) for name in names}
    injectors = {name: Injector(chosen, each) for name, each in scenarios.items()}
    windows = {name: injector.cycles for name, injector in injectors.items()}
    drawn = draw(flops_of(chosen), windows, strata, count, seed)
    keys = {name: _key(chosen, name) for name in names}
    outcomes = np.zeros(len(drawn.faults), OUTCOME)
    done = cycles = 0
    for shard, found in _played(list(_shards(chosen, names, drawn, keys)), processes):
        outcomes[shard.places] = found
        done += len(found)
        cycles += int((found["end_cycle"] - shard.faults["cycle"]).sum())
        if progress is not None:
            progress(done, cycles)
    return Campaign(chosen, names, drawn, outcomes, _table(chosen, seed, windows, drawn, outcomes))


def inject(
    config: Config | str = "paper",
    *,
    count: int = 100_000,
    seed: int = 1,
    block: str | None = None,
    jobs: Sequence[str] | None = None,
    processes: int = 1,
    progress: Progress | None = None,
) -> FaultTable:
    """Inject faults and return the table of their outcomes. Arguments and errors are those of `carry_out`."""
    return carry_out(
        config, count=count, seed=seed, block=block, jobs=jobs, processes=processes, progress=progress
    ).table


def _in_block(strata: Sequence[Stratum], block: str | None) -> tuple[Stratum, ...]:
    """Return the signals of the blocks that are asked for."""
    found = tuple(stratum for stratum in strata if block is None or f"{stratum.block}/".startswith(f"{block}/"))
    if not found:
        names = dict.fromkeys(name for each in strata for name in (each.block.partition("/")[0], each.block))
        raise checks.refused("block", block, f"are {', '.join(names)}")
    return found


def _key(config: Config, job: str) -> bytes:
    """Return what the outcomes of a scenario depend on, but for the faults."""
    content = scenario(job, config)
    digest = hashlib.sha256(
        sources_digest([data_dir() / "rtl", *sources(), Path(__file__).with_name("injector.py")]).encode()
    )
    numbered = [(flop.path, flop.bits) for flop in flops_of(config)]  # a fault names a flop by its number
    for part in (repr(config.parameters()), repr((content.recipe.stall, content.recipe.latency)), repr(numbered)):
        digest.update(part.encode())
    for array in (content.program, content.memory.bytes, content.is_result):
        digest.update(array.tobytes())
    return digest.digest()


def _folder() -> Path:
    """Return the folder of the outcomes that are kept."""
    return build.cache_dir() / "faults"


def _shards(config: Config, names: Sequence[str], drawn: Draw, keys: Mapping[str, bytes]) -> Iterator[Shard]:
    """Yield the faults scenario by scenario, by cycle."""
    folder = _folder()
    for number, name in enumerate(names):
        places = np.flatnonzero(drawn.job == number)
        places = places[np.argsort(drawn.faults["cycle"][places], kind="stable")]
        for start in range(0, len(places), SHARD_FAULTS):
            some = places[start : start + SHARD_FAULTS]
            faults = np.ascontiguousarray(drawn.faults[some])
            key = hashlib.sha256(keys[name] + faults.tobytes()).hexdigest()[:32]
            yield Shard(config, name, some, faults, folder / f"{key}.npz")


def _played(shards: Sequence[Shard], processes: int) -> Iterator[tuple[Shard, NDArray[np.void]]]:
    """Yield shards with their outcomes as they are known."""
    missing = []
    for shard in shards:
        found = _load(shard)
        if found is None:
            missing.append(shard)
        else:
            yield shard, found
    if min(processes, len(missing)) <= 1:
        yield from ((shard, _play(shard)) for shard in missing)
        return
    with workers(min(processes, len(missing))) as pool:
        futures: dict[Future[NDArray[np.void]], Shard] = {pool.submit(_play, shard): shard for shard in missing}
        try:
            for future in as_completed(futures):
                yield futures.pop(future), future.result()
        except BrokenProcessPool as error:
            raise RuntimeError("a process of the campaign died: what was done is kept, run it again") from error


_latest: dict[tuple[Config, str], Injector] = {}
"""The injector of the last shard that this process has played: the next one is mostly of the same scenario."""


def _play(shard: Shard) -> NDArray[np.void]:
    """Play a shard and keep its outcomes."""
    key = (shard.config, shard.job)
    if key not in _latest:
        _latest.clear()
        _latest[key] = Injector(shard.config, scenario(shard.job, shard.config))
    found = _latest[key].inject(shard.faults)
    shard.kept.parent.mkdir(parents=True, exist_ok=True)
    fresh = shard.kept.with_suffix(f".{os.getpid()}")
    with fresh.open("wb") as file:
        np.savez_compressed(file, outcomes=found)
    fresh.replace(shard.kept)
    return found


def _load(shard: Shard) -> NDArray[np.void] | None:
    """Return the outcomes of a shard that has been played, or None; a damaged file is none."""
    try:
        with np.load(shard.kept) as kept:
            found: NDArray[np.void] = kept["outcomes"]
    except (OSError, ValueError, KeyError, BadZipFile):
        return None
    return found if found.dtype == OUTCOME and len(found) == len(shard.faults) else None


def _table(
    config: Config, seed: int, windows: Mapping[str, range], drawn: Draw, outcomes: NDArray[np.void]
) -> FaultTable:
    """Return the outcomes, counted."""
    seen = outcomes["seen"]
    classes, silent = classify(seen), classify(seen, rules=False)
    size = len(OUTCOMES)
    lost = np.isin(silent, [list(OUTCOMES).index(name) for name in ("wrong", "hang")])
    asserted = lost & ((seen & int(Seen.ASSERTION)) != 0)

    def counted(which: NDArray[np.bool_], of: NDArray[np.uint8]) -> tuple[int, ...]:
        return tuple(np.bincount(of[which], minlength=size).tolist())

    counts = []
    for number, stratum in enumerate(drawn.strata):
        here = drawn.stratum == number
        tallies = counted(here, classes), counted(here, silent)
        counts.append(Count(stratum.block, stratum.signal, stratum.bits, *tallies, int(asserted[here].sum())))
    cycles = {name: len(window) for name, window in windows.items()}
    return FaultTable(config.name, seed, cycles, tuple(counts))
