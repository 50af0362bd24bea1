# SPDX-License-Identifier: Apache-2.0
"""One row of the array."""
