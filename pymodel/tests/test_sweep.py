# SPDX-License-Identifier: Apache-2.0
"""Sweeps: grid, rows, cache, resume, tables, Dask, the command."""

from __future__ import annotations

import csv
import os
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from redmule.config import CONFIGS, Config
from redmule.law import ideal_cycles
from redmule.plan import plan, plan_cycles
from redmule.published import plain
from redmule.sweep import COLUMNS, FRONTS, Cache, Front, Point, Row, Settings, grid, label, meaning, read, run, write
from redmule.sweep import point as point_module
from redmule.sweep.cache import key_of
from redmule.sweep.front import figure
from redmule.sweep.grid import AXES
from redmule.sweep.table import replaced
from redmule.workload import Workload

PAPER = Config.named("paper")
SMALL = ("--rows", "2,4", "--len", "2", "--port", "64,128", "--workload", "gemm:24", "--workload", "gemm:9x8x7:e5m2")


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("redmule.sweep.cache.cache_dir", lambda: tmp_path / "cache")


def _points(*workloads: str, **axes: list[int]) -> list[Point]:
    return [Point(config, Workload.parse(name)) for config in grid(axes) for name in workloads]


# The grid


def test_a_grid_is_the_product_of_its_axes_then_the_named_ones_each_once() -> None:
    configs = grid({"row_len": [4, 8], "rows": [8, 12]}, ["tiny", "paper"])
    shapes = [(config.rows, config.row_len) for config in configs]
    assert shapes == [(8, 4), (8, 8), (12, 4), (12, 8), (2, 2)]
    assert [config.name for config in configs] == ["date22", "8x8 p3 b256", "paper", "paper_fp8", "tiny"]
    assert grid({}) == [PAPER]
    assert grid({}, ["wide"]) == [CONFIGS["wide"]]
    assert grid({field: [1] * 10_000 for field in ("rows", "row_len", "pipe_regs")}) == grid(
        {"rows": [1], "row_len": [1], "pipe_regs": [1]}
    )


def test_a_label_says_what_differs_from_the_published_array() -> None:
    assert label(replace(PAPER, rows=9)) == "9x4 p3 b256"
    assert label(replace(PAPER, row_groups=2, contexts=1)) == "12x4 p3 b256 g2 c1"
    assert label(replace(PAPER, transposes=False)) == "12x4 p3 b256 plain"


def test_every_axis_is_a_field_of_the_configuration_and_changes_the_label() -> None:
    other = {"rows": 5, "row_len": 5, "pipe_regs": 2, "port_width": 64, "row_groups": 1, "transposes": 0, "contexts": 2}
    assert list(other) == list(AXES.values())
    labels = {label(grid({field: [value]})[0]) for field, value in other.items()}
    assert len(labels) == len(other)


# Rows


def test_cycles_of_a_row_are_those_of_the_plan_and_every_column_has_a_meaning() -> None:
    (row,) = run(_points("gemm:33"), Settings(), Cache.default()).rows
    strips = plan(33, 33, 33, PAPER, most_strips=PAPER.contexts)
    assert row["cycles"] == plan_cycles(strips, 33, 33, 33, PAPER)
    assert row["ideal_cycles"] == ideal_cycles(33, 33, 33, PAPER)
    stalls = sum(int(figure(row, name)) for name in row if name.startswith("stall_"))
    assert figure(row, "steps") + stalls == row["cycles"]
    assert row["error"] == ""
    assert all(meaning(column) for column in row)
    assert set(COLUMNS) - set(row) == {"equals_golden", "equals_law"}


def test_figures_of_a_row_agree_with_each_other() -> None:
    (row,) = run(_points("resnet8:train"), Settings(), Cache.default()).rows

    def of(column: str) -> float:
        return figure(row, column)

    parts = sum(of(column) for column in row if column not in COLUMNS)
    assert parts == pytest.approx(of("energy_pj"))
    assert of("gflops") == pytest.approx(2 * of("mac_per_cycle") * of("f_mhz") / 1000)
    assert of("power_mw") == pytest.approx(of("energy_pj") / of("time_us") / 1000)
    assert of("gflops_per_w") == pytest.approx(1000 * of("gflops") / of("power_mw"))
    assert of("gflops_per_mm2") == pytest.approx(of("gflops") / of("area_mm2"))
    assert of("mac_per_cycle") <= of("mac_per_byte") * of("port_width") / 8
    intervals = [column.removesuffix("_low") for column in row if column.endswith("_low")]
    assert len(intervals) == 6
    assert all(of(f"{name}_low") <= of(name) <= of(f"{name}_high") for name in intervals)


