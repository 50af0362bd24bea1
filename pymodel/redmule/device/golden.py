# SPDX-License-Identifier: Apache-2.0
"""The devices without hardware: the golden model, and the golden values with the cycles of the law."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from redmule import golden, law
from redmule.device.base import Device
from redmule.device.placement import place
from redmule.job import STALLS, Job, Result, utilisation


class GoldenDevice(Device):
    """The golden model: exact values and flags, no cycles."""

    kind = "golden"

    def _run(self, jobs: Sequence[Job]) -> list[Result]:
        results = []
        for job in jobs:
            results.append(self._result(job))
            self._progress(len(results), 0)
        return results

    def _result(self, job: Job) -> Result:
        values = golden.gemm_op(
            job.x, job.w, job.y, job.op, job.out_dtype, job.x_trans, job.w_trans, job.z_trans, job.saturate
        )
        if job.z_out is None:
            return Result(values.z, values.flags)
        job.z_out[...] = values.z
        return Result(job.z_out, values.flags)


class ModelDevice(GoldenDevice):
    """The golden model with the cycles the law predicts for the jobs the RTL device would run."""

    kind = "model"

    def _result(self, job: Job) -> Result:
        placed = place(job, self.memory, _nothing_to_wait_for, self.config)
        predicted = law.queue(placed.hardware, self.config)
        cycles = sum(part.total for part in predicted)
        operands = job.operands
        return replace(
            super()._result(job),
            cycles=cycles,
            steps=sum(part.steps for part in predicted),
            stalls={name: sum(part.stalls[name] for part in predicted) for name in STALLS},
            parts=placed.parts,
            utilisation=utilisation(operands.m, operands.n, operands.k, cycles, self.config),
        )


def _nothing_to_wait_for() -> None:
    """Each job has ended before the next one begins."""
