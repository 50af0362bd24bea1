# SPDX-License-Identifier: Apache-2.0
"""Operands as the array meets them: X held for a turn, W and accumulators new in every step.

Lanes are runs beside each other. In each, one computing element works on its row of X, a tile's columns of W and the
accumulators of that row, for values of n that lie a row of the array apart.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from redmule.demo import digits, network
from redmule.demo.products import Fp16
from redmule.device import open_device
from redmule.fp import Op
from redmule.fp.ops import Term

__all__ = ["STIMULI", "Trace", "elements", "matrices", "trace"]

Codes = NDArray[np.uint16]

SIZE = 96
"""The products of drawn operands are SIZE x SIZE x SIZE."""

SEED = 11
TURN_STEPS = 16
ROW_LEN = 4

TRAINING_HIDDEN, TRAINING_BATCH, TRAINING_STEPS, TRAINING_RATE = 96, 64, 5, 0.5
"""The run of the demo's network whose last step is recorded."""

Matrices = list[tuple[Fp16, Fp16]]
"""Operands of products: x (M, N) and w (N, K)."""


@dataclass(frozen=True, slots=True)
class Trace:
    """Codes that enter a computing element: x, w and accumulators, each (cycles, lanes)."""

    x: Codes
    w: Codes
    acc: Codes


def _normal(rng: np.random.Generator) -> Matrices:
    x, w = rng.standard_normal((2, SIZE, SIZE)).astype(np.float16)
    return [(x, w)]


def _random(rng: np.random.Generator) -> Matrices:
    x, w = rng.integers(0, 1 << 16, (2, SIZE, SIZE), np.uint16).view(np.float16)
    return [(x, w)]


def _half_zeros(rng: np.random.Generator) -> Matrices:
    [(x, w)] = _normal(rng)
    return [(x * (rng.random(x.shape) < 0.5), w * (rng.random(w.shape) < 0.5))]


def _zeros(_rng: np.random.Generator) -> Matrices:
    return [(np.zeros((SIZE, SIZE), np.float16),) * 2]


def _training(rng: np.random.Generator) -> Matrices:
    """Return the operands of the products of the demo's training, some steps in."""
    seen: Matrices = []

    def multiply(
        _name: str, /, x: Fp16, w: Fp16, y: Fp16 | None = None, *, x_trans: bool = False, w_trans: bool = False
    ) -> Fp16:
        seen.append((x.T if x_trans else x, w.T if w_trans else w))
        z: Fp16 = device.gemm_op(x, w, y, x_trans=x_trans, w_trans=w_trans).z
        return z

    with open_device("golden") as device:
        train, _ = digits.load(rng)
        start = network.Network.random(digits.PIXELS, TRAINING_HIDDEN, digits.CLASSES, rng)
        steps = digits.train(start, multiply, train, TRAINING_BATCH, TRAINING_RATE, rng)
        for _ in range(TRAINING_STEPS):
            seen.clear()
            next(steps)
    return seen


STIMULI: Mapping[str, Callable[[np.random.Generator], Matrices]] = {
    "normal": _normal,
    "random": _random,
    "half_zeros": _half_zeros,
    "zeros": _zeros,
    "training": _training,
}
"""How the operands of each stimulus come about, by the names of `table.DATA`."""


@functools.cache
def matrices(data: str) -> Matrices:
    """Return the operands of the products of a stimulus, always the same ones."""
    return STIMULI[data](np.random.default_rng(SEED))


def trace(data: str, op: Op, cycles: int, lanes: int, rng: np.random.Generator) -> Trace:
    """Return what computing elements meet in a product: `cycles` steps in each of `lanes` places drawn at random.

    Uniform random bits are accumulators as well: sums of such operands would soon all be infinite or NaN.
    """
    found = [_of_product(x, w, op, cycles, lanes, rng) for x, w in matrices(data)]
    drawn = rng.integers(0, len(found), lanes)
    x, w, acc = (
        np.stack([getattr(one, name) for one in found])[drawn, :, np.arange(lanes)].T for name in ("x", "w", "acc")
    )
    if data == "random":
        acc = rng.integers(0, 1 << 16, acc.shape, np.uint16)
    return Trace(x, w, acc)


def _of_product(x: Fp16, w: Fp16, op: Op, cycles: int, lanes: int, rng: np.random.Generator) -> Trace:
    """Return the trace of one product, its sizes extended by repetition where they are less than a turn needs."""
    steps = np.arange(cycles)[:, None]
    rows = rng.integers(0, len(x), lanes)
    depth = (rng.integers(0, x.shape[1], lanes) + steps // TURN_STEPS * ROW_LEN) % x.shape[1]
    cols = (rng.integers(0, w.shape[1], lanes) + steps % TURN_STEPS) % w.shape[1]
    with np.errstate(all="ignore"):
        inner = _FUNCTIONS[op.op1](x.astype(np.float32)[:, :, None], w.astype(np.float32)[None])
        partial = _ACCUMULATED[op.op2](inner, axis=1).astype(np.float16)  # behind each n
    before = np.where(depth > 0, partial[rows, depth - 1, cols], np.float16(0))
    return Trace(x[rows, depth].view(np.uint16), w[depth, cols].view(np.uint16), before.view(np.uint16))


_FUNCTIONS: Mapping[Term, Any] = {
    Term.MUL: np.multiply,
    Term.ADD: np.add,
    Term.MAX: np.fmax,
    Term.MIN: np.fmin,
}
_ACCUMULATED: Mapping[Term, Any] = {
    Term.ADD: np.cumsum,
    Term.MAX: np.fmax.accumulate,
    Term.MIN: np.fmin.accumulate,
}


def elements(data: str, shape: tuple[int, ...], rng: np.random.Generator) -> Codes:
    """Return codes of operands drawn from both matrices, for buffers and casts."""
    pool = np.concatenate([matrix.ravel() for pair in matrices(data) for matrix in pair]).view(np.uint16)
    return rng.choice(pool, shape)
