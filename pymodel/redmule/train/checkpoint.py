# SPDX-License-Identifier: Apache-2.0
"""Files that hold the whole state of a run, and are always whole themselves."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

_FACTS = "facts"


def save(path: Path, arrays: Mapping[str, NDArray[Any]], facts: Mapping[str, Any]) -> None:
    """Write a file; one of that name is there as it was until the new one is complete on the disk.

    Args:
        path: of the file, .npz.
        arrays: by name.
        facts: whatever JSON can say.
    """
    unfinished = path.with_name(f".{path.name}")
    with unfinished.open("wb") as file:
        np.savez(file, allow_pickle=False, **{_FACTS: np.array(json.dumps(facts))}, **arrays)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def load(path: Path) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Return the arrays and facts of a file.

    Raises:
        ValueError: it is no such file.
        OSError: it cannot be read.
    """
    try:
        with np.load(path, allow_pickle=False) as content:
            arrays = {name: content[name] for name in content.files}
        return arrays, json.loads(str(arrays.pop(_FACTS)))
    except (BadZipFile, KeyError, ValueError, EOFError) as error:
        raise ValueError(f"{path}: allowed is a checkpoint ({' '.join(str(error).split())})") from error
