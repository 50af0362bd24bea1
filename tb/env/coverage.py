# SPDX-License-Identifier: Apache-2.0
"""Tells functional coverage of every job that has ended, if it is counted."""

from __future__ import annotations

from pyuvm import uvm_subscriber

from redmule.config import Config
from redmule.fp import Flags
from tb.coverage.collect import collector
from tb.coverage.functional import JobSample, data_classes, relations
from tb.env.items import JobItem


class CoverageSubscriber(uvm_subscriber):
    """Samples jobs: those whose results were judged, and those that were aborted."""

    def build_phase(self) -> None:
        """See whether anyone counts."""
        self._config: Config = self.cdb_get("CONFIG")
        self._cluster: bool = self.cdb_get("CLUSTER")
        self._coverage = collector()

    def write(self, item: JobItem) -> None:
        """Sample a job."""
        if self._coverage is not None:
            self._coverage.sample(sample_of(item, self._config, cluster=self._cluster))


def sample_of(item: JobItem, config: Config, *, cluster: bool) -> JobSample:
    """Return what coverage is told of a job."""
    before, result, prediction = item.behind, item.result, item.prediction
    data: set[tuple[str, str]] = set()
    if prediction is not None:
        codes = prediction.codes
        for name, matrix, fmt in zip("xwy", (codes.x, codes.w, codes.y), codes.formats[:3], strict=True):
            data |= {(name, kind) for kind in data_classes(matrix, fmt)} if matrix is not None else set()
    return JobSample(
        config,
        item.job if not item.changes else None,  # those registers say something else
        ended=item.aborted or item.error.name.lower(),
        flags=result.flags if result is not None else Flags(),
        stalls=result.stalls if result is not None else {},
        stall=item.weather.stall,
        latency=item.weather.latency,
        ahead=item.ahead,
        followed=item.followed,
        relations=frozenset() if before is None else relations(item.job, before.job),
        held=bool(item.hold),
        core=item.core,
        other_core=before is not None and before.core != item.core,
        phase="waiting" if item.aborted and item.waits else None,
        cluster=cluster,
        data=frozenset(data),
    )
