# SPDX-License-Identifier: Apache-2.0
"""Energy of a mapped training step, from the jobs of its tiles and the cycles of the whole."""

from __future__ import annotations

from collections import Counter

from redmule import law
from redmule.energy import Corner, Energy, Events, estimate, events_of
from redmule.mapper import Mapping, TileProduct, tile_products
from redmule.plan import strip_shape


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
        for name, events in events_of(shapes, law.queue_cycles(shapes, config), config).counts.items():
            total[name] += count * events
    total["held_elements"] += config.num_ces * (mapping.cycles - total["cycles"])
    total["cycles"] = mapping.cycles
    return estimate(Events({name: max(count, 0) for name, count in total.items()}), config, corner)
