# SPDX-License-Identifier: Apache-2.0
"""The traffic generator and the registers of the arbiter."""
