# SPDX-License-Identifier: Apache-2.0
"""The mapper: what it says is consistent, fits the memory, and is what devices do."""

from __future__ import annotations

import functools
import json
from collections import defaultdict

import numpy as np
import pytest

import redmule
from redmule import layers as nn
from redmule.config import Config
from redmule.mapper import ASSUMPTIONS, RESOURCES, Mapping, map_step, tile_products
from redmule.mapper.graph import groups_of, ordered
from redmule.mapper.record import record
from redmule.mapper.schedule import Program, simulate
from redmule.mapper.verify import verify
from redmule.networks import build

CASES = [("digits_cnn", 4, 128 << 10), ("digits_resnet", 2, 32 << 10), ("digits_mlp", 16, 16 << 10)]


@functools.cache
def mapped(name: str, batch: int = 1, tcdm_bytes: int = 128 << 10, config: str = "paper") -> Mapping:
    return map_step(build(name), config, batch, tcdm_bytes=tcdm_bytes)


# ------------------------------------------------------------------------------------------------------- schedule


Tasks = list[tuple[str, int, list[int], int]]


def program(*groups: tuple[int, Tasks]) -> Program:
    """Return groups of so many bytes, with tasks: resource, cycles, needs, saved."""
    made = Program()
    for size, tasks in groups:
        made.begin(size, [made.hold(size, 1)])
        for resource, cycles, needs, saved in tasks:
            made.add(resource, cycles, needs, saved)
    return made


def test_resources_work_side_by_side_and_tasks_wait_for_what_they_need() -> None:
    tasks = [("dma", 10, [], 0), ("cores", 7, [], 0), ("accelerator", 5, [0, 1], 0)]
    timeline = simulate(program((1, tasks)), 1)
    assert (timeline.cycles, timeline.busy, timeline.exposed) == (15, (5, 7, 10), (7, 3))


def test_a_resource_takes_the_task_before_the_longest_chain() -> None:
    tasks = [("cores", 4, [], 0), ("cores", 4, [], 0), ("accelerator", 20, [1], 0)]
    assert simulate(program((1, tasks)), 1).cycles == 24


def test_a_job_that_waited_in_the_queue_costs_less() -> None:
    waiting: Tasks = [("accelerator", 50, [], 0), ("accelerator", 50, [], 10)]
    assert simulate(program((1, waiting)), 1).cycles == 90
    late = [("accelerator", 50, [], 0), ("dma", 45, [], 0), ("accelerator", 50, [0, 1], 10)]
    assert simulate(program((1, late)), 1).cycles == 100


def test_a_group_begins_when_there_is_room() -> None:
    groups: list[tuple[int, Tasks]] = [(6, [("cores", 10, [], 0)]), (5, [("dma", 10, [], 0)])]
    assert simulate(program(*groups), 11).cycles == 10
    assert simulate(program(*groups), 10).cycles == 20
    with pytest.raises(ValueError, match="tcdm_bytes = 4"):
        simulate(program(*groups), 4)


# ------------------------------------------------------------------------------------------------------- the graph


@pytest.mark.parametrize("recipe", [nn.FP16, nn.MIXED_FP8])
@pytest.mark.parametrize("inputs_first", [True, False])
def test_every_group_comes_after_what_it_reads(recipe: nn.Recipe, inputs_first: bool) -> None:
    ops = record(build("resnet8"), 1, Config.named("paper"), recipe)
    groups = groups_of(ops)
    written = {tensor for group in groups for tensor in group.writes}
    seen: set[object] = set()
    for group in ordered(groups, inputs_first):
        assert (written & set(group.reads)) <= seen
        seen |= set(group.writes)
    assert sum(len(group.ops) for group in groups) == len(ops) + sum(op.what == "norm" for op in ops)


