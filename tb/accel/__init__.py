# SPDX-License-Identifier: Apache-2.0
"""Tests of the whole accelerator between a memory and a register port."""
