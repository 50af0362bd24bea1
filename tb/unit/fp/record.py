# SPDX-License-Identifier: Apache-2.0
"""What came of the shards of the long arithmetic campaigns, kept until a source changes, and the page about them."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from redmule.build import cache_dir, rtl_sources
from redmule.config import data_dir
from redmule.fp import stimuli
from redmule.fp.campaign import RANDOM_TRIPLES
from tb.unit.fp.parts import PARTS, RANDOM_PAIRS, RANDOM_SHARDS, SOURCES, Part

COMMAND = ".venv/bin/python scripts/fp_campaign.py"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a shard.

    Attributes:
        part: name of its part.
        shard: which.
        seed: of its operands; None if they are the same for every seed.
        compared: results.
        differ: those that differ.
        seconds: of one process.
    """

    part: str
    shard: int
    seed: int | None
    compared: int
    differ: int
    seconds: float


class Record:
    """The outcomes so far, in a file with a line for each; the last one of a shard counts."""

    def __init__(self, file: Path | None = None) -> None:
        """Read a file, by default that of the sources as they are."""
        self.file = file or cache_dir() / "fp_campaign" / f"{digest()}.jsonl"
        self._outcomes: dict[tuple[str, int, int | None], Outcome] = {}
        if self.file.exists():
            for line in self.file.read_text(encoding="utf-8").splitlines():
                try:
                    self._keep(Outcome(**json.loads(line)))
                except (ValueError, TypeError):
                    continue  # a line that was being written when the run was killed

    def get(self, part: Part, shard: int, seed: int) -> Outcome | None:
        """Return what came of a shard, if it has been played."""
        return self._outcomes.get((part.name, shard, seed_of(part, shard, seed)))

    def add(self, outcome: Outcome) -> None:
        """Keep an outcome."""
        self._keep(outcome)
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("a+", encoding="utf-8") as lines:
            lines.write(f"{'' if _ends_a_line(self.file) else chr(10)}{json.dumps(asdict(outcome))}\n")

    def of_part(self, part: Part, seed: int) -> list[Outcome]:
        """Return what came of the shards of a part."""
        return [found for shard in range(part.shards) if (found := self.get(part, shard, seed))]

    def missing(self, part: Part, seed: int) -> list[int]:
        """Return the shards of a part that have not been played, or in which something differed."""
        kept = ((shard, self.get(part, shard, seed)) for shard in range(part.shards))
        return [shard for shard, outcome in kept if outcome is None or outcome.differ]

    def _keep(self, outcome: Outcome) -> None:
        self._outcomes[outcome.part, outcome.shard, outcome.seed] = outcome


def seed_of(part: Part, shard: int, seed: int) -> int | None:
    """Return the seed that the operands of a shard depend on, if any."""
    return None if shard < part.fixed else seed


@functools.cache
def digest() -> str:
    """Return a name for the contents of the sources that outcomes depend on."""
    top, name = data_dir(), hashlib.sha256()
    files = {path.relative_to(top): path for pattern in SOURCES for path in top.glob(pattern)}
    files |= {Path("rtl", "fp", path.name): path for path in rtl_sources() if path.parent.name == "fp"}  # or a copy
    for place, path in sorted(files.items()):
        name.update(place.as_posix().encode() + b"\0" + path.read_bytes())
    return name.hexdigest()[:16]


def replay(part: Part, shard: int, seed: int, operands: Iterable[int] = ()) -> str:
    """Return the command that plays a shard again, or only some operands of it, then with waves."""
    command = f"{COMMAND} --only {part.name} --shard {shard}"
    if seed_of(part, shard, seed) is not None:
        command += f" --seed {seed}"
    if codes := ",".join(map(hex, operands)):
        command += f" --operands {codes}" + ("" if part.name == "golden" else f" --waves {part.name}.vcd")
    return command


def summary(record: Record, seed: int, parts: Sequence[Part]) -> str:
    """Return one line about what has been played."""
    outcomes = [outcome for part in parts for outcome in record.of_part(part, seed)]
    shards, of_all = len(outcomes), sum(part.shards for part in parts)
    results, differ = (sum(getattr(outcome, name) for outcome in outcomes) for name in ("compared", "differ"))
    return f"{shards} of {of_all} shards, {_grouped(results)} results, {differ} differ"


def page(record: Record, seed: int, parts: Sequence[Part] = PARTS) -> str:
    """Return the outcomes as Markdown."""
    lines = [
        "<!-- SPDX-License-Identifier: Apache-2.0 -->",
        "# Campaigns on the arithmetic",
        "",
        f"Written by `{COMMAND} --write`, seed {seed}, for the sources with the digest `{digest()}`.",
        "Each result is compared in its value and its four exception flags. The RTL is the Verilated unit without "
        "pipeline registers, its assertions on; in the last three parts two casts and the multiply-add are one unit. "
        "`golden` is the compiled kernel, and for minimum, maximum and casts its NumPy twin; in the first part both.",
        "",
        f"The special values are {stimuli.SPECIALS.size} zeros, subnormals, ends of ranges, infinities, signalling and "
        f"quiet NaNs. {_grouped(RANDOM_SHARDS * RANDOM_TRIPLES)} triples and "
        f"{_grouped(RANDOM_SHARDS * RANDOM_PAIRS)} pairs are directed or random: each shard of them runs through all "
        "exponents of the operands against each other, triples also through cancellations and the borders of the "
        "range. A triple of the first part has two results, by kernel and twin; a pair too, minimum and maximum. "
        "`seconds` are of one process, beside others.",
        "",
        "| part | compared | operands | results | differ | shards | seconds |",
        "|---|---|---|---:|---:|---:|---:|",
    ]
    for part in parts:
        outcomes = record.of_part(part, seed)
        results = sum(outcome.compared for outcome in outcomes)
        cells = [
            part.name,
            part.compares,
            part.operands,
            _grouped(results),
            f"{sum(outcome.differ for outcome in outcomes)}",
            f"{len(outcomes)} of {part.shards}",
            f"{sum(outcome.seconds for outcome in outcomes):.0f}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def _grouped(count: int) -> str:
    """Return a count in groups of three digits."""
    return f"{count:_}".replace("_", " ")


def _ends_a_line(file: Path) -> bool:
    """Whether a file is empty or ends with a whole line."""
    content = file.read_bytes()
    return not content or content.endswith(b"\n")
