# SPDX-License-Identifier: Apache-2.0
"""How figures are written down: as YAML, and files as a whole."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import astuple, fields, is_dataclass
from pathlib import Path
from typing import Any

import yaml

_DIGITS, _WIDTH = 6, 120


def write(path: Path, header: str, figures: Any) -> None:
    """Write the fields of a dataclass by name; dataclasses inside become lists, and numbers are rounded."""
    plain = {field.name: _plain(getattr(figures, field.name)) for field in fields(figures)}
    replace_file(path, header + yaml.safe_dump(plain, sort_keys=False, default_flow_style=None, width=_WIDTH))


def replace_file(path: Path, text: str) -> None:
    """Write a file as a whole: whoever reads it finds the old text or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


def _plain(value: Any) -> Any:
    """Return a value as YAML has it."""
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(astuple(value))
    if isinstance(value, Mapping):
        return {name: _plain(its) for name, its in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(each) for each in value]
    return round(float(value), _DIGITS)
