# SPDX-License-Identifier: Apache-2.0
"""Simulation benches. One folder a unit under `tb/unit`; everything is started from pytest through `tb.runner`."""
