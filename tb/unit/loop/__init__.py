# SPDX-License-Identifier: Apache-2.0
"""The loop cell and its pointer."""
