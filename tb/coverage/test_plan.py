# SPDX-License-Identifier: Apache-2.0
"""Parts are played once and kept, but only what ended well, counted something, and is of the sources as they are."""

from __future__ import annotations

import os
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from tb.coverage import plan
from tb.coverage.plan import Outcome, Part, play

FOLDER = "import os, pathlib, subprocess; folder = pathlib.Path(os.environ['REDMULE_COVERAGE']); "
COUNT = FOLDER + "(folder / 'functional-1.json').write_text('{}')"
PATIENCE_SECONDS = 30


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDMULE_CACHE", str(tmp_path))


def _part(name: str, code: str) -> Part:
    return Part(name, "jobs", ("-c", code), ())


def _play(*parts: Part) -> tuple[dict[str, Outcome], list[str]]:
    """Return the outcomes of parts, and the names of those that were not kept."""
    begun: list[Part] = []
    return {each.part.name: each for each in play(parts, 1, begun.append)}, [part.name for part in begun]


def test_a_part_that_passed_is_kept_and_one_that_failed_is_played_again() -> None:
    parts = [_part("good", COUNT), _part("bad", f"{COUNT}; exit(3)")]
    for all_begun in (["good", "bad"], ["bad"]):
        outcomes, begun = _play(*parts)
        assert begun == all_begun
        assert outcomes["good"].failure == ""
        assert outcomes["bad"].failure.startswith("exit code 3")


def test_a_part_that_counts_nothing_fails() -> None:
    outcomes, _ = _play(_part("idle", "print('all skipped')"))
    assert outcomes["idle"].failure.startswith("it counted nothing, there is no functional-*.json")


def test_a_part_that_writes_nonsense_fails() -> None:
    outcomes, _ = _play(_part("odd", f"{FOLDER}(folder / 'functional-1.json').write_text('[')"))
    assert outcomes["odd"].failure.startswith("what it wrote cannot be read: ")


def test_what_a_failed_part_has_covered_does_not_count() -> None:
    hits = """(folder / 'functional-1.json').write_text('{"cores": {"0": 1}}')"""
    outcomes, _ = _play(_part("good", FOLDER + hits), _part("bad", f"{FOLDER}{hits}; exit(3)"))
    assert outcomes["good"].functional.hits["cores"] == {"0": 1}
    assert not outcomes["bad"].functional.hits["cores"]


def test_a_part_whose_sources_change_while_it_is_played_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "source").write_text("before")
    monkeypatch.setattr(plan, "data_dir", lambda: tmp_path)
    change = f"{COUNT}; pathlib.Path('source').write_text('after')"
    part = Part("changed", "jobs", ("-c", change), ("source",))
    outcomes, _ = _play(part)
    assert outcomes["changed"].failure.startswith("a source has changed since the run began")
    outcomes, begun = _play(part)
    assert begun == ["changed"]
    assert outcomes["changed"].failure == ""


def test_variables_of_the_caller_change_no_part(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in plan.FORGOTTEN:
        monkeypatch.setenv(name, "something")
    outcomes, _ = _play(_part("clean", f"{COUNT}; assert not {set(plan.FORGOTTEN)} & os.environ.keys()"))
    assert outcomes["clean"].failure == ""


def test_two_runs_at_once_play_a_part_once(tmp_path: Path) -> None:
    slow = _part("slow", f"{COUNT}; import time; time.sleep(1); open({str(tmp_path / 'times')!r}, 'a').write('x')")
    found: list[str] = []
    runs = [threading.Thread(target=lambda: found.append(_play(slow)[0]["slow"].failure)) for _ in range(2)]
    for run in runs:
        run.start()
    for run in runs:
        run.join(PATIENCE_SECONDS)
    assert found == ["", ""]
    assert (tmp_path / "times").read_text() == "x"


def test_whoever_stops_a_run_ends_all_its_processes(tmp_path: Path) -> None:
    number = tmp_path / "number"
    wait = f"child = subprocess.Popen(['sleep', '60']); pathlib.Path({str(number)!r}).write_text(str(child.pid))"
    quick, endless = _part("quick", COUNT), _part("endless", f"{COUNT}; {wait}; child.wait()")
    with closing(play([quick, endless], 2, lambda _: None)) as played:
        assert next(played).part.name == "quick"
        while not number.exists() or not number.read_text():
            time.sleep(0.01)
    patience = time.monotonic() + PATIENCE_SECONDS
    while _runs(int(number.read_text())):
        assert time.monotonic() < patience
        time.sleep(0.01)
    assert _play(quick)[1] == []


def _runs(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        os.kill(pid, 0)
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
