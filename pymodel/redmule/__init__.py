# SPDX-License-Identifier: Apache-2.0
"""RedMulE: an accelerator for matrix products, as RTL, as a golden model and as a cycle law."""

from redmule.config import CONFIGS, Config

__version__ = "0.1.0"
__all__ = ["CONFIGS", "Config"]
