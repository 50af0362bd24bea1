# SPDX-License-Identifier: Apache-2.0
"""How the model comes from what was measured."""

from __future__ import annotations

from collections.abc import Mapping
from math import exp, log, sqrt
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from redmule.area import blocks, data
from redmule.area.blocks import Sizes
from redmule.area.features import features
from redmule.area.model import MODEL, Model, kge_by_block
from redmule.area.points import FIT, Measured, all_configs, design
from redmule.config import Config

PUBLISHED_MM2, PUBLISHED_MM2_STEP = 0.07, 0.01
"""Area of the published 8 x 4 array in 22 nm, and the last digit it is given to (arXiv 2204.11192)."""
PUBLISHED_FIXED_KGE, PUBLISHED_CE_KGE, PUBLISHED_UM2_PER_KGE = 100.0, 8.59, 200.0
"""Of a published model of that accelerator (SoftHier, GVSoC): kGE without elements, of an element; um2 of a kGE."""
ARRAY_OF_REGISTERS = "2 x 2, P {}"
"""The array whose paths stand for all with so many pipeline registers."""
YARDSTICK = "8 x 4, none"
"""The configuration that stands for the published array: without the mechanisms that it does not have."""

_HEADER = """# SPDX-License-Identifier: Apache-2.0
# Fitted by `python scripts/area.py --write` to `measured.yaml`: kGE for each feature of a block, and how good that is.
"""
_GRADIENT_ENDS = 1e-9
_UM2_PER_MM2 = 1e6
_DEVIATIONS = 2.0
_LEAST_SPREAD = log(1.05)  # for accelerators much larger than any that was measured
_PIPE_REGS = range(5)
_OUTSIDE = ("2 x 2, P 3", "4 x 2, all")  # their longest paths lie outside of their arrays
_W_ROWS = "W rows"


def fit(measured: Measured) -> Model:
    """Fit the model to the configurations for it, and judge it by all others.

    The interval spans two standard deviations of the logarithms of the residuals of the others, all of them, and 5 %.
    """
    kge = coefficients({config: measured.sizes[name] for name, config in design()[FIT].items()})
    residuals = {
        name: blocks.total(measured.sizes[name]).kge / sum(kge_by_block(kge, config).values())
        for name, config in held_out().items()
    }
    logs = [log(residual) for residual in residuals.values()]
    spread = max(_DEVIATIONS * sqrt(fmean(each**2 for each in logs)), *map(abs, logs), _LEAST_SPREAD)
    um2_per_kge = PUBLISHED_MM2 * _UM2_PER_MM2 / blocks.total(measured.sizes[YARDSTICK]).kge
    rounding = PUBLISHED_MM2_STEP / 2 / PUBLISHED_MM2
    published_kge = PUBLISHED_FIXED_KGE + PUBLISHED_CE_KGE * all_configs()[YARDSTICK].num_ces
    others = [each / um2_per_kge for each in (PUBLISHED_UM2_PER_KGE, PUBLISHED_MM2 * _UM2_PER_MM2 / published_kge)]
    return Model(
        kge,
        (exp(-spread), exp(spread)),
        max(whole.composed_kge - whole.kge for whole in measured.accelerators.values()),
        um2_per_kge,
        (min(1 - rounding, *others), max(1 + rounding, *others)),
        array_paths(measured),
        tuple(measured.accelerators[name].depth.inside for name in _OUTSIDE),
        residuals,
    )


def array_paths(measured: Measured) -> list[float]:
    """Return the longest path in an array or into it from the registers that hold W, in FO4, by pipeline registers."""
    w_rows = measured.depths[_W_ROWS].leaving
    depths = [measured.arrays[ARRAY_OF_REGISTERS.format(registers)].depth for registers in _PIPE_REGS]
    return [max(depth.inside, w_rows + depth.entering) for depth in depths]


def held_out() -> dict[str, Config]:
    """Return the configurations of the design that the model is not fitted to, by name."""
    fitted_to = set(design()[FIT].values())
    return {name: config for name, config in all_configs().items() if config not in fitted_to}


def save(model: Model) -> None:
    """Write a model into the package."""
    data.write(MODEL, _HEADER, model)


def coefficients(sizes: Mapping[Config, Sizes]) -> dict[str, dict[str, float]]:
    """Return block -> feature -> kGE that fit the sizes of configurations best, in relative error of each block."""
    found = {}
    for block in next(iter(sizes.values())):
        lines = [(features(config)[block], its[block].kge) for config, its in sizes.items()]
        names = sorted({name for line, _ in lines for name in line})
        values = np.array([[line.get(name, 0.0) for name in names] for line, _ in lines], dtype=np.float64)
        kge = np.array([size for _, size in lines])
        there = kge > 0
        weights = 1 / kge[there]
        fitted = nonnegative_least_squares(values[there] * weights[:, None], kge[there] * weights)
        found[block] = dict(zip(names, fitted.tolist(), strict=True))
    return found


def nonnegative_least_squares(matrix: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return x >= 0 that makes |matrix x - target| least: by the method of Lawson and Hanson.

    Variables join those that are free as long as the gradient asks for it; a step that would make one negative stops
    there, and that variable leaves.
    """
    x = np.zeros(matrix.shape[1])
    free = np.zeros(matrix.shape[1], dtype=bool)
    scale = np.linalg.norm(matrix, axis=0)
    while not free.all():
        gradient = matrix.T @ (target - matrix @ x) / scale
        gradient[free] = -np.inf
        if gradient.max() <= _GRADIENT_ENDS:
            break
        free[gradient.argmax()] = True
        while True:
            best = np.zeros_like(x)
            best[free] = np.linalg.lstsq(matrix[:, free], target, rcond=None)[0]
            wrong = free & (best <= 0)
            if not wrong.any():
                break
            x += (best - x) * (x[wrong] / (x[wrong] - best[wrong])).min()
            free &= x > _GRADIENT_ENDS
        x = best
    return x
