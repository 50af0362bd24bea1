# SPDX-License-Identifier: Apache-2.0
"""Campaigns of faults: what is kept, the command, replays."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from redmule import cli, faults
from redmule.faults import SCENARIOS, campaign


@pytest.fixture(autouse=True)
def _own_outcomes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campaign, "_folder", lambda: tmp_path)


def test_what_has_been_played_is_not_played_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[tuple[int, int]] = []
    first = faults.carry_out("tiny", count=300, seed=5, progress=lambda *told: done.append(told))
    assert done[-1][0] == first.table.injections >= 300
    monkeypatch.setattr(campaign, "_play", lambda _shard: pytest.fail("played again"))
    again = faults.carry_out("tiny", count=300, seed=5)
    assert (again.outcomes == first.outcomes).all()
    kept = sorted(tmp_path.glob("*.npz"))
    assert len(kept) == len(SCENARIOS)
    kept[0].write_bytes(kept[0].read_bytes()[:100])  # a damaged one is played again
    with pytest.raises(pytest.fail.Exception, match="played again"):
        faults.carry_out("tiny", count=300, seed=5)


@pytest.mark.long
def test_several_processes_give_the_same_outcomes(tmp_path: Path) -> None:
    alone = faults.carry_out("tiny", count=300, seed=6)
    for kept in tmp_path.glob("*.npz"):
        kept.unlink()
    assert (faults.carry_out("tiny", count=300, seed=6, processes=2).outcomes == alone.outcomes).all()


def test_a_table_for_one_block_has_its_rows_only() -> None:
    table = faults.inject("tiny", count=100, block="port", jobs=["queue"])
    assert {each.name.partition("/")[0] for each in table.blocks} == {"port"}
    assert list(table.jobs) == ["queue"]
    assert table.injections == sum(each.injections for each in table.signals) >= 100


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--block", "ports"), "block = 'ports': allowed are control, control/regfile,"),
        (("--job", "gemm"), "job = 'gemm': allowed are leftovers,"),
        (("--count", "0"), "count = 0: allowed are 1 to"),
        (("--config", "huge"), "config = 'huge': allowed are tiny,"),
        (("--waves", "a.vcd"), "waves = 'a.vcd': allowed only with --replay"),
        (("--replay", "u_control.u_queue.busy_q:0:9:queue", "--out", "a"), "out = 'a': allowed only without --replay"),
        (("--out", ""), "out = '': allowed is a folder that can be written"),
        (("--out", "/dev/null"), "out = '/dev/null': allowed is a folder that can be written"),
        (("--replay", "u_control.u_queue.busy_q"), "allowed is SITE:BIT:CYCLE:JOB"),
        (("--replay", "u_nothing.busy_q:0:9:queue"), "allowed is the path of a flop of tiny, as u_control."),
        (("--replay", "u_control.u_queue.busy_q:4:9:queue"), "bit = 4: allowed are 0 to 3"),
        (("--replay", "u_control.u_queue.busy_q:0:1:queue"), "cycle = 1: allowed are 4 to"),
    ],
)
def test_a_wrong_argument_is_one_line(
    arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["faults", "--config", "tiny", *arguments])
    assert ended.value.code != 0
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert message in error


def test_the_command_prints_a_table_and_lists_faults_that_it_can_replay(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:

    def run(*arguments: str) -> str:
        with pytest.raises(SystemExit) as ended:
            cli.main(["faults", "--config", "tiny", *arguments])
        assert not ended.value.code
        return capsys.readouterr().out

    options = ("--count", "200", "--jobs", "1", "--out", str(tmp_path))
    assert "control/queue" in run(*options)
    told = json.loads(run(*options, "--json"))
    assert told == json.loads((tmp_path / "faults.json").read_text(encoding="utf-8"))
    lines = (tmp_path / "injections.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == told["injections"] + 1
    fault, _, outcome = next(line for line in lines if line.endswith(",hang")).rpartition(",")
    again = json.loads(run("--replay", fault.replace(",", ":"), "--json"))
    assert (again["outcome"], again["block"]) == (outcome, "control/" + again["block"].partition("/")[2])
    assert "hang" in again["differences"]


@pytest.mark.long
def test_a_replay_writes_waves(tmp_path: Path) -> None:
    waves = tmp_path / "fault.vcd"
    told = faults.replay("tiny", "u_control.u_queue.busy_q:0:60:queue", waves=str(waves))
    text = waves.read_text(encoding="utf-8")
    last = int(re.findall(r"^#(\d+)", text, re.MULTILINE)[-1])
    assert last // 2 >= told.end_cycle - 1
