# SPDX-License-Identifier: Apache-2.0
"""The accelerator, from its registers to its stores."""

import json
from dataclasses import replace
from pathlib import Path

from redmule.build import rtl_sources
from redmule.config import Config
from tb.runner import simulate

GROUPS = ("every_number_of_row_groups_is_right", "every_way_to_store_the_matrices_is_right")
PORTS = Path(__file__).with_name("redmule_top.vlt")


def run(config: Config | str, module: str, *testcase: str) -> int:
    """Run cocotb tests of a module, by default all, on a configuration; returns how many ran."""
    parameters = (Config.named(config) if isinstance(config, str) else config).parameters()
    return simulate(
        "redmule_top",
        [PORTS, *rtl_sources()],
        f"tb.accel.{module}",
        parameters,
        testcase=testcase or None,
        public_depth=0,
        env={"CONFIG": json.dumps(parameters)},
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


def test_bus_errors_stay_with_their_jobs() -> None:
    assert run("tiny", "bus_errors") > 0


def test_an_array_of_four_groups_is_right() -> None:
    assert run(Config(4, 2, 0, 64), "data", *GROUPS) == len(GROUPS)


def test_an_accelerator_without_transposes_refuses_them() -> None:
    plain = replace(Config.named("tiny"), transposes=False, row_groups=1)
    assert run(plain, "refusals", "transposes_that_were_left_out_are_refused") == 1


def test_the_bench_finds_every_fault() -> None:
    assert run("tiny", "faults") > 0
