# SPDX-License-Identifier: Apache-2.0
"""How the shape and the layout of a job meet the sizes of the accelerator, in few classes."""

from __future__ import annotations

from collections.abc import Iterable

from redmule.job import HardwareJob, Stored
from tb.coverage.sample import JobSample

LEFTOVERS = ("full", "one", "middle", "all_but_one")
SPLIT_ROWS = ("one", "some", "all")
WIDTHS = ("8", "16")
OFFSETS = ("0", "1", "2", "3")
LAYOUTS = ("packed", "padded", "beyond_a_beat", "overlapping", "broadcast")
Y_KINDS = ("none", "matrix", "row", "in_place")

WORD_BYTES = 4
MOST_GROUPS = 4

Bins = Iterable[tuple[str, ...]]


def number(count: int) -> str:
    """Return one, two or many."""
    return {1: "one", 2: "two"}.get(count, "many")


def leftover(size: int, of: int) -> str:
    """Return what is left of `size` in the last part, if parts hold `of`."""
    return {of - 1: "all_but_one", 1: "one", 0: "full"}.get(size % of, "middle")  # the last of equal keys wins


def leftovers(sample: JobSample) -> dict[str, str]:
    """Return what is left of M in blocks, of N in passes and in chunks, of K in tiles."""
    job, config = sample.job, sample.config
    assert job is not None
    return {
        "m": leftover(job.m, config.rows),
        "n": leftover(job.n, config.row_len),
        "chunk": leftover(job.n, config.x_chunk),
        "k": leftover(job.k, config.tile_cols),
    }


def widths(sample: JobSample) -> tuple[str, str, str]:
    """Return the bits of an element of X, W and Z."""
    job = sample.job
    assert job is not None
    return str(job.x.format.width), str(job.w.format.width), str(job.z.format.width)


def row_groups(sample: JobSample) -> Bins:
    """Yield every number of groups that the last row block is split into (`redmule_tile_walk`), with its rows.

    These are one, some, or as many as so many groups leave room for. The last tile is told of the last step only.
    """
    job, config = sample.job, sample.config
    assert job is not None
    rows, tiles = (job.m - 1) % config.rows + 1, -(-job.k // config.tile_cols)
    most = max(g for g in (1, 2, MOST_GROUPS) if g <= config.row_groups and rows <= config.rows // g)
    steps = [most] * (tiles >= most) + [g for g in (2, 1) if g < most and tiles % most & g]
    for groups in steps:
        is_last = groups == steps[-1]
        share = config.rows // groups
        kind = "one" if rows == 1 else "all" if rows == share else "some"
        yield str(groups), kind, leftover(job.k, config.tile_cols) if is_last else "full"


def _operands(job: HardwareJob) -> list[tuple[str, Stored]]:
    operands = (("x", job.x), ("w", job.w), ("y", job.y), ("z", job.z))
    return [(name, matrix) for name, matrix in operands if matrix is not None]


def alignments(sample: JobSample) -> Bins:
    """Yield where each operand begins within a beat."""
    assert sample.job is not None
    words = sample.config.port_bytes // WORD_BYTES
    for name, matrix in _operands(sample.job):
        word = matrix.address // WORD_BYTES % words
        place = "first" if word == 0 else "last" if word == words - 1 else "middle"
        yield name, str(matrix.format.width), str(matrix.address % WORD_BYTES), place


def layouts(sample: JobSample) -> Bins:
    """Yield how the rows of each operand lie, if it has more than one."""
    job = sample.job
    assert job is not None
    for name, matrix in _operands(job):
        if name == "y" and job.y_broadcast:
            yield name, "broadcast"
        elif matrix.rows > 1:
            if matrix.stride > max(matrix.row_bytes, sample.config.port_bytes):
                yield name, "beyond_a_beat"
            gap = matrix.stride - matrix.row_bytes
            yield name, "packed" if gap == 0 else "padded" if gap > 0 else "overlapping"


def y_kind(job: HardwareJob) -> str:
    """Return where Y is."""
    if job.y is None:
        return "none"
    if job.y_broadcast:
        return "row"
    return "in_place" if job.y == job.z else "matrix"
