# SPDX-License-Identifier: Apache-2.0
"""What makes an argument wrong, and the error that says so: its name, its value, what is allowed."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from numbers import Real
from pathlib import Path

import numpy as np

LONGEST_VALUE = 120
"""Characters of a value that a message shows."""


def refused(name: str, value: object, allowed: str) -> ValueError:
    """Return the error for a wrong argument, one line; `allowed` goes on after "allowed"."""
    text = " ".join(repr(value).splitlines())
    shown = text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}..."
    return ValueError(f"{name} = {shown}: allowed {allowed}")


def integer(name: str, value: object, allowed: Sequence[int]) -> int:
    """Return an integer, Python's or NumPy's but no bool, that is one of those allowed."""
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        number = None
    if number is None or isinstance(value, bool) or number not in allowed:
        raise refused(name, value, f"are {_listing(allowed)}")
    return number


def number(name: str, value: object, low: float, high: float) -> float:
    """Return a number from `low` to `high`, both included; NaN is none."""
    if not isinstance(value, Real) or isinstance(value, bool) or not low <= float(value) <= high:
        raise refused(name, value, f"are numbers from {low:g} to {high:g}")
    return float(value)


def flag(name: str, value: object) -> bool:
    """Return a truth value, Python's or NumPy's; nothing else counts as one."""
    if not isinstance(value, bool | np.bool_):
        raise refused(name, value, "are True, False")
    return bool(value)


def choice(name: str, value: object, allowed: Iterable[str]) -> str:
    """Return a name that is one of those allowed."""
    names = tuple(allowed)
    if not isinstance(value, str) or value not in names:
        raise refused(name, value, f"are {', '.join(names)}")
    return value


def writable(name: str, path: str) -> None:
    """Check that a file can be written, so that nobody works for a result that cannot be kept. Leaves no trace."""
    try:
        existed = Path(path).exists()
        with Path(path).open("ab"):
            pass
        if not existed:
            Path(path).unlink()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise refused(name, path, f"is a file that can be written ({reason})") from error


def _listing(allowed: Sequence[int]) -> str:
    """Return the allowed values as people write them."""
    return f"{allowed[0]} to {allowed[-1]}" if isinstance(allowed, range) else ", ".join(map(str, allowed))
