# SPDX-License-Identifier: Apache-2.0
"""A small engine that is not RedMulE, tested with the agents."""
