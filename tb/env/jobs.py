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
from redmule.fp import Flags
from redmule.fp.formats import FORMATS, FP16, Format
from redmule.fp.ops import OPS, Op
from redmule.golden import gemm_codes
from redmule.job import HardwareJob, Stored
from tb.campaigns import data
from tb.campaigns.data import Source
from tb.env.mismatch import Codes

MOST_OFFSET, MOST_GAP = 19, 9


def nan_payloads(random_codes: np.random.Generator, fmt: Format, shape: tuple[int, int]) -> NDArray[Any]:
    """Numbers, and here and there a NaN with any payload."""
    payload = random_codes.integers(1, fmt.mantissa_mask + 1, shape) if fmt.has_inf else fmt.mantissa_mask
    nan = fmt.exponent_mask | payload | random_codes.integers(0, 2, shape) * fmt.sign_mask
    return np.where(
        random_codes.random(shape) < 1 / 32, nan.astype(fmt.raw_dtype), data.numbers(random_codes, fmt, shape)
    )


SOURCES = (*data.SOURCES, nan_payloads)
"""What the data of a random job are drawn from."""


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
        data: what the operands are drawn from.
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
    data: Source = data.numbers
    trans: tuple[bool, bool, bool] = (False, False, False)


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """A job in memory, as long as this lives."""

    job: HardwareJob
    kept: tuple[NDArray[Any], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """What the golden model was given, as raw codes, and the flags it raised; Z it wrote into memory."""

    codes: Codes
    flags: Flags


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
        data=random.choice(SOURCES),
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
    x, x_kept = _matrix(memory, sizes["x"], x_format, loads, wish.offsets[0], wish.data)
    w, w_kept = _matrix(memory, sizes["w"], w_format, loads, wish.offsets[1], wish.data)
    z, z_kept = _matrix(memory, sizes["z"], z_format, stores, wish.offsets[3], wish.data)
    broadcast = wish.y_place is YPlace.BROADCAST and wish.op.uses_y
    if not wish.op.uses_y:
        y, y_kept = None, z_kept
    elif wish.y_place is YPlace.IN_PLACE:
        y, y_kept = z, z_kept
    else:
        size = (1, sizes["z"][1]) if broadcast else sizes["z"]
        y, y_kept = _matrix(memory, size, y_format, loads, wish.offsets[2], wish.data)
    job = HardwareJob(wish.op, x, w, y, z, broadcast, wish.saturate, *wish.trans)
    return Placed(job, (x_kept, w_kept, y_kept, z_kept))


def codes_of(stored: Stored, trans: bool, memory: Memory, content: NDArray[np.uint8]) -> NDArray[Any]:
    """Return a matrix in a content of the memory as raw codes; `trans`: it is stored by columns."""
    rows = np.ascontiguousarray(memory.rows_of(content, stored)).view(stored.format.raw_dtype)
    return np.ascontiguousarray(rows.T) if trans else rows


def predict(job: HardwareJob, memory: Memory, content: NDArray[np.uint8]) -> Prediction:
    """Run a job with the golden model on a content of the memory, and write Z there."""
    y = None
    if job.y is not None:
        y = np.ascontiguousarray(np.broadcast_to(codes_of(job.y, job.z_trans, memory, content), (job.m, job.k)))
    x, w = codes_of(job.x, job.x_trans, memory, content), codes_of(job.w, job.w_trans, memory, content)
    formats = (job.x.format, job.w.format, (job.y or job.z).format, job.z.format)
    z, flags = gemm_codes(x, w, y, job.op, *formats, job.saturate)
    rows = np.ascontiguousarray(z.T if job.z_trans else z)
    memory.rows_of(content, job.z)[...] = rows.view(np.uint8).reshape(job.z.rows, -1)
    return Prediction(Codes(job.op, x, w, y, formats, job.saturate), flags)


def _coin() -> bool:
    return random.random() < 0.5


def _offset() -> int:
    """A random distance from an aligned address, in elements."""
    return random.randint(0, MOST_OFFSET)


def _matrix(
    memory: Memory, size: tuple[int, int], fmt: Format, rows: Rows, offset: int, source: Source
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
    view[...] = source(np.random.default_rng(random.getrandbits(64)), fmt, size)
    return memory.place("matrix", view.view(fmt.dtype))
