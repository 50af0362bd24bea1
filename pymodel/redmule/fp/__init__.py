# SPDX-License-Identifier: Apache-2.0
"""The number formats, the eight operations and their arithmetic: as a definition (scalar), in NumPy, and compiled."""

from redmule.fp.flags import Flags
from redmule.fp.formats import FORMATS, Format, format_by_code, format_by_dtype, format_by_name
from redmule.fp.ops import OPS, Op, op_by_code, op_by_name

__all__ = [
    "FORMATS",
    "OPS",
    "Flags",
    "Format",
    "Op",
    "format_by_code",
    "format_by_dtype",
    "format_by_name",
    "op_by_code",
    "op_by_name",
]
