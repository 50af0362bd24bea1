# SPDX-License-Identifier: Apache-2.0
"""Tasks on accelerator, cores and DMA, and when each of them runs.

Every resource does one task at a time, and takes, of those that are ready, the one behind which the longest chain of
tasks waits. Ready are tasks of which all they depend on has ended, and whose group has been admitted. Groups are
admitted in their order, each as soon as the TCDM has room.

A job that was ready, for as long as that saves, before the one in front of it ended has waited in the accelerator's
queue, where it costs less.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field

RESOURCES = ("accelerator", "cores", "dma")


@dataclass(slots=True)
class Program:
    """Tasks in groups. Task numbers go up with groups.

    Attributes:
        resources, cycles, saved, needs, groups: of each task: a place in `RESOURCES`, its duration, what of that is
            saved if it has waited in the queue, tasks that have to end before, its group.
        takes: for each group, the bytes that are taken when it is admitted.
        gives: for each group, pieces of memory that are given back once all groups that hold them have ended: for each
            its number.
        pieces: bytes, and the number of groups that hold it, of each of these.
    """

    resources: list[int] = field(default_factory=list)
    cycles: list[int] = field(default_factory=list)
    saved: list[int] = field(default_factory=list)
    needs: list[tuple[int, ...]] = field(default_factory=list)
    groups: list[int] = field(default_factory=list)
    takes: list[int] = field(default_factory=list)
    gives: list[list[int]] = field(default_factory=list)
    pieces: list[tuple[int, int]] = field(default_factory=list)

    def add(self, resource: str, cycles: int, needs: Sequence[int], saved: int = 0) -> int:
        """Add a task of the group that was begun last and return its number."""
        self.resources.append(RESOURCES.index(resource))
        self.cycles.append(cycles)
        self.saved.append(saved)
        self.needs.append(tuple(dict.fromkeys(needs)))
        self.groups.append(len(self.takes) - 1)
        return len(self.cycles) - 1

    def begin(self, takes: int, gives: list[int]) -> None:
        """Begin a group."""
        self.takes.append(takes)
        self.gives.append(gives)

    def hold(self, size: int, groups: int) -> int:
        """Note a piece of memory that so many groups hold, and return its number."""
        self.pieces.append((size, groups))
        return len(self.pieces) - 1


@dataclass(frozen=True, slots=True)
class Timeline:
    """When things ran.

    Attributes:
        cycles: from the first task's start to the last one's end.
        took: cycles that each group takes of each resource.
        spans: for each group, the cycles of its admission and its end.
        most_bytes: of the TCDM that were taken at once.
        exposed: cycles in which the accelerator did not: while the cores worked, while only the DMA did.
    """

    cycles: int
    took: tuple[tuple[int, ...], ...]
    spans: tuple[tuple[int, int], ...]
    most_bytes: int
    exposed: tuple[int, int]

    @property
    def busy(self) -> tuple[int, ...]:
        """Cycles of each resource in which it worked."""
        return tuple(sum(each) for each in zip(*self.took, strict=True))


class _Run:
    """The state of a run."""

    def __init__(self, program: Program, capacity: int) -> None:
        self.program, self.capacity = program, capacity
        self.left = [len(needs) + 1 for needs in program.needs]  # and the admission
        self.wanted_by: list[list[int]] = [[] for _ in program.cycles]
        for task, needs in enumerate(program.needs):
            for need in needs:
                self.wanted_by[need].append(task)
        self.members: list[list[int]] = [[] for _ in program.takes]
        for task, group in enumerate(program.groups):
            self.members[group].append(task)
        self.open = [len(members) for members in self.members]
        self.holders = [groups for _, groups in program.pieces]
        self.chain = list(program.cycles)  # of this task and the longest chain behind it
        for task in reversed(range(len(program.cycles))):
            self.chain[task] += max((self.chain[other] for other in self.wanted_by[task]), default=0)
        self.ready: list[list[tuple[int, int]]] = [[] for _ in RESOURCES]
        self.since = [0] * len(program.cycles)  # when each task was ready
        self.admitted = self.taken = self.most = 0
        self.begun = [0] * len(program.takes)
        self.ended = [0] * len(program.takes)

    def admit(self, now: int) -> None:
        """Admit groups while there is room."""
        takes = self.program.takes
        while self.admitted < len(takes) and self.taken + takes[self.admitted] <= self.capacity:
            self.taken += takes[self.admitted]
            self.most = max(self.most, self.taken)
            self.begun[self.admitted] = now
            self.admitted += 1
            for task in self.members[self.admitted - 1]:
                self.release(task, now)

    def release(self, task: int, now: int) -> None:
        """Note that one thing less keeps a task from running."""
        self.left[task] -= 1
        if self.left[task] == 0:
            self.since[task] = now
            heapq.heappush(self.ready[self.program.resources[task]], (-self.chain[task], task))

    def end(self, task: int, now: int) -> None:
        """Note that a task has ended."""
        for other in self.wanted_by[task]:
            self.release(other, now)
        group = self.program.groups[task]
        self.open[group] -= 1
        if self.open[group] == 0:
            self.ended[group] = now
            for piece in self.program.gives[group]:
                self.holders[piece] -= 1
                if self.holders[piece] == 0:
                    self.taken -= self.program.pieces[piece][0]
            self.admit(now)


def simulate(program: Program, capacity: int) -> Timeline:
    """Return when the tasks of a program run in a TCDM of so many bytes.

    Raises:
        ValueError: a group never finds room.
    """
    run = _Run(program, capacity)
    took = [[0] * len(RESOURCES) for _ in program.takes]
    events: list[tuple[int, int]] = []
    idle = [True] * len(RESOURCES)
    ended = [-1] * len(RESOURCES)  # when each resource last ended a task
    exposed = [0, 0]
    now = 0
    run.admit(now)
    while True:
        for resource, ready in enumerate(run.ready):
            if idle[resource] and ready:
                _, task = heapq.heappop(ready)
                queued = ended[resource] == now and run.since[task] + program.saved[task] <= now
                cycles = program.cycles[task] - (program.saved[task] if queued else 0)
                idle[resource] = False
                took[program.groups[task]][resource] += cycles
                heapq.heappush(events, (now + cycles, task))
        if not events:
            break
        then, task = heapq.heappop(events)
        if idle[0] and not all(idle):
            exposed[int(idle[1])] += then - now
        now = then
        resource = program.resources[task]
        idle[resource], ended[resource] = True, now
        run.end(task, now)
    if run.admitted < len(program.takes) or any(run.open):
        raise ValueError(f"tcdm_bytes = {capacity}: allowed are more: group {run.admitted} of the step finds no room")
    spans = tuple(zip(run.begun, run.ended, strict=True))
    return Timeline(now, tuple(map(tuple, took)), spans, run.most, (exposed[0], exposed[1]))
