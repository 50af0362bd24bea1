# SPDX-License-Identifier: Apache-2.0
"""The address sequences of the four streams."""
