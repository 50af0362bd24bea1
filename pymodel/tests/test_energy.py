# SPDX-License-Identifier: Apache-2.0
"""Energy: events of jobs, the table of costs, and the estimate against published points."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import redmule
from redmule import law
from redmule.config import Config
from redmule.device.placement import place
from redmule.energy import (
    CORNERS,
    DATA,
    EVENTS,
    Corner,
    Events,
    corner_of,
    costs,
    estimate,
    events_of,
    events_of_result,
)
from redmule.energy import table as cost_table
from redmule.energy.fit import PARTS, fit, residuals
from redmule.energy.measure import DESIGN, HELD_OUT, load
from redmule.energy.points import FITS_REST, FITS_SCALE, performance, points
from redmule.fp import OPS
from redmule.report import energy as report
from redmule.report import energy_page

PAPER = Config.named("paper")
ONE = law.Shape(1, 1, 1)
WRONG: Any = "paper"
PAGE = Path(__file__).parents[2] / "docs" / "results" / "energy.md"

SIZES = st.integers(1, 70)
SHAPES = st.builds(
    law.Shape,
    SIZES,
    SIZES,
    SIZES,
    st.tuples(*[st.sampled_from((1, 2))] * 2, st.sampled_from((0, 1, 2)), st.sampled_from((1, 2))),
    st.tuples(*[st.booleans()] * 3),
)


def events(shape: law.Shape, config: Config, op: str = "gemm") -> Events:
    """Return the events of one job alone."""
    return events_of([shape], law.queue_cycles([shape], config), config, op)


@settings(max_examples=150, deadline=None)
@given(SHAPES, st.sampled_from(("tiny", "paper", "magia")))
def test_beats_and_steps_are_those_of_the_law(shape: law.Shape, name: str) -> None:
    config = Config.named(name)
    [cycles] = law.queue_cycles([shape], config)
    counted = events(shape, config)
    assert {stream: counted[f"{stream}_beats"] for stream in "xwyz"} == cycles.beats
    assert counted["advances"] == cycles.steps
    assert counted["arbitrations"] == sum(cycles.transfers)


@settings(max_examples=50, deadline=None)
@given(SHAPES)
def test_every_cycle_of_every_element_is_counted_once(shape: law.Shape) -> None:
    counted = events(shape, PAPER)
    of_elements = sum(counted[name] for name in ("multiply_adds", "carried", "unused_elements", "held_elements"))
    assert of_elements == PAPER.num_ces * counted["cycles"]
    assert counted["multiply_adds"] == counted.macs == shape.m * shape.n * shape.k
    assert min(counted.counts.values()) >= 0


def test_an_element_is_written_once_for_each_time_it_is_loaded() -> None:
    counted = events(law.Shape(24, 96, 64), replace(PAPER, row_groups=1))
    assert counted["x_writes"] == 24 * 96 * 4  # N is more than the buffer holds: once for each of the four tiles
    assert counted["w_writes"] == 96 * 64 * 2  # for both row blocks
    stays = events(law.Shape(24, 32, 64), replace(PAPER, row_groups=1))
    assert stays["x_writes"] == 24 * 32


def test_a_word_of_fp8_holds_four_elements() -> None:
    wide, narrow = (events(law.Shape(12, 16, 16, (size,) * 4), PAPER) for size in (2, 1))
    assert wide["bank_reads"] == 2 * narrow["bank_reads"] == (12 * 16 + 16 * 16 + 12 * 16) // 2


@pytest.mark.parametrize(
    ("kind", "ops"),
    [
        ("multiply_adds", {"matmul", "gemm"}),
        ("arithmetic_minmax", {"addmax", "addmin", "mulmax", "mulmin"}),
        ("minmax", {"maxmin", "minmax"}),
    ],
)
def test_the_kind_of_a_step_is_that_of_its_operation(kind: str, ops: set[str]) -> None:
    assert {op.name for op in OPS if events(law.Shape(4, 4, 4), PAPER, op.name)[kind] == 64} == ops


def test_events_of_jobs_add_up() -> None:
    shapes = [law.Shape(20, 30, 40), law.Shape(5, 6, 7)]
    cycles = [law.queue_cycles([shape], PAPER)[0] for shape in shapes]
    alone = [events(shape, PAPER) for shape in shapes]
    assert events_of(shapes, cycles, PAPER) == alone[0] + alone[1]
    assert estimate(alone[0] + alone[1], PAPER).total_pj == pytest.approx(
        sum(estimate(one, PAPER).total_pj for one in alone)
    )


def jobs() -> list[redmule.Job]:
    """Return jobs that differ in all that events depend on."""
    rng = np.random.default_rng(5)

    def matrix(rows: int, cols: int, dtype: str = "float16") -> np.ndarray:
        return rng.standard_normal((rows, cols)).astype(dtype)

    x, w, y = matrix(13, 21), matrix(21, 17), matrix(13, 17)
    return [
        redmule.Job(x, w, y),
        redmule.Job(x, w),
        redmule.Job(matrix(21, 13), matrix(17, 21), y, x_trans=True, w_trans=True),
        redmule.Job(x, w, matrix(17, 13), op="minmax", z_trans=True),
        redmule.Job(x, w, y, op="addmax", orientation="transposed"),
        redmule.Job(matrix(1, 9), matrix(9, 40), matrix(1, 40)[0]),
        redmule.Job(x, w, y.astype("float8_e5m2"), out_dtype="float8_e5m2"),
    ]


@pytest.mark.parametrize("name", ["tiny", "paper"])
def test_the_rtl_gives_the_events_of_the_law(name: str) -> None:
    config = Config.named(name)
    with redmule.open("rtl", config=name) as rtl:
        for job in jobs():
            [result] = rtl.run([job])
            of_rtl = events_of_result(result, job, config)
            hardware = place(job, rtl.memory, lambda: None, config).hardware
            of_law = events_of([law.Shape.of(part) for part in hardware], law.queue(hardware, config), config, job.op)
            assert of_rtl.counts == of_law.counts
            assert (of_rtl.provenance, of_law.provenance) == ("rtl", "law")
            assert len(result.parts) > 1 or result.steps == of_rtl["advances"]


@pytest.mark.parametrize("point", points(), ids=lambda point: point.name)
def test_the_model_is_within_ten_percent_of_a_published_point(point: redmule.energy.points.Point) -> None:
    error = report.point_errors()[point.name]
    assert abs(error) <= (0.001 if point.use in {FITS_SCALE, FITS_REST} else report.MOST_ERROR)
    model = estimate(point.events(), point.plain, point.corner)
    low, high = model.gflops_per_w_interval
    assert low <= point.gflops_per_w <= high


def test_at_least_two_published_points_are_predictions() -> None:
    uses = [point.use for point in points()]
    assert uses.count("held out") >= 2
    assert uses.count(FITS_SCALE) == uses.count(FITS_REST) == 1


@pytest.mark.parametrize("name", performance())
def test_the_fast_corner_gives_the_published_speed(name: str) -> None:
    speed = performance()[name]
    array = Config(speed["rows"], speed["row_len"], 3, 256)
    cycles = 10**6
    steps = round(array.num_ces * speed["utilisation"] * cycles)
    found = estimate(Events({"multiply_adds": steps, "cycles": cycles}), array, speed["corner"])
    assert found.gflops == pytest.approx(speed["gflops"], rel=0.003)


def test_energy_grows_with_the_supply() -> None:
    counted = events(law.Shape(48, 48, 48), PAPER)
    totals = [estimate(counted, PAPER, volt).total_pj for volt in (0.5, 0.6, 0.65, 0.7, 0.8, 0.9, 1.0, 1.1)]
    assert totals == sorted(totals)
    assert estimate(counted, PAPER, 0.65).total_pj == estimate(counted, PAPER, "0.65V").total_pj


@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("config", ["tiny", "paper", "wide"])
def test_the_interval_holds_the_estimate(data: str, config: str) -> None:
    its = Config.named(config)
    found = estimate(events(law.Shape(30, 40, 50), its), its, data=data)
    low, high = found.interval_pj
    assert 0 < low < found.total_pj < high < 2 * found.total_pj
    assert found.stimulus == DATA[data]
    assert found.total_pj == pytest.approx(sum(found.pj_by_part.values()))
    assert found.power_mw == pytest.approx(found.gflops / found.gflops_per_w * 1000)


def test_operands_of_zeros_cost_least_and_random_bits_most() -> None:
    counted = events(law.Shape(96, 96, 96), PAPER)
    by_data = {data: estimate(counted, PAPER, data=data).total_pj for data in DATA}
    assert min(by_data, key=lambda data: by_data[data]) == "zeros"
    assert max(by_data, key=lambda data: by_data[data]) == "random"
    assert by_data["half_zeros"] < by_data["normal"]


def test_a_queue_of_stalls_costs_more_than_none() -> None:
    counted = events(law.Shape(48, 48, 48), PAPER)
    stalled = replace(counted, counts=dict(counted.counts) | {"cycles": 2 * counted["cycles"]})
    assert estimate(stalled, PAPER).total_pj > estimate(counted, PAPER).total_pj


def test_corners_lie_on_the_line_of_the_published_ones() -> None:
    assert {name: corner_of(corner.volt) for name, corner in CORNERS.items()} == pytest.approx(dict(CORNERS))
    assert corner_of(0.725).mhz == pytest.approx((470 + 613) / 2)
    assert corner_of(Corner(0.7, 100)) == Corner(0.7, 100)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: corner_of("0.7V"), r"corner = '0.7V': allowed are 0.65V, 0.80V"),
        (lambda: corner_of(3.3), r"corner = 3.3: allowed are numbers from 0.5 to 1.1"),
        (lambda: Corner(0.65, 0), r"mhz = 0: allowed"),
        (lambda: Events({"flops": 1}), r"event = 'flops': allowed are multiply_adds"),
        (lambda: Events({"cycles": -1}), r"count of cycles = -1: allowed"),
        (lambda: estimate(Events({}), PAPER), r"cycles = 0: allowed are at least 1"),
        (lambda: estimate(Events({"cycles": 1}), PAPER, data="noise"), r"data = 'noise': allowed are normal"),
        (lambda: events(ONE, PAPER, "conv"), r"op = 'conv': allowed are matmul"),
        (lambda: events_of([], [], PAPER), r"shapes = \[\]: allowed is one or more hardware jobs"),
        (
            lambda: events_of([ONE], law.queue_cycles([ONE], PAPER), WRONG),
            r"config = 'paper': allowed is a redmule.Config",
        ),
        (lambda: estimate(Events({"cycles": 1}), WRONG), r"config = 'paper': allowed is a redmule.Config"),
        (lambda: estimate(WRONG, PAPER), r"events = 'paper': allowed is a redmule.energy.Events"),
        (lambda: events_of([ONE], [], PAPER), r"cycles = 0: allowed is one for each of the 1 shapes"),
    ],
)
def test_wrong_input_says_what_is_allowed(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_a_result_without_cycles_has_no_events() -> None:
    [job] = jobs()[:1]
    with redmule.open("golden") as golden, pytest.raises(ValueError, match=r"result.cycles = None: allowed are those"):
        events_of_result(golden.run([job])[0], job, PAPER)


def test_every_event_of_the_table_is_counted_and_every_cost_has_an_origin() -> None:
    table = costs()
    assert table.events.keys() <= EVENTS.keys()
    for cost in (table.scale, *table.events.values(), *table.chip.values()):
        assert cost.origin in cost_table.ORIGINS
        assert cost.low < 1 < cost.high
        assert cost.how
        assert cost.unit
        assert cost.node


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("origin: netlist", "origin: guess", "cost multiply_adds: origin = 'guess'"),
        ("multiply_adds:", "flops:", "events = 'flops'"),
        ("pipe_0:", "pipe_9:", "cost multiply_adds: size = 'pipe_9'"),
        ("chip:", "chips:", "allowed is a mapping of scale, events and chip"),
    ],
)
def test_a_wrong_table_says_where(old: str, new: str, message: str) -> None:
    text = cost_table.COSTS.read_text(encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        cost_table.table_of(text.replace(old, new, 1))


def test_the_table_is_what_the_measurements_give() -> None:
    assert cost_table.text_of(fit(load())) == cost_table.COSTS.read_text(encoding="utf-8")


def test_a_cost_holds_within_its_interval_where_it_was_not_fitted() -> None:
    for event, found in residuals(load()).items():
        for config in HELD_OUT:
            assert 0.5 < 1 + found[config] < 2, event
            assert event not in PARTS["elements"] or abs(found[config]) < 0.02


def test_the_page_is_what_the_table_gives() -> None:
    assert energy_page.markdown(load()) == PAGE.read_text(encoding="utf-8")


def test_every_configuration_of_the_design_was_measured() -> None:
    assert {one.config for one in load()} == {"", *DESIGN}


def test_the_parts_of_a_row_add_up_to_the_row() -> None:
    whole, composed = report.row_check(load())
    assert composed == pytest.approx(whole, rel=0.1)
