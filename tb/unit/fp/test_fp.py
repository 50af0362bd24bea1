# SPDX-License-Identifier: Apache-2.0
"""The arithmetic units equal the golden model in every value and flag. `scripts/fp_campaign.py` runs larger counts."""

from __future__ import annotations

import numpy as np
import pytest

from redmule.fp import vector
from redmule.fp.campaign import BLOCK, Check, Comparison, compare
from redmule.fp.formats import E4M3, E5M2, FORMATS, Format
from tb.unit.fp import campaign
from tb.unit.fp.unit import Model, Unit

COUNT = 1_000_000
SEED = 2017
MAX_PIPE_REGS = 4
STREAM = 20_000


def test_fma_equals_golden_for_special_values_and_all_exponents() -> None:
    assert campaign.check_fma(COUNT, SEED) == COUNT + campaign.SPECIAL.size**3


def test_minmax_equals_golden_for_special_values_and_all_exponents() -> None:
    assert campaign.check_minmax(COUNT, SEED) == 2 * (COUNT + campaign.SPECIAL.size**2)


@pytest.mark.parametrize("flipped", ["value", "flags"])
def test_comparison_fails_on_a_flipped_bit(flipped: str) -> None:
    abc = tuple(codes[:BLOCK] for codes in campaign.tuples_of_special(3))
    golden = vector.fma(*abc)
    z, flags = golden[0].copy(), golden[1].copy()
    (z if flipped == "value" else flags)[SEED] ^= 1
    broken = Check("fma", campaign.SIDES, (lambda *_: (z, flags), lambda *_: golden))
    with pytest.raises(AssertionError, match=r"fma\(.*\): RTL 0x.*, golden 0x.*; 1 of [0-9]+ differ"):
        campaign.require(broken, [abc])


@pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
def test_cast_in_of_every_code_equals_golden(fmt: Format) -> None:
    assert campaign.check_cast_in(fmt) == 1 << 16


@pytest.mark.parametrize("saturate", [False, True], ids=["overflowing", "saturating"])
@pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
def test_cast_out_of_every_code_equals_golden(fmt: Format, saturate: bool) -> None:
    assert campaign.check_cast_out(fmt, saturate) == 1 << 16


@pytest.mark.parametrize(("a", "b"), [(E5M2, E5M2), (E4M3, E4M3), (E4M3, E5M2)], ids=lambda fmt: fmt.name)
def test_fma_of_cast_operands_equals_golden_in_a_shard_of_all_triples(a: Format, b: Format) -> None:
    shards = 1021  # a prime: the shard spreads over the codes of both operands
    shard = SEED % shards
    assert campaign.check_cast_fma(a, b, shard, shards) == len(range(shard, 1 << 16, shards)) << 16


@pytest.mark.parametrize("pipe_regs", range(MAX_PIPE_REGS + 1))
def test_fma_result_appears_after_as_many_enabled_cycles_as_there_are_registers(pipe_regs: int) -> None:
    rng = np.random.default_rng(SEED)
    abc = [rng.integers(0, 1 << 16, STREAM, dtype=np.uint16) for _ in range(3)]
    enabled = rng.random(STREAM) < 0.7
    z, flags = Model(Unit.FMA, pipe_regs)(*abc, control=np.where(enabled, (1 << pipe_regs) - 1, 0))
    # Before the clock edge of a cycle the outputs show what entered `pipe_regs` enabled cycles ago, or, without
    # registers, what enters in this cycle.
    age = np.cumsum(enabled) - enabled - pipe_regs
    shown = np.flatnonzero(enabled)[np.maximum(age, 0)] if pipe_regs else np.arange(STREAM)
    known = age >= 0
    operands = tuple(x[shown[known]] for x in abc)
    found = compare("fma", campaign.SIDES, operands, (z[known], flags[known]), vector.fma(*operands))
    assert found == Comparison(int(np.count_nonzero(known))), found.first
    assert found.compared > STREAM // 2


@pytest.mark.parametrize("pipe_regs", range(1, MAX_PIPE_REGS + 1))
def test_fma_registers_follow_an_enable_each(pipe_regs: int) -> None:
    rng = np.random.default_rng(SEED)
    abc = [rng.integers(0, 1 << 16, STREAM, dtype=np.uint16) for _ in range(3)]
    enables = rng.integers(0, 1 << pipe_regs, STREAM)
    z, flags = Model(Unit.FMA, pipe_regs)(*abc, control=enables)
    held = [-1] * pipe_regs  # whose operands each register holds; -1 is nobody's
    shown = np.empty(STREAM, np.int64)
    for cycle in range(STREAM):
        shown[cycle] = held[-1]
        sources = [cycle, *held]
        held = [sources[i] if enables[cycle] >> i & 1 else held[i] for i in range(pipe_regs)]
    known = shown >= 0
    operands = tuple(x[shown[known]] for x in abc)
    found = compare("fma", campaign.SIDES, operands, (z[known], flags[known]), vector.fma(*operands))
    assert found == Comparison(int(np.count_nonzero(known))), found.first
    assert found.compared > STREAM // 2
