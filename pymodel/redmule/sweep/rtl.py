# SPDX-License-Identifier: Apache-2.0
"""A point on the RTL: every distinct product on random operands, against the golden model and the law."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from redmule import golden
from redmule.config import Config
from redmule.device import MEMORY_BYTES, open_device
from redmule.fp import Format, format_by_name
from redmule.job import Result
from redmule.sweep.columns import Row
from redmule.sweep.point import Jobs
from redmule.workload import Product

ROOM = 2
"""Device memory for so many times the matrices of the largest product: rows may be laid apart."""


def compare(jobs: Mapping[Product, Jobs], op: str, config: Config, seed: int) -> Row:
    """Run products on the RTL, each alone; return the verdicts as columns.

    Args:
        jobs: the products, and what they take by the law.
        op: their operation.
        config: the accelerator; its model is built if there is none yet.
        seed: of the operands.

    Raises:
        RuntimeError: the model cannot be built, or a job fails.
    """
    rng = np.random.default_rng(seed)
    memory_bytes = max(MEMORY_BYTES, ROOM * max(product.bytes_once for product in jobs))
    bits = cycles = True
    with open_device("rtl", config, seed=seed, memory_bytes=memory_bytes) as device:
        for product, law in jobs.items():
            x_trans, w_trans, z_trans = product.trans
            job: dict[str, Any] = {"x_trans": x_trans, "w_trans": w_trans, "z_trans": z_trans, "op": op}
            job |= _operands(product, rng)
            result, expected = device.gemm_op(**job), golden.gemm_op(**job)
            codes = format_by_name(product.format)
            bits &= result.flags == expected.flags
            bits &= bool(np.array_equal(_codes(result.z, codes), _codes(expected.z, codes)))
            cycles &= _as_predicted(result, law)
    return {"equals_golden": bits, "equals_law": cycles}


def _operands(product: Product, rng: np.random.Generator) -> dict[str, NDArray[Any]]:
    """Return normally distributed matrices, stored as the product says."""
    m, n, k = product.m, product.n, product.k
    x_trans, w_trans, z_trans = product.trans
    shapes = {"x": (n, m) if x_trans else (m, n), "w": (k, n) if w_trans else (n, k)}
    if product.y:
        shapes["y"] = (k, m) if z_trans else (m, k)
    dtype = format_by_name(product.format).dtype
    return {name: rng.standard_normal(shape, np.float32).astype(dtype) for name, shape in shapes.items()}


def _codes(array: NDArray[Any], fmt: Format) -> NDArray[Any]:
    return np.ascontiguousarray(array).view(fmt.raw_dtype)


def _as_predicted(result: Result, law: Jobs) -> bool:
    """Whether cycles, steps and stalls are those of the law."""
    stalls = Counter[str]()
    for job in law.cycles:
        stalls.update(job.stalls)
    steps = sum(job.steps for job in law.cycles)
    return (result.cycles, result.steps, dict(result.stalls)) == (law.total, steps, dict(stalls))
