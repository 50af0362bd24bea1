# SPDX-License-Identifier: Apache-2.0
"""The trials that run jobs and let them end: each a function of a stage."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from redmule.config import Config
from redmule.fp import format_by_name, op_by_name
from redmule.job import Job
from tb.campaigns import data
from tb.campaigns.arena import Arena
from tb.campaigns.operands import Sizes, distinct, fill, plain_job, random_job
from tb.campaigns.stage import Stage
from tb.campaigns.tally import Tally

UPSTREAM = Path(__file__).parents[2] / "pymodel" / "tests" / "data" / "upstream_vectors.npz"

MAX_STALL, MAX_LATENCY = 0.9, 12
"""The worst memory: grants denied with this probability, responses late by up to so many cycles."""

KINDS = (
    ("gemm", ("fp16", "fp16", "fp16", "fp16")),
    ("matmul", ("fp16", "fp16", "fp16", "fp16")),
    ("mulmin", ("fp16", "fp16", "fp16", "fp16")),
    ("gemm", ("e5m2", "e4m3", "fp16", "e4m3fn")),
)
"""Operations, and formats of X, W, Y, Z, that every small shape is tried with."""

STEPS = 8_000
QUEUE_STEPS = 1_500

LONG = ((65535, 1, 1), (1, 65535, 1), (1, 1, 65535), (4099, 3, 2), (3, 4099, 5), (2, 5, 4099))
"""Shapes at the ends of the size registers."""

SQUARE = (96, 96, 96)


def draw_memory(random: np.random.Generator) -> tuple[float, int]:
    """Return stall probability and latency: often a perfect memory, else anything up to the worst."""
    stall = float(random.uniform(0, MAX_STALL)) if random.random() < 1 / 2 else 0.0
    latency = int(random.integers(1, MAX_LATENCY + 1)) if random.random() < 1 / 4 else 0
    return stall, latency


def upstream_count() -> int:
    """Jobs of the published RTL that are on record."""
    return len(_published())


def upstream(stage: Stage) -> Tally:
    """A recorded job of the published RTL: both models give its bits, the RTL takes the cycles of the law."""
    entry = _published()[stage.index]
    with np.load(UPSTREAM) as recorded:
        arrays = {name: recorded[f"{entry['name']}_{name}"] for name in ("x", "w", "y", "z")}
    fmt = format_by_name(entry["fmt"])

    def build(arena: Arena, _random: np.random.Generator) -> list[Job]:
        placed = {
            name: arena.matrix(len(codes), codes.shape[1], fmt) for name, codes in arrays.items() if codes.ndim == 2
        }
        for name in placed.keys() - {"z"}:
            placed[name][...] = arrays[name].view(fmt.dtype)
        arena.writable(placed["z"])
        y = placed["y"] if entry["y_used"] else None
        return [Job(placed["x"], placed["w"], y, entry["op"], z_out=placed["z"], orientation="normal")]

    _, results = stage.golden(build, 0)
    wrong = int(np.bitwise_count(results[0].z.view(fmt.raw_dtype) ^ arrays["z"]).sum())
    if wrong:
        return Tally(jobs=1, bits=wrong, examples=(f"golden model: {wrong} bits differ from those on record",))
    return stage.play(build)


def _published() -> list[dict[str, Any]]:
    with np.load(UPSTREAM) as recorded:
        jobs: list[dict[str, Any]] = json.loads(str(recorded["jobs"]))
    return jobs


def shape_grid(config: Config) -> tuple[int, int, int]:
    """Return the largest M, N, K of the exhaustive grid: just beyond two blocks, two beats, the tiles of all groups."""
    groups = max(2, min(config.row_groups, config.rows))
    return 2 * config.rows + 1, 2 * max(config.row_len, config.port_elems) + 1, groups * config.tile_cols + 1


def shapes_count(config: Config) -> int:
    """Trials of the exhaustive grid: shapes x ways to store them x kinds x two memories."""
    return stored_count(config) * len(KINDS) * 2


def stored_count(config: Config) -> int:
    """Trials of the grid without kinds and memories."""
    return int(np.prod(_stored_grid(config)))


def _stored_grid(config: Config) -> tuple[int, ...]:
    return (*shape_grid(config), 2, 2, 2)


def shapes(stage: Stage) -> Tally:
    """One job of the exhaustive grid."""
    stored_index, kind, stalled = np.unravel_index(stage.index, (stored_count(stage.config), len(KINDS), 2))
    return _small(stage, int(stored_index), int(kind), bool(stalled))


def stored(stage: Stage) -> Tally:
    """One job of the grid without kinds and memories, which are drawn."""
    return _small(stage, stage.index, int(stage.random.integers(len(KINDS))), bool(stage.random.integers(2)))


def _small(stage: Stage, index: int, kind: int, stalled: bool) -> Tally:
    m, n, k, x_trans, w_trans, z_trans = np.unravel_index(index, _stored_grid(stage.config))
    op, formats = KINDS[kind]
    stall, latency = (float(stage.random.uniform(0, MAX_STALL)), int(stage.random.integers(4))) if stalled else (0.0, 0)
    shape = (int(m) + 1, int(n) + 1, int(k) + 1)
    trans = (bool(x_trans), bool(w_trans), bool(z_trans))

    def build(arena: Arena, random: np.random.Generator) -> list[Job]:
        return [plain_job(random, arena, op_by_name(op), shape, [format_by_name(name) for name in formats], trans)]

    return stage.play(build, stall=stall, latency=latency)


def mixed(stage: Stage) -> Tally:
    """One job, random in every respect, on a random memory."""
    sizes = Sizes.of(stage.config, STEPS)
    stall, latency = draw_memory(stage.random)
    return stage.play(
        lambda arena, random: [random_job(random, arena, stage.config, sizes)], stall=stall, latency=latency
    )


def long(stage: Stage) -> Tally:
    """A job with one size at or near its limit."""
    fmt = format_by_name("e5m2")

    def build(arena: Arena, random: np.random.Generator) -> list[Job]:
        return [plain_job(random, arena, op_by_name("gemm"), LONG[stage.index % len(LONG)], [fmt] * 4)]

    return stage.play(build)


def queued(stage: Stage) -> Tally:
    """Two jobs in the queue, or a few more; often one needs what the one before wrote, or overwrites what it reads."""
    sizes = Sizes.of(stage.config, QUEUE_STEPS)
    length = 2 if stage.random.random() < 2 / 3 else int(stage.random.integers(3, 9))
    stall, latency = draw_memory(stage.random)

    def build(arena: Arena, random: np.random.Generator) -> list[Job]:
        jobs: list[Job] = []
        for _ in range(length):
            given = {}
            if jobs and random.random() < 2 / 3:
                x, w, z = jobs[-1].x, jobs[-1].w, jobs[-1].z_out
                assert z is not None
                # Its result read as X, W or Y, or accumulated upon; its operands overwritten; its result overwritten.
                links = ({"x": z}, {"w": z}, {"y": z}, {"y": z, "z": z}, {"z": x}, {"z": w}, {"z": z}, {"x": z[:, :1]})
                given = links[random.integers(len(links))]
                if given.get("z") is not None and not distinct(given["z"]):
                    given = {}
            jobs.append(random_job(random, arena, stage.config, sizes, given))
        return jobs

    return stage.play(build, stall=stall, latency=latency)


def chains(stage: Stage) -> Tally:
    """Three to ten jobs in the queue on each other's matrices.

    They read parts of what earlier ones wrote or read, accumulate upon it, and overwrite it.
    """
    sizes = Sizes.of(stage.config, QUEUE_STEPS)
    length = int(stage.random.integers(3, 11))
    stall, latency = draw_memory(stage.random)

    def build(arena: Arena, random: np.random.Generator) -> list[Job]:
        jobs: list[Job] = []
        pool: list[data.Array] = []
        for _ in range(length):
            jobs.append(random_job(random, arena, stage.config, sizes, pool=pool))
            matrices = (jobs[-1].x, jobs[-1].w, jobs[-1].y, jobs[-1].z_out, jobs[-1].z_out)  # results more often
            pool += [matrix for matrix in matrices if matrix is not None and matrix.ndim == 2]
        return jobs

    return stage.play(build, stall=stall, latency=latency)


def stalled(probability: float) -> Any:
    """Return the trial of one 96 x 96 x 96 product on a memory that denies grants with this probability."""

    def trial(stage: Stage) -> Tally:
        fmt = format_by_name("fp16")

        def build(arena: Arena, random: np.random.Generator) -> list[Job]:
            job = plain_job(random, arena, op_by_name("gemm"), SQUARE, [fmt] * 4)
            for operand in (job.x, job.w, job.y):
                assert operand is not None
                fill(random, operand, data.numbers)
            return [job]

        return stage.play(build, stall=probability)

    return trial
