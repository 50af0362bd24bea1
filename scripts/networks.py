# SPDX-License-Identifier: Apache-2.0
"""Training steps of the MLPerf Tiny networks, mapped: MAC/cycle beside the published software, and where the cycles go.

Exits with 1 if ResNet8 with one sample misses its targets.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from redmule.cli.output import print_json, print_table, progress_bar
from redmule.config import CONFIGS, Config
from redmule.mapper import ASSUMPTIONS, RESOURCES, Mapping, map_step, table
from redmule.networks import build
from redmule.report.step_energy import step_energy
from redmule.sweep.table import replaced

PAGE = Path(__file__).parents[1] / "docs" / "results" / "networks.md"
NETWORKS = ("resnet8", "ds_cnn", "autoencoder", "mobilenet_v1_025")
BATCHES = (1, 16)

TARGETS = {"MAC/cycle of the products": 45.0, "MAC/cycle of the step": 30.0}
"""Of ResNet8 with one sample, on `paper`."""

COLUMNS = (
    *("network", "batch", "cycles", "MAC/cycle, products", "MAC/cycle, step", "software", "times"),
    *(f"{name} at work" for name in RESOURCES),
    *("idle, cores at work", "idle, only DMA", "MB moved", "ms at 470 MHz", "mJ at 0.65 V"),
)

LAYER_COLUMNS = ("network", "batch", "part", "accelerator", "cores", "DMA")


def row(mapping: Mapping) -> list[str]:
    """Return the line of a mapping."""
    published = table.PUBLISHED.get(mapping.network.name)
    energy = step_energy(mapping)
    return [
        mapping.network.name,
        str(mapping.batch),
        str(mapping.cycles),
        f"{mapping.product_mac_per_cycle:.1f}",
        f"{mapping.mac_per_cycle:.1f}",
        str(published or "-"),
        f"{mapping.mac_per_cycle / published:.1f}" if published else "-",
        *(f"{mapping.share(name):.0%}" for name in RESOURCES),
        *(f"{cycles / mapping.cycles:.0%}" for cycles in mapping.timeline.exposed),
        f"{mapping.moved_bytes / 1e6:.2f}",
        f"{energy.time_us / 1000:.2f}",
        f"{energy.total_pj / 1e9:.3f}",
    ]


def parts(mapping: Mapping) -> list[list[str]]:
    """Return where the cycles go: for each kind of work, the cycles of each resource."""
    sums: dict[str, list[int]] = {}
    for each in mapping.passes:
        kind = f"products, {each.turn}" if each.has_products else " + ".join(op.what for op in each.main.group.ops)
        spent = sums.setdefault(kind, [0, 0, 0])
        for place, cycles in enumerate((each.accelerator, each.cores, each.dma)):
            spent[place] += cycles
    ordered = sorted(sums.items(), key=lambda item: -sum(item[1]))
    return [[mapping.network.name, str(mapping.batch), kind, *map(str, spent)] for kind, spent in ordered]


def markdown(mappings: Sequence[Mapping], rows: Sequence[Sequence[str]]) -> str:
    """Return the page."""
    config, tcdm = mappings[0].machine.config, mappings[0].machine.tcdm_bytes
    text = (
        "Written by `scripts/networks.py --write`. One training step (forward, gradients of weights and inputs, "
        f"update), `{config.name}`, FP16, a TCDM of {tcdm >> 10} KiB, as `redmule map NET --batch B` has it. "
        "*products*: the multiply-adds of the network that the accelerator does for the cycles in which it works, "
        f"at most {config.num_ces}; *step*: all multiply-adds for all cycles. *software*: "
        "MAC/cycle of a training step on 8 cores, FP16 with SIMD (arXiv 2305.19167). *idle*: share of the "
        "cycles in which the accelerator waits, while the cores work or only the DMA does. "
        "The energy counts the accelerator's jobs and a constant power for the "
        "rest of the cluster."
    )
    lines = ["<!-- SPDX-License-Identifier: Apache-2.0 -->", "# Training steps of networks", "", text, ""]
    lines += [*_table(COLUMNS, rows), "", "What is assumed:", ""]
    lines += [*(f"* {line}" for line in ASSUMPTIONS), "", "Where the cycles go, by what is done:", ""]
    lines += [*_table(LAYER_COLUMNS, [line for mapping in mappings for line in parts(mapping)]), ""]
    return "\n".join(lines)


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}", *(f"| {' | '.join(line)} |" for line in rows)]


def main() -> int:
    """Map, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", default="paper", choices=CONFIGS, help="named configuration (default: paper)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of the table")
    parser.add_argument("--write", action="store_true", help=f"write docs/results/{PAGE.name}")
    arguments = parser.parse_args()
    config = Config.named(arguments.config)
    cases = [(name, batch) for name in NETWORKS for batch in BATCHES]
    mappings: list[Mapping] = []
    with progress_bar(len(cases), "networks") as bar:
        for name, batch in cases:
            mappings.append(map_step(build(name), config, batch))
            bar(len(mappings), mappings[-1].cycles)
    rows = [row(mapping) for mapping in mappings]
    if arguments.json:
        print_json([dict(zip(COLUMNS, line, strict=True)) for line in rows])
    else:
        print_table(COLUMNS, rows)
    if arguments.write:
        replaced(PAGE, markdown(mappings, rows).encode())
    figures = mappings[0].product_mac_per_cycle, mappings[0].mac_per_cycle
    reached = all(figure >= target for figure, target in zip(figures, TARGETS.values(), strict=True))
    return 0 if reached or arguments.config != "paper" else 1


if __name__ == "__main__":
    sys.exit(main())
