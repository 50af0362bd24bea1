# SPDX-License-Identifier: Apache-2.0
"""The TCDM, its two branches and the arbiter between them."""