def test_pointwise_kernels_follow_each_other_on_a_tile_but_not_past_sums_of_all() -> None:
    groups = groups_of(record(build("resnet8"), 1, Config.named("paper"), nn.FP16))
    together = [[op.what for op in group.ops] for group in groups]
    assert ["add", "relu"] in together  # the end of a residual block
    assert ["norm", "relu"] in together  # the second pass of a batch norm
    assert ["relu_grad", "norm_sums"] in together
    assert not any("norm_sums" in names and "norm_past_sums" in names for names in together)
    first_passes = [group for group in groups for op in group.ops if op.what == "norm" and op.share > 0.5]
    assert all(len(group.ops) == 1 for group in first_passes)


def test_what_is_recorded_is_what_other_engines_log() -> None:
    network, engine = build("digits_cnn"), nn.PlanEngine("paper", nn.FP16)
    y, saved = network.layers.forward(np.zeros(network.shape(2), np.float16), engine)
    _, dy = nn.cross_entropy(y, np.zeros(2, np.int64), engine)
    network.layers.backward(dy, saved, engine, need_dx=False)
    nn.SGD(0.1).step(network.layers.parameters(), engine)
    network.layers.clear_grads()
    ops = record(network, 2, Config.named("paper"), nn.FP16)
    found = [(op.layer, op.turn, op.what) for op in ops for _ in op.products or (None,)]
    assert found == [(work.layer, work.turn, work.what) for work in engine.log]


# ------------------------------------------------------------------------------------------------------- mappings


@pytest.mark.parametrize("case", CASES)
def test_a_step_takes_at_least_the_busiest_resource_and_at_most_all(case: tuple[str, int, int]) -> None:
    mapping = mapped(*case)
    assert max(mapping.timeline.busy) <= mapping.cycles <= sum(mapping.timeline.busy)
    assert mapping.cycles == mapping.timeline.busy[0] + sum(mapping.timeline.exposed)
    for index, resource in enumerate(("accelerator", "cores", "dma")):
        assert sum(getattr(each, resource) for each in mapping.passes) == mapping.timeline.busy[index]
        assert RESOURCES[index] == resource


@pytest.mark.parametrize("case", CASES)
def test_buffers_fit_at_every_moment(case: tuple[str, int, int]) -> None:
    mapping = mapped(*case)
    changes: dict[int, int] = defaultdict(int)
    for buffer in mapping.buffers:
        assert 0 <= buffer.begin <= buffer.end <= mapping.cycles
        changes[buffer.begin] += buffer.bytes
        changes[buffer.end] -= buffer.bytes
    taken = np.cumsum([changes[moment] for moment in sorted(changes)])
    assert taken.max() <= mapping.most_bytes <= case[2]
    assert taken[-1] == 0


@pytest.mark.parametrize("case", CASES)
def test_passes_have_all_multiply_adds_and_tiles_cover_each_product(case: tuple[str, int, int]) -> None:
    mapping = mapped(*case)
    assert sum(each.macs for each in mapping.passes) == mapping.macs
    for tiled in (tiled for each in mapping.passes for tiled in each.groups):
        for op in tiled.group.ops:
            tiles = [tile_products(op, tiled, index) for index in range(tiled.count)] if op.products else []
            done = sum(product.m * product.n * product.k for tile in tiles for product in tile)
            assert done == sum(product.m * product.n * product.k for product in op.products)
            assert tiled.ends[-1] == 1.0


@pytest.mark.parametrize("case", CASES)
def test_what_is_chosen_is_no_worse_than_the_runners_up(case: tuple[str, int, int]) -> None:
    mapping = mapped(*case)
    for each in mapping.passes:
        assert all(each.way.score <= other.score for other in each.runners_up)
    assert any(len({way.variant for way in each.runners_up}) > 1 for each in mapping.passes) or case[0] == "digits_mlp"


def test_the_layers_are_left_as_they_were_mapped() -> None:
    network = build("digits_cnn")
    mapping = map_step(network, "paper", 4)
    chosen = {(each.layer, each.turn): each.way.variant for each in mapping.passes if each.way.variant}
    placed = {place.path: place.layer for place in network.placed(4)}
    assert chosen
    assert all(placed[path].variant(turn) == variant for (path, turn), variant in chosen.items())


