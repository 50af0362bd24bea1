# SPDX-License-Identifier: Apache-2.0
"""The device without cycles: the golden model."""

from __future__ import annotations

from collections.abc import Sequence

from redmule import golden
from redmule.device.base import Device
from redmule.job import Job, Result


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
