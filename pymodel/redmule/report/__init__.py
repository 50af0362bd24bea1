# SPDX-License-Identifier: Apache-2.0
"""What the project can say about itself in figures."""
