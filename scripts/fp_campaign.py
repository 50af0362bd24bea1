# SPDX-License-Identifier: Apache-2.0
"""Compare the arithmetic units of the RTL with the golden model on any number of operands, values and flags.

.venv/bin/python scripts/fp_campaign.py --count 10000000
.venv/bin/python scripts/fp_campaign.py --triples --shard 0 --shards 64     (FP8 x FP8 + FP16, all 2^32 in 64 runs)
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # the benches are not part of the installed package

from redmule.fp.formats import E4M3, E5M2, FORMATS
from tb.unit.fp import campaign


def main() -> None:
    """Run the checks; a difference ends the program with the operands that show it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=10_000_000, help="operands of the multiply-add and of min and max")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--triples", action="store_true", help="check FP8 x FP8 + FP16 instead, exhaustively")
    parser.add_argument("--shard", type=int, default=0)
    parser.add_argument("--shards", type=int, default=64)
    arguments = parser.parse_args()

    checks: list[tuple[str, Callable[[], int]]] = [
        ("fma", lambda: campaign.check_fma(arguments.count, arguments.seed)),
        ("min and max", lambda: campaign.check_minmax(arguments.count, arguments.seed)),
        ("casts in", lambda: sum(campaign.check_cast_in(fmt) for fmt in FORMATS)),
        ("casts out", lambda: sum(campaign.check_cast_out(fmt, sat) for fmt in FORMATS for sat in (False, True))),
    ]
    if arguments.triples:
        checks = [
            (
                f"{a.name} x {b.name} + fp16",
                lambda a=a, b=b: campaign.check_cast_fma(a, b, arguments.shard, arguments.shards),  # type: ignore[misc]
            )
            for a, b in ((E5M2, E5M2), (E4M3, E4M3), (E4M3, E5M2))
        ]
    for name, check in checks:
        started = time.monotonic()
        compared = check()
        print(f"{name}: {compared} results equal, {time.monotonic() - started:.1f} s", flush=True)


if __name__ == "__main__":
    main()
