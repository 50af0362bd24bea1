# SPDX-License-Identifier: Apache-2.0
"""The ways in which a group of operations may be cut into tiles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import lcm

from redmule.config import Config
from redmule.mapper.graph import Group
from redmule.mapper.tile_work import work_of
from redmule.mapper.tiled import Machine, Tiled, streamed_tensors

COUNTS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256)
"""Numbers of tiles that are tried: the least that fits, and some more."""

MOST_TRIED = 3

LEAST_ELEMENTS = 512
"""A tile of a kernel has so many elements at least."""


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
    return [replace(tiled, work=tuple(work_of(tiled, machine))) for tiled in chosen]


def _axes(group: Group) -> Iterator[str]:
    """Yield the axes along which a group may be cut: with kernels that know of images, only along their places."""
    products = [multiply for op in group.ops for multiply in op.products]
    if not products:
        yield "elements"
        return
    places = "n" if group.turn == "weights" else "m"
    for axis in ("m", "n", "k"):
        sizes = {multiply.sizes[axis] for multiply in products}
        streamed = streamed_tensors(group, axis)
        kernels = any(
            not op.products and op.what != "cast" and not streamed.isdisjoint((*op.reads, *op.writes))
            for op in group.ops
        )
        if len(sizes) == 1 and (axis == places or (len(products) == 1 and not kernels)):
            yield axis
    if len({multiply.sizes[places] for multiply in products}) > 1:
        yield "whole"


def _cuts(group: Group, axis: str, config: Config, halo: float) -> Iterator[Tiled]:
    """Yield the group in more and more tiles, without their work."""
    streamed = streamed_tensors(group, axis)
    if axis == "elements":
        total, unit = max(group.ops[0].elements, 1), LEAST_ELEMENTS
    elif axis == "whole":
        total, unit = 1, 1
    else:
        total = next(multiply.sizes[axis] for op in group.ops for multiply in op.products)
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