def test_more_memory_moves_fewer_bytes() -> None:
    small, large = mapped("digits_resnet", 2, 32 << 10), mapped("digits_resnet", 2, 256 << 10)
    assert large.moved_bytes < small.moved_bytes
    assert large.cycles < small.cycles


@pytest.mark.parametrize("name", ["digits_cnn", "digits_mlp"])
def test_products_of_a_mapping_are_jobs_that_take_what_was_counted(name: str) -> None:
    mapping = mapped(name, 2, 16 << 10, "tiny")
    with redmule.open("model", "tiny") as device:
        found = verify(mapping, device)
    assert found
    assert [each.measured for each in found] == [each.counted for each in found]


def test_the_rtl_takes_the_cycles_that_were_counted() -> None:
    mapping = mapped("digits_cnn", 2, 16 << 10, "tiny")
    with redmule.open("rtl", "tiny") as device:
        found = verify(mapping, device, "conv2")
    assert {each.turn for each in found} == {"forward", "weights", "inputs"}
    assert [each.measured for each in found] == [each.counted for each in found]


def test_resnet8_reaches_what_it_has_to() -> None:
    mapping = mapped("resnet8")
    assert mapping.product_mac_per_cycle >= 45
    assert mapping.mac_per_cycle >= 30


def test_depthwise_networks_are_far_above_software() -> None:
    assert mapped("ds_cnn").mac_per_cycle > 10 * 0.81


def test_mixed_fp8_moves_fewer_bytes() -> None:
    mixed = map_step(build("digits_cnn"), "paper", 16, recipe=nn.MIXED_FP8, tcdm_bytes=16 << 10)
    assert mixed.moved_bytes < mapped("digits_cnn", 16, 16 << 10).moved_bytes


# ------------------------------------------------------------------------------------------------------- bad input


def test_wrong_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="tcdm_bytes = 100: allowed are 4096 to"):
        map_step(build("digits_cnn"), tcdm_bytes=100)
    with pytest.raises(ValueError, match=r"tcdm_bytes = 4096: allowed are more, at least .* for .* at batch 1"):
        map_step(build("resnet8"), tcdm_bytes=4096)
    with pytest.raises(ValueError, match="config = 'huge'"):
        map_step(build("digits_cnn"), "huge")
    with pytest.raises(ValueError, match="layer = 'conv9': allowed are conv1, "):
        mapped("digits_cnn", 4).find("conv9")


def run_cli(*arguments: str) -> int:
    from redmule.cli import main

    with pytest.raises(SystemExit) as exit_:
        main(["map", *arguments])
    return int(exit_.value.code or 0)


def test_the_command_prints_table_totals_and_assumptions(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli("digits_cnn", "--layer", "conv2", "--runners-up") == 0
    text = capsys.readouterr().out
    assert "conv2" in text
    assert "chosen" in text
    assert "ds_cnn 0.81" in text
    assert all(line in text for line in ASSUMPTIONS)


def test_the_command_gives_json_and_verifies(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("--batch", "2", "--config", "tiny", "--layer", "fc", "--verify", "--json")
    assert run_cli("digits_cnn", *arguments) == 0
    values = json.loads(capsys.readouterr().out)
    assert values["batch"] == 2
    assert {each["layer"] for each in values["passes"]} == {"fc"}
    assert values["verified"]
    assert all(each["law"] == each["rtl"] for each in values["verified"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("lenet",), "network = 'lenet'"),
        (("digits_cnn", "--batch", "0"), "batch = 0"),
        (("digits_cnn", "--recipe", "fp32"), "recipe = 'fp32': allowed are fp16, mixed_fp8"),
        (("digits_cnn", "--layer", "x"), "layer = 'x'"),
        (("digits_cnn", "--tcdm", "12"), "tcdm_bytes = 12"),
    ],
)
def test_the_command_says_what_is_wrong_in_a_line(
    arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_cli(*arguments) == 1
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
