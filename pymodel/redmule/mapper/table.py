# SPDX-License-Identifier: Apache-2.0
"""A mapping as tables and as values for machines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from redmule.mapper.mapping import ASSUMPTIONS, Mapping, PassMap, Way
from redmule.mapper.schedule import RESOURCES
from redmule.mapper.tile_work import TileProduct, tile_products

PUBLISHED = {"resnet8": 3.11, "ds_cnn": 0.81}
"""MAC/cycle of a training step in software on 8 cores, FP16 with SIMD: Nadalini et al. 2023, arXiv 2305.19167."""

COLUMNS = (
    *("layer", "pass", "way", "tiles", "a tile's products: M x N x K", "runs as"),
    *("accelerator", "cores", "DMA", "alone", "MAC/cycle", "bytes"),
)


def rows(passes: Sequence[PassMap], mapping: Mapping) -> Iterator[tuple[object, ...]]:
    """Yield a line of the table for each pass: cycles of each resource, those of the pass alone, useful MAC/cycle."""
    for each in passes:
        products = products_of(each)
        counts = Counter((product.m, product.n, product.k) for product in products)
        shapes = [f"{count} of {m}x{n}x{k}" if count > 1 else f"{m}x{n}x{k}" for (m, n, k), count in counts.items()]
        strips = [strip.orientation for product in products[:1] for strip in product.strips(mapping.machine.config)]
        yield (
            each.layer,
            each.turn,
            each.way.variant or " + ".join(op.what for op in each.main.group.ops),
            f"{each.main.count} along {each.main.axis}",
            ", ".join(shapes[:2]) + (", ..." if len(shapes) > 2 else "") or "-",
            ", ".join(f"{count} {name}" if count > 1 else name for name, count in Counter(strips).items()) or "-",
            each.accelerator,
            each.cores,
            each.dma,
            each.way.cycles,
            f"{each.macs / each.accelerator:.1f}" if products else "-",
            each.moved_bytes,
        )


def products_of(each: PassMap) -> tuple[TileProduct, ...]:
    """Return the products of the first tile of a pass."""
    return tuple(product for op in each.main.group.ops if op.products for product in tile_products(op, each.main, 0))


RUNNER_UP_COLUMNS = ("layer", "pass", "way", "tiles", "cycles alone", "score", "")


def runner_up_rows(passes: Sequence[PassMap]) -> Iterator[tuple[object, ...]]:
    """Yield a line for each way that was looked at."""
    for each in passes:
        for way in (each.way, *each.runners_up):
            chosen = "chosen" if way is each.way else ""
            yield (
                each.layer,
                each.turn,
                way.variant or "-",
                f"{way.tiles} along {way.axis}",
                way.cycles,
                way.score,
                chosen,
            )


def totals(mapping: Mapping) -> list[tuple[str, str]]:
    """Return what is said about the whole step."""
    timeline, cycles = mapping.timeline, mapping.cycles
    published = PUBLISHED.get(mapping.network.name)
    others = ", ".join(f"{name} {figure}" for name, figure in PUBLISHED.items())
    return [
        (
            "step",
            f"{mapping.network.name}, batch {mapping.batch}, {mapping.recipe.name}, {mapping.machine.config.name}",
        ),
        ("cycles", f"{cycles}"),
        ("MAC, of these in products", f"{mapping.macs}, {mapping.product_macs}"),
        ("MAC/cycle of the products", f"{mapping.product_mac_per_cycle:.2f} of {mapping.machine.config.num_ces}"),
        ("MAC/cycle of the step", f"{mapping.mac_per_cycle:.2f}"),
        (
            "in software on 8 cores (arXiv 2305.19167)",
            f"{published}: {mapping.mac_per_cycle / published:.1f} times" if published else f"only {others}",
        ),
        *((f"{name} at work", f"{mapping.share(name):.1%}") for name in RESOURCES),
        ("accelerator idle, cores at work", f"{timeline.exposed[0] / cycles:.1%}"),
        ("accelerator idle, only DMA at work", f"{timeline.exposed[1] / cycles:.1%}"),
        ("bytes moved by DMA", f"{mapping.moved_bytes}"),
        ("most of the TCDM taken", f"{mapping.most_bytes} of {mapping.machine.tcdm_bytes}"),
    ]


def as_values(mapping: Mapping, passes: Sequence[PassMap]) -> dict[str, Any]:
    """Return everything, for JSON."""
    return {
        "network": mapping.network.name,
        "batch": mapping.batch,
        "recipe": mapping.recipe.name,
        "config": mapping.machine.config.name,
        "tcdm_bytes": mapping.machine.tcdm_bytes,
        "cycles": mapping.cycles,
        "macs": mapping.macs,
        "product_macs": mapping.product_macs,
        "mac_per_cycle": mapping.mac_per_cycle,
        "product_mac_per_cycle": mapping.product_mac_per_cycle,
        "published_software_mac_per_cycle": PUBLISHED,
        "busy_cycles": dict(zip(RESOURCES, mapping.timeline.busy, strict=True)),
        "exposed_cycles": dict(zip(("cores", "dma"), mapping.timeline.exposed, strict=True)),
        "moved_bytes": mapping.moved_bytes,
        "most_tcdm_bytes": mapping.most_bytes,
        "passes": [_pass_values(each, mapping) for each in passes],
        "buffers": [
            {"name": buffer.name, "bytes": buffer.bytes, "begin": buffer.begin, "end": buffer.end}
            for buffer in mapping.buffers
        ],
        "assumptions": list(ASSUMPTIONS),
    }


def _pass_values(each: PassMap, mapping: Mapping) -> dict[str, Any]:
    return {
        "layer": each.layer,
        "pass": each.turn,
        "macs": each.macs,
        "chosen": _way_values(each.way),
        "runners_up": [_way_values(way) for way in each.runners_up],
        "tile_products": [
            {
                "M": product.m,
                "N": product.n,
                "K": product.k,
                "strips": [
                    {"rows": strip.rows, "cols": strip.cols, "orientation": strip.orientation}
                    for strip in product.strips(mapping.machine.config)
                ],
            }
            for product in products_of(each)
        ],
        "accelerator": each.accelerator,
        "cores": each.cores,
        "dma": each.dma,
        "moved_bytes": each.moved_bytes,
        "begin": each.span[0],
        "end": each.span[1],
    }


def _way_values(way: Way) -> dict[str, Any]:
    return {
        "variant": way.variant,
        "axis": way.axis,
        "tiles": way.tiles,
        "cycles_alone": way.cycles,
        "score": way.score,
    }
