# SPDX-License-Identifier: Apache-2.0
"""Speed of the RTL device: simulated cycles a second, assertions on, 96^3 `paper` fp16 on random data, one process."""

from __future__ import annotations

from statistics import median
from time import perf_counter

from redmule.device import open_device
from redmule.report.bench import Case

CASE = Case(96, 96, 96)
REPEATS = 5


def main() -> None:
    """Print the best and the median of the runs after a first one that does not count."""
    job = CASE.job()
    with open_device("rtl", CASE.config) as device:
        device.run([job])
        speeds = []
        for _ in range(REPEATS):
            start = perf_counter()
            [result] = device.run([job])
            speeds.append((result.cycles or 0) / (perf_counter() - start))
    print(f"best {max(speeds):.0f}, median {median(speeds):.0f} cycles/s of {REPEATS} runs of {result.cycles} cycles")


if __name__ == "__main__":
    main()
