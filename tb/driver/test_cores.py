# SPDX-License-Identifier: Apache-2.0
"""Several cores with the C driver: the lock, the full queue, and results that another core reads."""

from __future__ import annotations

import numpy as np

from redmule.device.harness import Harness
from redmule.fp.ops import GEMM
from redmule.regs import Offset, ResultSel, Sticky
from tb.driver.bench import FULL, LOCKED, Bench
from tb.driver.library import BASE, CDriver
from tb.env.jobs import Wish, any_wish, predict


def test_acquire_tells_a_full_queue_from_a_locked_one(tiny: Bench) -> None:
    other = CDriver(tiny.harness, core=2)
    jobs = [tiny.core.job(job) for job in tiny.wished(*(any_wish((3, 3, 3)) for _ in range(5)))]
    assert tiny.core.call("redmule_acquire") == 0
    assert other.submit(jobs[0]) == LOCKED
    assert tiny.core.call("redmule_acquire") == 0, "the holder begins anew"
    tiny.core.call("redmule_configure", jobs[0])
    tiny.core.call("redmule_trigger", True)
    assert [other.submit(job, hold=True) for job in jobs[1:4]] == [1, 2, 3]
    assert (tiny.core.submit(jobs[4]), other.submit(jobs[4])) == (FULL, FULL)
    writes = [access.offset for access in other.accesses if access.write]
    assert writes.count(Offset.TRIGGER) == 3, "a job without a context is not written"
    tiny.core.call("redmule_soft_clear", tiny.core.library.REDMULE_CLEAR_ALL)
    assert tiny.core.submit(jobs[4]) == 0
    assert tiny.core.wait(0)
    assert tiny.core.call("redmule_finished") == 1


def test_a_core_without_the_lock_changes_nothing_and_is_noted(tiny: Bench) -> None:
    good, bad = tiny.wished(Wish(3, 5, 7, GEMM), Wish(4, 2, 9, GEMM))
    content = tiny.memory.bytes.copy()
    flags = predict(good, tiny.memory, content).flags
    intruder = CDriver(tiny.harness, core=3)
    assert tiny.core.call("redmule_acquire") == 0
    tiny.core.call("redmule_configure", tiny.core.job(good))
    assert tiny.core.call("redmule_sticky") == 0
    intruder.call("redmule_configure", intruder.job(bad))
    noted = Sticky(protocol=1).pack()
    assert tiny.core.call("redmule_sticky") == noted
    tiny.core.call("redmule_sticky_clear")
    assert tiny.core.call("redmule_sticky") == 0
    intruder.call("redmule_trigger", False)
    assert tiny.core.call("redmule_sticky") == noted
    assert not tiny.core.call("redmule_busy", 0)
    tiny.core.call("redmule_trigger", False)
    assert tiny.core.wait(0)
    assert tiny.core.result(0).flags == flags
    assert tiny.core.call("redmule_sticky") == noted | flags.bits
    np.testing.assert_array_equal(tiny.memory.bytes, content)


class Meddler:
    """A register port where another core selects results of its own, in front of every third read."""

    def __init__(self, harness: Harness) -> None:
        self._harness = harness
        self._reads = 0
        self.meddled = 0

    def write(self, address: int, data: int, core: int = 0) -> None:
        """Write a register."""
        self._harness.write(address, data, core)

    def read(self, address: int, core: int = 0) -> int:
        """Read a register."""
        self._reads += 1
        if self._reads % 3 == 0:
            self.meddled += 1
            self._harness.write(BASE + Offset.RESULT_SEL, ResultSel(ctx=2, counter=self.meddled % 8).pack(), 5)
        return self._harness.read(address, core)


def test_results_are_right_while_another_core_reads_others(tiny: Bench) -> None:
    for context in range(2):
        [expected] = tiny.run(*tiny.wished(any_wish((5, 6, 7))))
        meddler = Meddler(tiny.harness)
        assert CDriver(meddler, core=1).result(context) == expected
        assert meddler.meddled > 5
