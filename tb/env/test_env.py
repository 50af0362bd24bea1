# SPDX-License-Identifier: Apache-2.0
"""The accelerator, from its registers to its stores, in the pyuvm environment."""

from __future__ import annotations

from dataclasses import replace

import pytest

from redmule.config import Config
from tb.env.simulate import play, play_in_cluster

SOME = ("one_job_gives_the_golden_bits_in_the_cycles_of_the_law", "random_jobs_are_right")
GROUPS = ("every_number_of_row_groups_is_right", "every_way_to_store_the_matrices_is_right")
LIGHT = (*SOME, *GROUPS, "every_op_is_right_on_data_of_every_kind", "every_format_is_right_in_every_place")
ODD = (
    Config(1, 1, 0, 64, contexts=1, row_groups=1, transposes=False, name="least"),
    Config(5, 3, 4, 128, contexts=3, cores=16, id_width=5, x_chunks=3, w_ahead=16, row_groups=2, name="odd"),
)


def test_single_jobs_are_right_on_tiny() -> None:
    assert play("tiny", "data") > 0


def test_single_jobs_are_right_on_paper() -> None:
    assert play("paper", "data", *SOME) == len(SOME)


def test_clears_and_resets_leave_no_trace() -> None:
    assert play("tiny", "aborts") > 0


def test_queued_jobs_run_in_order() -> None:
    assert play("tiny", "queueing") > 0


def test_wrong_jobs_are_refused_and_the_queue_goes_on() -> None:
    assert play("tiny", "refusals") > 0


def test_bus_errors_stay_with_their_jobs() -> None:
    assert play("tiny", "bus_errors") > 0


def test_an_array_of_four_groups_is_right() -> None:
    assert play(Config(4, 2, 0, 64), "data", *GROUPS) == len(GROUPS)


def test_an_accelerator_without_transposes_refuses_them() -> None:
    plain = replace(Config.named("tiny"), transposes=False, row_groups=1)
    assert play(plain, "refusals", "transposes_that_were_left_out_are_refused") == 1


def test_the_environment_finds_every_fault() -> None:
    assert play("tiny", "faults") > 0


@pytest.mark.parametrize("config", ["tiny", pytest.param("paper", marks=pytest.mark.long)])
def test_registers_are_as_the_map_says(config: str) -> None:
    assert play(config, "registers") > 0


def test_single_jobs_are_right_in_the_cluster_alone_and_among_cores_and_dma() -> None:
    tests = (*SOME, "no_pattern_of_grants_and_delays_changes_a_bit")
    assert play_in_cluster("tiny", "data", *tests) == len(tests)


def test_queued_jobs_run_in_order_in_the_cluster() -> None:
    assert play_in_cluster("tiny", "queueing") > 0


def test_the_cluster_around_the_accelerator_is_as_its_registers_say() -> None:
    assert play_in_cluster("tiny", "contention") > 0


def test_clears_and_resets_leave_no_trace_in_the_cluster() -> None:
    tests = ("soft_clear_in_any_cycle_empties_the_queue", "reset_in_any_cycle_is_like_the_first_one")
    assert play_in_cluster("tiny", "aborts", *tests) == len(tests)


@pytest.mark.parametrize(
    ("config", "rounds"),
    [
        ("tiny", 60),
        ("paper", 10),
        *(pytest.param(config, 400, marks=pytest.mark.long) for config in ("tiny", "paper", "magia", "paper_fp8")),
        *(pytest.param(config, 400, marks=pytest.mark.long, id=config.name) for config in ODD),
    ],
)
def test_anything_at_random_is_right(config: Config | str, rounds: int) -> None:
    assert play(config, "anything", env={"ROUNDS": str(rounds)}) > 0


@pytest.mark.parametrize(("config", "rounds"), [("tiny", 20), pytest.param("paper", 100, marks=pytest.mark.long)])
def test_anything_at_random_is_right_in_the_cluster(config: str, rounds: int) -> None:
    assert play_in_cluster(config, "anything", env={"ROUNDS": str(rounds)}) > 0


@pytest.mark.long
@pytest.mark.parametrize("module", ["data", "queueing", "aborts", "bus_errors", "refusals"])
def test_scenarios_are_right_on_magia(module: str) -> None:
    assert play("magia", module, *(LIGHT if module == "data" else ())) > 0
