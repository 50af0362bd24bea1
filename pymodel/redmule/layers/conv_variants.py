# SPDX-License-Identifier: Apache-2.0
"""The ways to make products of a convolution's passes.

* im2row: what the kernel sees is copied to the rows of a matrix; one product.
* taps: a product for each place of the kernel, on the images as they are stored with gaps (`redmule.layers.window`),
  each on the sum of those before it: no copies, but sums are rounded to the output format after each tap.
* rows: the same with all taps of a kernel row at once: the rows of the matrix overlap in memory.
* inputs, col2im: the product for im2row's matrix, then each place gathers what is its own.
* inputs, taps: each tap adds to the places it saw; the other two, with stride 1 only, are forward passes over dY with
  the kernel turned around.

Weights are (taps * C, K): by kernel row, kernel column, channel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from redmule.layers.engine import Engine
from redmule.layers.window import Window
from redmule.layers.work import Array, Product

Forward = Callable[[Window, Array, Array, Array | None, Engine], Array]
Weights = Callable[[Window, Array, Array, Array | None, Engine], Array]
Inputs = Callable[[Window, Array, Array, Engine], Array]


def _columns(window: Window, x: Array, engine: Engine) -> Array:
    """Return what the kernel sees at each place, (B * lines * columns, taps * C)."""
    if window.is_trivial:
        return engine.matrix(x)
    batch, _, _, channels = window.image
    shape = (batch * window.out[0] * window.out[1], window.taps * channels)
    return engine.kernel("im2row", (x,), (shape, x.dtype), window.gathered)


def _steps(window: Window, width: int) -> Iterator[tuple[int, int, slice]]:
    """Yield kernel row, kernel column, and rows of the weights, of each job; `width` taps of a kernel row in one."""
    (height, reach), channels = window.kernel, window.image[3]
    for i in range(height):
        for j in range(0, reach, width):
            first = (i * reach + j) * channels
            yield i, j, slice(first, first + width * channels)


def forward_im2row(window: Window, x: Array, weight: Array, bias: Array | None, engine: Engine) -> Array:
    """Return y = x * weight + bias, (B, lines, columns, K)."""
    y = engine.product(_columns(window, x, engine), weight, bias)
    return y.reshape(window.image[0], *window.out, weight.shape[1])


def _forward_steps(window: Window, x: Array, weight: Array, bias: Array | None, engine: Engine, width: int) -> Array:
    stored = window.store(x, engine)
    grid = np.zeros((int(np.prod(window.grid)), weight.shape[1]), engine.recipe.output)  # jobs write all that is read
    sums = grid[: window.rows]
    jobs: list[Product] = []
    for i, j, rows in _steps(window, width):
        jobs.append(Product(window.tap(stored, i, j, width), weight[rows], sums if jobs else bias, sums))
    engine.products(jobs)
    return window.collected(grid)


def forward_taps(window: Window, x: Array, weight: Array, bias: Array | None, engine: Engine) -> Array:
    """As `forward_im2row`."""
    return _forward_steps(window, x, weight, bias, engine, 1)


def forward_rows(window: Window, x: Array, weight: Array, bias: Array | None, engine: Engine) -> Array:
    """As `forward_im2row`."""
    return _forward_steps(window, x, weight, bias, engine, window.kernel[1])


def weights_im2row(window: Window, x: Array, dy: Array, so_far: Array | None, engine: Engine) -> Array:
    """Return the gradient of the weights, on what has been accumulated."""
    return engine.product(_columns(window, x, engine).T, engine.matrix(dy), so_far)


def _weights_steps(window: Window, x: Array, dy: Array, so_far: Array | None, engine: Engine, width: int) -> Array:
    stored, spread = window.store(x, engine), window.spread(dy, engine)
    grad = np.zeros((window.taps * window.image[3], dy.shape[3]), engine.recipe.output)
    engine.products(
        [
            Product(window.tap(stored, i, j, width).T, spread, None if so_far is None else so_far[rows], grad[rows])
            for i, j, rows in _steps(window, width)
        ]
    )
    return grad


def weights_taps(window: Window, x: Array, dy: Array, so_far: Array | None, engine: Engine) -> Array:
    """As `weights_im2row`."""
    return _weights_steps(window, x, dy, so_far, engine, 1)


def weights_rows(window: Window, x: Array, dy: Array, so_far: Array | None, engine: Engine) -> Array:
    """As `weights_im2row`."""
    return _weights_steps(window, x, dy, so_far, engine, window.kernel[1])


def inputs_col2im(window: Window, dy: Array, weight: Array, engine: Engine) -> Array:
    """Return the gradient of the input, (B, H, W, C)."""
    columns = engine.product(engine.matrix(dy), weight.T)
    if window.is_trivial:
        return columns.reshape(window.image)
    return engine.kernel("col2im", (columns,), (window.image, engine.recipe.output), window.scattered)


def inputs_taps(window: Window, dy: Array, weight: Array, engine: Engine) -> Array:
    """As `inputs_col2im`."""
    spread = window.spread(dy, engine)
    sums = engine.zeros(window.stored, engine.recipe.output)
    seen = [(window.tap(sums, i, j), weight[rows]) for i, j, rows in _steps(window, 1)]
    engine.products([Product(spread, tap.T, place, place) for place, tap in seen])
    return window.images(sums)


def _turned(forward: Forward) -> Inputs:
    """Return the input gradient as a forward pass over dY, with the kernel turned around; for stride 1."""

    def inputs(window: Window, dy: Array, weight: Array, engine: Engine) -> Array:
        (height, width), channels, outputs = window.kernel, window.image[3], weight.shape[1]
        (top, bottom), (left, right) = window.sides
        around = ((height - 1 - top, height - 1 - bottom), (width - 1 - left, width - 1 - right))
        shape = (window.taps * outputs, channels)

        def flip(wide: Array) -> Array:
            return wide.reshape(window.taps, channels, outputs)[::-1].transpose(0, 2, 1).reshape(shape)

        turned = engine.kernel("flip", (weight,), (shape, weight.dtype), flip)
        return forward(Window(dy.shape, window.kernel, (1, 1), around), dy, turned, None, engine)

    return inputs


FORWARD: Mapping[str, Forward] = {"im2row": forward_im2row, "rows": forward_rows, "taps": forward_taps}
WEIGHTS: Mapping[str, Weights] = {"im2row": weights_im2row, "rows": weights_rows, "taps": weights_taps}
INPUTS: Mapping[str, Inputs] = {
    "col2im": inputs_col2im,
    "taps": inputs_taps,
    "im2row": _turned(forward_im2row),
    "rows": _turned(forward_rows),
}
ANY_STRIDE = ("col2im", "taps")
"""The ways for the input gradient when the stride is not 1."""
