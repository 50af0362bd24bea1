# SPDX-License-Identifier: Apache-2.0
"""Plays shards of the long arithmetic campaigns: on several processes, as many as there is time for."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, ProcessPoolExecutor, wait
from itertools import zip_longest

from redmule.fp.campaign import Comparison
from tb.unit.fp.parts import Part, part_named
from tb.unit.fp.record import Outcome, Record, replay, seed_of

Shard = tuple[Part, int]


def missing(parts: Sequence[Part], record: Record, seed: int) -> list[Shard]:
    """Return what has not been played, in turn one shard of each part, so that a part of it is spread over all."""
    rounds = zip_longest(*(record.missing(part, seed) for part in parts))
    return [(part, shard) for turn in rounds for part, shard in zip(parts, turn, strict=True) if shard is not None]


def play(
    shards: Sequence[Shard], record: Record, seed: int, jobs: int, seconds: float | None
) -> Iterator[tuple[Outcome, str]]:
    """Play shards, keep and yield what comes of them, with a text about what differs and how to replay it, if it does.

    Args:
        shards: which, the first ones first.
        record: where outcomes are kept.
        seed: of random operands.
        jobs: processes.
        seconds: after so many no further shard is begun; None: all are.

    Raises:
        RuntimeError: a model cannot be built, or a process has died, as it does where an assertion of the RTL fails.
    """
    ends = None if seconds is None else time.monotonic() + seconds
    waiting = iter(shards)
    running: dict[Future[tuple[Comparison, float]], Shard] = {}
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=spawn, initializer=_belong_to_parent) as pool:
        while True:
            while len(running) < jobs and (ends is None or time.monotonic() < ends):
                if (following := next(waiting, None)) is None:
                    break
                running[pool.submit(_play, following[0].name, following[1], seed)] = following
            if not running:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                part, shard = running.pop(future)
                try:
                    found, spent = future.result()
                except BrokenExecutor:
                    raise RuntimeError(_died([(part, shard), *running.values()], seed)) from None
                outcome = Outcome(part.name, shard, seed_of(part, shard, seed), found.compared, found.differ, spent)
                record.add(outcome)
                yield outcome, describe(part, shard, seed, found)


def describe(part: Part, shard: int, seed: int, found: Comparison) -> str:
    """Return what differs in a shard, and the command that replays it; nothing if nothing does."""
    if not found.differ:
        return ""
    return (
        f"{found.first}; {found.differ} of {found.compared} differ in shard {shard} of {part.name}\n"
        f"replay: {replay(part, shard, seed, found.operands)}"
    )


def _died(shards: Sequence[Shard], seed: int) -> str:
    """Return what to say about a process that has died while these shards were played."""
    first = "a process has died; if an assertion of the RTL has failed, it is printed above"
    return "\n".join([first, *(f"replay: {replay(part, shard, seed)}" for part, shard in shards)])


def _belong_to_parent() -> None:
    """Have this process end as soon as the one that started it has, however that ended, and leave Ctrl-C to it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        if parent := multiprocessing.parent_process():
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _play(name: str, shard: int, seed: int) -> tuple[Comparison, float]:
    """Play a shard in this process; return what came of it, and the seconds it took."""
    started = time.monotonic()
    return part_named(name).play(shard, seed), time.monotonic() - started
