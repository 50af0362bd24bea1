# SPDX-License-Identifier: Apache-2.0
"""A process that works for this one: it may crash or never end, and whoever waits for it learns that and goes on."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any


class DiedError(RuntimeError):
    """The process ended before it answered."""


class LateError(DiedError):
    """The process did not answer in time and was ended."""


class StoppedError(RuntimeError):
    """The worker was told to stop for good."""


class Worker:
    """A process that is started when it is first needed, and again after it died.

    It leads a process group of its own, so that compilers and simulators that it has started end with it.
    """

    def __init__(self) -> None:
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None
        self._stopped = False
        self._lock = threading.Lock()

    def call(self, function: Callable[..., Any], *arguments: object, seconds: float) -> Any:
        """Return what a function of a module gives in the process.

        Args:
            function: picklable, as are its arguments and its result.
            arguments: its arguments.
            seconds: how long it may take.

        Raises:
            DiedError: the process ended first.
            LateError: it took longer, and was ended.
            StoppedError: `stop` was called.
            RuntimeError: the function raised an error, which the message names.
        """
        pipe = self._start()
        try:
            pipe.send((function, arguments))
            if not pipe.poll(max(seconds, 0)):
                self._end()
                raise LateError(f"the process gave no answer within {seconds:.0f} s")
            answer = pipe.recv()
        except (EOFError, OSError):
            code = self._end()
            if self._stopped:
                raise StoppedError("the worker was stopped") from None
            raise DiedError(f"the process ended with {_said(code)}") from None
        if isinstance(answer, RuntimeError):
            raise answer
        return answer

    def stop(self) -> None:
        """End the process for good, from any thread; a call under way raises `StoppedError`."""
        with self._lock:
            self._stopped = True
            _kill(self._process)

    def _start(self) -> Connection:
        with self._lock:
            if self._stopped:
                raise StoppedError("the worker was stopped")
            if self._pipe is None:
                context = multiprocessing.get_context("spawn")
                self._pipe, theirs = context.Pipe()
                self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
                self._process.start()
                theirs.close()
            return self._pipe

    def _end(self) -> int | None:
        """End the process, if it has not ended; return its exit code."""
        with self._lock:
            process, self._process = self._process, None
            if self._pipe is not None:
                self._pipe.close()
                self._pipe = None
        if process is None:
            return None
        process.join(1.0)  # one that crashed is ending just now: its own code says why
        _kill(process)
        process.join()
        return process.exitcode


def _serve(pipe: Connection) -> None:
    """Answer calls until nobody listens."""
    os.setpgrp()
    while True:
        try:
            function, arguments = pipe.recv()
            answer: object
            try:
                answer = function(*arguments)
            except Exception as error:
                answer = RuntimeError(f"{type(error).__name__}: {error}")
            pipe.send(answer)
        except (EOFError, OSError):
            return


def _kill(process: BaseProcess | None) -> None:
    """End a process and those it has started."""
    if process is None or process.pid is None:
        return
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:  # it has ended, or leads no group yet
        if process.is_alive():
            process.kill()


def _said(code: int | None) -> str:
    """Return an exit code as people read it."""
    return signal.Signals(-code).name if code is not None and code < 0 else f"exit code {code}"
