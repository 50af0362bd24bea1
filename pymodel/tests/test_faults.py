# SPDX-License-Identifier: Apache-2.0
"""Faults in the flops of the accelerator: what can be hit, the run without one, known effects, outcomes counted."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest

from redmule import build, faults
from redmule.config import Config
from redmule.device import MEMORY_BASE, Memory, ModelDevice
from redmule.device.options import Options
from redmule.faults import SCENARIOS, flops_of, wilson
from redmule.faults import injector as injector_module
from redmule.faults.draw import allocate, draw, strata_of
from redmule.faults.flops import Flop, control_file
from redmule.faults.injector import FAULT, Injector, Seen
from redmule.faults.scenarios import COUNTERS, ERROR, FLAGS, MEMORY_BYTES, READ, WAIT, scenario
from redmule.faults.table import Count, classify, row
from redmule.fp import Flags
from redmule.job import STALLS

TINY = Config.named("tiny")
ODD = Config(3, 3, 1, 64, contexts=1, row_groups=1, transposes=False, name="odd_3x3")
FLOPS = {flop.path: number for number, flop in enumerate(flops_of(TINY))}
OUTPUT_FLOPS = {
    *("mem_req_o", "mem_add_o", "mem_wen_o", "mem_be_o", "mem_data_o"),
    *("r_valid_o", "r_data_o", "r_id_o", "r_err_o"),
}


def _answers(injector: Injector, name: str, topic: int) -> list[int]:
    program = scenario(name, TINY).program
    topics = program["argument"][program["kind"] == READ]
    return [answer for answer, about in zip(injector.expected.answers, topics, strict=True) if about == topic]


@pytest.mark.parametrize("config", ["tiny", "paper"])
def test_the_flops_are_those_that_the_names_in_the_rtl_say(config: str) -> None:
    found = {(flop.module, flop.name) for flop in flops_of(Config.named(config))}
    named = set()
    for file in build.rtl_sources():
        text = re.sub(r"`ifndef SYNTHESIS.*?`endif", "", file.read_text(encoding="utf-8"), flags=re.DOTALL)
        text = re.sub(r"//.*", "", text)
        module = re.search(r"^module (\w+)", text, re.MULTILINE)
        if module and module[1] in {flop_module for flop_module, _ in found}:
            named |= {(module[1], name) for name in re.findall(r"\b(\w+_q)\b", text)}
    assert {name for _, name in found - named} == OUTPUT_FLOPS
    assert named <= found | {("fp_fma", name) for name in ("products_q", "addend_q", "sum_q", "counted_q", "normal_q")}


def test_the_blocks_are_folders_and_units() -> None:
    blocks = {flop.block for flop in flops_of(Config.named("paper"))}
    assert {"control/queue", "control/regfile", "array/ce", "fp/fma", "buffer/w_buffer", "port/z_storer"} <= blocks
    assert {block.partition("/")[0] for block in blocks} == {"control", "port", "buffer", "array", "fp"}


@pytest.mark.parametrize("name", SCENARIOS)
def test_without_a_fault_bits_flags_and_cycles_are_those_of_golden_model_and_law(name: str) -> None:
    scene = scenario(name, TINY)
    played, recipe = Injector(TINY, scene), scene.recipe
    random = np.random.default_rng(0)
    random.integers(256, size=MEMORY_BYTES, dtype=np.uint8)  # as `scenario` draws
    with ModelDevice(TINY, Memory(MEMORY_BYTES, MEMORY_BASE), Options(recipe.stall, recipe.latency)) as model:
        results = model.run(recipe.build(model.memory, TINY, random))
    for placed, result in zip(scene.placed, results, strict=True):
        assert np.ascontiguousarray(placed.z).tobytes() == np.ascontiguousarray(result.z).tobytes()
    assert [Flags.from_bits(bits) for bits in _answers(played, name, FLAGS)] == [result.flags for result in results]
    assert _answers(played, name, ERROR) == [0] * len(results)
    counters = np.reshape(_answers(played, name, COUNTERS), (len(results), -1))  # cycles, steps, stalls of each job
    wanted = [[result.cycles, result.steps, *(result.stalls[reason] for reason in STALLS)] for result in results]
    assert counters.tolist() == wanted


def test_a_queue_with_room_for_one_job_is_played_job_by_job() -> None:
    program = scenario("queue", ODD).program
    assert program["kind"].tolist().count(WAIT) == 2
    assert scenario("queue", TINY).program["kind"].tolist().count(WAIT) == 1


@pytest.mark.parametrize(
    ("site", "outcome", "reason"),
    [
        ("u_control.u_regfile.words_q:30:10:leftovers", "code", "the address of X is none of the memory's: BUS"),
        ("u_control.u_regfile.lock_q:0:10:leftovers", "hang", "nobody holds the lock: no job is written"),
        ("u_control.u_queue.started_q:0:45:leftovers", "rule", "no job runs any more, but there are requests"),
        ("u_streamer.u_port.mem_req_o:0:12:leftovers", "rule", "a request before there is a job"),
        ("u_control.u_supervisor.silent_q:3:50:leftovers", "masked", "the watchdog is off"),
        ("u_streamer.u_port.mem_data_o:7:10:leftovers", "masked", "written anew before it is used"),
    ],
)
def test_a_fault_whose_effect_is_known_has_it(site: str, outcome: str, reason: str) -> None:
    assert faults.replay(TINY, site).outcome == outcome, reason


def test_a_bit_of_a_finished_result_is_that_bit_in_memory() -> None:
    scene = scenario("leftovers", TINY)
    injector = Injector(TINY, scene)
    number, element_bits = FLOPS["u_datapath.u_yz_buffer.acc_q"], 16
    right = scene.memory.bytes.copy()
    wrong = 0
    for bit in range(injector.flops[number].bits):
        fault = np.array([(injector.cycles[-1] - 6, number, bit)], FAULT)
        if Seen(int(injector.inject(fault)[0]["seen"])) & Seen.BITS:
            wrong += 1
            assert np.flatnonzero(np.unpackbits(scene.memory.bytes ^ right)).size == 1
            differing = (scene.memory.bytes ^ right).view(np.uint16)
            assert differing[differing != 0].tolist() == [1 << bit % element_bits]
    assert wrong > element_bits


def test_outcomes_do_not_depend_on_what_was_played_before() -> None:
    random = np.random.default_rng(3)
    injector = Injector(TINY, scenario("queue", TINY))
    batch = np.empty(300, FAULT)
    batch["cycle"] = np.sort(random.choice(injector.cycles, len(batch)))
    batch["flop"] = random.integers(len(injector.flops), size=len(batch))
    batch["bit"] = random.integers([injector.flops[flop].bits for flop in batch["flop"]])
    together = injector.inject(batch)
    some = range(0, len(batch), 5)
    alone = [injector.inject(batch[place : place + 1])[0] for place in reversed(some)]
    assert alone[::-1] == [together[place] for place in some]
    assert len({int(outcome["seen"]) for outcome in together}) > 5


@pytest.mark.long
def test_outcomes_are_those_of_a_model_whose_flops_verilator_lets_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    def written(flops: Sequence[Flop]) -> str:
        return control_file(flops).replace("public_flat_rd", "public_flat_rw")

    random = np.random.default_rng(5)
    for name in ("mixture", "refusals"):
        ours = Injector(TINY, scenario(name, TINY))
        seed = int(random.integers(1 << 30))
        batch = draw(ours.flops, {name: ours.cycles}, strata_of(ours.flops), 3000, seed).faults
        batch = np.sort(batch, order="cycle")
        with monkeypatch.context() as other:
            other.setattr(injector_module, "control_file", written)
            other.setattr(injector_module, "_CXX_FLAGS", (*injector_module._CXX_FLAGS, "-DFAULTS_UNSETTLED"))
            theirs = Injector(TINY, scenario(name, TINY))
        assert (theirs.inject(batch) == ours.inject(batch)).all()


def test_the_interval_is_that_of_published_tables() -> None:
    # Newcombe, Statistics in Medicine 17 (1998), table I
    published = {
        (81, 263): (0.2553, 0.3662),
        (15, 148): (0.0624, 0.1605),
        (0, 20): (0.0, 0.1611),
        (1, 29): (0.0061, 0.1718),
    }
    for (seen, count), (low, high) in published.items():
        interval = wilson(seen / count, count)
        assert (round(interval.low, 4), round(interval.high, 4)) == (low, high)
    assert (wilson(1.0, 20).high, round(wilson(1.0, 20).low, 4)) == (1.0, round(1 - 0.1611, 4))
    assert (wilson(0.0, 0).low, wilson(0.0, 0).high) == (0.0, 1.0)


def test_a_share_of_several_signals_is_weighted_by_their_bits() -> None:
    few = Count("a/b", "few", 10, (50, 0, 50, 0, 0, 0), (50, 0, 50, 0, 0, 0), 0)
    many = Count("a/b", "many", 90, (100, 0, 0, 0, 0, 0), (100, 0, 0, 0, 0, 0), 0)
    both = row("a/b", [few, many])
    assert both.shares["wrong"].share == pytest.approx(0.05)
    assert both.shares["masked"].share == pytest.approx(0.95)
    alike = row("a/b", [Count("a/b", name, 50, few.outcomes, few.outcomes, 0) for name in ("one", "other")])
    assert alike.shares["wrong"] == wilson(0.5, 200)


@pytest.mark.parametrize(
    ("seen", "outcome", "without_rules"),
    [
        (Seen(0), "masked", "masked"),
        (Seen.AS_BEFORE, "masked", "masked"),
        (Seen.MOVED, "moved", "moved"),
        (Seen.COUNTERS, "moved", "moved"),
        (Seen.BITS | Seen.MOVED, "wrong", "wrong"),
        (Seen.FLAGS, "wrong", "wrong"),
        (Seen.STRAY | Seen.ASSERTION, "wrong", "wrong"),
        (Seen.HANG | Seen.STRAY, "hang", "hang"),
        (Seen.HANG | Seen.RULE, "rule", "hang"),
        (Seen.RULE | Seen.AS_BEFORE, "rule", "masked"),
        (Seen.ERROR | Seen.RULE | Seen.BITS, "code", "code"),
        (Seen.REFUSED, "code", "code"),
    ],
)
def test_what_is_seen_of_a_fault_makes_its_outcome(seen: Seen, outcome: str, without_rules: str) -> None:
    names = [*faults.OUTCOMES]
    bits = np.array([int(seen)], np.uint32)
    assert names[classify(bits)[0]] == outcome
    assert names[classify(bits, rules=False)[0]] == without_rules


def test_faults_are_drawn_in_every_signal_bit_and_cycle_and_the_same_ones_again() -> None:
    flops = flops_of(TINY)
    strata = strata_of(flops)
    windows = {"a": range(4, 100), "b": range(7, 40)}
    assert sum(stratum.bits for stratum in strata) == sum(flop.bits for flop in flops)
    counts = allocate(strata, 20_000)
    assert min(counts) > 0
    assert 20_000 <= sum(counts) <= 20_000 + len(strata)
    blocks = Counter[str]()
    for stratum, count in zip(strata, counts, strict=True):
        blocks[stratum.block] += count
    assert min(blocks.values()) >= 20_000 / 2 / len(blocks)
    drawn = draw(flops, windows, strata, 20_000, 1)
    assert (drawn.faults == draw(flops, windows, strata, 20_000, 1).faults).all()
    assert (drawn.faults["cycle"] != draw(flops, windows, strata, 20_000, 2).faults["cycle"]).any()
    assert Counter(drawn.stratum.tolist()) == dict(enumerate(counts))
    bits = np.array([flop.bits for flop in flops])
    assert (drawn.faults["bit"] < bits[drawn.faults["flop"]]).all()
    for job, window in enumerate(windows.values()):
        assert set(drawn.faults["cycle"][drawn.job == job].tolist()) == set(window)
    assert np.mean(drawn.job == 0) == pytest.approx(96 / 129, abs=0.02)
    store = FLOPS["u_datapath.u_w_buffer.store_q"]
    hits = np.bincount(drawn.faults["bit"][drawn.faults["flop"] == store], minlength=bits[store])
    assert hits.max() < 20 < hits.sum() / 100
