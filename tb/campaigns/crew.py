# SPDX-License-Identifier: Apache-2.0
"""Shares pieces of work out to a number of workers, against the clock if wanted."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from tb.campaigns.worker import LateError, StoppedError, Worker

GRACE_SECONDS = 20.0
"""How long after the end of its time a piece may still take: then it is ended, and counts as not played."""

TICK_SECONDS = 1.0


class Piece(Protocol):
    """Something a worker does in one go."""

    def play(self, worker: Worker, limit: float | None) -> object:
        """Play it and return what it gave; `LateError`: it took more than so many seconds."""


def share_out[P: Piece](
    pieces: Iterable[P], jobs: int, until: float | None = None, hire: Callable[[], Worker] = Worker
) -> Iterator[tuple[P, object] | None]:
    """Play pieces; yield each with what it gave as it ends, and None now and then between.

    Args:
        pieces: drawn one by one, as a worker becomes free.
        jobs: workers.
        until: value of time.monotonic() after which no piece begins.
        hire: makes a worker.
    """
    said: queue.SimpleQueue[tuple[P, object] | BaseException | None] = queue.SimpleQueue()
    drawn, drawing = iter(pieces), threading.Lock()
    workers = [hire() for _ in range(jobs)]

    def work(worker: Worker) -> None:
        try:
            while until is None or time.monotonic() < until:
                with drawing:
                    piece = next(drawn, None)
                if piece is None:
                    break
                limit = None if until is None else until + GRACE_SECONDS - time.monotonic()
                said.put((piece, piece.play(worker, limit)))
        except (LateError, StoppedError):
            pass
        except BaseException as error:
            said.put(error)
        said.put(None)

    threads = [threading.Thread(target=work, args=(worker,), daemon=True) for worker in workers]
    try:
        for thread in threads:
            thread.start()
        at_work = jobs
        while at_work:
            try:
                word = said.get(timeout=TICK_SECONDS)
            except queue.Empty:
                yield None
                continue
            if isinstance(word, BaseException):
                raise word
            if word is None:
                at_work -= 1
            else:
                yield word
    finally:
        for worker in workers:
            worker.stop()
        for thread in threads:
            thread.join()
