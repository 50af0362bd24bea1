# SPDX-License-Identifier: Apache-2.0
"""The gate-level side of energy: Liberty, netlists, and the evaluator against a plain simulation."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redmule.energy import crosscheck, liberty, netlist
from redmule.energy.evaluate import Bits, Evaluator, bits_of, split_pj
from redmule.energy.liberty import Library

LIBERTY = """
/* a library made up here */
library(tiny) {
  nom_voltage : 2.0;
  cell (NAND) {
    pin(A) { direction : input; capacitance : 0.01; }
    pin(B) { direction : input; capacitance : 0.02; }
    pin(Y) { direction : output; function : "(!(A B))";
      internal_power() { related_pin : "A";
        rise_power(t) { index_1 ("0.0, 0.1"); index_2 ("0.0, 0.24"); values ("1, 3", \\
          "5, 7"); }
        fall_power(t) { index_1 ("0.0, 0.1"); index_2 ("0.0, 0.24"); values ("1, 3", "5, 7"); }
      }
    }
  }
  cell (XOR) {
    pin(A) { direction : input; capacitance : 0.01; }
    pin(B) { direction : input; capacitance : 0.01; }
    pin(Y) { direction : output; function : "A^B"; }
  }
  cell (DFF) {
    ff (IQ, IQN) { next_state : "D"; clocked_on : "CLK"; }
    pin(CLK) { direction : input; capacitance : 0.03; }
    pin(D) { direction : input; capacitance : 0.01; }
    pin(Q) { direction : output; function : "IQ"; }
  }
  cell (LATCH) { latch (IQ, IQN) { enable : "E"; } pin(Q) { direction : output; function : "IQ"; } }
}
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """Return the library made up here."""
    path = tmp_path_factory.mktemp("liberty") / "tiny.lib"
    path.write_text(LIBERTY, encoding="utf-8")
    return liberty.read(path)


def written(folder: Path, cells: Mapping[str, Any], inputs: Mapping[str, list[int]], **outputs: list[int]) -> Path:
    """Write a netlist as Yosys would and return its file."""
    ports = {port: {"direction": "input", "bits": bits} for port, bits in inputs.items()}
    ports |= {port: {"direction": "output", "bits": bits} for port, bits in outputs.items()}
    names = {port: {"bits": facts["bits"]} for port, facts in ports.items()}
    names["state"] = {"bits": [cell["connections"]["Q"][0] for cell in cells.values() if cell["type"] == "DFF"]}
    path = folder / "netlist.json"
    path.write_text(
        json.dumps({"modules": {"m": {"ports": ports, "cells": cells, "netnames": names}}}), encoding="utf-8"
    )
    return path


def cell(kind: str, **nets: int | str) -> dict[str, Any]:
    """Return a cell as Yosys writes it."""
    return {"type": kind, "connections": {pin: [net] for pin, net in nets.items()}}


CLOCK, FIRST = 2, 3
INPUTS = 3


@st.composite
def circuits(draw: st.DrawFn) -> dict[str, Any]:
    """Draw cells whose gates hear inputs, constants, flip-flops and the gates before them; flip-flops hear anything."""
    gates, flops = draw(st.integers(1, 12)), draw(st.integers(0, 4))
    state = list(range(FIRST + INPUTS, FIRST + INPUTS + flops))
    heard: list[int | str] = ["0", "1", *range(FIRST, FIRST + INPUTS), *state]
    cells = {}
    for place in range(gates):
        net = FIRST + INPUTS + flops + place
        kind, a, b = draw(st.sampled_from(("NAND", "XOR"))), draw(st.sampled_from(heard)), draw(st.sampled_from(heard))
        cells[f"g{place}"] = cell(kind, A=a, B=b, Y=net)
        heard.append(net)
    for place, net in enumerate(state):
        cells[f"f{place}"] = cell("DFF", CLK=CLOCK, D=draw(st.sampled_from(heard)), Q=net)
    return dict(draw(st.permutations(list(cells.items()))))


