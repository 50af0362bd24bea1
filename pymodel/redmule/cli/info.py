# SPDX-License-Identifier: Apache-2.0
"""`redmule info`: what there is."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any

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
            *({"name": package, "version": _package_version(package)} for package in ("redmule", "numpy", "ml_dtypes")),
            {"name": "python", "version": platform.python_version()},
            {"name": "verilator", "version": _verilator_version()},
        ],
    }
    if as_json:
        print_json(content)
        return
    for title, rows in content.items():
        print_table(list(rows[0]), ([*row.values()] for row in rows), title)
        print()


def _package_version(package: str) -> str:
    """Return the version of an installed package, or that it runs without being installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _verilator_version() -> str:
    """Return the version of the Verilator that builds would use, or why there is none."""
    try:
        return build.tool_version(build.verilator()).split()[1]
    except (RuntimeError, IndexError) as error:
        return f"missing ({error})"
