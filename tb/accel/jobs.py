# SPDX-License-Identifier: Apache-2.0
"""Jobs for the accelerator: what is wanted, at random where nobody says, laid out in memory between guards."""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from redmule.device.memory import Memory, signalling_nan
from redmule.fp.formats import FORMATS, FP16, Format
from redmule.fp.ops import OPS, Op
from redmule.golden import gemm_codes
from redmule.job import Flags, HardwareJob, Stored

MOST_OFFSET, MOST_GAP = 19, 9


class Rows(Enum):
    """How the rows of a matrix lie."""

    DENSE = "one after the other"
    PADDED = "with gaps"
    OVERLAPPING = "each begins inside the one before"


class YPlace(Enum):
    """Where Y is."""

    IN_PLACE = "Z"
    SEPARATE = "a matrix"
    BROADCAST = "one row"


@dataclass(frozen=True, slots=True)
class Wish:
    """A job before it is placed.

    Attributes:
        formats: of X, W, Y and Z.
        rows: of X, W and Y; of Z, where they must not overlap.
        offsets: elements by which X, W, Y and Z begin behind an aligned address.
        trans: whether X, W, and Y and Z are stored by columns.
        wild: share of operands that are any code at all (NaN, infinities, subnormals); the others are near 1.
    """

    m: int
    n: int
    k: int
    op: Op
    formats: tuple[Format, Format, Format, Format] = (FP16, FP16, FP16, FP16)
    rows: tuple[Rows, Rows] = (Rows.DENSE, Rows.DENSE)
    offsets: tuple[int, int, int, int] = (0, 0, 0, 0)
    y_place: YPlace = YPlace.IN_PLACE
    saturate: bool = False
    wild: float = 0.0
    trans: tuple[bool, bool, bool] = (False, False, False)


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """A job in memory, as long as this lives."""

    job: HardwareJob
    kept: tuple[NDArray[Any], ...]


def any_wish(most: tuple[int, int, int]) -> Wish:
    """Return a random job of at most this M, N and K."""
    m, n, k = (random.randint(1, size) for size in most)
    y_place = random.choice(list(YPlace))
    x_format, w_format, y_format, z_format = random.choices(FORMATS, k=4)
    return Wish(
        *(m, n, k, random.choice(OPS)),
        formats=(x_format, w_format, z_format if y_place is YPlace.IN_PLACE else y_format, z_format),
        rows=(random.choice(list(Rows)), random.choice([Rows.DENSE, Rows.PADDED])),
        offsets=(_offset(), _offset(), _offset(), _offset()),
        y_place=y_place,
        saturate=_coin(),
        wild=random.choice([0.0, 0.02, 1.0]),
        trans=(_coin(), _coin(), _coin()),
    )


def place(wish: Wish, memory: Memory) -> Placed:
    """Lay a job out in memory, operands filled in."""
    x_format, w_format, y_format, z_format = wish.formats
    loads, stores = wish.rows
    x_trans, w_trans, z_trans = wish.trans
    sizes = {
        "x": (wish.n, wish.m) if x_trans else (wish.m, wish.n),
        "w": (wish.k, wish.n) if w_trans else (wish.n, wish.k),
        "z": (wish.k, wish.m) if z_trans else (wish.m, wish.k),
    }
    x, x_kept = _matrix(memory, sizes["x"], x_format, loads, wish.offsets[0], wish.wild)
    w, w_kept = _matrix(memory, sizes["w"], w_format, loads, wish.offsets[1], wish.wild)
    z, z_kept = _matrix(memory, sizes["z"], z_format, stores, wish.offsets[3], wish.wild)
    broadcast = wish.y_place is YPlace.BROADCAST and wish.op.uses_y
    if not wish.op.uses_y:
        y, y_kept = None, z_kept
    elif wish.y_place is YPlace.IN_PLACE:
        y, y_kept = z, z_kept
    else:
        size = (1, sizes["z"][1]) if broadcast else sizes["z"]
        y, y_kept = _matrix(memory, size, y_format, loads, wish.offsets[2], wish.wild)
    job = HardwareJob(wish.op, x, w, y, z, broadcast, wish.saturate, *wish.trans)
    return Placed(job, (x_kept, w_kept, y_kept, z_kept))


def predict(job: HardwareJob, memory: Memory, content: NDArray[np.uint8]) -> Flags:
    """Run a job with the golden model on a content of the memory; returns its flags."""

    def codes(stored: Stored, trans: bool) -> NDArray[Any]:
        rows = np.ascontiguousarray(memory.rows_of(content, stored)).view(stored.format.raw_dtype)
        return np.ascontiguousarray(rows.T) if trans else rows

    y = None
    if job.y is not None:
        y = np.ascontiguousarray(np.broadcast_to(codes(job.y, job.z_trans), (job.m, job.k)))
    formats = (job.x.format, job.w.format, (job.y or job.z).format, job.z.format)
    z, flags = gemm_codes(codes(job.x, job.x_trans), codes(job.w, job.w_trans), y, job.op, *formats, job.saturate)
    rows = np.ascontiguousarray(z.T if job.z_trans else z)
    memory.rows_of(content, job.z)[...] = rows.view(np.uint8).reshape(job.z.rows, -1)
    return flags


def _coin() -> bool:
    return random.random() < 0.5


def _offset() -> int:
    """A random distance from an aligned address, in elements."""
    return random.randint(0, MOST_OFFSET)


def _matrix(
    memory: Memory, size: tuple[int, int], fmt: Format, rows: Rows, offset: int, wild: float
) -> tuple[Stored, NDArray[Any]]:
    """Allocate and fill a matrix of (rows, columns); all around it and in its gaps are signalling NaNs."""
    height, width = size
    match rows:
        case Rows.DENSE:
            stride = width
        case Rows.PADDED:
            stride = width + random.randint(1, MOST_GAP)
        case Rows.OVERLAPPING:
            stride = random.randint(1, width)
    block = memory.alloc((offset + (height - 1) * stride + width,), fmt.dtype).view(fmt.raw_dtype)
    block[:] = signalling_nan(fmt)
    view = np.ndarray(size, fmt.raw_dtype, block, offset * fmt.bytes, (stride * fmt.bytes, fmt.bytes))
    rng = np.random.default_rng(random.getrandbits(64))
    near_one = rng.normal(size=size).astype(fmt.dtype).view(fmt.raw_dtype)
    anything = rng.integers(0, 1 << fmt.width, size, fmt.raw_dtype)
    view[...] = np.where(rng.random(size) < wild, anything, near_one)
    return memory.place("matrix", view.view(fmt.dtype))
