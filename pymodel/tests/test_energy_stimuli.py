# SPDX-License-Identifier: Apache-2.0
"""What the measurements of energy rest on: operands, benches, and the file they end up in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from redmule.energy import stimuli
from redmule.energy.bench import REST
from redmule.energy.benches import benches
from redmule.energy.measure import DESIGN, Measurement, by_bench, gated, load, text
from redmule.energy.signals import CYCLES, LANES
from redmule.energy.table import DATA, NORMAL, RANDOM
from redmule.fp import op_by_name

RNG_SEED = 3


@pytest.mark.parametrize("op", ["gemm", "addmax", "maxmin"])
def test_a_trace_holds_x_for_a_turn_and_has_the_accumulators_of_the_product(op: str) -> None:
    found = stimuli.trace(NORMAL, op_by_name(op), 48, 20, np.random.default_rng(RNG_SEED))
    turns = found.x.reshape(3, stimuli.TURN_STEPS, 20)
    assert (turns == turns[:, :1]).all()
    [(x, w)] = stimuli.matrices(NORMAL)
    inner = {"gemm": np.multiply, "addmax": np.add, "maxmin": np.maximum}[op]
    outer = {"gemm": np.add, "addmax": np.maximum, "maxmin": np.minimum}[op]
    place = np.argwhere(x.view(np.uint16) == found.x[0, 0])
    col = np.argwhere(w.view(np.uint16) == found.w[0, 0])
    wanted = {
        np.float16(outer.reduce(inner(x[row, :depth].astype(np.float32), w[:depth, k].astype(np.float32))))
        if depth
        else np.float16(0)
        for row, depth in place
        for w_depth, k in col
        if depth == w_depth
    }
    assert any(np.isclose(found.acc.view(np.float16)[0, 0], value, rtol=2e-3, atol=2e-3) for value in wanted)


@pytest.mark.parametrize("data", DATA)
def test_every_kind_of_operands_has_matrices_that_fit_each_other(data: str) -> None:
    for x, w in stimuli.matrices(data):
        assert x.shape[1] == w.shape[0]
        assert x.dtype == w.dtype == np.float16
        assert (data == "zeros") == (not x.any() and not w.any())


def test_half_of_the_operands_of_half_zeros_are_zeros() -> None:
    [(x, w)] = stimuli.matrices("half_zeros")
    assert (x == 0).mean() == pytest.approx(0.5, abs=0.03)
    assert (w == 0).mean() == pytest.approx(0.5, abs=0.03)


def test_a_bench_at_rest_stands_before_those_it_is_compared_with() -> None:
    for config in DESIGN.values():
        rest = None
        for bench in benches(config):
            if bench.case == REST:
                rest = bench.event, bench.unit
            elif rest is not None and bench.unit == rest[1]:
                assert bench.event == rest[0]


def test_the_ports_of_a_bench_agree_in_cycles_and_lanes() -> None:
    for bench in benches(DESIGN["2x2, P = 1"]):
        ports = bench.drive(NORMAL, np.random.default_rng(RNG_SEED))
        assert {(bits.shape[0], bits.shape[2]) for bits in ports.values()} == {(CYCLES, LANES)}
        assert bench.rate > 0


def test_measurements_are_read_as_they_were_written(tmp_path: Path) -> None:
    some = load()[:50]
    path = tmp_path / "activity.csv"
    path.write_text(text(some), encoding="utf-8")
    assert load(path) == some


def test_gated_clocks_are_those_of_random_bits() -> None:
    one = Measurement("", "event", "case", "unit", 16, 1, 1, 1.0, NORMAL, 5.0, 1.0, 9.0)
    bench = [one, replace(one, data=RANDOM, logic=7.0, clock=2.0), replace(one, data="zeros", logic=0.0, clock=0.0)]
    assert list(by_bench(bench)) == [bench]
    assert gated(bench) == {NORMAL: 7.0, RANDOM: 9.0, "zeros": 2.0}
    assert gated([one]) == {NORMAL: 6.0}
