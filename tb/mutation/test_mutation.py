# SPDX-License-Identifier: Apache-2.0
"""The mutation run: what is mutated, that with no mutant selected a model is the RTL, that the suite sees mutants."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from tb.campaigns import trials
from tb.campaigns.tally import Tally
from tb.mutation import judge, page, places, record, suite
from tb.mutation.design import chosen, instrument, mutants_of, rewrite, sample
from tb.mutation.judge import Verdict
from tb.mutation.places import Mutant, Names
from tb.mutation.record import Record, equivalents
from tb.mutation.suite import Check, Killed
from tb.mutation.tree import ENCODING

SOURCE = """module m #(parameter int W = 3) (input logic clk_i, rst_ni, a, b, output logic [W-1:0] z_o);
  localparam int L = W + 1;
  logic [L-1:0] q;
  if (L > 2) begin : g
    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) q <= '0;
      else if (a & ~b) q <= q + W'(1);
    end
  end
  always_comb begin
    unique case (q)
      1: if (a) z_o = '1;
      default: z_o = a ? q[W-1:0] : '0;
    endcase
  end
`ifndef SYNTHESIS
  Holds : assert property (@(posedge clk_i) a |-> b);
`endif
endmodule
"""
SEED = 1
SAMPLE, SAMPLE_SEED = 15, 8938
"""Mutants of this sample are seen by the first checks, on tiny; others need models that take minutes to build."""
DATA_PATH = ("port", "buffer", "array")
MUTANT = Mutant("control/redmule_loop.sv", 1, 1, "operator", 0, 1, "a", "b")


@pytest.fixture(name="found")
def _found(tmp_path: Path) -> list[Mutant]:
    file = tmp_path / "m.sv"
    file.write_text(SOURCE, encoding=ENCODING)
    return places.find(file, file.name, Names.of([file]))


def test_each_place_has_its_mutants(found: list[Mutant]) -> None:
    assert [(mutant.line, mutant.kind, mutant.before, mutant.after) for mutant in found] == [
        (6, "unreset", "!rst_ni", "1'b0"),
        (6, "reset", "'0", "'1"),
        (7, "always", "a & ~b", "1'b1"),
        (7, "negated", "a & ~b", "!(a & ~b)"),
        (7, "never", "a & ~b", "1'b0"),
        (7, "left", "a & ~b", "~b"),
        (7, "operator", "a & ~b", "a | ~b"),
        (7, "right", "a & ~b", "a"),
        (7, "prefix", "~b", "b"),
        (7, "operator", "q + W'(1)", "q - W'(1)"),
        (7, "constant", "1", "0"),
        (12, "item", "if (a) z_o = '1;", "z_o = a ? q[W-1:0] : '0;"),
        (12, "always", "a", "1'b1"),
        (12, "negated", "a", "!(a)"),
        (12, "never", "a", "1'b0"),
        (12, "constant", "'1", "'0"),
        (13, "arms", "a ? q[W-1:0] : '0", "a ? '0 : q[W-1:0]"),
        (13, "constant", "'0", "'1"),
    ]


def test_what_is_inside_a_mutated_place_can_be_mutated_too(found: list[Mutant]) -> None:
    chosen_ones = {1: found[6], 2: found[8], 3: found[11], 4: found[12]}
    text = rewrite(SOURCE, chosen_ones)
    selected = "fp_mutation_pkg::selected"
    assert f"if (({selected} == 1 ? (a | ~b) : (a & ({selected} == 2 ? (b) : (~b))))) q <= q + W'(1);" in text
    assert f"1: begin if ({selected} == 3) begin z_o = a ? q[W-1:0] : '0; end else if (({selected} == 4 ? " in text
    assert rewrite(SOURCE, {}) == SOURCE


def test_every_mutant_has_a_name_of_its_own() -> None:
    mutants = mutants_of("accelerator") + mutants_of("cluster")
    assert len({mutant.id for mutant in mutants}) == len(mutants) > 3000
    assert {mutant.kind for mutant in mutants} == places.KINDS.keys()


def test_equivalent_mutants_exist_and_have_a_reason() -> None:
    there = {mutant.id for part in ("accelerator", "cluster") for mutant in mutants_of(part)}
    assert equivalents().keys() <= there
    assert all(len(reason) > len("equivalent") for reason in equivalents().values())


def test_a_smaller_sample_is_the_beginning_of_a_larger_one() -> None:
    mutants = mutants_of("cluster")
    assert sample(mutants, 20, SEED)[:10] == sample(mutants, 10, SEED)
    assert sorted(sample(mutants, None, SEED), key=mutants.index) == mutants


def test_with_no_mutant_selected_the_model_is_the_rtl_in_every_bit_and_cycle() -> None:
    def total() -> Tally:
        return sum((suite.tally_of("mixed", suite.TINY, trials.mixed, index) for index in range(20)), Tally())

    plain = total()
    with chosen(instrument("accelerator").folder):
        assert total() == plain
    assert plain.failures == 0
    assert plain.cycles > 0


def test_the_suite_kills_a_seeded_sample() -> None:
    known = equivalents()
    found = [mutant for mutant in mutants_of("accelerator") if mutant.file.startswith(DATA_PATH)]
    mutants = [mutant for mutant in found if mutant.id not in known]
    verdicts = list(judge.play(partial(instrument, "accelerator"), sample(mutants, SAMPLE, SAMPLE_SEED)))
    assert [verdict.mutant.id for verdict in verdicts if verdict.killed is None] == []
    assert len(verdicts) == SAMPLE


def _judged(monkeypatch: pytest.MonkeyPatch, check: Check) -> Verdict:
    monkeypatch.setattr(judge, "checks_for", lambda _file: [check])
    return judge._fork(MUTANT, 1, {check.name: time.time()})


def test_a_mutant_that_ends_the_process_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    verdict = _judged(monkeypatch, Check("crash", lambda: os.kill(os.getpid(), signal.SIGKILL)))
    assert verdict.killed is not None
    assert verdict.killed.by == "crash"


def test_a_mutant_that_never_ends_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    def never_ends() -> None:
        while True:
            pass

    monkeypatch.setattr(judge, "CPU_SECONDS", 1)
    verdict = _judged(monkeypatch, Check("loop", never_ends))
    assert verdict.killed is not None
    assert verdict.killed.by == "crash"


def test_a_mutant_that_no_check_sees_survives(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _judged(monkeypatch, Check("blind", lambda: None)).killed is None


def test_a_check_that_fails_without_a_mutant_is_no_judge(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judge, "checks_for", lambda _file: [Check("broken", lambda: ("bits", "1 bit"))])
    with pytest.raises(judge.BrokenSuiteError, match="broken fails without a mutant: bits: 1 bit"):
        judge._fork(MUTANT, 1, {})


def test_a_bench_that_kills_after_a_change_has_to_pass_without_the_mutant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judge, "data_dir", lambda: tmp_path)
    bench = Check("bench", lambda: ("bench", "no such module"), ("bench.py",))
    assert _judged(monkeypatch, bench).killed is not None
    (tmp_path / "bench.py").touch()
    os.utime(tmp_path / "bench.py", (time.time() + 60,) * 2)
    with pytest.raises(judge.BrokenSuiteError, match="bench fails without a mutant: bench: no such module"):
        _judged(monkeypatch, bench)


def test_the_check_that_killed_before_is_played_first(monkeypatch: pytest.MonkeyPatch) -> None:
    checks = [Check("blind", lambda: None), Check("sees", lambda: ("bits", "1 bit"))]
    monkeypatch.setattr(judge, "checks_for", lambda _file: checks)
    verdict = judge._fork(MUTANT, 1, dict.fromkeys(("blind", "sees"), time.time()), "sees")
    assert (verdict.killed, verdict.checks) == (Killed("bits", "sees", "1 bit"), 1)


@pytest.mark.parametrize(
    ("tally", "killer"),
    [
        (Tally(jobs=1), None),
        (Tally(bits=3, law=1), "bits"),
        (Tally(flags=1), "flags"),
        (Tally(law=1), "cycles"),
        (Tally(hangs=1), "hang"),
        (Tally(stray=1), "stray"),
        (Tally(rules=1, examples=("SimulationError: cycle 3: guard: write outside Z",)), "guard"),
        (Tally(rules=1, examples=("SimulationError: cycle 3: memory port: withdrawn",)), "port rule"),
        (Tally(rules=1, examples=("SimulationError: cycle 3: assertion failed at x.sv:3",)), "assertion"),
        (Tally(rules=1, examples=("2 events, 1 job",)), "rule"),
    ],
)
def test_a_trial_says_what_killed(tally: Tally, killer: str | None) -> None:
    found = suite.judge_tally(tally)
    assert (found and found[0]) == killer


def test_a_model_that_cannot_be_built_kills_nothing() -> None:
    with pytest.raises(RuntimeError, match="no mutant may break the build"):
        suite.judge_tally(Tally(rules=1, examples=("RuntimeError: building RTL model tiny failed",)))


def test_verdicts_are_kept_and_counted(tmp_path: Path) -> None:
    mutants = mutants_of("cluster")[:4]
    kept = Record(tmp_path / "verdicts.jsonl")
    kept.add(Verdict(mutants[0], Killed("bits", suite.checks_for(mutants[0].file)[0].name, "1 bit"), 1, 0.5))
    kept.add(Verdict(mutants[1], None, 90, 5.0))
    again = Record(kept.file)
    assert again.get(mutants[0]) == kept.get(mutants[0])
    score = page.score(mutants, again, {mutants[2].id: "it is so"})
    assert (score.killed, score.survived, score.equivalent, score.there, score.share) == (1, 1, 1, 4, "50.0%")
    assert again.killer(mutants[0]) == suite.checks_for(mutants[0].file)[0].name
    text = page.text(mutants, again, {mutants[2].id: "it is so"})
    assert "**1 of 2 mutants killed, 50.0%**; 1 equivalent; 1 of 4 not played." in text
    assert f"| `{mutants[1].id}` |" in text.partition("## Survivors")[2].partition("##")[0]


def test_a_kill_holds_as_long_as_its_check_and_a_survivor_as_long_as_the_suite(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decides = tmp_path / "decides.py"
    monkeypatch.setattr(record, "data_dir", lambda: tmp_path)
    checks = (Check("sees", lambda: None, ("decides.py",)), Check("other", lambda: None, ("other.py",)))
    monkeypatch.setattr(record, "checks_for", lambda _file: checks)
    other = replace(MUTANT, column=2)
    killed, survived = Verdict(MUTANT, Killed("bits", "sees", "1 bit"), 1, 0.5), Verdict(other, None, 2, 1.0)

    def read(text: str, others: str) -> Record:
        decides.write_text(text, encoding="utf-8")
        decides.with_name("other.py").write_text(others, encoding="utf-8")
        record._digest.cache_clear()
        record._all_of.cache_clear()
        return Record(tmp_path / "verdicts.jsonl")

    first = read("a = 1", "b = 2")
    first.add(killed)
    first.add(survived)
    same = read('"""What it is about."""\na = (1)  # a reason', "b = 2")
    assert (same.get(MUTANT), same.get(other)) == (killed, survived)
    better = read("a = 1", "b = 3")
    assert (better.get(MUTANT), better.get(other)) == (killed, None)
    changed = read("a = 2", "b = 2")
    assert (changed.get(MUTANT), changed.killer(MUTANT)) == (None, "sees")
    record._digest.cache_clear()
    record._all_of.cache_clear()
