# SPDX-License-Identifier: Apache-2.0
"""Energy of a training step: mapped, from the jobs of its tiles and the cycles of the whole, or from a log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import ml_dtypes  # noqa: F401  (its dtypes have names then)
import numpy as np

from redmule import law
from redmule.config import Config
from redmule.energy import Corner, Energy, Events, estimate, events_of
from redmule.layers import Work
from redmule.mapper import Mapping, TileProduct, tile_products
from redmule.plan import plan, strip_shape


def step_energy(mapping: Mapping, corner: str | float | Corner = "0.65V") -> Energy:
    """Return what a step costs at a corner.

    The accelerator's part counts its jobs; while it waits it holds. Cores and DMA are in the constant power of the rest
    of the cluster, busy or not: what kernels cost beyond it is not known.

    Raises:
        ValueError: no such corner.
    """
    config = mapping.machine.config
    tiles: Counter[tuple[TileProduct, ...]] = Counter()
    for tiled in (tiled for each in mapping.passes for tiled in each.groups):
        for op in tiled.group.ops:
            tiles.update(tile_products(op, tiled, index) for index in range(tiled.count) if op.products)
    total: Counter[str] = Counter()
    for products, count in tiles.items():
        shapes = [
            strip_shape(strip, each.m, each.n, each.k, each.elem_bytes, each.trans)
            for each in products
            for strip in each.strips(config)
        ]
        total.update(_events(shapes, count, config))
    total["held_elements"] += config.num_ces * (mapping.cycles - total["cycles"])
    total["cycles"] = mapping.cycles
    return estimate(Events({name: max(count, 0) for name, count in total.items()}), config, corner)


def products_energy(log: Iterable[Work], config: Config, corner: str | float | Corner = "0.65V") -> Energy:
    """Return what the products of a log cost one after the other, with the cluster around them, without the kernels.

    Raises:
        ValueError: no such corner, or no product.
    """
    total: Counter[str] = Counter()
    asked = Counter((work.m, work.n, work.k, work.dtypes, work.trans) for work in log if not work.on_cores)
    for (m, n, k, dtypes, trans), count in asked.items():
        x_bytes, w_bytes, y_bytes, z_bytes = (np.dtype(name).itemsize if name else 0 for name in dtypes)
        elem_bytes = (x_bytes, w_bytes, y_bytes, z_bytes)
        strips = plan(m, n, k, config, elem_bytes, trans, most_strips=config.contexts)
        total.update(_events([strip_shape(strip, m, n, k, elem_bytes, trans) for strip in strips], count, config))
    return estimate(Events(total), config, corner)


def _events(shapes: Sequence[law.Shape], count: int, config: Config) -> dict[str, int]:
    """Return what happens when jobs are queued so many times."""
    events = events_of(shapes, law.queue_cycles(shapes, config), config)
    return {name: count * happened for name, happened in events.counts.items()}
