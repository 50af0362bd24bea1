# SPDX-License-Identifier: Apache-2.0
"""Networks as lists of layers: those of MLPerf Tiny, and small ones for images of 8 x 8."""

from redmule.networks.catalogue import NETWORKS, build
from redmule.networks.network import LOSSES, Network, Placed, placed

__all__ = ["LOSSES", "NETWORKS", "Network", "Placed", "build", "placed"]
