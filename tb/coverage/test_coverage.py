# SPDX-License-Identifier: Apache-2.0
"""Coverage counts what a small design of known coverage does, merges runs, and finds exclusions that are stale."""

from __future__ import annotations

import ctypes
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from redmule.build import COVERAGE_KIND_VARIABLE, COVERAGE_VARIABLE, verilate
from redmule.config import Config
from redmule.fp import Flags, format_by_name, op_by_name
from redmule.job import HardwareJob, Stored
from tb.campaigns.tally import Tally
from tb.coverage import directed, exclusions
from tb.coverage.code import FELL, ROSE, CodeCoverage, Point
from tb.coverage.collect import collector
from tb.coverage.exclusions import Exclusions
from tb.coverage.functional import FunctionalCoverage, JobSample, data_classes, relations
from tb.coverage.page import page
from tb.coverage.plan import PARTS
from tb.coverage.play import BY_NAME
from tb.coverage.sample import DATA
from tb.coverage.summary import Summary, markdown

DESIGN = """// SPDX-License-Identifier: SHL-0.51
module little (
    input  logic       clk_i,
    input  logic       up_i,
    output logic [1:0] count_o
);
  logic [1:0] count_q;
  logic is_odd;
  assign count_o = count_q;
  always_ff @(posedge clk_i) begin
    if (up_i) count_q <= count_q + 2'd1;
    else count_q <= 2'd0;
    if (count_q == 2'd3)
      is_odd <= 1'b1;
  end
`ifndef SYNTHESIS
  logic never_q;
  always_ff @(posedge clk_i) if (count_q == 2'd3) never_q <= 1'b1;
`endif
endmodule
"""
SIMULATION = """
#include "Vtop.h"
#include "verilated_cov.h"
extern "C" void run(const char* path) {
  VerilatedContext context;
  Vtop top(&context);
  for (int up = 0; up <= 1; ++up) {  // counts to 1 and no further
    top.up_i = up;
    for (int clock : {0, 1}) {
      top.clk_i = clock;
      top.eval();
    }
  }
  context.coveragep()->write(path);
}
"""
FP16 = format_by_name("fp16")
TINY = Config.named("tiny")

JOB = HardwareJob(
    op_by_name("gemm"),
    x=Stored(0x1001, 3, 5, 5, format_by_name("e5m2")),
    w=Stored(0x2002, 5, 7, 14, FP16),
    y=Stored(0x4000, 3, 7, 16, FP16),
    z=Stored(0x4000, 3, 7, 16, FP16),
)


@pytest.fixture(name="little", scope="module")
def _little(tmp_path_factory: pytest.TempPathFactory) -> tuple[CodeCoverage, Path]:
    """A run of the small design, and the top of its tree."""
    root = tmp_path_factory.mktemp("tree")
    (root / "rtl").mkdir()
    design, simulation = root / "rtl" / "little.sv", root / "run.cpp"
    design.write_text(DESIGN)
    simulation.write_text(SIMULATION)
    coverage = CodeCoverage()
    for kind in ("line", "toggle"):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(COVERAGE_VARIABLE, str(root / "raw"))
            patch.setenv(COVERAGE_KIND_VARIABLE, kind)
            library = ctypes.CDLL(str(verilate("little", {}, [design], cpp=[simulation])))
        library.run(str(root / f"{kind}.dat").encode())
        coverage.read(root / f"{kind}.dat", root)
    return coverage, root


def test_a_small_design_has_the_coverage_that_its_simulation_gives_it(little: tuple[CodeCoverage, Path]) -> None:
    coverage, _ = little
    assert coverage.counts() == {
        ("rtl/little.sv", "line"): (3, 5),
        ("rtl/little.sv", "branch"): (3, 4),
        ("rtl/little.sv", "toggle"): (1, 7),
    }
    never = {point.line for point in coverage.uncovered() if point.kind == "line"}
    assert never == {13, 14}
    bits = {point.name: value for point, value in coverage.hits.items() if point.kind == "toggle"}
    assert bits["count_q[0]"] == ROSE
    assert bits["count_q[1]"] == 0
    assert bits["clk_i"] == ROSE | FELL


def _excluded(little: tuple[CodeCoverage, Path], folder: Path, text: str) -> exclusions.Exclusions:
    """Apply exclusions to the small design, and to a run of one job."""
    coverage, root = little
    functional = FunctionalCoverage()
    functional.sample(JobSample(TINY, JOB))
    file = folder / "exclusions.yaml"
    file.write_text(text)
    return exclusions.apply(coverage, functional, file, root)


