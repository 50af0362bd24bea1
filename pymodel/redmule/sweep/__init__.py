# SPDX-License-Identifier: Apache-2.0
"""Sweeps: what many configurations of the accelerator do with a list of workloads, as one table.

    configs = sweep.grid({"rows": [8, 12], "row_len": [4, 8]})
    points = [sweep.Point(config, Workload.parse("resnet8:train")) for config in configs]
    rows = sweep.run(points, sweep.Settings(), sweep.Cache.default()).rows
    sweep.write(rows, folder)

A *point* is a configuration and a workload. It becomes one row, whatever happens: a point that fails is a row with its
error. Rows are kept by content, so that nothing is computed twice.
"""

from redmule.sweep.cache import Cache
from redmule.sweep.columns import COLUMNS, Row, meaning
from redmule.sweep.front import FRONTS, Front, on_any_front
from redmule.sweep.grid import AXES, grid, label
from redmule.sweep.point import BACKENDS, Point, Settings, named_corner
from redmule.sweep.runner import Outcome, run
from redmule.sweep.table import read, write

__all__ = [
    "AXES",
    "BACKENDS",
    "COLUMNS",
    "FRONTS",
    "Cache",
    "Front",
    "Outcome",
    "Point",
    "Row",
    "Settings",
    "grid",
    "label",
    "meaning",
    "named_corner",
    "on_any_front",
    "read",
    "run",
    "write",
]