def test_a_network_takes_the_sum_of_its_products_and_a_batch_changes_them() -> None:
    workload = Workload.parse("autoencoder:train")
    single = [Workload("", "gemm", "fp16", (product,)) for product in workload.products]
    whole = point_module.evaluate(Point(PAPER, workload), Settings())
    parts = [point_module.evaluate(Point(PAPER, each), Settings()) for each in single]
    for column in ("cycles", "ideal_cycles", "steps", "jobs", "port_bytes_moved"):
        assert whole[column] == sum(int(figure(part, column)) for part in parts)
    assert figure(whole, "energy_pj") == pytest.approx(sum(figure(part, "energy_pj") for part in parts))


def test_the_clock_is_that_of_the_corner_for_the_published_depth_and_the_supply_costs_energy() -> None:
    points = [Point(plain(PAPER), Workload.parse("gemm:96"))]
    slow, fast = (
        run(points, Settings(corner=point_module.named_corner(name)), Cache.default()).rows[0]
        for name in ("0.65V", "0.8")
    )
    assert figure(slow, "f_mhz") == pytest.approx(470)
    assert figure(fast, "f_mhz") == pytest.approx(613)
    assert figure(fast, "gflops_per_w") < figure(slow, "gflops_per_w")


def test_without_transposes_software_lays_matrices_down_as_the_array_reads_them() -> None:
    with_, without = run(_points("ds_cnn:train", transposes=[1, 0]), Settings(), Cache.default()).rows
    assert (with_["transposes"], without["transposes"]) == (True, False)
    assert with_["error"] == without["error"] == ""


def test_a_point_on_the_rtl_is_compared_with_golden_and_law(tmp_path: Path) -> None:
    tiny = Config.named("tiny")
    points = [Point(tiny, Workload.parse(name)) for name in ("gemm:5x6x7", "maxmin:4x3x9:e4m3")]
    points.append(Point(tiny, Workload("all stored by columns", "gemm", "fp16", (_transposed(),))))
    rows = run(points, Settings("rtl", seed=3), Cache(tmp_path / "rtl.db")).rows
    assert [(row["equals_golden"], row["equals_law"], row["error"]) for row in rows] == [(True, True, "")] * 3
    model = run(points, Settings(), Cache(tmp_path / "model.db")).rows
    assert [row["cycles"] for row in rows] == [row["cycles"] for row in model]


def _transposed() -> Any:
    (product,) = Workload.parse("gemm:9x5x6").products
    return replace(product, trans=(True, True, True))


# Cache and failures


def test_what_is_known_is_not_computed_again_and_the_rows_are_the_same() -> None:
    points = _points("gemm:8", "gemm:24", rows=[2, 3])
    first = run(points[1:], Settings(), Cache.default())
    second = run(points, Settings(), Cache.default())
    assert (first.computed, second.computed) == (3, 1)
    assert second.rows[1:] == first.rows
    assert run(points, Settings(), Cache.default()).computed == 0


def test_a_key_depends_on_point_settings_and_sources(monkeypatch: pytest.MonkeyPatch) -> None:
    points, settings = _points("gemm:8", "gemm:9", rows=[2, 3]), [Settings(), Settings(seed=1), Settings("rtl")]
    settings.append(Settings(corner=point_module.named_corner("0.80V")))
    keys = {key_of(point, each) for point in points for each in settings}
    assert len(keys) == len(points) * len(settings)
    monkeypatch.setattr("redmule.sweep.cache.fingerprint", lambda backend: "other sources")
    assert key_of(points[0], settings[0]) not in keys


def test_a_failing_point_is_a_row_with_its_error_and_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(m: int, *rest: Any, **options: Any) -> Any:
        if m == 9:
            raise ValueError("no plan\nfor nine")
        return plan(m, *rest, **options)

    points = _points("gemm:8", "gemm:9", "gemm:10")
    with monkeypatch.context() as patch:
        patch.setattr("redmule.sweep.point.plan", failing)
        outcome = run(points, Settings(), Cache.default())
    assert [row["error"] for row in outcome.rows] == ["", "ValueError: no plan for nine", ""]
    assert (outcome.failed, outcome.rows[1].get("cycles"), outcome.rows[1]["workload"]) == (1, None, "gemm:9")
    again = run(points, Settings(), Cache.default())
    assert (again.computed, again.failed) == (1, 0)


