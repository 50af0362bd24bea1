# SPDX-License-Identifier: Apache-2.0
"""What accelerators are asked to compute: products, the layers of networks as products, and lists of both by name."""

from redmule.workload.networks import LAYOUTS, PASSES, layers, networks
from redmule.workload.product import Product
from redmule.workload.spec import GRAMMAR, Workload

__all__ = ["GRAMMAR", "LAYOUTS", "PASSES", "Product", "Workload", "layers", "networks"]
