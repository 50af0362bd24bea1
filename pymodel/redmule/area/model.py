# SPDX-License-Identifier: Apache-2.0
"""The fitted model: kGE of each block as a sum of features times coefficients, none of which is negative."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from redmule import checks
from redmule.area.features import features
from redmule.config import Config

MODEL = Path(__file__).with_name("model.yaml")
"""The model that `scripts/area.py --write` fitted."""

_MM2_PER_UM2 = 1e-6

Factors = tuple[float, float]
"""The two ends of an interval, as factors of the value in it."""


Coefficients = Mapping[str, Mapping[str, float]]
"""Block -> feature -> kGE for each."""


@dataclass(frozen=True, slots=True)
class Area:
    """What an accelerator takes.

    Attributes:
        blocks: block -> kGE (thousand gates of the size of a NAND2).
        low, high: factors of the interval of the whole.
        um2_per_kge: area of thousand gates, as "22 nm equivalent".
        um2_low, um2_high: factors of the interval of that.
        fo4: logic depth of the longest path, in delays of an inverter that drives four of its kind.
    """

    blocks: Mapping[str, float]
    low: float
    high: float
    um2_per_kge: float
    um2_low: float
    um2_high: float
    fo4: float

    @property
    def kge(self) -> float:
        """The whole, in kGE."""
        return sum(self.blocks.values())

    @property
    def kge_interval(self) -> tuple[float, float]:
        """What the whole lies between, in kGE: from the residuals of configurations the model was not fitted to."""
        return self.kge * self.low, self.kge * self.high

    @property
    def mm2(self) -> float:
        """The whole as "22 nm equivalent", in mm2."""
        return self.kge * self.um2_per_kge * _MM2_PER_UM2

    @property
    def mm2_interval(self) -> tuple[float, float]:
        """What that lies between, in mm2."""
        return self.mm2 * self.low * self.um2_low, self.mm2 * self.high * self.um2_high


@dataclass(frozen=True, slots=True)
class Model:
    """What `model.yaml` holds.

    Attributes:
        kge: the coefficients.
        interval: of the sum of the blocks.
        spared_kge: what synthesis in one piece spares, at most: logic that a block alone keeps and its neighbours do
            not use. It lies in control and loaders, so it does not grow with the array.
        um2_per_kge: area of thousand gates, as "22 nm equivalent".
        um2_interval: of that.
        array_fo4: longest path in the array, by the number of pipeline registers.
        outside_fo4: longest path outside of it: without transposes and row groups, with any of them.
        residuals: name of a configuration the model was not fitted to -> measured over estimated kGE.
    """

    kge: Coefficients
    interval: Factors
    spared_kge: float
    um2_per_kge: float
    um2_interval: Factors
    array_fo4: Sequence[float]
    outside_fo4: Sequence[float]
    residuals: Mapping[str, float]

    def estimate(self, config: Config) -> Area:
        """Return what an accelerator of a configuration takes."""
        its_blocks = kge_by_block(self.kge, config)
        low, high = self.interval
        outside_fo4 = self.outside_fo4[config.transposes or config.row_groups > 1]
        fo4 = max(outside_fo4, self.array_fo4[config.pipe_regs])
        low -= self.spared_kge / sum(its_blocks.values())
        return Area(its_blocks, low, high, self.um2_per_kge, *self.um2_interval, fo4)


def kge_by_block(kge: Coefficients, config: Config) -> dict[str, float]:
    """Return the kGE of each block of a configuration by these coefficients."""
    return {
        block: sum(kge[block][feature] * value for feature, value in its.items())
        for block, its in features(config).items()
    }


@functools.cache
def load() -> Model:
    """Return the model that the package holds."""
    figures = yaml.safe_load(MODEL.read_text(encoding="utf-8"))
    for interval in ("interval", "um2_interval"):
        figures[interval] = tuple(figures[interval])
    return Model(**figures)


def estimate(config: Config) -> Area:
    """Return what an accelerator of a configuration takes, by the model of the package. Needs no tools.

    Raises:
        ValueError: `config` is something else.
    """
    if not isinstance(config, Config):
        raise checks.refused("config", config, "is a redmule.Config")
    return load().estimate(config)