def test_an_exclusion_takes_out_what_it_matches(little: tuple[CodeCoverage, Path], tmp_path: Path) -> None:
    text = """
code:
  - reason: counts to 1 only
    where:
      - file: "l*.sv"
        toggle: ["count_*[1:1]"]
        line: ["is_odd <="]
        branch: ["if @ if (count_q"]
functional:
  - {reason: none, group: y_kinds, bins: ["matmul row *"]}
"""
    found = _excluded(little, tmp_path, text)
    assert found.stale == ()
    assert sorted(point.name for point in found.points) == ["", "count_o[1]", "count_q[1]", "if"]
    assert found.bins == {"y_kinds": {"matmul row no", "matmul row yes"}}
    coverage, _ = little
    assert coverage.counts(found.points)["rtl/little.sv", "line"] == (3, 4)


@pytest.mark.parametrize(
    ("where", "complaint"),
    [
        ('toggle: ["count_q[7:4]"]', "matches nothing"),
        ('toggle: ["clk_i"]', "1 of 1 are covered"),
        ('line: ["count_q <= count_q"]', "1 of 1 are covered"),
        ('branch: ["else @ if (no_such"]', "matches nothing"),
    ],
)
def test_a_stale_exclusion_of_code_is_told(
    little: tuple[CodeCoverage, Path], tmp_path: Path, where: str, complaint: str
) -> None:
    found = _excluded(little, tmp_path, f"code: [{{reason: none, where: [{{file: little.sv, {where}}}]}}]")
    assert len(found.stale) == 1
    assert complaint in found.stale[0]


@pytest.mark.parametrize(("bins", "complaint"), [("gemm in_place no", "are covered"), ("gemm no *", "matches nothing")])
def test_a_stale_exclusion_of_a_bin_is_told(
    little: tuple[CodeCoverage, Path], tmp_path: Path, bins: str, complaint: str
) -> None:
    found = _excluded(little, tmp_path, f"functional: [{{reason: none, group: y_kinds, bins: ['{bins}']}}]")
    assert len(found.stale) == 1
    assert complaint in found.stale[0]


def test_code_coverage_of_two_runs_adds_up_and_is_kept(little: tuple[CodeCoverage, Path], tmp_path: Path) -> None:
    first, _ = little
    point = next(point for point in first.hits if point.name == "count_q[0]")
    second = CodeCoverage()
    second.add(point, FELL)
    second.save(tmp_path / "code.json")
    merged = CodeCoverage.load(tmp_path / "code.json")
    assert not merged.covers(point)
    merged.merge(first)
    assert merged.covers(point)
    (tmp_path / "code.json").write_text("[[1]]")
    with pytest.raises(ValueError, match="holds no code coverage"):
        CodeCoverage.load(tmp_path / "code.json")


def test_a_job_hits_its_bins_and_only_a_compared_one_counts() -> None:
    coverage = FunctionalCoverage()
    coverage.sample(JobSample(TINY, JOB, flags=Flags(nx=True), ahead=2, relations=frozenset({"accumulates"})))
    hits = {(group, name) for group, counts in coverage.hits.items() for name in counts}
    assert {
        ("formats", "gemm e5m2 fp16"),
        ("y_kinds", "gemm in_place no"),
        ("leftover_m_k", "one all_but_one"),
        ("tiles", "two many two"),
        ("alignment", "x 8 1 first"),
        ("alignment", "w 16 2 first"),
        ("strides", "z padded"),
        ("flags", "gemm nx yes"),
        ("relations", "accumulates 2"),
        ("endings", "none behind"),
    } <= hits
    before = sum(map(len, coverage.hits.values()))
    coverage.sample(JobSample(TINY, JOB, "reset", phase="storing"))
    assert sum(map(len, coverage.hits.values())) == before + 1


def test_functional_coverage_of_two_runs_adds_up_and_is_kept(tmp_path: Path) -> None:
    first, second = FunctionalCoverage(), FunctionalCoverage()
    first.sample(JobSample(TINY, JOB))
    second.sample(JobSample(TINY, replace(JOB, op=op_by_name("mulmax"))))
    first.save(tmp_path / "first.json")
    merged = FunctionalCoverage.load(tmp_path / "first.json")
    assert merged.hits == first.hits
    merged.merge(second)
    assert set(merged.hits["formats"]) == {"gemm e5m2 fp16", "mulmax e5m2 fp16"}
    assert merged.score() > first.score() > 0
    assert "gemm e5m2 fp16" not in merged.missing()["formats"]
    (tmp_path / "first.json").write_text('{"formats": {"gemm": 1}}')
    with pytest.raises(ValueError, match="unknown bin 'gemm' of group formats"):
        FunctionalCoverage.load(tmp_path / "first.json")


