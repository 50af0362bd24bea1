# SPDX-License-Identifier: Apache-2.0
"""The DMA and the L2 memory."""
