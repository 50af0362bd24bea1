# SPDX-License-Identifier: Apache-2.0
"""Approximate kernels: slices of a convolution that hardly matter are left out of its product.

Skipping by significance is the idea of arXiv 2409.16815, for code on a microcontroller. Here the inner dimension of the
product shrinks, so that the dense array takes fewer cycles; `redmule.train.significance` says what a slice matters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from redmule import checks
from redmule.config import Config
from redmule.layers import Conv2d, Engine, Layer, PlanEngine, Pointwise, Product, Recipe, Residual, Sequential
from redmule.layers.work import Array
from redmule.train.data import Dataset
from redmule.train.significance import Significance
from redmule.train.trainer import cycles

THRESHOLDS = (0.0, 0.01, 0.02, 0.03, 0.04, 0.05, 0.07, 0.1)
"""Shares of the outputs' variance that each convolution may lose, as they are tried."""

MOST_POINTS = 4096


class _Like(Conv2d):
    """A convolution with the geometry of another one."""

    def __init__(self, conv: Conv2d, *, bias: bool) -> None:
        geometry = {"stride": conv.stride, "padding": conv.padding, "name": conv.name}
        super().__init__(conv.inputs, conv.outputs, conv.kernel, bias=bias, **geometry)


class _Watching(_Like):
    """A convolution that adds up what its slices see, and the products of each two."""

    def __init__(self, conv: Conv2d) -> None:
        super().__init__(conv, bias=conv.bias is not None)
        self.weight, self.bias = conv.weight, conv.bias
        self.count = 0
        self.sums = np.zeros(len(conv.weight.master))
        self.products = np.zeros((len(self.sums), len(self.sums)))

    def _forward(self, x: Array, engine: Engine) -> tuple[Array, object]:
        seen = self._window(x.shape).gathered(x.astype(np.float64))
        self.count += len(seen)
        self.sums += seen.sum(0)
        self.products += seen.T @ seen
        return super()._forward(x, engine)

    def significance(self, tile: int) -> Significance:
        """Return what the slices matter after all that has been seen."""
        means = self.sums / self.count
        covariance = self.products / self.count - np.outer(means, means)
        return Significance.of(self.weight.master.astype(np.float64), means, covariance, tile)


class SkippingConv2d(_Like):
    """A convolution that leaves slices out; its parameters are not trained.

    Forward: for each tile im2row of the slices that are kept, and a product; all in one queue.
    """

    def __init__(self, conv: Conv2d, significance: Significance, threshold: float) -> None:
        """Make one from a convolution; slices less significant than the threshold are left out."""
        super().__init__(conv, bias=True)
        assert self.bias is not None
        self.tiles = list(significance.kept(threshold))
        weight, bias = significance.fitted(threshold)
        if conv.bias is not None:
            bias = bias + conv.bias.master
        self.weight.master, self.bias.master = weight.astype(np.float32), bias.astype(np.float32)
        self.weight.trained = self.bias.trained = False

    def _forward(self, x: Array, engine: Engine) -> tuple[Array, object]:
        assert self.bias is not None
        window, weight, bias = self._window(x.shape), self.weight.value(engine), self.bias.value(engine)
        places = x.shape[0] * window.out[0] * window.out[1]
        y = np.zeros((places, self.outputs), engine.recipe.output)  # the products write all of it
        products = []
        for columns, rows in self.tiles:

            def gather(wide: Array, rows: Array = rows) -> Array:
                return window.gathered(wide)[:, rows]

            seen = engine.kernel("im2row", (x,), ((places, len(rows)), x.dtype), gather)
            products.append(Product(seen, weight[rows, columns], bias[columns], y[:, columns]))
        engine.products(products)
        return y.reshape(self._shape(x.shape)), x


_SLICED = (Conv2d, Pointwise)
"""What slices can be left out of; not all that is made from a convolution."""


