# SPDX-License-Identifier: Apache-2.0
"""Speed of the RTL device: simulated cycles a second, assertions on, 96^3 `paper` fp16 on random data, one process.

`--cluster` measures the device in the default cluster, with idle cores.
"""

from __future__ import annotations

import argparse
from statistics import median
from time import perf_counter

from redmule.cluster import Cluster
from redmule.device import open_device
from redmule.report.bench import Case

CASE = Case(96, 96, 96)
REPEATS = 5


def main() -> None:
    """Print the best and the median of the runs after a first one that does not count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cluster", action="store_true", help="in the cluster instead of on a memory model")
    cluster = Cluster() if parser.parse_args().cluster else None
    job = CASE.job()
    with open_device("rtl", CASE.config, cluster=cluster) as device:
        device.run([job])
        speeds = []
        for _ in range(REPEATS):
            start = perf_counter()
            [result] = device.run([job])
            speeds.append((result.cycles or 0) / (perf_counter() - start))
    print(f"best {max(speeds):.0f}, median {median(speeds):.0f} cycles/s of {REPEATS} runs of {result.cycles} cycles")


if __name__ == "__main__":
    main()
