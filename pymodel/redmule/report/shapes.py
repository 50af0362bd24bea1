# SPDX-License-Identifier: Apache-2.0
"""How well the array is used by products of all shapes: random ones, and the layers of networks in training.

The yardstick is `ideal_cycles`, and the tile bound: what straight cuts, orientations and groups allow at best.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from redmule.config import Config
from redmule.device import RtlDevice
from redmule.job import Job
from redmule.law import Shape, ideal_cycles, queue_cycles, shape_cycles
from redmule.plan import Strip, plan, plan_cycles, strip_shape, tile_bound
from redmule.published import published_cycles
from redmule.workload import LAYOUTS, Product, layers, networks

RANGES = ((16, 256), (8, 160))
"""Least and largest size of the random shapes."""

DRAWN, DRAW_SEED = 200, 7
BATCHES = (1, 4, 16)
JUDGED_BATCH = 16

FIXED_CYCLES = 58
"""What a job alone costs at least beyond its tiles."""

LEAST_N = 13
"""The published RTL computes correctly from this N on, and its law holds."""

ALONE_TARGET, QUEUED_TARGET, NETWORK_TARGET = 0.97, 0.96, 0.95


@dataclass(frozen=True, slots=True)
class Row:
    """A product and its cycles.

    Attributes:
        ideal: the least for any machine with this array and port.
        bound: the least that tiles allow, without fixed cost; not less than `ideal`.
        published: by the law of the published RTL.
        before: on the plain array: no groups, no transposes (X and W lie as it needs them), no strips.
        alone: as planned, alone: from the first TRIGGER to the last event.
        queued: as planned, in its turn in a queue of all products of its range or network and batch.
        strips: as which it runs.
    """

    product: Product
    ideal: int
    bound: int
    published: int
    before: int
    alone: int
    queued: int
    strips: tuple[Strip, ...]


def ranged(low: int, high: int) -> list[Product]:
    """Return the random products of a range: sizes log-uniform from `low` to `high`."""
    rng = np.random.default_rng(DRAW_SEED)
    sizes = np.rint(np.exp(rng.uniform(math.log(low), math.log(high), (DRAWN, 3)))).astype(int)
    return [
        Product(f"{low}..{high}", str(i), 0, "", int(m), int(n), int(k)) for i, (m, n, k) in enumerate(sizes, start=1)
    ]


def every_list() -> list[list[Product]]:
    """Return all products, those together that follow each other in a queue."""
    lists = [ranged(low, high) for low, high in RANGES]
    return lists + [layers(*choice) for choice in product(networks(), BATCHES, LAYOUTS)]


def rows(products: Sequence[Product], config: Config) -> list[Row]:
    """Return the cycles of products that belong together, by the law."""
    plain = replace(config, row_groups=1, transposes=False)
    plans = [plan(p.m, p.n, p.k, config, p.elem_bytes, p.trans) for p in products]
    queued = iter(queue_cycles(_queue(products, plans), config))
    return [
        Row(
            product=p,
            ideal=(ideal := ideal_cycles(p.m, p.n, p.k, config, p.elem_bytes)),
            bound=max(ideal, tile_bound(p.m, p.n, p.k, config)),
            published=published_cycles(p.m, p.n, p.k),
            before=shape_cycles(p.m, p.n, p.k, plain, p.elem_bytes).total,
            alone=plan_cycles(strips, p.m, p.n, p.k, config, p.elem_bytes, p.trans),
            queued=sum(next(queued).total for _ in strips),
            strips=strips,
        )
        for p, strips in zip(products, plans, strict=True)
    ]


def _queue(products: Iterable[Product], plans: Iterable[Sequence[Strip]]) -> list[Shape]:
    """Return the hardware jobs of products, in order."""
    return [
        strip_shape(strip, p.m, p.n, p.k, p.elem_bytes, p.trans)
        for p, strips in zip(products, plans, strict=True)
        for strip in strips
    ]


def geometric_mean(table: Iterable[Row], cycles: Callable[[Row], float]) -> float:
    """Return the geometric mean of ideal over `cycles`."""
    return math.exp(float(np.mean([math.log(row.ideal / cycles(row)) for row in table])))


def share(table: Iterable[Row], cycles: Callable[[Row], float]) -> float:
    """Return the sum of ideal cycles over the sum of `cycles`."""
    table = list(table)
    return sum(row.ideal for row in table) / sum(cycles(row) for row in table)


def slower_than_published(table: Iterable[Row]) -> list[Row]:
    """Return the rows with N from 13 on that are slower than by the law of the published RTL (it has no transposes)."""
    return [row for row in table if row.product.n >= LEAST_N and row.alone > row.published]


def measure(row: Row, device: RtlDevice) -> tuple[int, int]:
    """Return the cycles of a product's strips from the first TRIGGER to the last event: on the RTL, and by the law.

    Software writes the registers of a job while the one before runs, so the law is told when each TRIGGER came.
    """
    p = row.product
    rng = np.random.default_rng(DRAW_SEED)

    def matrix(rows: int, cols: int, trans: bool) -> NDArray[Any]:
        stored = device.alloc((cols, rows) if trans else (rows, cols), np.float16)
        stored[...] = rng.standard_normal(stored.shape)
        return stored.T if trans else stored

    x_trans, w_trans, z_trans = p.trans
    x, w = matrix(p.m, p.n, x_trans), matrix(p.n, p.k, w_trans)
    y, z = matrix(p.m, p.k, z_trans), matrix(p.m, p.k, z_trans)
    jobs = []
    for strip in row.strips:
        at = np.s_[strip.row0 : strip.row0 + strip.rows], np.s_[strip.col0 : strip.col0 + strip.cols]
        jobs.append(Job(x[at[0]], w[:, at[1]], y[at] if p.y else None, orientation=strip.orientation, z_out=z[at]))
    device.harness.take_log()
    device.run(jobs)
    log = device.harness.take_log()
    triggers = [entry.cycle for entry in log if entry.kind != "event"]
    shapes = [strip_shape(strip, p.m, p.n, p.k, p.elem_bytes, p.trans) for strip in row.strips]
    end = 0
    since = [trigger - triggers[0] for trigger in triggers]
    for cycles, trigger in zip(queue_cycles(shapes, device.config, triggers=since), since, strict=True):
        end = max(end, trigger) + cycles.total
    return log[-1].cycle - triggers[0], end
