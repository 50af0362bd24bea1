# SPDX-License-Identifier: Apache-2.0
"""Accelerators for the tests of the C driver."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tb.driver.bench import PAPER, TINY, Bench


@pytest.fixture(name="bench", params=[TINY, PAPER], ids=lambda config: config.name)
def _bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    bench = Bench.start(request.param)
    yield bench
    bench.harness.close()


@pytest.fixture(name="tiny")
def _tiny() -> Iterator[Bench]:
    bench = Bench.start(TINY)
    yield bench
    bench.harness.close()
