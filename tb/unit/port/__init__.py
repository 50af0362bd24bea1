# SPDX-License-Identifier: Apache-2.0
"""The memory port and its arbiter."""
