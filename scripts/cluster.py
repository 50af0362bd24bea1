# SPDX-License-Identifier: Apache-2.0
"""The accelerator in the cluster, measured on the RTL: against the traffic of the cores, and fed from L2 by DMA.

`--long` measures the latter: a product of 512 x 512 x 512 by bandwidth and latency of L2, about a minute each.
Exits with 1 if a datum is wrong, a wait beyond its bound, or less than 95 % of the speed is kept at full bandwidth.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from redmule.cli.output import print_json, print_table, progress_bar
from redmule.config import CONFIGS, Config
from redmule.report import contention, streaming

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "results" / "cluster.md"
LONG_PAGE = ROOT / "docs" / "results" / "streaming.md"
PICTURE = ROOT / "docs" / "pictures" / "contention.svg"


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", default="paper", choices=CONFIGS, help="named configuration (default: paper)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument("--long", action="store_true", help="products from L2 instead of traffic")
    parser.add_argument("--write", action="store_true", help="write docs/results and the picture")
    arguments = parser.parse_args()
    config = Config.named(arguments.config)
    return _streaming(config, arguments) if arguments.long else _contention(config, arguments)


def _contention(config: Config, arguments: argparse.Namespace) -> int:
    with progress_bar(len(list(contention.settings()))) as bar:
        points = contention.measure(config, bar)
    if arguments.json:
        print_json([asdict(point) for point in points])
    else:
        print_table(contention.COLUMNS, contention.rows(points))
    if arguments.write:
        size = contention.SIZE
        text = (
            f"`{config.name}` in the default cluster, {size} x {size} x {size} fp16 in the TCDM, MAC/cycle (at most "
            f"{config.num_ces}) against the share of cycles in which each of {config.cores} cores begins an access "
            "(half of them writes). *priority*: the branch that wins conflicts; *share*: what the other one is sure "
            "of. Waits are in conflict cycles, the longest at any rate *of* the bound. *exact*: product, flags and all "
            "data of the cores are right at every point."
        )
        _write(
            PAGE,
            "Accelerator and traffic",
            "scripts/cluster.py --write",
            text,
            contention.COLUMNS,
            contention.rows(points),
        )
        contention.draw(points, config, PICTURE)
    return 0 if all(point.ok for point in points) else 1


def _streaming(config: Config, arguments: argparse.Namespace) -> int:
    with progress_bar(len(list(streaming.settings()))) as bar:
        points = streaming.measure(config, bar)
    if arguments.json:
        print_json([asdict(point) for point in points])
    else:
        print_table(streaming.COLUMNS, streaming.rows(points))
    if arguments.write:
        size = streaming.SIZE
        text = (
            f"`{config.name}` in a cluster with a TCDM of 128 KiB, {size} x {size} x {size} fp16 from L2 and back in "
            "double-buffered tiles that software chose. *without DMA*: the law's cycles of the same jobs with all "
            "tiles in the TCDM, in one queue; *kept*: the share of that speed that is left; *exact*: bits and flags."
        )
        command = "scripts/cluster.py --long --write"
        _write(LONG_PAGE, "Products from L2", command, text, streaming.COLUMNS, streaming.rows(points))
    best = points[0]
    return 0 if all(point.exact for point in points) and best.kept >= streaming.TARGET else 1


def _write(
    page: Path, title: str, command: str, text: str, columns: Sequence[str], rows: Sequence[Sequence[str]]
) -> None:
    """Write a page with one table."""
    lines = [
        "<!-- SPDX-License-Identifier: Apache-2.0 -->",
        f"# {title}",
        "",
        f"Written by `{command}`. {text}",
        "",
        f"| {' | '.join(columns)} |",
        f"|{'---|' * len(columns)}",
        *(f"| {' | '.join(row)} |" for row in rows),
        "",
    ]
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
