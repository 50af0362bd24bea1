# SPDX-License-Identifier: Apache-2.0
"""The long arithmetic campaigns: shards that cover all, a record that survives, differences that say how to replay."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from runpy import run_path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner, Result

from redmule.fp.campaign import Check, Results
from redmule.fp.formats import E4M3, E5M2
from tb.unit.fp import campaign, parts
from tb.unit.fp.parts import PARTS, Part, part_named
from tb.unit.fp.play import missing, play
from tb.unit.fp.record import Outcome, Record, page, replay
from tb.unit.fp.unit import Codes

SEED = 3
BROKEN = 0x3C01


def command(*arguments: str) -> Result:
    """Run the command line in this process."""
    app = typer.Typer()
    app.command()(run_path(str(Path(__file__).parents[3] / "scripts" / "fp_campaign.py"))["main"])
    return CliRunner().invoke(app, arguments)


def outcome(part: Part, shard: int, differ: int = 0) -> Outcome:
    """An outcome of a shard that nobody has played."""
    return Outcome(part.name, shard, None if shard < part.fixed else SEED, 1000, differ, 0.5)


@pytest.mark.parametrize("shard", [0, 77, parts.FP8_SHARDS - 1])
def test_shard_of_fp8_pairs_has_one_code_of_b_every_code_of_a_and_every_addend(shard: int) -> None:
    drawn = list(campaign.fp8_triples(shard, parts.FP8_SHARDS))
    assert [int(a[0]) for a, _, _ in drawn] == list(range(1 << E5M2.width))
    for a, b, c in drawn[::15]:
        assert (a == a[0]).all()
        assert (b == shard).all()
        assert np.array_equal(c, campaign.every_code())


def test_counts_of_the_long_campaigns_are_those_that_are_wanted() -> None:
    assert part_named("fma").fixed + 100 == part_named("fma").shards == part_named("golden").shards
    assert parts.RANDOM_SHARDS * parts.RANDOM_PAIRS >= 10**8
    assert [part.name for part in PARTS[-3:]] == ["e5m2_e5m2", "e4m3_e4m3", "e4m3_e5m2"]


@pytest.mark.parametrize("part", PARTS[:4], ids=lambda part: part.name)
def test_first_shard_of_each_part_equals(part: Part) -> None:
    found = part.play(0, SEED)
    assert (found.differ, found.first) == (0, "")
    assert found.compared == len(part.checks(0, None)) * sum(len(drawn[0]) for drawn in part.draw(0, SEED))


def test_record_keeps_outcomes_and_survives_a_line_that_was_cut_off(tmp_path: Path) -> None:
    part, file = part_named("fma"), tmp_path / "record.jsonl"
    record = Record(file)
    record.add(outcome(part, 0))
    record.add(outcome(part, part.fixed))
    with file.open("a", encoding="utf-8") as lines:
        lines.write('{"part": "fma", "sha')
    again = Record(file)
    again.add(outcome(part, 1, differ=2))
    last = Record(file)
    assert [found.shard for found in last.of_part(part, SEED)] == [0, 1, part.fixed]
    assert last.missing(part, SEED)[:2] == [1, 2]  # one that differed is played again
    assert part.fixed in last.missing(part, SEED + 1)
    assert 0 not in last.missing(part, SEED + 1)


def test_play_keeps_what_it_plays_and_begins_nothing_when_its_time_is_over(tmp_path: Path) -> None:
    part, record = part_named("casts"), Record(tmp_path / "record.jsonl")
    todo = missing([part], record, SEED)
    assert len(todo) == part.shards
    assert not list(play(todo, record, SEED, 1, seconds=0))
    ((played, text),) = play(todo[:1], record, SEED, 1, seconds=None)
    assert (played.shard, played.compared, played.differ, text) == (0, 1 << 16, 0, "")
    assert missing([part], Record(record.file), SEED) == todo[1:]


def test_page_says_what_is_covered_and_what_differs(tmp_path: Path) -> None:
    record = Record(tmp_path / "record.jsonl")
    record.add(outcome(part_named("casts"), 0))
    record.add(outcome(part_named("casts"), 1, differ=7))
    (row,) = (line for line in page(record, SEED).splitlines() if line.startswith("| casts"))
    assert row.endswith("| all | 2 000 | 7 | 2 of 15 | 1 |")


def test_difference_names_operands_both_sides_and_a_command_that_replays_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    part = part_named("casts")

    def broken(shard: int, waves: str | None) -> list[Check]:
        (check,) = part.checks(shard, waves)

        def golden(codes: Codes) -> Results:
            z, flags = check.functions[1](codes)
            return z ^ (codes == BROKEN), flags

        return [replace(check, functions=(check.functions[0], golden))]

    found = replace(part, checks=broken).play(1, SEED)
    assert (found.compared, found.differ, found.operands) == (1 << 16, 1, (BROKEN,))
    assert found.first == "cast from fp16(0x3c01): RTL 0x3c01 flags 0x0, golden 0x3c00 flags 0x0"
    monkeypatch.chdir(tmp_path)
    python, script, *arguments = shlex.split(replay(part, 1, SEED, found.operands))
    assert (python, Path(script).name) == (".venv/bin/python", "fp_campaign.py")
    result = command(*arguments)
    assert result.exit_code == 0, result.output  # the true sides agree
    assert result.output.count("0x3c01") == 3
    assert "$enddefinitions" in (tmp_path / "casts.vcd").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--only", "casst"], "part 'casst': allowed are golden, fma,"),
        (["--shard", "1"], "need --only"),
        (["--only", "casts", "--shard", "15"], "shard = 15: allowed are 0 to 14"),
        (["--only", "fma", "--operands", "1,2"], "operands = '1,2': allowed are 3 codes"),
        (["--only", "casts", "--operands", "0x10000"], "allowed are 1 codes"),
        (["--only", "golden", "--operands", "1,2,3", "--waves", "x.vcd"], "waves = 'x.vcd'"),
    ],
)
def test_wrong_argument_is_refused_with_what_is_allowed(arguments: list[str], message: str) -> None:
    result = command(*arguments)
    assert result.exit_code == 2
    assert message in " ".join(result.output.replace("│", " ").split())


@pytest.mark.parametrize("shard", [0, 255])
def test_codes_outside_the_formats_of_an_fp8_part_are_its_lower_bytes(shard: int) -> None:
    a, b, c = (np.array([code], np.uint16) for code in (shard, 0x7F, 0x3C00))
    assert campaign.cast_fma(E4M3, E5M2)((a, b, c)).differ == 0
