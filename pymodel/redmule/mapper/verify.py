# SPDX-License-Identifier: Apache-2.0
"""The products of a mapping on a device: whether they take the cycles that the mapper counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import ml_dtypes
import numpy as np
from numpy.typing import NDArray

from redmule.device import Device
from redmule.job import Job
from redmule.layers import Turn
from redmule.mapper.mapping import Mapping
from redmule.mapper.tile_work import TileProduct, queued_cycles, tile_products

MOST_CYCLES = 20_000
"""Tiles that take more are not run."""

DTYPES = {1: np.dtype(ml_dtypes.float8_e4m3), 2: np.dtype(np.float16)}


@dataclass(frozen=True, slots=True)
class Verified:
    """The products of a tile: whose, and their cycles as counted and as measured."""

    layer: str
    turn: Turn
    products: tuple[TileProduct, ...]
    counted: int
    measured: int


def tiles_of(mapping: Mapping, layer: str | None = None) -> dict[tuple[TileProduct, ...], tuple[str, Turn]]:
    """Return the different tiles of products of a mapping, or of one layer, with the pass where each stands first."""
    found: dict[tuple[TileProduct, ...], tuple[str, Turn]] = {}
    for each in mapping.passes if layer is None else mapping.find(layer):
        for tiled in each.groups:
            for op in tiled.group.ops:
                for index in sorted({0, min(1, tiled.count - 1), tiled.count - 1}) if op.products else ():
                    found.setdefault(tile_products(op, tiled, index), (each.layer, each.turn))
    return found


def verify(
    mapping: Mapping,
    device: Device,
    layer: str | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> list[Verified]:
    """Run the tiles of a mapping that are not too long on a device, with random data, all matrices in its memory.

    Raises:
        ValueError: there is no such layer.
    """
    random = np.random.default_rng(seed)
    tiles = {
        products: place
        for products, place in tiles_of(mapping, layer).items()
        if queued_cycles(products, mapping.machine.config) <= MOST_CYCLES
    }
    found: list[Verified] = []
    simulated = 0
    for products, (path, turn) in tiles.items():
        results = device.run(list(_jobs(products, device, random)))
        measured = sum(result.cycles or 0 for result in results)
        found.append(Verified(path, turn, products, queued_cycles(products, mapping.machine.config), measured))
        simulated += measured
        if progress is not None:
            progress(len(found), simulated)
    return found


def _jobs(products: tuple[TileProduct, ...], device: Device, random: np.random.Generator) -> Iterator[Job]:
    """Yield the products of a tile as jobs, their results as far from each other as in the step."""
    first = min(each.z_start for each in products)
    size = max(_end(each) for each in products) - first
    memory = device.alloc((-(-size // 2),), np.float16).view(np.uint8)
    for each in products:
        x_bytes, w_bytes, y_bytes, z_bytes = each.elem_bytes
        x = _operand((each.m, each.n), x_bytes, each.trans[0], random)
        w = _operand((each.n, each.k), w_bytes, each.trans[1], random)
        z: NDArray[np.float16] = np.ndarray(
            (each.m, each.k), DTYPES[z_bytes], memory.data, each.z_start - first, each.z_strides
        )
        bias = np.zeros(each.k, DTYPES[y_bytes]) if y_bytes else None
        yield Job(x, w, z if each.in_place else bias, z_out=z)


def _end(product: TileProduct) -> int:
    row_step, col_step = product.z_strides
    return product.z_start + (product.m - 1) * row_step + (product.k - 1) * col_step + product.elem_bytes[3]


def _operand(
    shape: tuple[int, int], itemsize: int, by_columns: bool, random: np.random.Generator
) -> NDArray[np.float16]:
    """Return a random matrix, small enough that nothing overflows."""
    drawn = (random.standard_normal(shape) / 16).astype(DTYPES[itemsize])
    return np.asfortranarray(drawn) if by_columns else drawn
