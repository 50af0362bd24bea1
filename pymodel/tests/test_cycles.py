# SPDX-License-Identifier: Apache-2.0
"""Cycles of named jobs: pinned, by the law for all of them and on the RTL for the short ones; the published RTL's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from redmule.config import CONFIGS
from redmule.published import published_cycles, published_rows
from redmule.report.bench import Bench, Case
from redmule.report.cycles import Line, cells, fixed_cost_limit, read_pins

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


def test_a_job_queued_behind_its_equal_takes_the_cycles_of_the_law(bench: Bench) -> None:
    case = Case(12, 16, 16, "tiny")
    assert bench.measure_queued(case) == case.law_cycles


def test_denied_grants_cost_cycles_the_same_for_the_same_seed(bench: Bench) -> None:
    case = Case(12, 16, 16, "tiny")
    taken = [bench.measure_stalled(case, 0.5, seed) for seed in (1, 1, 2)]
    assert taken[0] == taken[1] != taken[2]
    assert min(taken) > case.law_cycles


def test_no_measured_job_of_the_published_rtl_is_faster() -> None:
    rows = published_rows()
    assert len(rows) == 30
    assert [row for row in rows if Case(row.m, row.n, row.k).law_cycles > row.cycles] == []


def test_the_published_law_is_within_23_cycles_of_every_measured_job() -> None:
    errors = [published_cycles(row.m, row.n, row.k) - row.cycles for row in published_rows()]
    assert max(map(abs, errors)) == 23
    assert published_cycles(96, 96, 96) == 18540


@pytest.mark.parametrize(
    ("relation", "measured", "law", "ok"),
    [
        ("<=", 72, 72, True),
        ("<=", 73, 73, False),
        ("<=", 58, 59, False),
        ("<=", 58, None, True),
        ("<=", None, 58, True),
        ("<=", None, None, False),
        (">=", 71, 71, False),
        ("=", 71, 71, False),
        ("=", 72, 72, True),
    ],
)
def test_a_line_is_good_if_its_limit_is_met_and_the_law_agrees(
    relation: str, measured: float | None, law: float | None, ok: bool
) -> None:
    line = Line("a job", relation, 72, measured, law)
    assert line.ok is ok
    assert cells(line)[-1] == ("yes" if ok else "NO")


def test_the_limit_of_other_configurations_counts_their_beats() -> None:
    x_rows, y_rows, w_row, ring, z_rows, allowance = 8, 8, 1, 16, 8, 24
    assert fixed_cost_limit(CONFIGS["magia"], "fp16") == x_rows + y_rows + w_row + ring + z_rows + allowance
    wide_x, wide_y, wide_w, wide_ring, wide_z = 12, 24, 2, 32, 24
    assert fixed_cost_limit(CONFIGS["paper_fp8"], "fp16") == wide_x + wide_y + wide_w + wide_ring + wide_z + allowance
