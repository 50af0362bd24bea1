# SPDX-License-Identifier: Apache-2.0
"""How a group of operations is cut into tiles, and what each tile costs accelerator and cores.

A group is cut along one axis: the rows of its products (of the image), the inner dimension, or the columns; kernels
along their elements. Tensors that lie along this axis pass through two buffers of a tile each (*streamed*); the others
are there as a whole while the group runs.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import lcm

from redmule import law
from redmule.config import Config
from redmule.law import Bytes, Trans
from redmule.layers import CoreCosts
from redmule.mapper.graph import Group
from redmule.mapper.record import Multiply, Op, Tensor
from redmule.plan import Strip, plan, strip_shape

BUFFERS = 2
"""Places for tiles of a streamed tensor: one in use, one being filled or emptied."""

COUNTS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256)
"""Numbers of tiles that are tried: the least that fits, and some more."""

MOST_TRIED = 3

FAR = 1 << 40
"""Bytes from the result of a tile to that of another, which they cannot meet."""

LEAST_ELEMENTS = 512
"""A tile of a kernel has so many elements at least."""

STREAM_SHARE = 8
"""Tensors of a kernel that are smaller than the largest by this factor are not streamed."""


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


@dataclass(frozen=True, slots=True)
class Machine:
    """What a step runs on.

    Attributes:
        config: the accelerator.
        costs: of the cores.
        tcdm_bytes: size of the TCDM.
        dma_bytes_per_cycle: what the DMA moves between L2 and TCDM.
    """

    config: Config
    costs: CoreCosts
    tcdm_bytes: int
    dma_bytes_per_cycle: float


@dataclass(frozen=True, slots=True)
class Cost:
    """What an operation takes in a tile: cycles of a resource; `saved`: of those, if it has waited in the queue."""

    resource: str
    cycles: int
    saved: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Tiled:
    """A group in tiles.

    Attributes:
        group: what is cut.
        axis: "m", "n" or "k" of the products, or "elements" of a kernel.
        size: of a tile along the axis; the last may be smaller.
        ends: for each tile, the share of the axis that is done with it.
        streamed: tensors that come and go tile by tile.
        halo: share of a streamed tensor that a tile sees of its neighbours.
        work: for each tile, what its operations take, in order.
    """

    group: Group
    axis: str
    size: int
    ends: tuple[float, ...]
    streamed: frozenset[Tensor]
    halo: float
    work: tuple[tuple[Cost, ...], ...]

    @property
    def count(self) -> int:
        """Tiles."""
        return len(self.ends)

    def of(self, group: Group) -> Tiled:
        """Return another group of the same operations, on other tensors, cut like this one."""
        return replace(self, group=group, streamed=_streamed(group, self.axis))

    def tile_bytes(self, tensor: Tensor) -> int:
        """Return the bytes of a tensor that a tile has to do with."""
        if tensor not in self.streamed or self.count == 1:
            return tensor.bytes
        halo = 0.0 if self._is_gathered(tensor) else self.halo
        return min(tensor.bytes, int(tensor.bytes * (self.ends[0] + halo)) + 1)

    def part_bytes(self, tensor: Tensor, index: int) -> int:
        """Return the bytes of a tensor that are moved for a tile; one that is not streamed is moved as a whole."""
        if tensor not in self.streamed or self.count == 1:
            return tensor.bytes
        share = self.ends[index] - (self.ends[index - 1] if index else 0.0)
        halo = self.halo if tensor in self.group.reads else 0.0
        return min(tensor.bytes, round(tensor.bytes * (share + halo)))

    def _is_gathered(self, tensor: Tensor) -> bool:
        """Whether a tensor is a matrix of what the kernel sees at each place: its rows have no neighbours."""
        return any(
            (op.what == "im2row" and tensor in op.writes) or (op.what == "col2im" and tensor in op.reads)
            for op in self.group.ops
        )

    def stored_rows(self, tensor: Tensor) -> int:
        """Return the pieces of memory that a tile of a tensor consists of: rows, where the cut goes across them."""
        if self.count == 1 or tensor not in self.streamed:
            return 1
        for multiply in (multiply for op in self.group.ops for multiply in op.products):
            x_trans, w_trans, z_trans = multiply.trans
            for operand, rows, cols, trans in (
                (multiply.x, "m", "n", x_trans),
                (multiply.w, "n", "k", w_trans),
                (multiply.z, "m", "k", z_trans),
            ):
                stored = cols if trans else rows
                if operand is tensor and self.axis in (rows, cols) and stored != self.axis:
                    return _sizes(multiply)[stored]
        return 1

    def buffer_bytes(self, tensor: Tensor) -> int:
        """Return the bytes that a tensor takes in the TCDM while the group runs, if it is not there as a whole."""
        return min(tensor.bytes, self.tile_bytes(tensor) * (BUFFERS if tensor in self.streamed else 1))

    @property
    def buffers(self) -> dict[Tensor, int]:
        """The bytes of all tensors, as `buffer_bytes`."""
        return {tensor: self.buffer_bytes(tensor) for tensor in (*self.group.touched, *self.group.inner)}

    @property
    def bytes(self) -> int:
        """All buffers together."""
        return sum(self.buffers.values())

    @property
    def cycles(self) -> int:
        """All that its operations take, one after the other."""
        return sum(cost.cycles for tile in self.work for cost in tile)


def tilings(group: Group, machine: Machine, halo: float, most_bytes: int) -> list[Tiled]:
    """Return ways to cut a group whose buffers take at most so many bytes; if there are none, the one that takes least.

    Args:
        group: operations that are done together.
        machine: where.
        halo: share of an image that tiles overlap.
        most_bytes: of the TCDM.
    """
    fitting: list[Tiled] = []
    least: Tiled | None = None
    for axis in _axes(group):
        found = 0
        for tiled in _cuts(group, axis, machine.config, halo):
            if least is None or tiled.bytes < least.bytes:
                least = tiled
            if tiled.bytes <= most_bytes:
                fitting.append(tiled)
                found += 1
            if found == MOST_TRIED:
                break
    chosen = fitting or [least] if least is not None else fitting
    return [replace(tiled, work=tuple(_work(tiled, machine))) for tiled in chosen]


def _axes(group: Group) -> Iterator[str]:
    """Yield the axes along which a group may be cut: with kernels that know of images, only along their places."""
    products = [multiply for op in group.ops for multiply in op.products]
    if not products:
        yield "elements"
        return
    places = "n" if group.turn == "weights" else "m"
    for axis in ("m", "n", "k"):
        sizes = {_sizes(multiply)[axis] for multiply in products}
        streamed = _streamed(group, axis)
        kernels = any(
            not op.products and op.what != "cast" and not streamed.isdisjoint((*op.reads, *op.writes))
            for op in group.ops
        )
        if len(sizes) == 1 and (axis == places or (len(products) == 1 and not kernels)):
            yield axis
    if len({_sizes(multiply)[places] for multiply in products}) > 1:
        yield "whole"


def _sizes(multiply: Multiply) -> Mapping[str, int]:
    return {"m": multiply.m, "n": multiply.n, "k": multiply.k}


def _streamed(group: Group, axis: str) -> frozenset[Tensor]:
    """Return the tensors that lie along an axis, and those that kernels make of them or make them from."""
    if axis == "elements":
        touched = [tensor for op in group.ops for tensor in (*op.reads, *op.writes)]
        largest = max(tensor.bytes for tensor in touched)
        return frozenset(tensor for tensor in touched if tensor.bytes * STREAM_SHARE >= largest)
    found: set[Tensor] = set()
    for op in group.ops:
        for multiply in op.products:
            operands = {"m": (multiply.x, multiply.z), "n": (multiply.x, multiply.w), "k": (multiply.w, multiply.z)}
            found |= set(operands.get(axis, ()))
            if axis == "m" and multiply.y is not None and multiply.y.bytes >= multiply.m:
                found.add(multiply.y)
    kernels = [op for op in group.ops if not op.products]
    for op in (*kernels, *reversed(kernels)):
        if not found.isdisjoint((*op.reads, *op.writes)):
            found |= {*op.reads, *op.writes}
    return frozenset(found)


def _cuts(group: Group, axis: str, config: Config, halo: float) -> Iterator[Tiled]:
    """Yield the group in more and more tiles, without their work."""
    streamed = _streamed(group, axis)
    if axis == "elements":
        total, unit = max(group.ops[0].elements, 1), LEAST_ELEMENTS
    elif axis == "whole":
        total, unit = 1, 1
    else:
        total = next(_sizes(multiply)[axis] for op in group.ops for multiply in op.products)
        unit = config.x_chunk if axis == "n" else config.rows
    before = 0
    for count in COUNTS:
        size = -(-total // count)
        whole = lcm(config.rows, config.tile_cols)
        step = whole if axis in ("m", "k") and size > 2 * whole else unit
        size = min(total, -(-size // step) * step)
        if size != before:
            before = size
            ends = tuple(min(end, total) / total for end in range(size, total + size, size))
            yield Tiled(group, axis, size, ends, streamed, halo if axis in ("m", "n", "elements") else 0.0, ())


# ------------------------------------------------------------------------------------------------------------- work


def _work(tiled: Tiled, machine: Machine) -> Iterator[tuple[Cost, ...]]:
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
        sizes = dict(_sizes(multiply))
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
