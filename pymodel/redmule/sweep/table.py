# SPDX-License-Identifier: Apache-2.0
"""The table of a sweep as files: Parquet for programs, CSV for everyone; the same columns and values."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from redmule import checks
from redmule.sweep.columns import Row, Value, is_whole, meaning, ordered

STEM = "results"
KINDS = ("parquet", "csv")


def write(rows: Sequence[Row], folder: Path, stem: str = STEM) -> tuple[Path, Path]:
    """Write `folder/stem.parquet` and `folder/stem.csv`; return their paths. Equal rows give equal bytes.

    Raises:
        OSError: a file cannot be written.
        RuntimeError: pyarrow is missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    contents = _parquet(_arrow_table(rows)), as_csv(rows).encode()
    parquet, text = (folder / f"{stem}.{kind}" for kind in KINDS)
    return replaced(parquet, contents[0]), replaced(text, contents[1])


def as_csv(rows: Sequence[Row]) -> str:
    """Return the table as CSV: nothing where a value is not known, 1 and 0 for yes and no, numbers with all digits."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    columns = ordered(rows)
    writer.writerow(columns)
    writer.writerows([_cell(row.get(column)) for column in columns] for row in rows)
    return text.getvalue()


def _cell(value: Value) -> str:
    if value is None:
        return ""
    return str(int(value)) if isinstance(value, bool) else str(value)


def read(folder: Path, stem: str = STEM) -> list[Row]:
    """Return the rows of a table that `write` has written.

    Raises:
        ValueError: there is none, or the file is none; the message names it.
        RuntimeError: pyarrow is missing.
    """
    path = folder / f"{stem}.parquet"
    if not path.is_file():
        raise checks.refused("folder", str(folder), f"is one of `redmule sweep`, with {path.name}")
    pyarrow = _pyarrow()
    from pyarrow import parquet

    try:
        table = parquet.read_table(path)
    except (pyarrow.ArrowException, OSError) as error:
        raise ValueError(f"{path} is no table of a sweep ({' '.join(str(error).split())})") from error
    missing = [column for column in ordered([]) if column not in table.column_names]
    if missing:
        raise ValueError(f"{path} is no table of a sweep of this version (column {missing[0]!r} is missing)")
    rows: list[Row] = table.to_pylist()
    damaged = [number for number, row in enumerate(rows, 1) if not is_whole(row)]
    if damaged:
        raise ValueError(f"{path} is no table of a sweep (row {damaged[0]} has neither all figures nor an error)")
    return rows


def replaced(path: Path, content: bytes) -> Path:
    """Write a file as a whole: whoever reads it finds the old content or the new one."""
    if path.exists() and not path.is_file():  # a device is written to, not replaced
        path.write_bytes(content)
        return path
    target = path.resolve()  # a link stays one too
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        temporary.write_bytes(content)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    return path


def _arrow_table(rows: Sequence[Row]) -> Any:
    """Return the rows as a table whose columns have types and meanings."""
    pyarrow = _pyarrow()
    kinds: Mapping[type, Callable[[], Any]] = {
        bool: pyarrow.bool_,
        int: pyarrow.int64,
        float: pyarrow.float64,
        str: pyarrow.string,
    }
    fields, arrays = [], []
    for column in ordered(rows):
        values = [row.get(column) for row in rows]
        found = {type(value) for value in values if value is not None}
        kind = float if found == {int, float} else next(iter(found), str)
        field = pyarrow.field(column, kinds[kind](), metadata={"meaning": meaning(column)})
        fields.append(field)
        arrays.append(pyarrow.array(values, field.type))
    return pyarrow.Table.from_arrays(arrays, schema=pyarrow.schema(fields))


def _parquet(table: Any) -> bytes:
    from pyarrow import BufferOutputStream, parquet

    sink = BufferOutputStream()
    parquet.write_table(table, sink, compression="zstd")
    content: bytes = sink.getvalue().to_pybytes()
    return content


def _pyarrow() -> Any:
    """Return pyarrow, which reads and writes Parquet."""
    try:
        import pyarrow
    except ImportError as error:
        raise RuntimeError("tables of sweeps need pyarrow: pip install 'redmule[sweep]'") from error
    return pyarrow
