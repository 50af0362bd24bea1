# SPDX-License-Identifier: Apache-2.0
"""Tests of the cluster around the accelerator. One folder a unit; started from pytest through `tb.runner`."""
