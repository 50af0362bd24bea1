# SPDX-License-Identifier: Apache-2.0
"""The command line, on the golden device."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from redmule import checks, cli, golden
from redmule.cli.options import CHOICES


def _run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as exit_:
        cli.main(arguments)
    return int(exit_.value.code or 0)


@pytest.fixture
def operands(tmp_path: Path) -> str:
    random = np.random.default_rng(1)
    x, w = random.integers(0, 0x70, (3, 4), np.uint8), random.integers(0, 0x70, (4, 5), np.uint8)
    np.savez(tmp_path / "operands.npz", x=x, w=w)
    return str(tmp_path / "operands.npz")


def test_a_run_prints_a_table_and_succeeds(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run("run", "--M", "3", "--n", "4", "--K", "5", "--backend", "golden", "--dtype", "e4m3") == 0
    output = capsys.readouterr().out
    assert "gemm 3 x 4 x 5" in output
    assert "e4m3 e4m3 e4m3 e4m3" in output


def test_json_output_is_one_value_for_machines(capsys: pytest.CaptureFixture[str]) -> None:
    size = ("--m", "3", "--n", "4", "--k", "5")
    assert _run("run", *size, "--backend", "golden", "--op", "minmax", "--out-dtype", "bf16", "--json") == 0
    line = json.loads(capsys.readouterr().out)
    assert (line["M"], line["N"], line["K"], line["op"], line["mismatches"]) == (3, 4, 5, "minmax", 0)
    assert line["formats"] == ["fp16", "fp16", "fp16", "bf16"]
    assert line["cycles"] is None


@pytest.mark.parametrize("orientation", ["normal", "transposed"])
def test_the_hardware_jobs_of_a_run_are_shown_with_their_orientation(
    orientation: str, capsys: pytest.CaptureFixture[str]
) -> None:
    size = ("run", "--m", "9", "--n", "4", "--k", "2", "--backend", "model", "--orientation", orientation)
    shape = {"normal": "9 x 4 x 2", "transposed": "2 x 4 x 9"}[orientation]
    assert _run(*size) == 0
    assert f"{shape} {orientation}" in capsys.readouterr().out
    assert _run(*size, "--json") == 0
    (part,) = json.loads(capsys.readouterr().out)["parts"]
    assert (part["m"], part["k"], part["orientation"]) == (
        *((9, 2) if orientation == "normal" else (2, 9)),
        orientation,
    )


def test_a_batch_names_the_orientation_of_each_job(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    jobs = [{"M": 5, "N": 3, "K": 2, "orientation": orientation} for orientation in ("normal", "transposed")]
    (tmp_path / "jobs.json").write_text(json.dumps(jobs), encoding="utf-8")
    assert _run("batch", str(tmp_path / "jobs.json"), "--backend", "model", "--json") == 0
    lines = json.loads(capsys.readouterr().out)
    assert [line["parts"][0]["orientation"] for line in lines] == ["normal", "transposed"]


def test_operands_of_a_file_give_raw_codes_in_a_file(operands: str, tmp_path: Path) -> None:
    out = tmp_path / "z.npz"
    arguments = ("--operands", operands, "--dtype", "e5m2", "--backend", "golden")
    assert _run("run", *arguments, "--out-dtype", "fp16", "--out", str(out)) == 0
    given = np.load(operands)
    x, w = (given[name].view(ml_dtypes.float8_e5m2) for name in ("x", "w"))
    expected = golden.gemm_op(x, w, out_dtype=np.float16).z
    np.testing.assert_array_equal(np.load(out)["z"], expected.view(np.uint16))


def test_numbers_in_a_file_need_no_dtype(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.savez(tmp_path / "ones.npz", x=np.ones((1, 2), np.float16), w=np.ones((2, 1), np.float16))
    assert _run("run", "--operands", str(tmp_path / "ones.npz"), "--backend", "golden", "--json") == 0
    assert json.loads(capsys.readouterr().out)["op"] == "matmul"


def test_a_mismatch_against_golden_is_a_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    honest = golden.gemm_op
    calls: list[int] = []

    def flipped_from_the_second_call_on(*args: Any, **kwargs: Any) -> golden.GoldenResult:
        result = honest(*args, **kwargs)
        calls.append(1)
        if len(calls) > 1:
            result.z.view(np.uint16)[0, 0] ^= 1
        return result

    monkeypatch.setattr(golden, "gemm_op", flipped_from_the_second_call_on)
    assert _run("run", "--m", "2", "--n", "2", "--k", "2", "--backend", "golden", "--json") == 1
    assert json.loads(capsys.readouterr().out)["mismatches"] == 1


def test_a_batch_prints_one_line_a_job(tmp_path: Path, operands: str, capsys: pytest.CaptureFixture[str]) -> None:
    jobs = [
        {"M": 2, "N": 3, "K": 4, "seed": 5, "x_trans": True},
        {"operands": operands, "dtype": "e4m3fn", "saturate": True},
    ]
    (tmp_path / "jobs.json").write_text(json.dumps(jobs))
    assert _run("batch", str(tmp_path / "jobs.json"), "--backend", "golden", "--json") == 0
    lines = json.loads(capsys.readouterr().out)
    assert [(line["M"], line["N"], line["K"], line["op"]) for line in lines] == [(2, 3, 4, "gemm"), (3, 4, 5, "matmul")]
    assert _run("batch", str(tmp_path / "jobs.json"), "--backend", "golden") == 0
    assert "matmul" in capsys.readouterr().out


def test_a_code_is_explained_bit_by_bit(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run("explain", "--format", "e5m2", "0x3e", "0xfc", "0b1", "--json") == 0
    half_more, infinity, smallest = json.loads(capsys.readouterr().out)
    assert half_more["sign"] + half_more["exponent"] + half_more["mantissa"] == "00111110"
    assert (half_more["value"], half_more["exact"]) == ("1.5", "3 * 2^-1")
    assert (infinity["kind"], infinity["value"]) == ("inf", "-inf")
    assert smallest["exact"] == "1 * 2^-16"


def test_an_element_is_explained_step_by_step(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    x, w = np.array([[1, 2, 2**-11]], np.float16), np.array([[3], [0.5], [1]], np.float16)
    np.savez(tmp_path / "operands.npz", x=x, w=w, y=np.array([[-3]], np.float16))
    assert _run("explain", "--operands", str(tmp_path / "operands.npz"), "--m", "0", "--k", "0", "--json") == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["step"] for row in rows] == ["y", "n = 0", "n = 1", "n = 2", "z"]
    assert [row["rounded"] for row in rows] == ["-3.0", "0.0", "1.0", "1.0", "1.0"]
    assert (rows[3]["exact"], rows[3]["flags"]) == ("2049 * 2^-11", "NX")


def test_info_lists_configurations_formats_operations_registers_and_versions(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert _run("info", "--json") == 0
    content = json.loads(capsys.readouterr().out)
    assert {"paper", "tiny"} <= {row["name"] for row in content["configurations"]}
    assert [len(content[part]) for part in ("formats", "operations")] == [5, 8]
    assert {"offset": "0x40", "name": "X_ADDR"} in content["registers"]
    assert _run("info") == 0
    assert "X_ADDR" in capsys.readouterr().out


RUN_CHOICES = ("--op", "--dtype", "--out-dtype", "--backend", "--config")
SIZE = ("--m", "2", "--n", "2", "--k", "2", "--backend", "golden")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("run", *SIZE, "--op", "gem"), "op = 'gem': allowed are matmul, gemm"),
        (("run", *SIZE, "--dtype", "fp8"), "dtype = 'fp8': allowed are e5m2"),
        (("run", *SIZE, "--out-dtype", "fp32"), "out_dtype = 'fp32': allowed are e5m2, fp16"),
        (("run", *SIZE, "--config", "papers"), "'papers'.*allowed.*paper"),
        (("run", "--m", "2", "--n", "2", "--k", "2", "--backend", "silicon"), "'silicon'.*allowed.*golden"),
        (("run", "--m", "2", "--n", "2", "--backend", "golden"), "K = None.*allowed are 1 to 65535"),
        (("run", "--m", "0", "--n", "2", "--k", "2", "--backend", "golden"), "M = 0.*allowed are 1 to 65535"),
        (("run", *SIZE, "--seed", "-1"), "seed = -1: allowed are 0 to"),
        (("run", *SIZE, "--stall", "nan"), "stall = nan: allowed are numbers from 0 to 0.99"),
        (("run", *SIZE, "--out", "/proc/z.npz"), "out = '/proc/z.npz': allowed is a file that can be written"),
        (("run", *SIZE[:-1], "rtl", "--waves", "/proc/a.vcd"), "waves = '/proc/a.vcd': allowed is a file that can be"),
        (("run", *SIZE, "--stall", "0.5"), "stall = 0.5.*allowed only for device 'rtl'"),
        (("run", *SIZE, "--waves", "out.vcd"), "waves = 'out.vcd'.*allowed only for device 'rtl'"),
        (("run", *SIZE, "--operands", "a.npz"), "M, N, K .*operands.*allowed is either"),
        (("run", "--operands", "missing.npz"), "missing.npz"),
        (("explain", "0x10000"), "0x10000.*allowed for fp16 are 0 to 0xffff"),
        (("explain", "one"), "'one'.*allowed"),
        (("explain", "--format", "fp4", "1"), "format = 'fp4': allowed are e5m2, fp16"),
        (("explain", "1", "--m", "0"), "m = 0: allowed only with --operands, not with codes"),
        (("explain", "1", "--k", "0"), "k = 0: allowed only with --operands, not with codes"),
        (("explain", "1", "--saturate"), "saturate = True: allowed only with --operands, not with codes"),
        (("explain", "--operands", "a.npz", "--format", "fp16"), "format = 'fp16': allowed only with codes"),
        (("explain",), "allowed are codes, or --operands"),
        (("batch", "missing.json"), "missing.json"),
    ],
)
def test_a_wrong_argument_is_one_line_that_names_value_and_choices(
    arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(*arguments) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    [line] = captured.err.splitlines()
    assert re.search(message, line), line


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        *((("run", option), f"'{option}' .*: allowed are .*{', '.join(CHOICES[option])}") for option in RUN_CHOICES),
        (("explain", "--format"), "'--format' .*: allowed are e5m2, fp16"),
        (("run", "--m", "x"), "'--m' .*'x': allowed is a whole number"),
        (("run", "--seed", "1.5"), "'--seed'.*'1.5': allowed is a whole number"),
        (("run", "--stall", "much"), "'--stall'.*'much': allowed is a number"),
        (("run", "--sed", "1"), "No such option: --sed .*--seed"),
        (("run", "extra"), "unexpected extra argument.*extra"),
        (("batch",), "Missing argument 'file'"),
        (("rnu",), "No such command 'rnu'.*allowed are run, batch, train, map, sweep, report, faults, explain, info"),
    ],
)
def test_a_command_line_that_cannot_be_read_is_one_line_with_the_choices(
    arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(*arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    [line] = captured.err.splitlines()
    assert re.search(message, line), line


def test_no_command_at_all_gets_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run() == 0
    assert "explain" in capsys.readouterr().out


def test_an_output_file_that_is_refused_or_checked_leaves_no_trace(tmp_path: Path) -> None:
    out, kept = tmp_path / "z.npz", tmp_path / "kept.npz"
    kept.write_text("kept")
    for path in (out, kept):
        checks.writable("out", str(path))
    assert not out.exists()
    assert kept.read_text() == "kept"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "allowed is JSON"),
        ("[]", "allowed is a list of jobs"),
        ("[3]", "job 0 = 3: allowed is an object"),
        ('[{"M": 1, "N": 1, "K": 1}, {"rows": 1}]', "job 1: key 'rows': allowed are M, N, K"),
        ('[{"M": "1"}]', "job 0: M = '1': allowed is a value of type int"),
        ('[{"M": 1, "N": 1, "K": 70000}]', "job 0: K = 70000: allowed are 1 to 65535"),
        ('[{"M": 1, "N": 1, "K": 1, "seed": -1}]', "job 0: seed = -1: allowed are 0 to"),
        ('[{"M": 1, "N": 1, "K": 1, "dtype": "fp8"}]', "job 0: dtype = 'fp8': allowed are e5m2"),
    ],
)
def test_a_wrong_batch_file_is_one_line_that_says_what_is_allowed(
    content: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "jobs.json").write_text(content)
    assert _run("batch", str(tmp_path / "jobs.json"), "--backend", "golden") == 1
    [line] = capsys.readouterr().err.splitlines()
    assert message in line


@pytest.mark.parametrize(
    ("arrays", "dtype", "message"),
    [
        ({"x": np.zeros((2, 2), np.uint8)}, "e5m2", "array 'w' is missing"),
        ({"x": np.zeros((2, 2), np.uint8), "w": np.zeros((2, 2), np.uint8)}, None, "x holds raw codes"),
        ({"x": np.zeros((2, 2), np.uint8), "w": np.zeros((2, 2), np.uint8)}, "fp16", "x is uint8: allowed for fp16"),
        ({"x": np.zeros((2, 2)), "w": np.zeros((2, 2))}, None, "x.dtype"),
    ],
)
def test_wrong_operands_in_a_file_are_named(
    arrays: dict[str, Any], dtype: str | None, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np.savez(tmp_path / "operands.npz", **arrays)
    arguments = ("run", "--operands", str(tmp_path / "operands.npz"), "--backend", "golden")
    assert _run(*arguments, *(() if dtype is None else ("--dtype", dtype))) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert message in line


def test_a_file_that_is_no_npz_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "operands.npz").write_text("x,w\n")
    assert _run("run", "--operands", str(tmp_path / "operands.npz"), "--backend", "golden") == 1
    assert "allowed is an .npz file" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["run", "batch", "explain", "info"])
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(command, "--help") == 0
    assert "--json" in capsys.readouterr().out
