# SPDX-License-Identifier: Apache-2.0
"""What every device offers: run a job, run a queue of jobs, allocate memory that jobs share."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

from numpy.typing import DTypeLike, NDArray

from redmule import checks
from redmule.config import Config
from redmule.device.memory import Memory, distinct_rows, rowwise
from redmule.job import Job, Result

Progress = Callable[[int, int], None]
"""Called now and then during `run` with the jobs done and the cycles simulated so far; 0 where nothing is simulated."""


class Device(ABC):
    """An accelerator, or something that behaves like one. Use it in a `with` statement.

    A device works for one thread at a time: `run` and `close` while it runs are a `RuntimeError`. Any thread may
    `alloc`, and devices of different threads run side by side.

    Attributes:
        kind: "golden", "rtl" or "model".
        config: the configuration of the accelerator.
        memory: device memory, where `alloc` takes arrays from.
    """

    kind: str

    def __init__(self, config: Config, memory: Memory, progress: Progress | None = None) -> None:
        self.config = config
        self.memory = memory
        self._progress = progress_of(progress)
        self._closed = False
        self._busy = threading.Lock()

    def gemm_op(
        self,
        x: NDArray[Any],
        w: NDArray[Any],
        y: NDArray[Any] | None = None,
        op: str = "gemm",
        out_dtype: DTypeLike | None = None,
        x_trans: bool = False,
        w_trans: bool = False,
        z_trans: bool = False,
        saturate: bool = False,
        orientation: str = "auto",
        z_out: NDArray[Any] | None = None,
    ) -> Result:
        """Run one job and return its result. The arguments are those of `redmule.Job`.

        Raises:
            ValueError: an argument is wrong or does not fit the memory.
            DeviceError: the hardware ended the job with an error code.
            HangError: the simulation did not finish in time.
        """
        return self.run([Job(x, w, y, op, out_dtype, x_trans, w_trans, z_trans, saturate, orientation, z_out)])[0]

    def run(self, jobs: Iterable[Job]) -> list[Result]:
        """Run jobs through the hardware's queue, in order, and return their results in that order.

        A job sees what the jobs before it wrote into arrays of `alloc`. Other operands are read when the job enters
        the queue.

        Raises:
            ValueError: a job does not suit this device, or does not fit its memory.
            RuntimeError: as `gemm_op`; also after `close`, and if the device runs jobs already.
        """
        if not isinstance(jobs, Iterable):
            raise checks.refused("jobs", jobs, "is a sequence of redmule.Job")
        queue = list(jobs)
        with self._alone():
            if self._closed:
                raise RuntimeError(f"the {self.kind} device is closed")
            for index, job in enumerate(queue):
                if not isinstance(job, Job):
                    raise checks.refused(f"jobs[{index}]", job, "is a redmule.Job")
                self._check(job)
            return self._run(queue)

    def alloc(self, shape: Sequence[int], dtype: DTypeLike) -> NDArray[Any]:
        """Return a new array of zeros in device memory; jobs read and write it without a copy.

        Args:
            shape: sizes.
            dtype: dtype of one of the five formats.

        Raises:
            ValueError: no such format, or the array does not fit.
        """
        return self.memory.alloc(shape, dtype)

    def close(self) -> None:
        """End the device. Arrays of `alloc` stay valid."""
        with self._alone():
            self._closed = True
            self._end()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @abstractmethod
    def _run(self, jobs: Sequence[Job]) -> list[Result]:
        """Run checked jobs."""

    def _end(self) -> None:  # noqa: B027 - most devices hold nothing
        """Let go of what the device holds."""

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep others out; a thread that waited for itself, as in a progress callback, would wait for ever."""
        if not self._busy.acquire(blocking=False):
            raise RuntimeError(f"the {self.kind} device runs jobs already: open one device for each thread")
        try:
            yield
        finally:
            self._busy.release()

    def _holds(self, array: NDArray[Any]) -> bool:
        """Whether an array is one of `alloc`, or a view of one."""
        return self.memory.holds(array)

    def _check(self, job: Job) -> None:
        """Raise `ValueError` if a device could not read an operand or write the result where it lies."""
        operands = job.operands
        for name, matrix in (("x", operands.x), ("w", operands.w), ("y", operands.y), ("z_out", job.z_out)):
            if matrix is not None:
                rowwise(name, distinct_rows(matrix))
        if job.z_out is not None and not self._holds(job.z_out):
            raise ValueError("z_out lies in host memory: allowed is a view of an array of this device's alloc()")


def progress_of(progress: Progress | None) -> Progress:
    """Return what to tell the progress to, by default nobody.

    Raises:
        ValueError: it is no function.
    """
    if progress is not None and not callable(progress):
        raise checks.refused("progress", progress, "is a function of the jobs done and the cycles simulated")
    return progress or _no_progress


def _no_progress(_jobs_done: int, _cycles: int) -> None:
    """Tell nobody."""
