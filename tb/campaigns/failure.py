# SPDX-License-Identifier: Apache-2.0
"""A failure of a long run: what differs, the command that replays it, and its waveform."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from redmule.build import cache_dir

WAVE_HEADERS = "#include <lz4.h>\n#include <zlib.h>\n"
MOST_TEXT = 6000
"""Characters of a text that are kept: its beginning and its end say most."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One failure.

    Attributes:
        part: the campaign, or other part of the run, that failed.
        text: what was wrong; its first line says it in short.
        replay: the command that plays it again, with waves where there are any.
        seed: of its random numbers; None: it has none, or only the replay says it.
        trial: which one of a campaign.
        waves: the recorded waveform; None: there is none.
    """

    part: str
    text: str
    replay: str
    seed: int | None = None
    trial: int | None = None
    waves: Path | None = None

    @property
    def title(self) -> str:
        """The first line of the text."""
        return self.text.strip().partition("\n")[0]


def folder() -> Path:
    """Return the folder of waveforms and reports."""
    path = cache_dir() / "regress" / "failures"
    path.mkdir(parents=True, exist_ok=True)
    return path


def file_name(text: str) -> str:
    """Return a text as the name of a file."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", text).strip("_")


def wave_suffix() -> str:
    """Return the kind of waveform to record: FST, which is small, where the headers that it takes are there."""
    command = ["g++", "-fsyntax-only", "-x", "c++", "-"]
    try:
        found = subprocess.run(command, input=WAVE_HEADERS, text=True, capture_output=True, check=False)
    except OSError:
        return ".vcd"
    return ".fst" if found.returncode == 0 else ".vcd"


def shortened(text: str) -> str:
    """Return a text without its middle if it is long."""
    if len(text) <= MOST_TEXT:
        return text
    return f"{text[: MOST_TEXT // 2]}\n...\n{text[-MOST_TEXT // 2 :]}"
