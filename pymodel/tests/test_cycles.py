# SPDX-License-Identifier: Apache-2.0
"""Cycles of named jobs: pinned, by the law for all of them and on the RTL for the short ones; the published RTL's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from redmule.config import CONFIGS
from redmule.published import PublishedRow, published_cycles, published_rows
from redmule.report.bench import Bench, Case
from redmule.report.cycles import Line, cells, fixed_cost_limits, read_pins

PINS = read_pins(Path(__file__).parents[2] / "tb" / "pinned_cycles.yaml")
SHORT_CYCLES = 20_000
SHORT = {name: pin for name, pin in PINS.items() if pin[1] <= SHORT_CYCLES and pin[0].config in ("paper", "tiny")}


@pytest.fixture(name="bench", scope="module")
def _bench() -> Iterator[Bench]:
    with Bench() as bench:
        yield bench


@pytest.mark.parametrize("name", PINS)
def test_the_law_gives_the_pinned_cycles(name: str) -> None:
    case, cycles = PINS[name]
    assert case.law_cycles == cycles


@pytest.mark.parametrize("name", SHORT)
def test_the_rtl_takes_the_pinned_cycles(name: str, bench: Bench) -> None:
    case, cycles = SHORT[name]
    assert bench.measure(case) == cycles


def test_every_named_configuration_has_a_pinned_job() -> None:
    assert {case.config for case, _ in PINS.values()} == set(CONFIGS)


def test_every_mechanism_has_a_pinned_job() -> None:
    cases = [case for case, _ in PINS.values()]
    assert {case.orientation for case in cases} == {"normal", "transposed", "auto"}
    assert {"x", "w", "z"} <= {name for case in cases for name in case.trans}
    assert max(case.jobs for case in cases) > 1


def test_a_job_queued_behind_its_equal_takes_the_cycles_of_the_law(bench: Bench) -> None:
    case = Case(12, 16, 16, "tiny", jobs=2)
    assert bench.measure(case) == case.law_cycles
    assert case.law_cycles == case.tile_cycles


def test_denied_grants_cost_cycles_the_same_for_the_same_seed(bench: Bench) -> None:
    case = Case(12, 16, 16, "tiny")
    taken = [bench.measure_stalled(case, 0.5, seed) for seed in (1, 1, 2)]
    assert taken[0] == taken[1] != taken[2]
    assert min(taken) > case.law_cycles


def test_no_measured_job_of_the_published_rtl_is_faster() -> None:
    rows = published_rows()
    assert len(rows) == 30
    assert [row for row in rows if _slower(row)] == []


def _slower(row: PublishedRow) -> bool:
    cases = (Case(row.m, row.n, row.k, orientation=name) for name in ("normal", "auto"))
    return any(case.law_cycles > row.cycles for case in cases)


def test_the_published_law_is_within_23_cycles_of_every_measured_job() -> None:
    errors = [published_cycles(row.m, row.n, row.k) - row.cycles for row in published_rows()]
    assert max(map(abs, errors)) == 23
    assert published_cycles(96, 96, 96) == 18540


@pytest.mark.parametrize(
    ("relation", "measured", "law", "ok", "reached"),
    [
        ("<=", 60, 60, "yes", "yes"),
        ("<=", 72, 72, "yes", "missed"),
        ("<=", 73, 73, "NO", "missed"),
        ("<=", 58, 59, "NO", "missed"),
        ("<=", 58, None, "yes", "yes"),
        ("<=", None, 58, "yes", "yes"),
        ("<=", None, None, "NO", "missed"),
        (">=", 71, 71, "NO", "missed"),
        ("=", 71, 71, "NO", "missed"),
    ],
)
def test_a_line_is_good_if_what_must_be_met_is_and_the_law_agrees(
    relation: str, measured: float | None, law: float | None, ok: str, reached: str
) -> None:
    line = Line("a job", relation, 72, 60, measured, law)
    assert cells(line)[-2:] == [ok, reached]
    assert line.ok is (ok == "yes")


def test_a_line_without_an_aim_says_so() -> None:
    line = Line("a job", "=", 72, None, 72, 72)
    assert cells(line) == ["a job", "-", "= 72", "-", "72", "72", "yes", "-"]


def test_the_limits_of_other_configurations_count_their_beats() -> None:
    x_rows, y_rows, w_row, ring, z_rows = 8, 8, 1, 16, 8
    unhidden = x_rows + y_rows + w_row + ring + z_rows
    assert fixed_cost_limits(CONFIGS["magia"], "fp16") == (unhidden + 24, unhidden + 8)
    wide_x, wide_y, wide_w, wide_ring, wide_z = 12, 24, 2, 32, 24
    unhidden = wide_x + wide_y + wide_w + wide_ring + wide_z
    assert fixed_cost_limits(CONFIGS["paper_fp8"], "fp16") == (unhidden + 24, unhidden + 8)
