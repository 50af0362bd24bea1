# SPDX-License-Identifier: Apache-2.0
"""Compares what the accelerator did with what it should: bits, flags, cycles, order of events, bytes outside of Z."""

from __future__ import annotations

import numpy as np
from pyuvm import uvm_analysis_port, uvm_scoreboard

from redmule import law
from redmule.regs import ErrorCode
from tb.agents.event_monitor import Pulse
from tb.env.items import JobItem
from tb.env.jobs import codes_of
from tb.env.mismatch import mismatches, table
from tb.env.predictor import Predictor


class Scoreboard(uvm_scoreboard):
    """Judges jobs. What is wrong is kept until somebody asks (`judge`).

    Attributes:
        predictor: what should be; the environment sets it.
        errors: what was wrong, one text each.
        tolerated: errors whose text has these words are none; None: all are.
        judged: analysis port: a job that was compared in every respect.
    """

    predictor: Predictor

    def build_phase(self) -> None:
        """Begin without errors."""
        self.errors: list[str] = []
        self.tolerated: str | None = None
        self.judged = uvm_analysis_port("judged", self)

    def complain(self, text: str) -> None:
        """Keep an error."""
        if self.tolerated is not None and self.tolerated in text:
            return
        self.logger.error(text)
        self.errors.append(text)

    def judge(self) -> None:
        """Raise `AssertionError` with all errors so far, and forget them."""
        errors, self.errors = self.errors, []
        assert not errors, "\n".join(errors)

    def stray_event(self, pulse: Pulse) -> None:
        """An event came without a job."""
        self.complain(f"cycle {pulse.cycle}: an event for core {pulse.core} without a job")

    def judge_event(self, item: JobItem) -> None:
        """Compare Z in the cycle of the event."""
        assert item.ended is not None
        if item.ended.core != item.core:
            self.complain(f"{item.job}: event for core {item.ended.core}, not {item.core}")
        if item.prediction is None:
            return
        memory, z = self.predictor.memory, item.job.z
        if np.array_equal(memory.rows_of(memory.bytes, z), memory.rows_of(self.predictor.model, z)):
            return
        seen = codes_of(z, item.job.z_trans, memory, memory.bytes)
        expected = codes_of(z, item.job.z_trans, memory, self.predictor.model)
        found = mismatches(item.prediction.codes, seen, expected, self.predictor.config)
        wrong = int(np.count_nonzero(seen != expected))
        memory.rows_of(self.predictor.model, z)[...] = memory.rows_of(memory.bytes, z)  # that has been said
        self.complain(
            f"{item.job}: {wrong} results of {seen.size} differ in cycle {item.ended.cycle}\n{table(found, wrong)}"
        )

    def judge_result(self, item: JobItem) -> None:
        """Compare what the result registers say, and, if no job is left, the whole memory."""
        assert item.result is not None
        assert item.ended is not None
        result = item.result
        if item.released is None or item.ended.cycle <= item.released:
            self.complain(f"{item.job}: event in cycle {item.ended.cycle}, but released in {item.released}")
        if result.error != item.error:
            self.complain(f"{item.job}: error {result.error.name}, expected {item.error.name}")
        elif item.error == ErrorCode.NONE and item.prediction is not None:
            if result.flags != item.prediction.flags:
                self.complain(f"{item.job}: flags {result.flags}, golden {item.prediction.flags}")
            self._judge_cycles(item)
        if not self.predictor.queue:
            self._judge_memory(item)
        self.judged.write(item)

    def _judge_cycles(self, item: JobItem) -> None:
        """Compare the counters of a job with the cycles observed, and the batch with the law once all are read."""
        assert item.result is not None
        assert item.ended is not None
        total, parts = item.result.cycles, item.result.steps + sum(item.result.stalls.values())
        if total != parts:
            self.complain(f"{item.job}: {total} cycles, but {parts} by reason")
        began = max(item.released or 0, item.event_before)
        if not item.drains_first and total != item.ended.cycle - began:
            self.complain(f"{item.job}: {total} cycles from cycle {began} to the event in cycle {item.ended.cycle}")
        batch = self.predictor.batch
        if all(job.exact and job.result is not None and job.error == ErrorCode.NONE for job in batch):
            self._judge_law(batch)

    def _judge_law(self, batch: list[JobItem]) -> None:
        """Compare the cycles of jobs that may overlap with the law, which knows no refused jobs and no other users."""
        released = [item.released or 0 for item in batch]
        triggers = [cycle - released[0] for cycle in released]
        predicted = law.queue([item.job for item in batch], self.predictor.config, triggers)
        for item, wanted in zip(batch, predicted, strict=True):
            assert item.result is not None
            seen = item.result.cycles, item.result.steps, item.result.stalls
            if seen != (wanted.total, wanted.steps, wanted.stalls):
                self.complain(f"{item.job}: cycles, steps, stalls are {seen}; the law says {wanted}")

    def _judge_memory(self, item: JobItem) -> None:
        """Compare every byte but those of jobs that did not end well."""
        memory, model = self.predictor.memory, self.predictor.model
        for placed in self.predictor.broken:
            z = placed.job.z
            self.predictor.rows_of(model, z)[...] = self.predictor.rows_of(memory.bytes, z)
        for place in self.predictor.foreign:
            model[place] = memory.bytes[place]
        if not np.array_equal(memory.bytes, model):
            stray = np.flatnonzero(memory.bytes != model)
            self.complain(
                f"{item.job}: {stray.size} bytes outside of Z changed, the first at {memory.base + stray[0]:#x}"
            )
            model[:] = memory.bytes
