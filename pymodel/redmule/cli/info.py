# SPDX-License-Identifier: Apache-2.0
"""`redmule info`: what there is."""

from __future__ import annotations

import platform
from typing import Any

import ml_dtypes
import numpy as np

import redmule
from redmule import build
from redmule.cli.output import JsonOption, print_json, print_table
from redmule.config import CONFIGS
from redmule.fp import FORMATS, OPS
from redmule.regs import Offset


def info(as_json: JsonOption = False) -> None:
    """Show configurations, formats, operations, registers and versions."""
    content: dict[str, list[dict[str, Any]]] = {
        "configurations": [{"name": name, **config.parameters()} for name, config in CONFIGS.items()],
        "formats": [
            {
                "name": fmt.name,
                "code": fmt.code,
                "exponent": fmt.exponent_bits,
                "mantissa": fmt.mantissa_bits,
                "largest": fmt.max_finite,
                "infinity": fmt.has_inf,
                "dtype": str(fmt.dtype),
            }
            for fmt in FORMATS
        ],
        "operations": [
            {"name": op.name, "code": op.code, "op1": op.op1.value, "op2": op.op2.value, "y": op.uses_y} for op in OPS
        ],
        "registers": [{"offset": f"0x{offset:02x}", "name": offset.name} for offset in Offset],
        "versions": [
            {"name": "redmule", "version": redmule.__version__},
            {"name": "python", "version": platform.python_version()},
            {"name": "numpy", "version": np.__version__},
            {"name": "ml_dtypes", "version": ml_dtypes.__version__},
            {"name": "verilator", "version": _verilator_version()},
        ],
    }
    if as_json:
        print_json(content)
        return
    for title, rows in content.items():
        print_table(list(rows[0]), ([*row.values()] for row in rows), title)
        print()


def _verilator_version() -> str:
    """Return the version of the Verilator that builds would use, or why there is none."""
    try:
        return build.tool_version(build.verilator()).split()[1]
    except (ImportError, OSError, RuntimeError, IndexError) as error:
        return f"missing ({error})"
