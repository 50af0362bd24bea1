# SPDX-License-Identifier: Apache-2.0
"""The command `redmule sweep`: options, messages, a sweep that is killed, workers elsewhere."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from redmule import cli
from redmule.sweep import Cache, Point, Settings, grid, read, run, write
from redmule.sweep.grid import AXES
from redmule.sweep.runner import Task, compute
from redmule.workload import Workload

SMALL = ("--rows", "2,4", "--len", "2", "--port", "64,128", "--workload", "gemm:24", "--workload", "gemm:9x8x7:e5m2")


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("redmule.sweep.cache.cache_dir", lambda: tmp_path / "cache")


def _run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as exit_:
        cli.main([str(argument) for argument in arguments])
    return int(exit_.value.code or 0)


def _points(*workloads: str, **axes: list[int]) -> list[Point]:
    return [Point(config, Workload.parse(name)) for config in grid(axes) for name in workloads]


def test_the_command_writes_a_table_and_says_what_it_did(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run("sweep", *SMALL, "--out", tmp_path / "out", "--jobs", 1, "--json") == 0
    (said,) = json.loads(capsys.readouterr().out)
    assert (said["points"], said["computed"], said["failed"]) == (8, 8, 0)
    rows = read(tmp_path / "out")
    assert [row["config"] for row in rows[::2]] == ["2x2 p3 b64", "2x2 p3 b128", "4x2 p3 b64", "4x2 p3 b128"]
    assert [row["workload"] for row in rows[:2]] == ["gemm:24", "gemm:9x8x7:e5m2"]
    assert _run("sweep", *SMALL, "--out", tmp_path / "out", "--jobs", 1) == 0
    assert "points 8, computed 0, failed 0" in capsys.readouterr().out


def test_two_processes_write_the_table_of_one(tmp_path: Path) -> None:
    for jobs in (1, 2):
        outcome = run(_points("gemm:24", rows=[2, 3, 4]), Settings(), Cache(tmp_path / f"{jobs}.db"), jobs=jobs)
        write(outcome.rows, tmp_path / str(jobs))
    assert (tmp_path / "1/results.csv").read_bytes() == (tmp_path / "2/results.csv").read_bytes()


def test_every_parameter_has_an_option(tmp_path: Path) -> None:
    options = {"rows": 3, "len": 2, "pipe": 0, "port": 64, "groups": 2, "transposes": 0, "contexts": 1}
    assert list(options) == list(AXES)
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    words += ["--workload", "gemm:8", "--config", "tiny", "--corner", "0.7", "--jobs", 1]
    assert _run("sweep", *words, "--out", tmp_path) == 0
    first, second = read(tmp_path)
    assert [first[AXES[name]] for name in options] == [*list(options.values())[:5], False, 1]
    assert (first["volt"], second["config"]) == (0.7, "tiny")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--rows", "4,x"], "rows = '4,x': allowed is a list of whole numbers"),
        (["--rows", "4,40"], "rows = 40: allowed are 1 to 32"),
        (["--len", "0"], "row_len = 0: allowed are 1 to 16"),
        (["--pipe", "5"], "pipe_regs = 5: allowed are 0 to 4"),
        (["--port", "96"], "port_width = 96: allowed are 64, 128, 256, 512, 1024"),
        (["--groups", "3"], "row_groups = 3: allowed are 1, 2, 4"),
        (["--transposes", "2"], "transposes = 2: allowed are 0, 1"),
        (["--contexts", "9"], "contexts = 9: allowed are 1 to 4"),
        (["--config", "huge"], "config = 'huge': allowed are tiny, paper"),
        (["--workload", "gemm:x"], "workload = 'gemm:x': allowed is OP:SIZE"),
        (["--backend", "golden"], "backend = 'golden': allowed are model, rtl"),
        (["--corner", "0.7GHz"], "corner = '0.7GHz': allowed are 0.65V, 0.80V, or volts"),
        (["--corner", "3"], "corner = 3.0: allowed are numbers from 0.5 to 1.1"),
        (["--corner", "nan"], "corner = nan: allowed are numbers from 0.5 to 1.1"),
        (["--seed", "-1"], "seed = -1: allowed are 0 to 9223372036854775807"),
        (["--jobs", "0"], "jobs = 0: allowed are 1 to 256"),
        (["--jobs", "two"], "'two': allowed is a whole number"),
        (["--out", "/proc/version/x"], "out = '/proc/version/x': allowed is a folder that can be written"),
        (["--out", "/proc"], "out = '/proc/results.parquet': allowed is a file that can be written"),
        (["--out", ""], "out = '': allowed is a folder that can be written"),
    ],
)
def test_a_wrong_option_is_one_line_before_anything_is_computed(
    words: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run("sweep", "--workload", "gemm:8", "--out", tmp_path / "out", *words) in (1, 2)
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1
    assert not list(tmp_path.glob("out/results*"))


@pytest.mark.parametrize("missing", ["--out", "--workload"])
def test_folder_and_workload_have_to_be_given(missing: str, capsys: pytest.CaptureFixture[str]) -> None:
    given = {"--out": "somewhere", "--workload": "gemm:8"}
    words = [word for name, value in given.items() if name != missing for word in (name, value)]
    assert _run("sweep", *words) == 2
    assert missing in capsys.readouterr().err


def test_failed_points_are_told_and_the_exit_code_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def failing(*_arguments: Any, **_options: Any) -> Any:
        raise RuntimeError("nothing works")

    monkeypatch.setattr("redmule.sweep.point.queue_cycles", failing)
    assert _run("sweep", *SMALL, "--out", tmp_path, "--jobs", 1) == 1
    said = capsys.readouterr()
    assert "failed 8" in said.out
    assert "failed: 2x2 p3 b64, gemm:24: RuntimeError: nothing works" in said.err
    assert "3 more" in said.err


def test_the_points_on_the_fronts_run_on_the_rtl(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--config", "tiny", "--workload", "gemm:9", "--out", tmp_path, "--jobs", 1, "--json")
    assert _run("sweep", *words, "--verify-pareto") == 0
    model, rtl = json.loads(capsys.readouterr().out)
    assert (model["points"], rtl["points"], rtl["differing"]) == (1, 1, 0)
    (row,) = read(tmp_path, "pareto_rtl")
    assert (row["backend"], row["equals_golden"], row["equals_law"]) == ("rtl", True, True)


def test_ctrl_c_ends_the_sweep_with_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def pressed(*_arguments: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr("redmule.sweep.runner.compute", pressed)
    assert _run("sweep", *SMALL, "--out", tmp_path, "--jobs", 1) == 130
    assert "the same command goes on from there" in capsys.readouterr().err


def _kept(path: Path) -> int:
    """Return how many rows a cache holds; 0 if there is none yet."""
    try:
        with closing(sqlite3.connect(path)) as connection:
            return int(connection.execute("SELECT COUNT(*) FROM rows").fetchone()[0])
    except sqlite3.Error:
        return 0


@pytest.mark.parametrize("jobs", [1, pytest.param(2, marks=pytest.mark.long)])
def test_a_killed_sweep_goes_on_with_the_rest_and_ends_with_the_same_bytes(jobs: int, tmp_path: Path) -> None:
    rows, lens = list(range(2, 33, 2)), [2, 4, 8, 16]
    words = ["--rows", ",".join(map(str, rows)), "--len", ",".join(map(str, lens)), "--workload", "ds_cnn:train"]
    command = [sys.executable, "-m", "redmule", "sweep", *words, "--json", "--jobs", str(jobs), "--out"]
    total, cache = len(rows) * len(lens), tmp_path / "killed"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "REDMULE_CACHE": str(cache)}
    killed = subprocess.Popen([*command, tmp_path / "a"], env=environment)
    for _ in _waiting(60.0):
        if _kept(cache / "sweep.db") >= 3:
            break
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert not (tmp_path / "a" / "results.csv").exists()
    kept = _kept(cache / "sweep.db")
    assert 3 <= kept < total

    resumed = subprocess.run([*command, tmp_path / "a"], env=environment, check=True, capture_output=True, text=True)
    assert json.loads(resumed.stdout)[0]["computed"] == total - kept
    points = [Point(config, Workload.parse("ds_cnn:train")) for config in grid({"rows": rows, "row_len": lens})]
    write(run(points, Settings(), Cache(tmp_path / "fresh.db")).rows, tmp_path / "b")
    for name in ("results.csv", "results.parquet"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def _waiting(seconds: float) -> Iterator[None]:
    """Yield every few milliseconds until the time is over, then fail."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
        time.sleep(0.003)
    pytest.fail(f"nothing happened within {seconds} s")


def test_dask_workers_give_the_same_rows(tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    points = _points("gemm:24", "resnet8:forward", rows=[2, 3, 4])
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None
    ) as cluster:
        there = run(points, Settings(), Cache(tmp_path / "dask.db"), scheduler=cluster.scheduler_address)
    here = run(points, Settings(), Cache(tmp_path / "here.db"))
    assert there == here


def test_a_scheduler_that_is_not_there_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr("redmule.sweep.runner.CONNECT_SECONDS", 0.5)
    assert _run("sweep", *SMALL, "--out", tmp_path, "--scheduler", "tcp://127.0.0.1:9") == 1
    assert "no Dask scheduler answers there" in capsys.readouterr().err.splitlines()[-1]


def test_a_worker_with_other_sources_is_found_out() -> None:
    task = Task((), Settings(), "another hash")
    with pytest.raises(RuntimeError, match="a worker has other sources"):
        compute(task)
