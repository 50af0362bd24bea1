# SPDX-License-Identifier: Apache-2.0
"""What jobs take on a memory that does not always grant: the walk of the law on such a memory, drawn several times.

The memory is modelled as it is (`redmule.law.memory`, `redmule.law.banks`), so a draw errs no more than a simulation
with another seed does. Nothing recurs there: a draw takes as long as its cycles do, some tens of nanoseconds each.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from redmule.config import Config
from redmule.job import HardwareJob
from redmule.law.around import Sharing, random_memory
from redmule.law.shape import Cycles, Shape, dense_places, places_of, waits_for
from redmule.law.state import NEVER, Walk, array_of, enqueue, fresh_walk, taken

LEAST_DRAWS, MOST_DRAWS = 4, 64
PRECISION = 0.005
"""Draws are made until the standard error of their mean is this share of it."""

WARM_UP_CYCLES = 64
"""For which the cores are alone, so that a job meets them in the midst of their work."""

Work = HardwareJob | Shape


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a queue is expected to take.

    Attributes:
        jobs: what each job took, by draw.
    """

    jobs: tuple[tuple[Cycles, ...], ...]

    @property
    def totals(self) -> tuple[int, ...]:
        """Cycles from the first TRIGGER to the last event, by draw."""
        return tuple(sum(job.total for job in draw) for draw in self.jobs)

    @property
    def total(self) -> float:
        """Their mean."""
        return float(np.mean(self.totals))

    @property
    def spread(self) -> float:
        """Their standard deviation."""
        return float(np.std(self.totals))


def stalled(
    queue: Sequence[Work],
    config: Config,
    stall: float,
    latency: int = 0,
    *,
    precision: float = PRECISION,
    most_draws: int = MOST_DRAWS,
    seed: int = 0,
) -> Estimate:
    """Return what a queue takes on a memory that refuses with probability `stall` and answers up to `latency` late.

    Args:
        queue: jobs or shapes, triggered together.
        config: the accelerator.
        stall: 0 to 0.99.
        latency: most cycles by which an answer comes late; each one is drawn up to this.
        precision: draws are made until the standard error of the mean is this share of it.
        most_draws: and no more than so many.
        seed: of the first draw; the others take the next ones.
    """
    from redmule.law.entries import stalled_on  # compiled when first needed

    def draw(number: int) -> Walk:
        state = _queued(queue, config, 0)
        memory = random_memory(stall, latency, seed + number)
        for _ in queue:
            stalled_on(state, array_of(config), memory, NEVER)
        return state

    return _drawn(draw, precision, most_draws)


def shared(
    queue: Sequence[Work],
    config: Config,
    sharing: Sharing,
    *,
    precision: float = PRECISION,
    most_draws: int = MOST_DRAWS,
    seed: int = 0,
) -> Estimate:
    """Return what a queue takes in a TCDM that others use.

    Where X, W, Y and Z lie decides who is in whose way: jobs lie where they say, shapes one matrix behind the other.

    Args:
        queue: jobs or shapes, triggered together.
        config: the accelerator.
        sharing: the others.
        precision, most_draws, seed: as of `stalled`.
    """
    from redmule.law.entries import shared_on  # compiled when first needed

    def draw(number: int) -> Walk:
        ports = sharing.ports(seed + number)
        bus, banks, dma = sharing.bus(), sharing.banks_at_rest(len(ports)), sharing.dma()
        states = tuple(_queued(queue, config, WARM_UP_CYCLES) for _ in range(sharing.accelerators))
        while states[0].core["head"][0] < len(queue):
            shared_on(states, array_of(config), bus, banks, ports, dma, NEVER)
        return states[0]

    return _drawn(draw, precision, most_draws)


def _drawn(draw: Callable[[int], Walk], precision: float, most_draws: int) -> Estimate:
    """Return draws until their mean is known well enough."""
    estimate = Estimate(())
    for number in range(most_draws):
        estimate = Estimate((*estimate.jobs, taken(draw(number))))
        if number + 1 >= LEAST_DRAWS and estimate.spread <= precision * estimate.total * (number + 1) ** 0.5:
            break
    return estimate


def _queued(queue: Sequence[Work], config: Config, trigger: int) -> Walk:
    """Return an accelerator with a queue."""
    state = fresh_walk(len(queue))
    jobs = [item for item in queue if isinstance(item, HardwareJob)]
    waits = waits_for(jobs) if len(jobs) == len(queue) else [-1] * len(queue)
    for item, wait in zip(queue, waits, strict=True):
        if isinstance(item, HardwareJob):
            enqueue(state, Shape.of(item), config, trigger, wait, places_of(item))
        else:
            enqueue(state, item, config, trigger, wait, dense_places(item))
    return state
