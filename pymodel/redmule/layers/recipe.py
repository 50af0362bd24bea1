# SPDX-License-Identifier: Apache-2.0
"""Recipes: which number format each kind of tensor has in training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import ml_dtypes
import numpy as np
from numpy.typing import DTypeLike

from redmule import checks

DType = np.dtype[Any]

Role = Literal["activation", "weight", "gradient", "output", "master"]
"""What a tensor is: activations, weights and gradients are operands of products; `output` is what products give (and
their Y: biases and sums); `master` are the weights the optimiser keeps, and parameters that only kernels read."""

ROLES: tuple[Role, ...] = ("activation", "weight", "gradient", "output", "master")


@dataclass(frozen=True, slots=True)
class Recipe:
    """The dtype of each role.

    Attributes:
        name: a label.
        activation, weight, gradient, output, master: the dtypes, see `Role`.
        saturate: values that overflow an FP8 format when a kernel rounds to it become its largest finite one.
    """

    name: str
    activation: DType
    weight: DType
    gradient: DType
    output: DType
    master: DType
    saturate: bool = False

    @classmethod
    def uniform(cls, name: str, dtype: DTypeLike, master: DTypeLike | None = None) -> Recipe:
        """Return the recipe with one dtype for all operands and results."""
        one = np.dtype(dtype)
        return cls(name, one, one, one, one, one if master is None else np.dtype(master))

    def dtype(self, role: Role) -> DType:
        """Return the dtype of a role.

        Raises:
            ValueError: there is no such role.
        """
        dtype: DType = getattr(self, checks.choice("role", role, ROLES))
        return dtype


FP64 = Recipe.uniform("fp64", np.float64)
FP32 = Recipe.uniform("fp32", np.float32)
FP16 = Recipe.uniform("fp16", np.float16, np.float32)
MIXED_FP8 = Recipe(
    "mixed_fp8",
    activation=np.dtype(ml_dtypes.float8_e4m3),
    weight=np.dtype(ml_dtypes.float8_e4m3),
    gradient=np.dtype(ml_dtypes.float8_e5m2),
    output=np.dtype(np.float16),
    master=np.dtype(np.float32),
    saturate=True,
)

RECIPES = {recipe.name: recipe for recipe in (FP64, FP32, FP16, MIXED_FP8)}
"""The recipes by name. Devices take fp16 and mixed_fp8; fp32 and fp64 are for `FloatEngine`."""
