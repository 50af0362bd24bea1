# SPDX-License-Identifier: Apache-2.0
"""Throughput of the golden model: millions of FMA a second, flags included, one core, 96^3 fp16 on random data."""

from __future__ import annotations

from time import perf_counter

import numpy as np

from redmule import golden
from redmule.fp import OPS

SIZE = 96
REPEATS = 50
SEED = 1


def main() -> None:
    """Print the median over warm runs of each op."""
    rng = np.random.default_rng(SEED)
    x, w, y = (rng.standard_normal((SIZE, SIZE)).astype(np.float16) for _ in range(3))
    for op in OPS:
        seconds = []
        for _ in range(REPEATS):
            start = perf_counter()
            golden.gemm_op(x, w, y if op.uses_y else None, op.name)
            seconds.append(perf_counter() - start)
        print(f"{op.name:8s} {SIZE**3 / float(np.median(seconds)) / 1e6:8.0f} M steps/s")


if __name__ == "__main__":
    main()
