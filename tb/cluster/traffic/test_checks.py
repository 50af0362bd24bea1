# SPDX-License-Identifier: Apache-2.0
"""The assertions of the traffic generator and of the arbiter's registers fire when the hardware has a fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from tb.cluster.faults import Fault, faulty_sources
from tb.cluster.traffic.test_traffic import SOURCES
from tb.runner import simulate

WRITTEN = ("bench", "what_was_written_comes_back_under_every_pattern_and_patience")
QUIET = ("bench", "nothing_happens_before_it_is_enabled")
BANK = ("bench", "random_pattern_touches_every_word_and_bank_pattern_one_bank")
COUNTS = ("arbiter", "counters_follow_conflicts_and_waits")
PARAMETERS = {"NumBanks": 16, "RegionWords": 256}
SEED = 1

FAULTS = [
    Fault("WorstOnlyGrows", "worst_wait", "worst_d = @;", "worst_o", "word_t'(0)", *COUNTS),
    Fault("ConfigChangesByWritesAlone", "arbiter_regs", "if (@) config_q", "cfg_set_o", "write", *COUNTS),
    Fault("RandomStateIsNotZero", "traffic_random", "= @;\n  end", "after(state_q)", "state_t'(0)", *WRITTEN),
    Fault("BankPatternKeepsItsBank", "traffic_pattern", "| @;", "bank_step", "bank_i", *BANK),
    Fault("OnlyReadsAreCompared", "traffic_shadow", "else if (granted_i && @)", "wen_i", "1'b1", *WRITTEN),
    Fault("WaitingIsNotGranted", "traffic", "waits = tcdm_req_o & @;", "~tcdm_gnt_i", "1'b1", *WRITTEN),
    Fault("RegionMovesByWritesAlone", "traffic_regs", "set_o <= @;", "write && offset == RegBase", "1'b0", *WRITTEN),
    Fault("AnswerInTheNextCycle", "traffic", "granted = tcdm_req_o & @;", "tcdm_gnt_i", "1'b0", *WRITTEN),
    Fault("RequestHolds", "traffic", "if (@) begin\n      index_q", "begins", "enable", *WRITTEN),
    Fault("OffMeansQuiet", "traffic", "begins = @ &&", "enable", "1'b1", *QUIET),
]


@pytest.mark.parametrize("number", range(1, len(FAULTS) + 1), ids=[fault.assertion for fault in FAULTS])
def test_fault_fires(number: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fault = FAULTS[number - 1]
    sources = faulty_sources(SOURCES, "traffic_top", FAULTS, tmp_path)
    module = f"tb.cluster.traffic.{fault.module}"
    env = {"FAULT": str(number), "NUMWIDE": "2", "NUMPORTS": "10"}
    with pytest.raises(pytest.fail.Exception):
        simulate("traffic_top", sources, module, PARAMETERS, testcase=fault.test, seed=SEED, env=env)
    assert f".{fault.assertion}" in capsys.readouterr().out
