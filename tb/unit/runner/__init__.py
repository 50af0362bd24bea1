# SPDX-License-Identifier: Apache-2.0
"""The bench runner itself, on a counter."""
