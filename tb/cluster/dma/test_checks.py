# SPDX-License-Identifier: Apache-2.0
"""The assertions of the DMA and of the L2 memory fire when the hardware has a fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from tb.cluster.dma.test_dma import SOURCES
from tb.cluster.faults import Fault, faulty_sources
from tb.runner import simulate

RANDOM = ("bench", "random_transfers_survive_stalls_latencies_and_queueing")
SINGLE = ("bench", "every_alignment_and_row_length_is_copied_byte_exactly")
FULL = ("bench", "a_full_queue_refuses_start_and_keeps_what_it_has")
L2 = ("l2", "every_access_is_answered_in_order_after_its_latency")
PARAMETERS = {"NumDma": 2, "QueueDepth": 4, "FifoBeats": 64}
SEED = 1

FAULTS = [
    Fault("OneAnswerInTheNextCycle", "reg_port", "r_valid_o <= @;", "req_i", "req_i & access_i.wen", *RANDOM),
    Fault("AnswerEchoesTheId", "reg_port", "id: @,", "access_i.id", "id_t'(0)", *RANDOM),
    Fault("BeatHasBytesOfOneWord", "dma_walk", "- @;\n  assign addr_o", "size_t'(offset)", "size_t'(0)", *RANDOM),
    Fault("LaterBeatsBeginTheirWord", "dma_walk", "(@)", "addr_t'(fits)", "addr_t'(BusBytes)", *RANDOM),
    Fault("WaitingLaneHolds", "dma_port", "if (@) begin\n      addr_o", "take", "valid_i", *RANDOM),
    Fault("AnswerWasAskedFor", "dma_port", "word_t'(take && @) -", "used[l]", "1'b0", *RANDOM),
    Fault("AnswersHaveAPlace", "dma_read", ".pop_i  (@),", "takes", "tag_valid", *SINGLE),
    Fault("NothingIsAskedAfterTheEnd", "dma_read", "run_i && @ &&", "!all_asked_q", "1'b1", *RANDOM),
    Fault("RowsEndTogether", "dma_realign", "~begun_q && @;", "dst_offset_i < src_offset_i", "1'b0", *RANDOM),
    Fault("TailIsOneWord", "dma_realign", "(takes & @)", "src_last_i", "1'b1", *RANDOM),
    Fault("NothingIsLeftOver", "dma_write", "(takes & @)", "ends", "last", *RANDOM),
    Fault("FullQueueRefuses", "dma_regs", "RegStart && @;", "!refuse", "1'b1", *FULL),
    Fault("OnlyWhatRunsEnds", "dma", "ended = @ &&", "present", "1'b1", *RANDOM),
    Fault("QuietWithoutATransfer", "dma", "failed_q) && @));", "idle", "(idle || done)", *SINGLE),
    Fault("AllIsWrittenAtTheEnd", "dma", "((@ || failed_q)", "done", "1'b1", *RANDOM),
    Fault("EventOfOneCore", "dma", "ended && @;", "transfer.id == id_t'(c)", "transfer.id <= id_t'(c)", *RANDOM),
    Fault("L2RestsBetweenAccesses", "l2", "gnt_o = @ &&", "rest_q == '0", "1'b1", *L2),
]


@pytest.mark.parametrize("number", range(1, len(FAULTS) + 1), ids=[fault.assertion for fault in FAULTS])
def test_fault_fires(number: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fault = FAULTS[number - 1]
    sources = faulty_sources(SOURCES, "dma_top", FAULTS, tmp_path)
    env = {"ROUNDS": "60", "STEP": "4", "FAULT": str(number)}
    with pytest.raises(pytest.fail.Exception):
        simulate(
            "dma_top", sources, f"tb.cluster.dma.{fault.module}", PARAMETERS, testcase=fault.test, seed=SEED, env=env
        )
    assert f".{fault.assertion}" in capsys.readouterr().out
