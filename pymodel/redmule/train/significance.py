# SPDX-License-Identifier: Apache-2.0
"""What the slices of a convolution matter.

A slice is one place of the kernel and one input channel: a column of the im2row matrix and a row of the weights. Which
ones matter is judged for each tile, the output channels that the array computes at once, from what the slices see in
calibration data. Slices of images are much alike, so what one leaves out can mostly be made up for by the weights of
others: slices are taken away one by one, each time the one that costs least when the weights that remain are fitted
anew (least squares on the calibration data; the step is that of the optimal brain surgeon, Hassibi and Stork 1993). The
significance of a slice is the share of the outputs' variance, mean of the tile's channels, that is lost with it and all
that went before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_RIDGE = 1e-6
"""Added to the variances, in shares of their mean: some slices see nothing but zeros."""


@dataclass(frozen=True, slots=True, eq=False)
class Significance:
    """What the slices of a convolution matter.

    Attributes:
        weight: (slices, outputs), of all of them.
        means: (slices,), mean input of each.
        covariance: (slices, slices), of their inputs.
        of_tiles: (tiles, slices), see above: from 0 to 1.
        tile: output channels of a tile; the last one may have fewer.
    """

    weight: Floats
    means: Floats
    covariance: Floats
    of_tiles: Floats
    tile: int

    @classmethod
    def of(cls, weight: Floats, means: Floats, covariance: Floats, tile: int) -> Significance:
        """Return what slices matter that see inputs of these means and this covariance."""
        covariance = covariance + np.eye(len(means)) * (_RIDGE * max(float(np.trace(covariance)) / len(means), _RIDGE))
        tiles = [_losses(weight[:, first : first + tile], covariance) for first in range(0, weight.shape[1], tile)]
        return cls(weight, means, covariance, np.array(tiles), tile)

    def kept(self, threshold: float) -> Iterator[tuple[slice, NDArray[np.intp]]]:
        """Yield for each tile its output channels, and the slices of at least this significance (at most 1)."""
        for number, shares in enumerate(self.of_tiles):
            yield slice(number * self.tile, (number + 1) * self.tile), np.flatnonzero(shares >= threshold)

    def fitted(self, threshold: float) -> tuple[Floats, Floats]:
        """Return the weights that do best without the slices below a threshold, zero there, and what the bias gains."""
        weight = np.zeros_like(self.weight)
        for columns, rows in self.kept(threshold):
            seen = self.covariance[rows]
            weight[rows, columns] = np.linalg.solve(seen[:, rows], seen @ self.weight[:, columns])
        return weight, self.means @ (self.weight - weight)


def _losses(weight: Floats, covariance: Floats) -> Floats:
    """Return for each slice the share of the variance of x @ weight that is lost with it and those before it."""
    weight, inverse = weight.copy(), np.linalg.inv(covariance)
    variances = np.maximum(np.einsum("nk,nm,mk->k", weight, covariance, weight), np.finfo(np.float64).tiny)
    left, lost, losses = np.ones(len(weight), bool), 0.0, np.zeros(len(weight))
    while left.any():
        costs = np.full(len(weight), np.inf)
        costs[left] = (np.square(weight[left]) / variances).mean(1) / np.diagonal(inverse)[left]
        worst = int(costs.argmin())
        lost += float(costs[worst])
        losses[worst] = lost
        column = inverse[:, worst] / inverse[worst, worst]
        weight -= np.outer(column, weight[worst])
        inverse -= np.outer(column, inverse[worst])
        left[worst] = False
    return losses / lost