def simulated(cells: Mapping[str, Any], stimulus: np.ndarray) -> list[dict[int, bool]]:
    """Return the value of every net in every cycle of one lane, gate by gate until nothing changes."""
    state = {c["connections"]["Q"][0]: False for c in cells.values() if c["type"] == "DFF"}
    found = []
    for row in stimulus:
        values: dict[int | str, bool] = {"0": False, "1": True, **state}
        values |= {FIRST + bit: bool(value) for bit, value in enumerate(row)}
        gates = [c for c in cells.values() if c["type"] != "DFF"]
        while gates:
            for gate in [g for g in gates if all(g["connections"][pin][0] in values for pin in "AB")]:
                a, b = (values[gate["connections"][pin][0]] for pin in "AB")
                values[gate["connections"]["Y"][0]] = (a != b) if gate["type"] == "XOR" else not (a and b)
                gates.remove(gate)
        state = {
            c["connections"]["Q"][0]: values[c["connections"]["D"][0]] for c in cells.values() if c["type"] == "DFF"
        }
        found.append({net: value for net, value in values.items() if isinstance(net, int)})
    return found


@settings(max_examples=80, deadline=None)
@given(circuits(), st.integers(0, 2**32 - 1))
def test_the_evaluator_counts_what_a_plain_simulation_does(
    tmp_path_factory: pytest.TempPathFactory, library: Library, cells: dict[str, Any], seed: int
) -> None:
    lanes, cycles = 5, 9
    stimulus: Bits = np.random.default_rng(seed).random((cycles, INPUTS, lanes)) < 0.5
    nets = sorted({net for c in cells.values() for [net] in c["connections"].values() if isinstance(net, int)})
    observed = [net for net in nets if net != CLOCK]
    inputs = {"clk_i": [CLOCK], "in_i": list(range(FIRST, FIRST + INPUTS))}
    path = written(tmp_path_factory.mktemp("netlist"), cells, inputs, out_o=observed)
    its = netlist.load(path, library)
    activity = Evaluator(its).run({"in_i": stimulus})
    by_lane = [simulated(cells, stimulus[:, :, lane]) for lane in range(lanes)]
    for place, net in enumerate(observed):
        plain = np.array([[values[net] for values in lane] for lane in by_lane]).T if net in by_lane[0][0] else None
        if plain is not None:
            assert np.array_equal(activity.outputs["out_o"][:, place], plain)
            transitions = int((plain[1:] != plain[:-1]).sum())
            assert activity.transitions[its.outputs["out_o"][place]] == transitions


def test_a_function_of_liberty_becomes_python() -> None:
    expression = liberty.python_of("(!((A B)+C')) ^ D")
    for word in range(16):
        a, b, c, d = (word >> bit & 1 for bit in range(4))
        value = eval(expression.format(m="1", A="a", B="b", C="c", D="d"), {"a": a, "b": b, "c": c, "d": d})
        assert value == (1 - (a & b | 1 - c)) ^ d


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("library(x) { cell (A) {", "allowed is a text whose braces are closed"),
        ("library(x) ;", "allowed is a group in braces"),
        ("library { }", r"allowed are \( and :"),
    ],
)
def test_a_broken_liberty_text_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        liberty.parse(text)


def test_a_library_has_gates_and_flops_but_no_latches(library: Library) -> None:
    assert sorted(library.cells) == ["DFF", "NAND", "XOR"]
    assert library.volt == 2.0
    nand = library.cells["NAND"]
    assert nand.outputs["Y"].transition_pj(0.05) == pytest.approx(4.0)  # halfway in load and in slew
    assert library.cells["DFF"].clock == "CLK"


def test_energy_is_transitions_times_internal_energy_and_load(tmp_path: Path, library: Library) -> None:
    cells = {"g": cell("XOR", A=3, B="0", Y=4), "h": cell("NAND", A=4, B="1", Y=5)}
    its = netlist.load(written(tmp_path, cells, {"in_i": [3]}, out_o=[5]), library)
    activity = Evaluator(its).run({"in_i": bits_of(np.array([[0], [1], [1], [0]]), 1)})
    transitions, cycles = 2, 3
    each = [0.01 * 2.0**2 / 2, 0.01 * 2.0**2 / 2, library.cells["NAND"].outputs["Y"].transition_pj()]
    split = split_pj(its, activity, library.volt)
    assert split.logic == pytest.approx(sum(each) * transitions / cycles)
    assert split.clock == split.free_clock == 0