def test_the_relations_of_a_job_are_those_of_its_matrices() -> None:
    free = Stored(0x9000, 3, 7, 14, FP16)
    assert relations(replace(JOB, y=None, z=free), JOB) == {"independent"}
    assert relations(replace(JOB, x=JOB.z, y=None, z=free), JOB) == {"reads_z_as_x"}
    assert relations(replace(JOB, y=JOB.z, z=free), JOB) == {"reads_z_as_y"}
    assert relations(JOB, JOB) == {"accumulates"}
    assert relations(replace(JOB, y=None), JOB) == {"overwrites_z"}
    assert relations(replace(JOB, y=None, z=JOB.w), JOB) == {"overwrites_w"}


def test_every_class_of_data_is_found_in_all_codes() -> None:
    for name in ("fp16", "bf16", "e5m2", "e4m3"):
        fmt = format_by_name(name)
        assert data_classes(np.arange(1 << fmt.width).astype(fmt.raw_dtype), fmt) == set(DATA)
    fn = format_by_name("e4m3fn")
    assert data_classes(np.arange(256, dtype=np.uint8), fn) == set(DATA) - {"infinity", "signalling_nan"}


def test_the_directed_jobs_end_as_they_should_and_are_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    coverage = FunctionalCoverage()
    monkeypatch.setattr("tb.campaigns.stage.collector", lambda: coverage)
    campaign = BY_NAME["directed-tiny"]
    scenarios = directed.scenarios(TINY)
    slow = (*directed.HUGE, directed.SLOW)
    chosen = [index for index, scenario in enumerate(scenarios) if scenario.entries[0].shape not in slow]
    total = sum((campaign.run(1, index) for index in chosen), Tally())
    assert total.failures == 0, "\n".join(total.examples)
    assert set(coverage.missing()["endings"]) == {f"unsupported {place}" for place in ("alone", "first", "behind")}
    assert coverage.missing().get("queue", []) == ["0 no yes", "0 yes yes"]
    assert "cores" not in coverage.missing()


@pytest.mark.parametrize(
    ("name", "groups"), [("row_groups-paper", {"row_groups", "leftover_n_k"}), ("related-tiny", {"relations"})]
)
def test_jobs_made_for_a_group_hit_all_its_bins(monkeypatch: pytest.MonkeyPatch, name: str, groups: set[str]) -> None:
    coverage = FunctionalCoverage()
    monkeypatch.setattr("tb.campaigns.stage.collector", lambda: coverage)
    campaign = BY_NAME[name]
    total = sum((campaign.run(2, index) for index in range(campaign.count)), Tally())
    assert total.failures == 0, "\n".join(total.examples)
    assert not groups & coverage.missing().keys()
    (part,) = (part for part in PARTS if f"{name}-jobs" == part.name)
    assert part.arguments[part.arguments.index("--count") + 1] == str(campaign.count)


def test_the_document_and_the_page_name_what_is_not_covered() -> None:
    code, file = CodeCoverage(), "rtl/control/redmule_loop.sv"
    code.add(Point(file, "line", 33, 0, ""), 1)
    code.add(Point(file, "line", 34, 0, ""), 0)
    code.add(Point(file, "toggle", 27, 3, "left_q[3]"), ROSE)
    summary = Summary(code, FunctionalCoverage(), Exclusions((), ("an entry: matches nothing",)))
    assert summary.totals()["line"] == (1, 2)
    wrong = summary.wrong()
    assert "line: 50.00 %, wanted 98%" in wrong
    assert "stale exclusion: an entry: matches nothing" in wrong
    text = markdown(summary, "make cov", {"a part": 90.0})
    assert "| rtl/control | 1 | 2 | 50.00 % | 0 | 0 | - | 0 | 1 | 0.00 % |" in text
    assert "* `rtl/control/redmule_loop.sv:27` toggle `left_q`" in text
    assert "* functional formats: gemm fp16 fp16" in text
    shown = page(summary, "make cov")
    assert "// not covered: left_q" in shown
    assert "never fell" in shown
    assert "stale exclusion" in shown
    assert "rtl/control/redmule_loop.sv" not in summary.without_toggles()
    assert {"rtl/redmule_top.sv", "rtl/cluster/pulp_cluster_stub.sv"} < set(summary.without_toggles())
    partial = page(summary, "make cov", ["mixed-tiny-line"])
    assert "without mixed-tiny-line" in partial
    assert "stale exclusion" not in partial


def test_without_the_variable_nothing_is_sampled() -> None:
    assert collector() is None
