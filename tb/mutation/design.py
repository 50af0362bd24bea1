# SPDX-License-Identifier: Apache-2.0
"""A copy of the RTL with all its mutants in it, of which a run selects one, or none.

A place becomes `(fp_mutation_pkg::selected == 7 ? mutated : original)`, so one model serves all mutants. `selected` is
read from the environment (REDMULE_MUTANT) when a model starts.
"""

from __future__ import annotations

import os
import random
import shutil
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from redmule.build import RTL_VARIABLE, cache_dir, rtl_sources
from redmule.config import data_dir
from tb.mutation.places import Mutant, Names, find
from tb.mutation.tree import ENCODING

MUTANT_VARIABLE = "REDMULE_MUTANT"
NONE = 0
"""Number of no mutant."""

FILE_LISTS = {"accelerator": "redmule.f", "cluster": "cluster.f"}
NOT_MUTATED = ("checks", "regs")
"""Folders that are no hardware of ours to break: the assertions, and what is generated."""

SELECTED = "fp_mutation_pkg::selected"
_HELPERS = {
    # In `fp`, so that a bench of the arithmetic units alone has them too.
    "fp/fp_mutation_pkg.sv": """// SPDX-License-Identifier: SHL-0.51
// Which mutant is there; 0 is none.
package fp_mutation_pkg;
  import "DPI-C" function int unsigned mutation_selected();
  int unsigned selected = mutation_selected();
endpackage
""",
    "fp/fp_mutation.cpp": f"""// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
extern "C" unsigned mutation_selected() {{
  const char* number = std::getenv("{MUTANT_VARIABLE}");
  return number == nullptr ? {NONE} : static_cast<unsigned>(std::atoi(number));
}}
""",
    "fp/fp_mutation.vlt": '`verilator_config\nlint_off -file "*"\n',
}


@dataclass(frozen=True, slots=True)
class Design:
    """A copy of `rtl/` and the mutants in it.

    Attributes:
        folder: the copy.
        mutants: by their numbers, from 1.
    """

    folder: Path
    mutants: Mapping[int, Mutant]


def mutants_of(part: str) -> list[Mutant]:
    """Return the mutants of a part, a key of FILE_LISTS, in the order of its files and their text."""
    root = data_dir() / "rtl"
    names = Names.of([file for listed in FILE_LISTS.values() for file in rtl_sources(listed)])
    found: list[Mutant] = []
    for file in rtl_sources(FILE_LISTS[part]):
        name = file.relative_to(root).as_posix()
        if not name.startswith(NOT_MUTATED):
            found += find(file, name, names)
    return found


def sample(mutants: Sequence[Mutant], count: int | None, seed: int) -> list[Mutant]:
    """Return a seeded sample, of which a smaller one is the beginning; `count` None: all mutants."""
    return random.Random(seed).sample(mutants, len(mutants))[:count]


def instrument(part: str) -> Design:
    """Write the copy of `rtl/` in which all mutants of a part, a key of FILE_LISTS, can be selected."""
    return instrumented(part, mutants_of(part))


def instrumented(name: str, mutants: Sequence[Mutant]) -> Design:
    """Write a copy of `rtl/` in which mutants can be selected, under a name in the cache."""
    numbered = dict(enumerate(mutants, NONE + 1))
    by_file: dict[str, dict[int, Mutant]] = defaultdict(dict)
    for number, mutant in numbered.items():
        by_file[mutant.file][number] = mutant
    root = data_dir() / "rtl"
    edits = {file: rewrite((root / file).read_text(encoding=ENCODING), chosen) for file, chosen in by_file.items()}
    listing = FILE_LISTS["accelerator"]
    edits[listing] = "".join(f"{helper}\n" for helper in _HELPERS) + (root / listing).read_text(encoding=ENCODING)
    return Design(_copy_of_rtl(cache_dir() / "mutation" / name, _HELPERS | edits), numbered)


def _copy_of_rtl(folder: Path, edits: Mapping[str, str]) -> Path:
    """Write a copy of `rtl/` with some files added or changed; another process never sees half of it."""
    fresh = folder.with_name(f"{folder.name}.{os.getpid()}")
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(data_dir() / "rtl", fresh)
    for name, text in edits.items():
        (fresh / name).write_text(text, encoding=ENCODING)
    shutil.rmtree(folder, ignore_errors=True)
    fresh.rename(folder)
    return folder


def rewrite(text: str, mutants: Mapping[int, Mutant]) -> str:
    """Return a source in which each mutant is there while its number is selected."""
    alternatives: dict[tuple[int, int], list[tuple[int, Mutant]]] = defaultdict(list)
    for number, mutant in mutants.items():
        alternatives[mutant.start, mutant.end].append((number, mutant))
    spans = sorted(alternatives, key=lambda span: (span[0], -span[1]))  # outer ones first

    def between(start: int, end: int, inner: Sequence[tuple[int, int]]) -> str:
        """The text from start to end; `inner` are the spans in it."""
        pieces = []
        while inner:
            first = inner[0]
            nested = [span for span in inner[1:] if span[1] <= first[1]]
            pieces += [text[start : first[0]], _choice(between(*first, nested), alternatives[first])]
            start, inner = first[1], inner[1 + len(nested) :]
        return "".join((*pieces, text[start:end]))

    return between(0, len(text), spans)


def _choice(original: str, mutants: Sequence[tuple[int, Mutant]]) -> str:
    """Return a text that is the original one unless a mutant is selected."""
    for number, mutant in mutants:
        selected = f"{SELECTED} == {number}"
        if mutant.kind == "item":
            original = f"begin if ({selected}) begin {mutant.after} end else {original} end"
        else:
            original = f"({selected} ? ({mutant.after}) : ({original}))"
    return original


@contextmanager
def chosen(folder: Path, number: int = NONE) -> Iterator[None]:
    """Take the RTL of a folder, with one of its mutants, for all models that are started meanwhile."""
    wanted = {RTL_VARIABLE: str(folder), MUTANT_VARIABLE: str(number)}
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