def test_a_gated_clock_runs_when_a_register_changes(tmp_path: Path, library: Library) -> None:
    cells = {f"f{bit}": cell("DFF", CLK=2, D=3 + bit, Q=13 + bit) for bit in range(8)}
    path = written(tmp_path, cells, {"clk_i": [2], "in_i": list(range(3, 11))}, out_o=list(range(13, 21)))
    its = netlist.load(path, library)
    values = np.array([[0], [1], [1], [1], [0], [0]])
    activity = Evaluator(its).run({"in_i": bits_of(values, 8)})
    split = split_pj(its, activity, library.volt)
    always = 8 * 0.03 * 2.0**2
    assert split.free_clock == pytest.approx(always)
    assert split.clock == pytest.approx(always * 2 / 5)
    of_word = split_pj(its, activity, library.volt, {"out_o": 4.0})
    assert of_word.clock == pytest.approx(always * 4 / 8)


def test_a_loop_of_gates_and_a_foreign_cell_are_refused(tmp_path: Path, library: Library) -> None:
    loop = {"g": cell("NAND", A=3, B=5, Y=4), "h": cell("NAND", A=4, B=3, Y=5)}
    with pytest.raises(ValueError, match="gates form a loop: allowed are loops through flops"):
        netlist.load(written(tmp_path, loop, {"in_i": [3]}), library)
    with pytest.raises(ValueError, match="cell g is a LATCH: allowed are"):
        netlist.load(written(tmp_path, {"g": cell("LATCH", D=3, Q=4)}, {"in_i": [3]}), library)


def test_a_port_of_single_bits_is_whole_again(tmp_path: Path, library: Library) -> None:
    cells = {"g": cell("XOR", A=3, B=4, Y=5)}
    path = written(tmp_path, cells, {"in_i[0]": [3], "in_i[2]": [4]}, out_o=[5])
    its = netlist.load(path, library)
    assert len(its.inputs["in_i"]) == 3
    activity = Evaluator(its).run({"in_i": bits_of(np.array([[0], [2], [1], [4], [5]]), 3)})
    assert activity.outputs["out_o"].ravel().tolist() == [False, False, True, True, False]


@pytest.mark.parametrize(
    ("stimuli", "message"),
    [
        ({"x_i": np.zeros((4, 1, 2), np.bool_)}, "port = 'x_i': allowed are in_i"),
        ({"in_i": np.zeros((4, 3, 2), np.bool_)}, r"shape of in_i = \(4, 3, 2\): allowed is \(cycles, 1, lanes\)"),
        ({}, "allowed is one pair for all"),
    ],
)
def test_a_wrong_stimulus_is_refused(tmp_path: Path, library: Library, stimuli: dict[str, Bits], message: str) -> None:
    its = netlist.load(written(tmp_path, {"g": cell("XOR", A=3, B="1", Y=4)}, {"in_i": [3]}), library)
    with pytest.raises(ValueError, match=message):
        Evaluator(its).run(stimuli)


def test_the_verilog_for_the_cross_check_has_every_cell_and_refuses_wide_inputs(
    tmp_path: Path, library: Library
) -> None:
    its = netlist.load(written(tmp_path, {"g": cell("XOR", A=3, B="1", Y=4)}, {"in_i": [3]}), library)
    assert "XOR g0(" in crosscheck.verilog(its)
    wide = {"in_i": list(range(3, 103))}
    its = netlist.load(written(tmp_path, {"g": cell("XOR", A=3, B="1", Y=200)}, wide), library)
    with pytest.raises(ValueError, match="100 bits of inputs: allowed are 64"):
        crosscheck.verilog(its)
