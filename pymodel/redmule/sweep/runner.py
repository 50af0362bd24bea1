# SPDX-License-Identifier: Apache-2.0
"""A sweep carried out: what is not known yet is computed, here or by a Dask cluster, and kept at once."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from itertools import groupby

from redmule.sweep.cache import Cache, fingerprint, key_of
from redmule.sweep.columns import Row
from redmule.sweep.point import Point, Settings, evaluate

Progress = Callable[[int, int], None]
"""Called with the points done, and their cycles."""

CONNECT_SECONDS = 10
MOST_TOGETHER = 32
"""Points of one task of the model: they share plans, and a task is kept as a whole."""


@dataclass(frozen=True, slots=True)
class Task:
    """Points of one configuration that are computed together, by sources that have to be those of the sweep."""

    points: tuple[Point, ...]
    settings: Settings
    sources: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """A sweep that has been carried out.

    Attributes:
        rows: a row for each point, in the order of the points.
        computed: how many of them were not in the cache.
    """

    rows: list[Row]
    computed: int

    @property
    def failed(self) -> int:
        """How many have an error."""
        return sum(bool(row["error"]) for row in self.rows)

    @property
    def differing(self) -> int:
        """How many have, on the RTL, other bits or flags than the golden model, or other cycles than the law."""
        return sum(False in (row.get("equals_golden"), row.get("equals_law")) for row in self.rows)


def run(
    points: Sequence[Point],
    settings: Settings,
    cache: Cache,
    *,
    jobs: int = 1,
    scheduler: str | None = None,
    progress: Progress | None = None,
) -> Outcome:
    """Return the rows of points; what the cache holds is not computed again, what fails is not kept.

    Args:
        points: in the order of the rows.
        settings: what they have in common.
        cache: rows known before.
        jobs: processes on this machine; 1: this one.
        scheduler: address of a Dask scheduler whose workers compute instead.
        progress: told now and then what is done.

    Raises:
        RuntimeError: no Dask, no scheduler there, its workers have other sources, or a process died.
    """
    keys = [key_of(point, settings) for point in points]
    known = cache.get(keys)
    before = len(known)
    missing = {key: point for key, point in zip(keys, points, strict=True) if key not in known}
    cycles = _cycles(known.values())
    tell = progress or (lambda _done, _cycles: None)
    tell(len(known), cycles)
    for task, rows in _results(_tasks(list(missing.values()), settings), jobs, scheduler):
        found = {key_of(point, settings): row for point, row in zip(task.points, rows, strict=True)}
        cache.put({key: row for key, row in found.items() if not row["error"]})
        known |= found
        cycles += _cycles(rows)
        tell(len(known), cycles)
    return Outcome([known[key] for key in keys], len(known) - before)


def _cycles(rows: Iterable[Row]) -> int:
    """Return the cycles of all rows that have some."""
    return sum(int(row.get("cycles") or 0) for row in rows)


def _tasks(points: Sequence[Point], settings: Settings) -> list[Task]:
    """Return the points of each configuration as tasks; a simulation is a task of its own."""
    sources = fingerprint(settings.backend)
    together = 1 if settings.backend == "rtl" else MOST_TOGETHER
    tasks = []
    for _, group in groupby(points, key=lambda point: point.config):
        batch = tuple(group)
        tasks += [Task(batch[i : i + together], settings, sources) for i in range(0, len(batch), together)]
    return tasks


def compute(task: Task) -> list[Row]:
    """Return the rows of a task; this is what a worker does.

    Raises:
        RuntimeError: the worker has other sources than the sweep.
    """
    own = fingerprint(task.settings.backend)
    if own != task.sources:
        raise RuntimeError(f"a worker has other sources ({own}) than this sweep ({task.sources})")
    return [row_of(point, task.settings) for point in task.points]


def row_of(point: Point, settings: Settings) -> Row:
    """Return the row of a point: its figures, or the error in their place, and where they come from."""
    try:
        found: Row = evaluate(point, settings) | {"error": ""}
    except Exception as error:  # whatever went wrong belongs into the row
        found = {"error": " ".join(f"{type(error).__name__}: {error}".split())}
    source: Row = {"backend": settings.backend, "seed": settings.seed}
    source |= {"version": metadata.version("redmule"), "sources": fingerprint(settings.backend)}
    return point.row() | source | found


def _results(tasks: Sequence[Task], jobs: int, scheduler: str | None) -> Iterator[tuple[Task, list[Row]]]:
    """Yield tasks with their rows as they are done."""
    if scheduler is None and min(jobs, len(tasks)) <= 1:
        yield from ((task, compute(task)) for task in tasks)
        return
    with workers(min(jobs, len(tasks)), scheduler) as pool:
        futures: dict[Future[list[Row]], Task] = {pool.submit(compute, task): task for task in tasks}
        try:
            for future in as_completed(futures):
                yield futures.pop(future), future.result()
        except BrokenProcessPool as error:
            raise RuntimeError("a process of the sweep died: what was done is kept, run it again") from error


@contextmanager
def workers(jobs: int, scheduler: str | None = None) -> Iterator[Executor]:
    """Yield what runs tasks, here or in a Dask cluster; on an error or Ctrl-C what has not been done is dropped."""
    if scheduler is not None:
        with _dask(scheduler) as pool:
            yield pool
        return
    pool = ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), initializer=_end_with_parent)
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        for process in multiprocessing.active_children():
            process.terminate()
        raise
    finally:
        pool.shutdown()


def _end_with_parent() -> None:
    """Let a worker end silently with Ctrl-C, and with its parent, however that one ends."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_DFL)
    parent = multiprocessing.parent_process()
    assert parent is not None

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


@contextmanager
def _dask(address: str) -> Iterator[Executor]:
    """Yield the workers of a Dask scheduler.

    Raises:
        RuntimeError: Dask is not installed, or nobody answers there.
    """
    try:
        from distributed import Client, KilledWorker
    except ImportError as error:
        raise RuntimeError("--scheduler needs Dask: pip install 'redmule[dask]'") from error
    try:
        client = Client(address, timeout=CONNECT_SECONDS)
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise RuntimeError(f"scheduler = {address!r}: no Dask scheduler answers there ({reason})") from error
    try:
        with client, client.get_executor(pure=False) as pool:
            yield pool
    except KilledWorker as error:
        raise RuntimeError("a worker of the Dask cluster died: what was done is kept, run the sweep again") from error
