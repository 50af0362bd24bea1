# SPDX-License-Identifier: Apache-2.0
"""The mapper: how a training step runs on accelerator, cores and DMA.

mapping = map_step(networks.build("resnet8"), "paper", batch=1)
mapping.mac_per_cycle, mapping.product_mac_per_cycle, mapping.cycles
"""

from redmule.mapper.choose import map_step
from redmule.mapper.mapping import ASSUMPTIONS, Buffer, Mapping, PassMap, Way
from redmule.mapper.schedule import RESOURCES
from redmule.mapper.tile_work import TileProduct, tile_products
from redmule.mapper.tiled import Machine, Tiled

__all__ = [
    "ASSUMPTIONS",
    "RESOURCES",
    "Buffer",
    "Machine",
    "Mapping",
    "PassMap",
    "TileProduct",
    "Tiled",
    "Way",
    "map_step",
    "tile_products",
]
