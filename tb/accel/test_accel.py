# SPDX-License-Identifier: Apache-2.0
"""The accelerator, from its registers to its stores."""

from pathlib import Path

from redmule.build import rtl_sources
from redmule.config import Config
from tb.runner import simulate

PORTS = Path(__file__).with_name("redmule_top.vlt")


def run(config: str, module: str, *testcase: str) -> int:
    """Run cocotb tests of a module, by default all, on a named configuration; returns how many ran."""
    return simulate(
        "redmule_top",
        [PORTS, *rtl_sources()],
        f"tb.accel.{module}",
        Config.named(config).parameters(),
        testcase=testcase or None,
        public_depth=0,
        env={"CONFIG": config},
    )


def test_single_jobs_are_right_on_tiny() -> None:
    assert run("tiny", "data") > 0


def test_single_jobs_are_right_on_paper() -> None:
    tests = ("one_job_gives_the_golden_bits_in_the_cycles_of_the_law", "random_jobs_are_right")
    assert run("paper", "data", *tests) == len(tests)


def test_clears_and_resets_leave_no_trace() -> None:
    assert run("tiny", "aborts") > 0


def test_queued_jobs_run_in_order() -> None:
    assert run("tiny", "queueing") > 0


def test_wrong_jobs_are_refused_and_the_queue_goes_on() -> None:
    assert run("tiny", "refusals") > 0


def test_the_bench_finds_every_fault() -> None:
    assert run("tiny", "faults") > 0
