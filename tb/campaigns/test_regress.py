# SPDX-License-Identifier: Apache-2.0
"""The long run: what is kept, what is told of failures and of processes that die, and what its pages say."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from runpy import run_path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from redmule.config import Config
from redmule.device import GoldenDevice
from redmule.job import Job, Result
from tb.campaigns import commands, failure, page, regress, summary, trials
from tb.campaigns.commands import Command, Ended
from tb.campaigns.crew import share_out
from tb.campaigns.failure import Failure
from tb.campaigns.figures import FIGURES
from tb.campaigns.plan import CAMPAIGNS, Campaign
from tb.campaigns.regress import MOST_FAILED, Kept, Played, Trials
from tb.campaigns.run import Run
from tb.campaigns.stage import Stage
from tb.campaigns.summary import Summary
from tb.campaigns.tally import Tally
from tb.campaigns.worker import DiedError, LateError, StoppedError, Worker

SEED = 1
BY_NAME = {campaign.name: campaign for campaign in CAMPAIGNS}
MIXED = BY_NAME["mixed-tiny"]
SCRIPT = Path(__file__).parents[2] / "scripts" / "regress.py"


class Inline(Worker):
    """Works in this process, on what a test has changed."""

    def call(self, function: Callable[..., Any], *arguments: object, seconds: float) -> Any:
        return function(*arguments)


class Mortal(Inline):
    """Dies of one trial, or when it plays several."""

    def __init__(self, deadly: int | None) -> None:
        super().__init__()
        self.deadly = deadly

    def call(self, function: Callable[..., Any], *arguments: object, seconds: float) -> Any:
        indices = arguments[2]
        assert isinstance(indices, Sequence)
        if self.deadly in indices or (self.deadly is None and len(indices) > 1):
            raise DiedError("the process ended with SIGSEGV")
        return Tally(trials=len(indices), jobs=len(indices)), 0.5, ()


@pytest.fixture(name="folder")
def _reports_go_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(failure, "folder", lambda: tmp_path)
    monkeypatch.setattr(failure, "wave_suffix", lambda: ".vcd")
    return tmp_path


def _summary(campaigns: Sequence[Played] = (), ended: Sequence[Ended] = (), **others: Any) -> Summary:
    return Summary("scripts/regress.py", SEED, "abc1234", "all", 60.0, campaigns, ended, **others)


def test_a_wrong_golden_bit_comes_with_seed_replay_and_waveform(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = GoldenDevice._run

    def flipped(device: GoldenDevice, jobs: Sequence[Job]) -> list[Result]:
        results = run(device, jobs)
        results[-1].z.view(jobs[-1].operands.z_format.raw_dtype)[0, 0] ^= 1
        return results

    def traced(stage: Stage) -> Tally:
        return trials.mixed(replace(stage, waves=stage.waves or str(folder / "first.vcd")))  # one build is enough

    smallest = Config(1, 1, 0, 64, contexts=1, cores=1, name="smallest")
    campaign = Campaign("mixed", smallest, 2, traced)
    monkeypatch.setattr(GoldenDevice, "_run", flipped)
    monkeypatch.setattr(regress, "CAMPAIGNS", (campaign,))
    long_run = Run([campaign], [], lambda ended: None, lambda name, played: None, Inline)
    long_run.play(SEED, 1.0, 1, Kept(folder))
    gave = _summary(list(long_run.played.values()))
    assert [each.trial for each in gave.failures] == [0, 1]
    text = page.page(gave)
    for index, each in enumerate(gave.failures):
        assert "results differ, first z[0, 0]" in each.text
        assert each.replay in text
        assert f"--only mixed-smallest --seed {SEED} --trial {index} --waves" in each.replay
        assert each.waves is not None
        assert "$enddefinitions" in each.waves.read_text()
        assert str(each.waves) in text
    assert "2 failures" in text
    assert not Kept(folder).get(Trials(campaign, SEED, (0, 1)))


def test_a_worker_tells_of_a_process_that_dies_errs_or_never_ends_and_goes_on() -> None:
    worker = Worker()
    with pytest.raises(DiedError, match="SIGABRT"):
        worker.call(os.abort, seconds=60)
    with pytest.raises(RuntimeError, match="FileNotFoundError"):
        worker.call(os.listdir, "/no such place", seconds=60)
    with pytest.raises(LateError, match="no answer within 0 s"):
        worker.call(time.sleep, 60, seconds=0.05)
    assert worker.call(os.getpid, seconds=60) != os.getpid()
    worker.stop()
    with pytest.raises(StoppedError):
        worker.call(os.getpid, seconds=60)


def test_the_trial_that_ends_its_process_is_a_failure_with_its_replay(folder: Path) -> None:
    played = Trials(MIXED, SEED, (4, 5, 6)).play(Mortal(5))
    assert played.tally == Tally(trials=2, jobs=2, rules=1)
    (found,) = played.failures
    assert found.title == "the process ended with SIGSEGV"
    assert found.replay == MIXED.replay(SEED, 5)
    assert found.waves is None


def test_a_process_that_dies_only_once_is_a_failure_too(folder: Path) -> None:
    played = Trials(MIXED, SEED, (4, 5, 6)).play(Mortal(None))
    assert played.tally.rules == 1
    assert "SIGSEGV in trials 4 to 6; it did not when each was played alone" in played.failures[0].text


def test_a_model_that_cannot_be_built_ends_a_campaign_after_few_trials(monkeypatch: pytest.MonkeyPatch) -> None:
    def unbuilt(stage: Stage) -> Tally:
        raise RuntimeError("building RTL model failed")

    monkeypatch.setattr(regress, "CAMPAIGNS", (replace(MIXED, trial=unbuilt),))
    tally, _, failures = regress.play_trials(MIXED.name, SEED, range(100))
    assert tally.trials == len(failures) == MOST_FAILED
    assert failures[0].title == "RuntimeError: building RTL model failed"


def test_finished_shards_are_kept_and_failed_ones_are_not(tmp_path: Path) -> None:
    told: list[tuple[str, int]] = []
    clears = BY_NAME["clears-tiny"]

    def play() -> Played:
        run = Run([clears], [], lambda _: None, lambda name, count: told.append((name, count)), Inline)
        run.play(SEED, 0.01, 1, Kept(tmp_path))
        return run.played["clears-tiny"]

    first = play()
    assert not first.failed
    with (tmp_path / "clears-tiny.jsonl").open("a", encoding="utf-8") as lines:
        lines.write('\n{"key": "1:0-')  # a run was killed here
    assert play() == first  # even the seconds: it was not played again
    assert [each for each in told if each[0]] == [("clears-tiny", 4)] * 2
    kept, shard = Kept(tmp_path), Trials(clears, SEED, (7,))
    kept.add(shard, Played(clears, Tally(jobs=1, bits=1)))
    kept.add(Trials(clears, SEED, (8,)), Played(clears, Tally(jobs=1)))
    assert Kept(tmp_path).get(shard) is None
    assert Kept(tmp_path).get(Trials(clears, SEED, (8,))) is not None


class Quick(Inline):
    """Gives the same counts for all trials."""

    def call(self, function: Callable[..., Any], *arguments: object, seconds: float) -> Any:
        time.sleep(0.01)
        return Tally(trials=20), 0.01, ()


def test_against_the_clock_campaigns_take_turns_until_the_time_is_up() -> None:
    names = ("mixed-tiny", "queued-tiny", "chains-tiny")
    run = Run([BY_NAME[name] for name in names], [], lambda _: None, lambda *_: None, Quick)
    began = time.monotonic()
    run.play_until(began + 0.3, SEED, 1)
    assert 0.3 <= time.monotonic() - began < 10
    counts = [run.played[name].tally.trials for name in names]
    assert max(counts) - 20 <= min(counts)
    assert min(counts) >= 20
    assert run.left_out[0] == f"mixed-tiny: {counts[0]} of {MIXED.count} trials were played"


def test_each_round_against_the_clock_has_new_random_numbers() -> None:
    first, second = ([shard.key for shard in regress.a_round(CAMPAIGNS, seed)] for seed in (SEED, SEED + 1))
    assert len(first) == len(CAMPAIGNS)
    assert not set(first) & set(second)


def test_campaigns_that_only_fail_end_a_run_against_the_clock() -> None:
    class Failing(Inline):
        def call(self, function: Callable[..., Any], *arguments: object, seconds: float) -> Any:
            return Tally(trials=20, bits=20), 0.0, tuple(Failure("", "", "", SEED, index) for index in range(20))

    run = Run([MIXED], [], lambda _: None, lambda *_: None, Failing)
    run.play_until(time.monotonic() + 60, SEED, 1)
    assert len(run.played["mixed-tiny"].failures) == MOST_FAILED


@dataclass(frozen=True)
class Late:
    """A piece that takes longer than there is time."""

    def play(self, worker: Worker, limit: float | None) -> object:
        raise LateError("too late")


@dataclass(frozen=True)
class Wrong:
    """A piece with a mistake in its code."""

    def play(self, worker: Worker, limit: float | None) -> object:
        raise KeyError("a mistake")


def test_a_piece_that_is_late_is_not_played_and_a_mistake_is_raised() -> None:
    assert [word for word in share_out([Late()], 2, time.monotonic() + 60, Inline) if word] == []
    with pytest.raises(KeyError, match="a mistake"):
        list(share_out([Wrong()], 1, hire=Inline))


def test_a_command_that_fails_is_a_failure_with_what_it_said(folder: Path) -> None:
    command = Command("formal", "proofs", ("-c", "print('4 hold'); raise SystemExit(3)"), commands._last_line)
    (found,) = command.play(Inline()).failures
    assert found.title == "exit code 3"
    assert "4 hold" in found.text
    assert found.replay == command.line
    passed = replace(command, arguments=("-c", "print('6 hold')")).play(Inline())
    assert (passed.failures, passed.note) == ((), "6 hold")


def test_a_difference_in_the_arithmetic_comes_with_its_replay_and_waveform(folder: Path) -> None:
    write = "import sys; open(sys.argv[-1], 'w').write('$enddefinitions')"
    replay = f'.venv/bin/python -c "{write}" --waves fma.vcd'
    printed = f"fma(1, 2, 3) = 0x1, golden 0x2\nreplay: {replay}\n2 of 5 shards, 1 234 results, 1 differ"
    program = f"print({printed!r}); raise SystemExit(1)"
    arithmetic = replace(commands.commands(minutes=1.0)[0], arguments=("-c", program))
    (found,) = arithmetic.play(Inline()).failures
    assert found.title == "fma(1, 2, 3) = 0x1, golden 0x2"
    assert found.replay == replay
    assert found.waves is not None
    assert found.waves.read_text() == "$enddefinitions"
    passed = replace(arithmetic, arguments=("-c", "print('2 of 5 shards, 1 234 results, 0 differ')")).play(Inline())
    assert (passed.count, passed.failures) == (1234, ())


def test_a_command_that_tells_of_nothing_checked_has_failed(folder: Path) -> None:
    (streaming, *_) = commands.commands()
    (found,) = replace(streaming, arguments=("-c", "print('done')")).play(Inline()).failures
    assert found.title == "it says of nothing that it was checked"


def test_a_failing_test_comes_with_the_replay_and_the_waveform_of_its_bench(folder: Path) -> None:
    replay = "REDMULE_SEED=7 REDMULE_WAVES=1 .venv/bin/pytest 'tb/unit/port/test_port.py::test_port[64]'"
    (folder / commands.REPORT).write_text(
        '<testsuites><testsuite><testcase file="tb/unit/port/test_port.py" name="test_port[64]"><failure '
        f'message="1 of 2 failed&#10;replay: {replay}">a trace</failure></testcase>'
        '<testcase file="tb/a.py" name="test_b"/></testsuite></testsuites>'
    )
    (folder / "dump.vcd").write_text("$enddefinitions")

    class Bench(Inline):
        def call(self, function: Callable[..., Any], *arguments: object, seconds: float) -> Any:
            if len(arguments) == 3:  # the replay, with its environment
                assert arguments[2] == {"REDMULE_SEED": "7", "REDMULE_WAVES": "1"}
                Path(str(arguments[1])).write_text(f"failed; folder {folder}\n")
            else:
                Path(str(arguments[1])).write_text("1 failed, 1 passed")
            return 1

    ended = next(each for each in commands.commands() if each.name == "tests").play(Bench())
    assert ended.count == 2
    (found,) = ended.failures
    assert found.title == "tb/unit/port/test_port.py::test_port[64]"
    assert found.replay == replay
    assert found.waves is not None
    assert found.waves.read_text() == "$enddefinitions"


def test_what_passed_of_the_other_parts_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "cache_dir", lambda: tmp_path)
    command, kept = Command("formal", "proofs", ("x",), commands._last_line), commands.KeptCommands()
    assert kept.get(command) is None
    kept.add(Ended(command, 1, (Failure("formal", "no", "again"),)))
    assert kept.get(command) is None
    kept.add(Ended(command, 3, (), 5.0, "3 of 3"))
    assert kept.get(command) == Ended(command, 3, (), 5.0, "3 of 3")
    assert kept.get(replace(command, arguments=("y",))) is None


def test_the_document_has_a_row_for_each_campaign_a_sum_and_what_is_wanted() -> None:
    slow = BY_NAME["stalls_10-paper"]
    gave = _summary([Played(MIXED, Tally(trials=5, jobs=5), 1.0), Played(slow, Tally(1, 2, cycles=40_000), 3.0)])
    text = summary.markdown(gave)
    assert "| mixed | tiny | 5 | 5 |" in text
    assert "mean 20000 cycles, at most 18560" in text
    assert "| all |  | 6 | 7 |" in text
    assert "| configurations of these | 4 | 1 |" in text
    assert [each.part for each in gave.failures] == ["stalls_10-paper"]


def test_a_full_run_that_played_less_than_is_wanted_has_failed() -> None:
    short = [each.text for each in _summary([Played(MIXED, Tally(trials=5))], full=True).failures]
    assert len(short) == len(FIGURES)
    assert "random jobs" in short[1]
    assert "less than 20000 played" in short[1]


def test_the_plan_holds_what_is_wanted() -> None:
    trials_played = [Played(each, Tally(trials=each.count, pairs=_fewest_pairs(each))) for each in CAMPAIGNS]
    for figure in FIGURES:
        assert figure.count(trials_played) >= figure.wanted, figure.name


def _fewest_pairs(campaign: Campaign) -> int:
    """Chains are three to ten jobs and queues two to eight; so many pairs of them differ and wait, about."""
    of_a_trial = {"queued": 1, "chains": 2}.get(campaign.kind, 0)
    return campaign.count * of_a_trial if campaign.config.contexts > 1 else 0


def test_queued_pairs_are_those_of_different_jobs_that_wait() -> None:
    pairs = sum(BY_NAME["chains-tiny"].run(SEED, index).pairs for index in range(10))
    assert pairs > 20
    assert BY_NAME["chains-odd_5x3"].run(SEED, 0).pairs == 0  # it holds one job at a time
    assert MIXED.run(SEED, 0).pairs <= 3  # but for the strips of a job


def test_an_unknown_part_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValueError, match="only = 'all': allowed are a kind"):
        regress.select("all")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--only", "nothing"), "only = 'nothing': allowed are a kind"),
        (("--seed", "x"), "seed = 'x': allowed are a number and 'random'"),
        (("--trial", "3"), "--trial needs --only with one kind-configuration, and --seed"),
        (("--waves", "a.vcd"), "--waves needs --trial"),
    ],
)
def test_wrong_arguments_are_refused_in_one_line(arguments: Sequence[str], said: str) -> None:
    app = typer.Typer()
    app.command()(run_path(str(SCRIPT))["main"])
    result = CliRunner().invoke(app, arguments, env={"COLUMNS": "400", "TERM": "dumb"})
    assert result.exit_code == 2
    assert said in " ".join(result.output.split())