def test_a_cache_that_is_no_cache_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "file.db").write_text("something else, long enough to be looked at" * 20)
    with pytest.raises(RuntimeError, match=r"file\.db"):
        Cache(tmp_path / "file.db")


@pytest.mark.parametrize("text", ["{half", "[1, 2]", "{}", "null", '{"error": "none"}'])
def test_a_damaged_row_of_the_cache_is_computed_again(text: str, tmp_path: Path) -> None:
    cache, points = Cache(tmp_path / "damaged.db"), _points("gemm:8")
    rows = run(points, Settings(), cache).rows
    with closing(sqlite3.connect(tmp_path / "damaged.db")) as connection, connection:
        connection.execute("UPDATE rows SET row = ?", (text,))
    again = run(points, Settings(), cache)
    assert (again.computed, again.rows) == (1, rows)


def test_progress_reaches_the_number_of_points() -> None:
    told: list[tuple[int, int]] = []
    rows = run(
        _points("gemm:8", rows=[2, 3, 4]), Settings(), Cache.default(), progress=lambda *at: told.append(at)
    ).rows
    assert told[0] == (0, 0)
    assert told[-1] == (3, sum(int(figure(row, "cycles")) for row in rows))


# Tables


def test_parquet_and_csv_have_the_same_content(tmp_path: Path) -> None:
    rows = run(_points("gemm:8", "resnet8:forward", rows=[2, 3]), Settings(), Cache.default()).rows
    rows.append(rows[0] | {"cycles": None, "error": 'a "quoted", error'})
    parquet, text = write(rows, tmp_path)
    lines = list(csv.DictReader(text.read_text(encoding="utf-8").splitlines()))
    kept = read(tmp_path)
    assert list(lines[0]) == list(kept[0])
    for line, row, given in zip(lines, kept, rows, strict=True):
        assert {name: value for name, value in row.items() if value is not None or name in given} == given
        for name, value in row.items():
            shown = int(value) if isinstance(value, bool) else value
            assert line[name] == ("" if shown is None else str(shown))
    assert sorted(path.name for path in tmp_path.glob("results*")) == [text.name, parquet.name]


def test_equal_rows_give_equal_bytes(tmp_path: Path) -> None:
    rows = run(_points("gemm:8"), Settings(), Cache.default()).rows
    once, again = write(rows, tmp_path / "a"), write(rows, tmp_path / "b")
    assert [path.read_bytes() for path in once] == [path.read_bytes() for path in again]


def test_a_folder_without_a_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="allowed is one of `redmule sweep`"):
        read(tmp_path)
    (tmp_path / "results.parquet").write_bytes(b"no table")
    with pytest.raises(ValueError, match="is no table of a sweep"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("column", "value"), [("cycles", 0), ("gflops_per_w", float("nan")), ("rows", "8"), ("error", None)]
)
def test_a_table_with_values_that_cannot_be_is_refused(column: str, value: Any, tmp_path: Path) -> None:
    (row,) = run(_points("gemm:8"), Settings(), Cache.default()).rows
    write([row | {column: value}], tmp_path)
    with pytest.raises(ValueError, match="row 1 has neither all figures nor an error"):
        read(tmp_path)


def test_a_device_or_a_link_in_the_place_of_a_file_stays_one(tmp_path: Path) -> None:
    link, pipe = tmp_path / "link", tmp_path / "pipe"
    link.symlink_to(tmp_path / "file")
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    for path in (link, pipe):
        replaced(path, b"content")
    assert (os.read(reader, 100), (tmp_path / "file").read_bytes()) == (b"content", b"content")
    assert (pipe.is_fifo(), link.is_symlink()) == (True, True)
    os.close(reader)


def test_a_front_holds_what_nothing_beats() -> None:
    places = [(1, 5), (2, 4), (2, 5), (3, 1), (4, 1), (0, 5)]
    rows: list[Row] = [{"x": x, "y": y} for x, y in places]
    assert [(row["x"], row["y"]) for row in Front("x", "y").of(rows)] == [(2, 5), (4, 1)]
    assert [(row["x"], row["y"]) for row in Front("x", "y", least_x=True).of(rows)] == [(0, 5)]
    assert Front("x", "y").of([{"x": None, "y": 1}, {"y": 2}]) == []
    assert {column for front in FRONTS for column in (front.x, front.y)} <= set(COLUMNS)
