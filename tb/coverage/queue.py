# SPDX-License-Identifier: Apache-2.0
"""Samples of jobs that went through the queue of a device, from its log and their results."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from redmule import law
from redmule.config import Config
from redmule.device.driver import JobResult
from redmule.device.harness import LogEntry
from redmule.job import HardwareJob, Job
from tb.coverage.sample import JobSample, data_classes, relations

Data = frozenset[tuple[str, str]]


def ahead(log: Sequence[LogEntry]) -> list[int]:
    """Return for each TRIGGER of a log how many jobs before it had not ended."""
    found: list[int] = []
    ended = 0
    for entry in log:
        if entry.kind == "event":
            ended += 1
        else:
            found.append(len(found) - ended)
    return found


def samples(
    config: Config,
    jobs: Sequence[HardwareJob],
    results: Sequence[JobResult],
    log: Sequence[LogEntry],
    held: Sequence[bool],
    *,
    stall: float = 0.0,
    latency: int = 0,
    data: Data = frozenset(),
) -> Iterator[JobSample]:
    """Yield the samples of jobs that have all ended, none of them aborted.

    Args:
        config: the accelerator.
        jobs: in the order of the queue.
        results: of each.
        log: triggers and events from before the first to behind the last.
        held: of each, whether it was committed to wait.
        stall, latency: of the memory.
        data: of the one job there is.
    """
    before = ahead(log)
    cores = [entry.core for entry in log if entry.kind == "trigger"]
    for index, (job, result) in enumerate(zip(jobs, results, strict=True)):
        yield JobSample(
            config,
            job,
            result.error.name.lower(),
            result.flags,
            result.stalls,
            stall,
            latency,
            ahead=before[index],
            followed=index + 1 < len(jobs) and before[index + 1] > 0,
            relations=relations(job, jobs[index - 1]) if before[index] else frozenset(),
            held=held[index],
            core=cores[index],
            other_core=before[index] > 0 and cores[index] != cores[index - 1],
            data=data,
        )


def data_of(jobs: Sequence[Job]) -> Data:
    """Return the classes of the operands of a job that runs as one, before it runs; nothing if there are more."""
    if len(jobs) != 1 or jobs[0].orientation == "auto":
        return frozenset()
    (job,) = jobs
    formats = (job.operands.x_format, job.operands.w_format, job.operands.y_format)
    names = "wxy" if job.orientation == "transposed" else "xwy"  # of the hardware
    return frozenset(
        (name, kind)
        for name, array, fmt in zip(names, (job.x, job.w, job.y), formats, strict=True)
        if array is not None
        for kind in data_classes(np.ascontiguousarray(array).view(fmt.raw_dtype), fmt)
    )


def phase(
    config: Config, jobs: Sequence[HardwareJob], log: Sequence[LogEntry], moment: int, index: int, stored: bool
) -> str | None:
    """Return where a job was in a cycle in which it had not ended; None: that cannot be told.

    Args:
        config: the accelerator, on a memory that always grants.
        jobs: in the order of the queue, none held.
        log: triggers and events until then.
        moment: the cycle.
        index: which job.
        stored: whether a byte of its Z was written.
    """
    released = [entry.cycle for entry in log if entry.kind == "trigger"][: len(jobs)]
    events = [entry.cycle for entry in log if entry.kind == "event" and entry.cycle < moment]
    if index > len(events):
        return "waiting"
    begun = max(released[index], events[index - 1] if index else 0)
    predicted = law.queue(jobs, config, [cycle - released[0] for cycle in released])[index]
    if moment - begun > predicted.total:
        return None
    if moment - begun <= predicted.stalls["start"]:
        return "loading"
    if moment - begun >= predicted.total - predicted.stalls["drain"]:
        return "draining"
    return "storing" if stored else "running"
