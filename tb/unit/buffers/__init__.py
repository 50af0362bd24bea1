# SPDX-License-Identifier: Apache-2.0
"""The buffers between port and array, and what they are made of."""
