# SPDX-License-Identifier: Apache-2.0
"""Rows that have been computed, by the contents of what they come from."""

from __future__ import annotations

import functools
import hashlib
import json
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from redmule.build import cache_dir
from redmule.config import data_dir
from redmule.sweep.columns import Row, is_whole
from redmule.sweep.point import Point, Settings

MODEL_SOURCES = (
    *("config.py", "published.py", "job.py", "law", "plan", "workload", "area", "energy"),
    *("sweep/columns.py", "sweep/grid.py", "sweep/point.py"),
)
"""What a row of the model comes from, in the package."""

RTL_SOURCES = (*MODEL_SOURCES, "golden.py", "fp", "regs.py", "device", "sweep/rtl.py")
"""What a row of the RTL comes from, beside `rtl/` itself."""

SOURCE_SUFFIXES = {".py", ".yaml", ".cpp", ".h", ".sv", ".f", ".vlt"}

_HASH_DIGITS = 16
_BUSY_SECONDS = 60.0


@functools.cache
def fingerprint(backend: str) -> str:
    """Return a hash of all sources that rows of a backend come from."""
    package = Path(__file__).parents[1]
    names = RTL_SOURCES if backend == "rtl" else MODEL_SOURCES
    tops = [package / name for name in names]
    if backend == "rtl":
        tops.append(data_dir() / "rtl")
    return sources_digest(tops)


def sources_digest(tops: Iterable[Path]) -> str:
    """Return a hash of the contents of source files, and of those in folders, at whatever depth."""
    digest = hashlib.sha256()
    for top in tops:
        for file in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if file.suffix in SOURCE_SUFFIXES:
                digest.update(f"{top.name}/{file.name}\0".encode() + file.read_bytes())
    return digest.hexdigest()[:_HASH_DIGITS]


def key_of(point: Point, settings: Settings) -> str:
    """Return the name under which a row is kept: a hash of the point, the settings and the sources."""
    content = [point.row(), asdict(settings), fingerprint(settings.backend)]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def _row(text: str | bytes) -> Row | None:
    """Return the row that a text is, or None: somebody has damaged it."""
    try:
        row = json.loads(text)
    except ValueError:
        return None
    return row if isinstance(row, dict) and is_whole(row) else None


class Cache:
    """Rows by key, in one file that any number of sweeps share. What is written survives the end of the process."""

    def __init__(self, path: Path) -> None:
        """Open the file, which is made if there is none.

        Raises:
            RuntimeError: it cannot be made, or is something else.
        """
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with self._connected() as connection:
                connection.execute("CREATE TABLE IF NOT EXISTS rows (key TEXT PRIMARY KEY, row TEXT)")
        except (OSError, sqlite3.Error) as error:
            raise self._failed(error) from error

    @classmethod
    def default(cls) -> Cache:
        """Return the cache beside the built models."""
        return cls(cache_dir() / "sweep.db")

    def get(self, keys: Iterable[str]) -> dict[str, Row]:
        """Return the rows there are for these keys; a damaged one is none."""
        found = {}
        try:
            with self._connected() as connection:
                for key in keys:
                    for (text,) in connection.execute("SELECT row FROM rows WHERE key = ?", (key,)):
                        if (row := _row(text)) is not None:
                            found[key] = row
        except sqlite3.Error as error:
            raise self._failed(error) from error
        return found

    def put(self, rows: Mapping[str, Row]) -> None:
        """Keep rows by their keys: all of them or, if the process ends, none."""
        try:
            with self._connected() as connection, connection:
                texts = [(key, json.dumps(row)) for key, row in rows.items()]
                connection.executemany("INSERT OR REPLACE INTO rows VALUES (?, ?)", texts)
        except sqlite3.Error as error:
            raise self._failed(error) from error

    def _connected(self) -> closing[sqlite3.Connection]:
        return closing(sqlite3.connect(self._path, timeout=_BUSY_SECONDS))

    def _failed(self, error: Exception) -> RuntimeError:
        return RuntimeError(
            f"no cache of sweeps in {self._path} ({error}): delete it, or let REDMULE_CACHE name another folder"
        )
