# SPDX-License-Identifier: Apache-2.0
"""What is published about the accelerator's energy, `published.yaml`, and the same jobs as the model sees them.

The published accelerator is taken to be the plain variant: no transposes, no row groups, one context.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from redmule.config import Config
from redmule.energy.corners import Corner
from redmule.energy.events import Events, events_of
from redmule.law import Cycles, Shape, shape_cycles
from redmule.published import plain

__all__ = ["FITS_REST", "FITS_SCALE", "Point", "PublishedModel", "performance", "points", "published_model"]

PUBLISHED = Path(__file__).with_name("published.yaml")

SIZE = 96
"""The products of the points are taken to be SIZE x SIZE x SIZE; utilisation is as published."""

PIPE_REGS, PORT_BITS = 3, 256

FITS_SCALE, FITS_REST = "fits scale", "fits rest"
"""What the two points that are no predictions are used for."""


@dataclass(frozen=True, slots=True)
class Point:
    """A published measurement of the cluster.

    Attributes:
        name: array, format and kind of operation.
        rows, row_len: of the array.
        bytes: of an element in memory.
        op: the operation; of GEMM-Ops the one that takes least, as figures are "up to".
        volt, mhz: the corner.
        utilisation: steps over those possible.
        gflops_per_w: of the cluster.
        use: what it is used for: `FITS_SCALE`, `FITS_REST` or "held out".
        source: where it is published.
    """

    name: str
    rows: int
    row_len: int
    bytes: int
    op: str
    volt: float
    mhz: float
    utilisation: float
    gflops_per_w: float
    use: str
    source: str

    @property
    def full(self) -> Config:
        """The array with all that ours has."""
        return Config(self.rows, self.row_len, PIPE_REGS, PORT_BITS, name=self.name)

    @property
    def plain(self) -> Config:
        """The array as published."""
        return plain(self.full)

    @property
    def corner(self) -> Corner:
        """Supply and clock."""
        return Corner(self.volt, self.mhz)

    @property
    def shape(self) -> Shape:
        """The job."""
        return Shape(SIZE, SIZE, SIZE, (self.bytes,) * 4)

    @property
    def pj_per_step(self) -> float:
        """Energy of the cluster for a step that did work."""
        return 2000 / self.gflops_per_w

    def events(self) -> Events:
        """Return what happens in the published accelerator, at the published utilisation."""
        cycles = round(SIZE**3 / (self.plain.num_ces * self.utilisation))
        return events_of([self.shape], [Cycles(cycles, 0, (), ())], self.plain, self.op)

    def events_of_ours(self) -> Events:
        """Return what happens in our accelerator, by the law."""
        shape = self.shape
        cycles = shape_cycles(shape.m, shape.n, shape.k, self.full, shape.elem_bytes)
        return events_of([shape], [cycles], self.full, self.op)


@dataclass(frozen=True, slots=True)
class PublishedModel:
    """Coefficients of the published model in GVSoC, by supply in V: of a multiply-add, a byte of memory, 1000 gates."""

    fma_pj: Mapping[float, float]
    memory_pj_per_byte: Mapping[float, float]
    leakage_uw_per_kge: Mapping[float, float]


@functools.cache
def _loaded() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(PUBLISHED.read_text(encoding="utf-8"))
    return loaded


def points() -> list[Point]:
    """Return the published efficiencies."""
    return [Point(name=name, **entry) for name, entry in _loaded()["points"].items()]


def performance() -> Mapping[str, Mapping[str, Any]]:
    """Return the published speeds: array, utilisation, corner, GFLOPS."""
    of_speed: Mapping[str, Mapping[str, Any]] = _loaded()["performance"]
    return of_speed


def published_model() -> PublishedModel:
    """Return the published coefficients."""
    return PublishedModel(**_loaded()["model"])
