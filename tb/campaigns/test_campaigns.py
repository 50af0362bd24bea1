# SPDX-License-Identifier: Apache-2.0
"""A seeded part of the campaigns on four configurations, and proof that the comparison sees every kind of failure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest

from redmule import law
from redmule.config import Config
from redmule.device import ClusterDevice, GoldenDevice
from redmule.device.cluster import Contention
from redmule.device.dma import Dma
from redmule.fp import Flags
from redmule.job import HardwareJob, Job, Result, Stored
from redmule.regs import Offset
from tb.campaigns import stage, trials
from tb.campaigns.operands import NOTHING, Sizes
from tb.campaigns.plan import CAMPAIGNS, Campaign
from tb.campaigns.stage import CommitLog, WatchedDevice
from tb.campaigns.tally import Tally

SEED = 1
TENTH, MOST_TRIALS = 0.1, 150
CONFIGURATIONS = ("tiny", "paper", "odd_5x3", "odd_3x16")

LEFT_OUT = ("upstream-paper", "cluster_1-paper")  # one is a test of its own, one takes long to build
CHOSEN = [c for c in CAMPAIGNS if c.config.name in CONFIGURATIONS and c.name not in LEFT_OUT]
BY_NAME = {campaign.name: campaign for campaign in CAMPAIGNS}
MIXED = BY_NAME["mixed-tiny"]


@pytest.mark.parametrize("campaign", CHOSEN, ids=lambda campaign: campaign.name)
def test_a_seeded_part_of_the_campaign_shows_no_difference(campaign: Campaign) -> None:
    share = min(TENTH, MOST_TRIALS / campaign.count)
    total = sum((campaign.run(SEED, index) for index in campaign.indices(SEED, share)), Tally())
    assert total.jobs > 0
    assert total.failures == 0, "\n".join(total.examples)
    assert not campaign.too_slow(total)


def test_every_recorded_job_of_the_published_rtl_has_its_bits_and_the_cycles_of_the_law() -> None:
    campaign = BY_NAME["upstream-paper"]
    total = sum((campaign.run(SEED, index) for index in range(campaign.count)), Tally())
    assert total.jobs == 26
    assert total.failures == 0, "\n".join(total.examples)


def test_the_grid_of_small_shapes_holds_every_shape_up_to_just_beyond_the_tiles_of_all_groups() -> None:
    tiny, odd = Config.named("tiny"), BY_NAME["stored-odd_4x2"].config
    assert trials.shape_grid(tiny) == (2 * tiny.rows + 1, 2 * tiny.port_elems + 1, 2 * tiny.tile_cols + 1)
    assert trials.shape_grid(odd) == (9, 9, 9)
    ways_to_store, memories = 8, 2
    trials_of_a_shape = ways_to_store * len(trials.KINDS) * memories
    assert BY_NAME["shapes-tiny"].indices(SEED, 1.0) == list(range(5 * 9 * 9 * trials_of_a_shape))
    assert BY_NAME["stored-odd_4x2"].indices(SEED, 1.0) == list(range(9 * 9 * 9 * ways_to_store))


def test_the_random_shapes_have_blocks_for_every_number_of_groups() -> None:
    config, random = Config.named("paper"), np.random.default_rng(SEED)
    sizes = Sizes.of(config, trials.STEPS)
    drawn = [sizes.draw(random, config, NOTHING) for _ in range(500)]
    groups = [_most_groups(m, k, config) for m, _, k in drawn]
    assert min(groups.count(1), groups.count(2), groups.count(4)) > 50


def _most_groups(m: int, k: int, config: Config) -> int:
    rows, tiles = (m - 1) % config.rows + 1, -(-k // config.tile_cols)
    return max(g for g in (1, 2, 4) if rows * g <= config.rows and g <= tiles)


def test_the_chains_read_and_overwrite_what_earlier_jobs_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Sequence[HardwareJob]] = []

    def record(jobs: Sequence[HardwareJob], *_: object) -> Tally:
        seen.append(jobs)
        return Tally()

    monkeypatch.setattr(stage, "compare_law", record)
    for index in range(60):
        BY_NAME["chains-tiny"].run(SEED, index)
    assert sum(waits >= 0 for jobs in seen for waits in law.waits_for(jobs)) > 30
    assert sum(map(_overwrites, seen)) > 10


def _overwrites(jobs: Sequence[HardwareJob]) -> int:
    """How many jobs write where an earlier one reads."""

    def meet(a: Stored, b: Stored) -> bool:
        first, last = max(a.address, b.address), min(s.address + s.rows * s.stride for s in (a, b))
        return first < last

    return sum(
        any(meet(late.z, matrix) for early in jobs[:index] for matrix in (early.x, early.w))
        for index, late in enumerate(jobs)
    )


def test_every_value_that_must_work_is_in_some_configuration() -> None:
    configs = [campaign.config for campaign in CAMPAIGNS]
    wanted: Mapping[str, Sequence[int]] = {
        "row_len": (1, 3, 5, 16),
        "pipe_regs": (0, 4),
        "rows": (1, 5, 32),
        "port_width": (64, 1024),
        "x_chunks": (2, 5, 8),
        "w_ahead": (2, 16),
        "contexts": (1, 2, 3, 4),
        "row_groups": (1, 2, 4),
        "transposes": (False, True),
    }
    for name, values in wanted.items():
        assert set(values) <= {getattr(config, name) for config in configs}, name


def test_a_trial_depends_on_its_name_seed_and_index_only() -> None:
    first = MIXED.run(SEED, 7)
    assert first == MIXED.run(SEED, 7)
    assert len({MIXED.run(SEED, index).cycles for index in range(5)}) > 1


@pytest.fixture(name="flipped")
def _flipped_golden_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    run = GoldenDevice._run

    def flipped(device: GoldenDevice, jobs: Sequence[Job]) -> list[Result]:
        results = run(device, jobs)
        results[-1].z.view(jobs[-1].operands.z_format.raw_dtype)[0, 0] ^= 1
        return results

    monkeypatch.setattr(GoldenDevice, "_run", flipped)


@pytest.mark.usefixtures("flipped")
@pytest.mark.parametrize(
    "name", [f"{kind}-tiny" for kind in ("mixed", "shapes", "queued", "chains", "clears", "resets")]
)
def test_a_flipped_golden_bit_is_one_bit_that_differs(name: str) -> None:
    for index in range(4):
        tally = BY_NAME[name].run(SEED, index)
        assert tally.bits == tally.failures == 1
        assert f"--only {name} --seed {SEED} --trial {index}" in tally.examples[0]


@pytest.mark.usefixtures("flipped")
def test_in_the_cluster_a_flipped_golden_bit_of_each_queue_is_counted() -> None:
    for index in range(8):
        tally = BY_NAME["cluster_1-tiny"].run(SEED, index)
        assert tally.bits == tally.failures
        assert tally.bits in (1, 2)  # a trial plays one queue, or one in each memory


@pytest.mark.parametrize("name", ["mixed-tiny", "queued-tiny", "clears-tiny"])
def test_a_golden_flag_that_is_wrong_is_counted(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    run = GoldenDevice._run

    def turned(device: GoldenDevice, jobs: Sequence[Job]) -> list[Result]:
        results = run(device, jobs)
        return [*results[:-1], replace(results[-1], flags=Flags.from_bits(results[-1].flags.bits ^ 1))]

    monkeypatch.setattr(GoldenDevice, "_run", turned)
    tally = BY_NAME[name].run(SEED, 1)
    assert tally.flags == tally.failures == 1


def test_a_law_that_is_one_cycle_off_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    queue = law.queue

    def off_by_one(jobs: Sequence[HardwareJob], config: Config, triggers: Sequence[int]) -> tuple[law.Cycles, ...]:
        *right, last = queue(jobs, config, triggers)
        return (*right, replace(last, total=last.total + 1))

    monkeypatch.setattr(law, "queue", off_by_one)
    total = sum((BY_NAME["long-tiny"].run(SEED, index) for index in (3, 4)), Tally())
    assert total.law == total.failures == 2


def test_a_law_that_knows_no_queue_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    def alone(jobs: Sequence[HardwareJob], config: Config, _triggers: Sequence[int]) -> tuple[law.Cycles, ...]:
        return tuple(law.cycles(job, config) for job in jobs)

    monkeypatch.setattr(law, "queue", alone)
    total = sum((BY_NAME["queued-tiny"].run(SEED, index) for index in range(8)), Tally())
    assert total.law == total.failures > 2


def test_a_law_that_knows_no_hazard_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(law, "waits_for", lambda jobs: [-1] * len(jobs))
    total = sum((BY_NAME["chains-tiny"].run(SEED, index) for index in range(16)), Tally())
    assert total.law == total.failures > 2


def test_a_byte_changed_outside_every_result_is_stray(monkeypatch: pytest.MonkeyPatch) -> None:
    run = WatchedDevice.run

    def careless(device: WatchedDevice, jobs: list[Job]) -> list[Result]:
        results = run(device, jobs)
        jobs[0].x.view(jobs[0].operands.x_format.raw_dtype)[0, 0] ^= 1
        return results

    monkeypatch.setattr(WatchedDevice, "run", careless)
    tally = BY_NAME["shapes-tiny"].run(SEED, 0)
    assert tally.stray == tally.failures == 1


def test_a_guard_that_finds_a_write_outside_z_is_a_broken_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(WatchedDevice, "_permit", lambda device, hardware: None)
    tally = MIXED.run(SEED, 3)
    assert tally.rules == tally.failures == 1
    assert "guard" in tally.examples[0]


def test_in_the_cluster_wrong_data_of_a_core_and_long_waits_are_broken_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    contention = ClusterDevice.contention

    def worse(device: ClusterDevice) -> Contention:
        return replace(contention(device), errors=1, worst_wide=1_000, worst_log=10_000)

    monkeypatch.setattr(ClusterDevice, "contention", worse)
    total = sum((BY_NAME["cluster_2-tiny"].run(SEED, index) for index in range(8)), Tally())
    assert 8 < total.rules == total.failures <= 24
    assert any("waited 1000 conflict cycles" in example for example in total.examples)


def test_in_the_cluster_a_byte_that_the_dma_did_not_copy_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Dma, "copy", lambda dma, *_: dma.issued)
    total = sum((BY_NAME["cluster_2-tiny"].run(SEED, index) for index in range(6, 9)), Tally())
    assert total.stray > 0


def test_a_job_that_vanishes_is_a_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    submit = CommitLog.submit

    def cleared(driver: CommitLog, job: HardwareJob, *, hold: bool = False) -> int:
        context = submit(driver, job, hold=hold)
        driver._port.write(Offset.SOFT_CLEAR, 0)
        return context

    monkeypatch.setattr(CommitLog, "submit", cleared)
    tally = BY_NAME["long-tiny"].run(SEED, 3)
    assert tally.hangs == tally.failures == 1


def test_an_unexpected_error_of_the_bench_is_a_failure_with_its_replay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "ARENA_BYTES", 1)
    tally = MIXED.run(SEED, 0)
    assert tally.rules == tally.failures == 1
    assert "ValueError" in tally.examples[0]
