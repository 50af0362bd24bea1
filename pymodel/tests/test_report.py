# SPDX-License-Identifier: Apache-2.0
"""The report of a sweep: what it says, and that its page needs nothing but itself."""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pytest

from redmule import cli
from redmule.config import Config
from redmule.report import comparison, figures, html, palette, study, sweep_page, sweep_study
from redmule.sweep import FRONTS, Cache, Point, Row, Settings, grid, run, write
from redmule.sweep.front import by_workload, figure
from redmule.sweep.point import evaluate
from redmule.workload import Workload

WORKLOADS = ("gemm:24", "resnet8:forward", "autoencoder:forward")
AXES = {"rows": [2, 12], "row_len": [2, 4], "port_width": [64, 256]}

DOCS = Path(__file__).parents[2] / "docs"

VOID = {"meta", "br", "input"}


class Reader(HTMLParser):
    """Reads a page: elements, links, ids, and whether what is opened is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: Counter[str] = Counter()
        self.attributes: list[tuple[str, str]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements[tag] += 1
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def of(self, name: str) -> list[str]:
        """Return the values of an attribute."""
        return [value for each, value in self.attributes if each == name]


@pytest.fixture(name="rows", scope="module")
def _rows(tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    points = [Point(config, Workload.parse(name)) for config in grid(AXES) for name in WORKLOADS]
    return run(points, Settings(), Cache(tmp_path_factory.mktemp("cache") / "sweep.db")).rows


@pytest.fixture(name="parts", scope="module")
def _parts(rows: list[Row]) -> list[sweep_page.Section]:
    return sweep_page.sections([*rows, _failed(rows[0])])


@pytest.fixture(name="page", scope="module")
def _page(parts: list[sweep_page.Section]) -> str:
    return sweep_page.page(parts, 'A <sweep> & "more"')


def _failed(row: Row) -> Row:
    return row | {"config": "a broken one", "cycles": None, "error": "RuntimeError: <it> broke"}


def test_the_page_is_one_file_that_loads_nothing(page: str) -> None:
    reader = Reader(page)
    assert reader.open == []
    assert not {"link", "img", "iframe", "object", "embed", "base", "image"} & set(reader.elements)
    assert "http://" not in page
    assert "https://" not in page
    assert "@import" not in page
    assert all(value.startswith("#") for name in ("href", "src") for value in reader.of(name))
    assert set(re.findall(r"url\(([^)])", page)) <= {"#"}


def test_ids_are_unique_and_every_reference_leads_somewhere(page: str) -> None:
    reader = Reader(page)
    ids = Counter(reader.of("id"))
    assert [name for name, count in ids.items() if count > 1] == []
    wanted = {value.removeprefix("#") for value in reader.of("href")} | set(re.findall(r"url\(#([^)]+)\)", page))
    assert wanted <= set(ids)


def test_every_figure_is_on_the_page_and_follows_the_theme(
    rows: list[Row], parts: list[sweep_page.Section], page: str
) -> None:
    pictures = [picture for part in parts for picture in part.pictures]
    reader = Reader(page)
    assert reader.elements["svg"] == len(pictures)
    assert len({picture.name for picture in pictures}) == len(pictures)
    fronts, maps = 2 * (1 + len(WORKLOADS)), 2 + len(WORKLOADS)
    looked_at = len(study.highlights(rows))
    assert len(pictures) == fronts + maps + 1 + 2 * looked_at + 1
    used = set(re.findall(r"var\(--([\w-]+)\)", page))
    assert used <= set(palette.PALETTE)
    styles = " ".join(value for value in reader.of("style"))
    assert not [light for light in palette.LIGHT.values() if light in styles.lower()]


def test_each_point_of_a_front_figure_shows_what_it_is(rows: list[Row], page: str) -> None:
    tips = re.findall(r"<title>([^<]*)</title>", page)
    for row in rows:
        assert any(tip.startswith(f"{row['config']}: GFLOPS/mm²") for tip in tips)


def test_the_published_points_are_on_the_page(page: str) -> None:
    known = comparison.published_figures()
    assert [each.value for each in known if each.column == "gflops_per_w"] == [688, 755, 1190, 920, 1670]
    assert {each.column for each in known} == set(comparison.UNITS)
    for each in known:
        assert comparison.name_of(each) in page
        assert html.shown(float(each.value)) in page


def test_failed_points_are_listed_with_their_error_and_texts_are_escaped(page: str) -> None:
    assert "1 of 25 points failed" in page
    assert "RuntimeError: &lt;it&gt; broke" in page
    assert "<h1>A &lt;sweep&gt; &amp; &quot;more&quot;</h1>" in page


def test_equal_rows_give_equal_figures(rows: list[Row]) -> None:
    some = [row for row in rows if row["workload"] == "gemm:24"]
    once, again = (figures.pareto(some, FRONTS[0], "twice") for _ in range(2))
    assert (once.svg(), once.png()) == (again.svg(), again.png())


def test_a_sweep_in_which_no_configuration_did_everything_has_a_page(rows: list[Row]) -> None:
    names = list(by_workload(rows))
    some = [row for number, row in enumerate(rows[:6]) if row["workload"] != names[number // 3]]
    assert study.means(some) == []
    assert sweep_page.page(sweep_page.sections(some), "Gaps")


def test_a_table_without_figures_is_refused(rows: list[Row]) -> None:
    with pytest.raises(ValueError, match="none of the 2 points"):
        sweep_page.sections([_failed(row) for row in rows[:2]])


def test_what_is_lost_and_what_is_used_add_up_to_all_cycles(rows: list[Row]) -> None:
    for row in rows:
        assert sum(study.losses(row).values()) + figure(row, "utilisation") == pytest.approx(1)


def test_means_are_of_configurations_that_did_everything(rows: list[Row]) -> None:
    means = study.means(rows[1:])
    assert len(means) == len(grid(AXES)) - 1
    of_one = [row for row in rows if row["config"] == means[0]["config"]]
    assert len(of_one) == len(by_workload(rows)) == 3
    product = 1.0
    for row in of_one:
        product *= figure(row, "mac_per_cycle")
    assert figure(means[0], "mac_per_cycle") == pytest.approx(product ** (1 / 3))


def test_a_slice_holds_what_differs_in_the_shape_of_the_array_only() -> None:
    rows: list[Row] = [
        {
            "rows": r,
            "row_len": 4,
            "port_width": port,
            "pipe_regs": pipe,
            "row_groups": 4,
            "transposes": 1,
            "contexts": 4,
        }
        for r in (4, 8)
        for port in (512, 128)
        for pipe in (1, 3)
    ]
    found = study.slices([*rows, rows[0] | {"rows": 5, "pipe_regs": 1}])
    assert list(found) == [128, 512]
    assert {row["pipe_regs"] for group in found.values() for row in group} == {1}
    assert {row["pipe_regs"] for group in study.slices(rows).values() for row in group} == {3}


def test_the_published_array_is_looked_at_if_it_was_swept(rows: list[Row]) -> None:
    (first, *_) = study.highlights(rows)
    assert first.config == "paper"
    assert "as published" in first.reason


def test_no_two_colours_are_equal_on_the_light_ground() -> None:
    lights = [light for light, _ in palette.PALETTE.values()]
    assert len(set(lights)) == len(lights)
    assert palette.css().count("--ink:") == 3


def test_cycles_of_the_published_points_are_the_published_ones_within_one_percent() -> None:
    exact = [
        each for each in comparison.compare() if each.published.column in ("mac_per_cycle", "utilisation", "gflops")
    ]
    assert len(exact) == 5
    assert [each for each in exact if not 0.99 <= each.ratio <= 1.015] == []


# The command


def _run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as exit_:
        cli.main([str(argument) for argument in arguments])
    return int(exit_.value.code or 0)


def test_the_command_writes_the_page_and_the_figures(rows: list[Row], tmp_path: Path) -> None:
    write([row for row in rows if row["workload"] == "gemm:24"], tmp_path)
    assert _run("report", tmp_path, "--png", tmp_path / "png", "--title", "My sweep") == 0
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<h1>My sweep</h1>" in page
    pictures = list((tmp_path / "png").glob("*.png"))
    assert len(pictures) == Reader(page).elements["svg"]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in pictures)
    assert _run("report", tmp_path, "--out", tmp_path / "other.html") == 0
    assert (tmp_path / "other.html").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nowhere"], "folder = 'nowhere': allowed is one of `redmule sweep`, with results.parquet"),
        (["{table}", "--out", "{table}"], "allowed is a file that can be written"),
        (["{table}", "--png", "/proc/version/x"], "allowed is a folder that can be written"),
    ],
)
def test_a_wrong_argument_is_one_line(
    words: list[str], message: str, rows: list[Row], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(rows[:1], tmp_path)
    assert _run("report", *(word.format(table=tmp_path) for word in words)) == 1
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1


# The page of the default study


def test_the_page_in_the_tree_has_the_cycles_of_this_law() -> None:
    text = (DOCS / "results" / "sweep.md").read_text(encoding="utf-8")
    found = re.findall(r"^\| `([^`]+)` \| ([^|]+): [^|]+ \|.* ([0-9.]+) \|$", text, re.MULTILINE)
    assert [name for name, _, _ in found] == list(dict.fromkeys(point.workload.name for point in sweep_study.points()))
    for name, _, utilisation in found:
        row = evaluate(Point(Config.named("paper"), Workload.parse(name)), Settings())
        assert utilisation == f"{figure(row, 'utilisation'):.3f}", name


def test_every_picture_of_the_page_is_in_the_tree() -> None:
    text = (DOCS / "results" / "sweep.md").read_text(encoding="utf-8")
    names = re.findall(r"\.\./pictures/([\w.]+)", text)
    assert len(names) == 9
    assert all((DOCS / "pictures" / name).read_bytes().startswith(b"\x89PNG") for name in names)
