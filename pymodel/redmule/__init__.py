# SPDX-License-Identifier: Apache-2.0
"""RedMulE: an accelerator for matrix products, as RTL, as a golden model and as a cycle law."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from redmule.config import CONFIGS, Config

if TYPE_CHECKING:
    from redmule.cluster import Cluster, Traffic
    from redmule.device import open_device as open  # noqa: A004 - the package's verb, always used as redmule.open
    from redmule.fp import Flags
    from redmule.job import DeviceError, HangError, Job, Result

__version__ = "0.6.0"
__all__ = ["CONFIGS", "Cluster", "Config", "DeviceError", "Flags", "HangError", "Job", "Result", "Traffic", "open"]

# Name -> where it comes from, loaded when first asked for: a script that wants a Config does not load the simulator.
_LAZY = {
    "open": ("redmule.device", "open_device"),
    "Cluster": ("redmule.cluster", "Cluster"),
    "Traffic": ("redmule.cluster", "Traffic"),
    "Flags": ("redmule.fp", "Flags"),
    "Job": ("redmule.job", "Job"),
    "Result": ("redmule.job", "Result"),
    "HangError": ("redmule.job", "HangError"),
    "DeviceError": ("redmule.job", "DeviceError"),
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _LAZY[name]
    return getattr(importlib.import_module(module), attribute)
