# SPDX-License-Identifier: Apache-2.0
"""Bits of flops turned over in a small design: each shows exactly the effect that one works out by hand."""

from __future__ import annotations

import ctypes
import hashlib
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from redmule import build
from redmule.faults.flops import Flop, control_file, find_flops

RTL = Path(__file__).parent / "rtl"
SOURCES = [RTL / "fault_cells.sv"]
TOP, PARAMETERS = "fault_cells", {"Cells": 2}
CYCLES = 24
AT = 9
"""The cycle of the faults."""

FLOPS = {flop.path: flop for flop in find_flops(SOURCES, TOP, PARAMETERS)}
OUTPUTS = ("shift", "count", "parity", "held", "taken", "ring_low", "ring_high")
SEEN = np.dtype([(name, "u8") for name in OUTPUTS])
RING_BITS = 70
LOW_BITS = 64


def _library(*, settled: bool) -> ctypes.CDLL:
    """Return the model; without settling, Verilator is told that the flops may be written at any time."""
    text = control_file(FLOPS.values())
    if not settled:
        text = text.replace("public_flat_rd", "public_flat_rw")
    path = build.cache_dir() / "faults" / f"cells_{hashlib.sha256(text.encode()).hexdigest()[:16]}.vlt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    cpp = [RTL / "fault_cells.cpp", *(Path(build.__file__).parent / "faults").glob("*.h")]
    flags = ["--savable", "-CFLAGS", "-DVL_USER_STOP" if settled else "-DVL_USER_STOP -DFAULTS_UNSETTLED"]
    return ctypes.CDLL(str(build.verilate(TOP, PARAMETERS, [*SOURCES, path], cpp=cpp, flags=flags)))


@pytest.fixture(name="library", scope="module")
def _settled() -> ctypes.CDLL:
    return _library(settled=True)


def _play(
    library: ctypes.CDLL, path: str, bit: int = 0, *, at: int = AT, times: int = 1, detour: int = 0
) -> tuple[NDArray[np.void], int]:
    """Return the outputs by cycle, and whether an assertion failed."""
    seen = np.zeros(CYCLES, SEEN)
    failed = library.play(
        f"TOP.{TOP}.{path}".encode(), bit, at, times, detour, seen.ctypes.data_as(ctypes.c_void_p), CYCLES
    )
    return seen, failed


def _effect(flop: Flop, bit: int, without: NDArray[np.void]) -> NDArray[np.void]:
    """Return what a fault at AT gives, worked out by hand."""
    expected = without.copy()
    after = np.arange(CYCLES) - AT  # cycles after the fault
    match flop.name:
        case "shift_q":  # leaves the shift register after as many cycles as there are places before it
            expected["shift"][AT + 2 - bit] ^= 1
        case "count_q":  # counts on from another number, and so does what is made of it
            other = (AT ^ 1 << bit) - AT
            expected["count"] = np.where(after >= 0, without["count"] + np.uint64(other % 256), without["count"]) % 256
            expected["taken"] = np.where(after >= 2, without["taken"] + np.uint64(other % 256), without["taken"]) % 256
        case "operand_q":  # is seen once, a cycle later
            expected["taken"][AT + 1] ^= np.uint64(1 << bit)
        case "taken_o":
            expected["taken"][AT] ^= np.uint64(1 << bit)
        case "table_q":  # stays
            expected["parity"][after >= 0] ^= np.uint64(1)
        case "held_q":  # until it is written again, by the next cycle with data
            expected["held"][(after >= 0) & (np.arange(CYCLES) <= AT // 4 * 4 + 4)] ^= np.uint64(1 << bit)
        case "ring_q":
            for cycle in range(AT, CYCLES):
                place = (bit + cycle - AT) % RING_BITS
                low = place < LOW_BITS
                expected["ring_low" if low else "ring_high"][cycle] ^= np.uint64(
                    1 << (place if low else place - LOW_BITS)
                )
        case "unread_q":
            pass
        case name:
            pytest.fail(f"{name} has no effect worked out")
    return expected


def test_the_flops_are_what_the_clocked_blocks_assign_and_no_state_of_assertions() -> None:
    cells = {f"gen_cell[{i}].u_cell.gen_held.held_q": 4 for i in range(2)}
    wanted = {
        "shift_q": 3,
        "count_q": 8,
        "ring_q": 70,
        "table_q": 30,
        "operand_q": 8,
        "u_output.taken_o": 8,
        "unread_q": 4,
    }
    assert {path: flop.bits for path, flop in FLOPS.items()} == wanted | cells


def test_state_that_is_no_flop_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "latch.sv"
    source.write_text(
        "module latch (input logic en_i, d_i, output logic q_o); always_latch if (en_i) q_o = d_i; endmodule\n"
    )
    with pytest.raises(RuntimeError, match="latch has a block AlwaysLatch: allowed for state is always_ff"):
        list(find_flops([source], "latch", {}))


@pytest.mark.parametrize("path", FLOPS)
def test_every_bit_turned_over_has_exactly_the_effect_worked_out_by_hand(library: ctypes.CDLL, path: str) -> None:
    without, _ = _play(library, path, times=0)
    for bit in range(FLOPS[path].bits):
        seen, _ = _play(library, path, bit)
        assert (seen == _effect(FLOPS[path], bit, without)).all(), f"bit {bit}"


@pytest.mark.parametrize("path", FLOPS)
def test_a_bit_turned_over_twice_in_a_cycle_changes_nothing(library: ctypes.CDLL, path: str) -> None:
    without, _ = _play(library, path, times=0)
    for bit in range(FLOPS[path].bits):
        seen, failed = _play(library, path, bit, times=2)
        assert (seen == without).all()
        assert not failed


def test_a_flop_that_is_overwritten_unread_shows_nothing(library: ctypes.CDLL) -> None:
    path = "gen_cell[0].u_cell.gen_held.held_q"
    late = AT // 4 * 4 + 4  # written at the end of this cycle
    seen, _ = _play(library, path, at=late + 1)
    without, _ = _play(library, path, times=0)
    assert (seen["held"][late + 1 : late + 5] != without["held"][late + 1 : late + 5]).all()
    assert (seen[late + 5 :] == without[late + 5 :]).all()


def test_an_assertion_that_fails_is_told_and_the_model_goes_on(library: ctypes.CDLL) -> None:
    seen, failed = _play(library, "gen_cell[1].u_cell.gen_held.held_q", 3, at=AT + 1)
    assert failed == 1
    assert seen["count"][-1] == CYCLES - 1


@pytest.mark.parametrize("detour", [1, 7])
def test_a_restored_state_goes_on_as_if_nothing_had_been(library: ctypes.CDLL, detour: int) -> None:
    without, _ = _play(library, "count_q", times=0)
    for path in FLOPS:
        seen, failed = _play(library, path, times=0, detour=detour)
        assert (seen == without).all()
        assert not failed


def test_a_flop_that_is_not_there_is_told(library: ctypes.CDLL) -> None:
    assert _play(library, "nothing_q")[1] == -1


def test_settling_computes_what_verilator_computes_for_flops_that_may_be_written(library: ctypes.CDLL) -> None:
    watched = _library(settled=False)
    for path, flop in FLOPS.items():
        for bit in range(flop.bits):
            (ours, failed), (theirs, also_failed) = _play(library, path, bit), _play(watched, path, bit)
            assert (ours == theirs).all()
            assert failed == also_failed
