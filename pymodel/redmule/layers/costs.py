# SPDX-License-Identifier: Apache-2.0
"""Cycles of kernels on the cores: a table of costs (`core_costs.yaml`) and the rule that applies it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from redmule import checks

WORD_BYTES = 4
UNITS = ("element", "word", "mac")
"""What a cost is for: an element; a 32-bit word of the result, for kernels that only move data; a multiply-add."""

_TABLE = Path(__file__).with_name("core_costs.yaml")


@dataclass(frozen=True, slots=True)
class Cost:
    """What a kernel costs.

    Attributes:
        cycles: of one core, for one unit.
        unit: one of `UNITS`.
        factor: of uncertainty: the true cost is taken to lie within cycles / factor and cycles * factor.
        counted: how the cost comes about.
    """

    cycles: float
    unit: str
    factor: float
    counted: str

    def __post_init__(self) -> None:
        checks.number("cycles", self.cycles, 0.01, 1000)
        checks.choice("unit", self.unit, UNITS)
        checks.number("factor", self.factor, 1, 10)


@dataclass(frozen=True, slots=True)
class CoreCosts:
    """The cores that run kernels.

    Attributes:
        cores: how many share the work of a kernel evenly.
        startup_cycles: for each kernel: cores wake, divide the work, and meet at the end.
        kernels: costs by name.
    """

    cores: int
    startup_cycles: int
    kernels: Mapping[str, Cost]

    @classmethod
    def load(cls, path: Path = _TABLE) -> CoreCosts:
        """Return the costs of a YAML file; default: those of the package.

        Raises:
            ValueError: a value is outside its range.
        """
        with path.open(encoding="utf-8") as file:
            table = yaml.safe_load(file)
        kernels = {name: Cost(**cost) for name, cost in table["kernels"].items()}
        return cls(checks.integer("cores", table["cores"], range(1, 17)), table["startup_cycles"], kernels)

    def cycles(self, name: str, count: int, itemsize: int) -> int:
        """Return the cycles of a kernel: its cost for each unit, divided among the cores, and the start.

        Args:
            name: of the kernel.
            count: elements, or multiply-adds.
            itemsize: bytes of an element of the result.

        Raises:
            ValueError: the table has no such kernel.
        """
        cost = self.kernels[checks.choice("kernel", name, self.kernels)]
        units = -(-count * itemsize // WORD_BYTES) if cost.unit == "word" else count
        return self.startup_cycles + -int(-units * cost.cycles // self.cores)


@cache
def default_costs() -> CoreCosts:
    """Return the costs of the package."""
    return CoreCosts.load()
