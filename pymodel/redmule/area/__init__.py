# SPDX-License-Identifier: Apache-2.0
"""What an accelerator takes: gates, silicon, and the logic depth of its longest path."""

from redmule.area.model import Area, estimate

__all__ = ["Area", "estimate"]
