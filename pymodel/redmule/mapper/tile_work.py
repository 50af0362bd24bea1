# SPDX-License-Identifier: Apache-2.0
"""What each tile of a group costs accelerator and cores."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass, replace

from redmule import law
from redmule.config import Config
from redmule.law import Bytes, Trans
from redmule.mapper.record import Op, Tensor
from redmule.mapper.tiled import Cost, Machine, Tiled
from redmule.plan import Strip, plan, strip_shape

FAR = 1 << 40
"""Bytes from the result of a tile to that of another, which they cannot meet."""


@dataclass(frozen=True, slots=True)
class TileProduct:
    """The product of a tile; attributes as of `Multiply`, and where its result lies."""

    m: int
    n: int
    k: int
    elem_bytes: Bytes
    trans: Trans
    in_place: bool
    z_start: int
    z_strides: tuple[int, ...]

    def strips(self, config: Config) -> tuple[Strip, ...]:
        """Return how it runs."""
        return plan(
            *(self.m, self.n, self.k, config, self.elem_bytes, self.trans),
            in_place=self.in_place,
            most_strips=config.contexts,
        )

    def extent(self, strip: Strip) -> law.Extent:
        """Return the first and the last place of a strip of Z in its tensor."""
        (row_step, col_step), size = self.z_strides, self.elem_bytes[3]
        first = self.z_start + strip.row0 * row_step + strip.col0 * col_step
        return first, first + (strip.rows - 1) * row_step + (strip.cols - 1) * col_step + size - 1


def work_of(tiled: Tiled, machine: Machine) -> Iterator[tuple[Cost, ...]]:
    """Yield what each tile takes: operations off the stream are done with the first tile, or, on results, the last."""
    group, last = tiled.group, tiled.count - 1
    made: set[Tensor] = set()
    at: list[int | None] = []  # for each operation its tile; None: part of each
    for op in group.ops:
        along = bool(op.products) or not tiled.streamed.isdisjoint((*op.reads, *op.writes))
        at.append(None if along else last if not made.isdisjoint(op.reads) else 0)
        made |= set(op.writes) if op.products else set()
    for index in range(tiled.count):
        yield tuple(
            _cost(op, tiled, index if place is None else None, machine)
            for op, place in zip(group.ops, at, strict=True)
            if place is None or place == index
        )


def _cost(op: Op, tiled: Tiled, index: int | None, machine: Machine) -> Cost:
    """Return what a tile of an operation takes; with no index, all of it."""
    if op.products:
        assert index is not None
        products = tile_products(op, tiled, index)
        alone = queued_cycles(products, machine.config)
        if index == 0:
            return Cost("accelerator", alone)
        before = tile_products(op, tiled, index - 1)
        both = queued_cycles(before + _elsewhere(products, tiled.axis), machine.config)
        return Cost("accelerator", alone, max(alone + queued_cycles(before, machine.config) - both, 0))
    share = 1.0 if index is None else tiled.ends[index] - (tiled.ends[index - 1] if index else 0.0)
    elements = max(round(op.elements * share), 1)
    start = machine.costs.startup_cycles
    cycles = machine.costs.cycles(op.what, elements, op.itemsize) - start
    return Cost("cores", start + round(cycles * op.share))


def tile_products(op: Op, tiled: Tiled, index: int) -> tuple[TileProduct, ...]:
    """Return the products of a tile; along the inner dimension all but the first add to what is there."""
    found = []
    for multiply in op.products:
        sizes = dict(multiply.sizes)
        elem_bytes, in_place = multiply.elem_bytes, multiply.in_place
        if tiled.axis in sizes:
            sizes[tiled.axis] = min(tiled.size, sizes[tiled.axis] - index * tiled.size)
        if tiled.axis == "n" and index:
            elem_bytes, in_place = (*elem_bytes[:2], elem_bytes[3], elem_bytes[3]), True
        found.append(
            TileProduct(
                **sizes,
                elem_bytes=elem_bytes,
                trans=multiply.trans,
                in_place=in_place,
                z_start=multiply.z_start,
                z_strides=multiply.z_strides,
            )
        )
    return tuple(found)


def _elsewhere(products: tuple[TileProduct, ...], axis: str) -> tuple[TileProduct, ...]:
    """Return the products of a tile behind another one: only along the inner dimension their result is in its place."""
    return products if axis == "n" else tuple(replace(each, z_start=each.z_start + FAR) for each in products)


@functools.lru_cache(maxsize=65536)
def queued_cycles(products: tuple[TileProduct, ...], config: Config) -> int:
    """Return the cycles of products that are queued at once on an idle accelerator, by the law."""
    shapes: list[law.Shape] = []
    read: list[list[law.Extent]] = []
    written: list[law.Extent] = []
    for each in products:
        for strip in each.strips(config):
            shapes.append(strip_shape(strip, each.m, each.n, each.k, each.elem_bytes, each.trans))
            written.append(each.extent(strip))
            read.append([written[-1]] if each.in_place else [])
    waits = law.last_writers(read, written)
    return sum(cycles.total for cycles in law.queue_cycles(shapes, config, waits=waits))
