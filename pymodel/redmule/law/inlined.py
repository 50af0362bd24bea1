# SPDX-License-Identifier: Apache-2.0
"""How the cycle law is compiled: its parts into one function, without counting references, kept on disk.

Numba keeps what it compiled until the file of the function changes, and does not see that a file it imports did. So
only functions that Python calls are kept, and with them a digest of all sources of this package.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numba

_njit: Any = numba.njit
"""With the option `_nrt`, which its type does not name: what does not allocate need not count references."""

SOURCES = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))).hexdigest()
"""Of this package. A function that is kept closes over it: what a function closes over is part of Numba's key."""


def inlined[Function: Callable[..., Any]](function: Function) -> Function:
    """Compile a part: it becomes one with its callers. It may not allocate memory."""
    return cast("Function", _njit(_nrt=False, forceinline=True)(function))


def apart[Function: Callable[..., Any]](function: Function) -> Function:
    """Compile a part that is called seldom. It may not allocate memory."""
    return cast("Function", _njit(_nrt=False)(function))


def kept[Function: Callable[..., Any]](function: Function) -> Function:
    """Compile a function that Python calls, and keep it. It may not allocate memory, and closes over SOURCES."""
    return cast("Function", _njit(_nrt=False, cache=True)(function))