def _rebuilt(layer: Layer, change: Callable[[str, Conv2d], Layer], path: str = "") -> Layer:
    """Return a network with each convolution changed; all other layers are shared with the old one."""
    path = ".".join(filter(None, (path, layer.name)))
    if isinstance(layer, Sequential):
        return Sequential([_rebuilt(child, change, path) for child in layer.layers], layer.name)
    if isinstance(layer, Residual):
        body = _rebuilt(layer.body, change, path)
        return Residual(body, None if layer.skip is None else _rebuilt(layer.skip, change, path), layer.name)
    return change(path, layer) if isinstance(layer, Conv2d) and type(layer) in _SLICED else layer


def significances(network: Layer, calibration: Dataset, engine: Engine, tile: int) -> dict[str, Significance]:
    """Return what the slices of each convolution matter, by its path.

    Args:
        network: trained.
        calibration: inputs.
        engine: does the inference.
        tile: output channels of a tile.
    """
    watching: dict[str, _Watching] = {}

    def watch(path: str, conv: Conv2d) -> Layer:
        watching[path] = _Watching(conv)
        return watching[path]

    with engine.inference():
        _rebuilt(network, watch).forward(calibration.inputs, engine)
    return {path: conv.significance(tile) for path, conv in watching.items()}


def skipping(network: Layer, found: Mapping[str, Significance], thresholds: Mapping[str, float]) -> Layer:
    """Return a network whose convolutions leave out slices below their thresholds, by path; without one, none."""

    def change(path: str, conv: Conv2d) -> Layer:
        threshold = thresholds.get(path, 0.0)
        return SkippingConv2d(conv, found[path], threshold) if threshold else conv

    return _rebuilt(network, change)


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """A choice of thresholds.

    Attributes:
        thresholds: of each convolution, by path.
        network: the layers that follow from them.
        kept: share of the slices of each convolution that is left, mean of its tiles.
        accelerator_cycles: of the products of an inference, by the law.
        core_cycles: of its kernels, by the table of costs.
        accuracy: on the data of the exploration.
    """

    thresholds: Mapping[str, float]
    network: Layer
    kept: Mapping[str, float]
    accelerator_cycles: int
    core_cycles: int
    accuracy: float


def explore(
    network: Layer,
    found: Mapping[str, Significance],
    judge: Callable[[Layer], float],
    shape: tuple[int, ...],
    config: Config,
    recipe: Recipe,
    thresholds: Sequence[float] = THRESHOLDS,
) -> Iterator[Point]:
    """Yield a point for each combination of thresholds; the first one leaves nothing out.

    Args:
        network: trained.
        found: what its slices matter.
        judge: gives the accuracy of a network.
        shape: of the input of the inference whose cycles count.
        config: the accelerator.
        recipe: formats.
        thresholds: what is tried for each convolution, from 0.

    Raises:
        ValueError: there are too many combinations.
    """
    count = len(thresholds) ** len(found)
    checks.integer("combinations of thresholds", count, range(1, MOST_POINTS + 1))
    for each in product(thresholds, repeat=len(found)):
        chosen = dict(zip(found, each, strict=True))
        candidate = skipping(network, found, chosen)
        accelerator, cores = inference_cycles(candidate, shape, config, recipe)
        kept = {path: _share_kept(found[path], threshold) for path, threshold in chosen.items()}
        yield Point(chosen, candidate, kept, accelerator, cores, judge(candidate))


def _share_kept(significance: Significance, threshold: float) -> float:
    return float((significance.of_tiles >= threshold).mean())


def inference_cycles(network: Layer, shape: tuple[int, ...], config: Config, recipe: Recipe) -> tuple[int, int]:
    """Return the cycles of an inference: of products by the law, of kernels by the table of costs."""
    engine = PlanEngine(config, recipe)
    with engine.inference():
        network.forward(np.zeros(shape, np.float32), engine)
        engine.log.clear()  # that was the time when weights were cast
        network.forward(np.zeros(shape, np.float32), engine)
    accelerator, cores = cycles(engine.log)
    assert accelerator is not None
    assert cores is not None
    return accelerator, cores


def front(points: Sequence[Point]) -> list[Point]:
    """Return the points that no other one beats in cycles of the accelerator and accuracy, by cycles."""
    best: list[Point] = []
    for point in sorted(points, key=lambda point: (point.accelerator_cycles, -point.accuracy)):
        if not best or point.accuracy > best[-1].accuracy:
            best.append(point)
    return best
