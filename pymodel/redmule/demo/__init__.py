# SPDX-License-Identifier: Apache-2.0
"""A small network that learns on the accelerator's bits."""
