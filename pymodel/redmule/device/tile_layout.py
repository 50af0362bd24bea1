# SPDX-License-Identifier: Apache-2.0
"""Lays a job in tiles down before it runs: which tile goes to which buffer, and what has to have ended before.

Loads stand in the order of the steps, so a step may run when so many of them have ended.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from redmule.device.memory import Memory, readable
from redmule.device.tiling import BUFFERS, Problem, Step, Tiling, block_format, slot_bytes, steps, y_in_block
from redmule.fp import Format, format_by_name
from redmule.job import Job

Array = NDArray[Any]
Slot = NDArray[np.uint8]

BYTES = format_by_name("e5m2").dtype
"""What an array of plain bytes is allocated as."""

NOTHING = -1


@dataclass(frozen=True, slots=True)
class Matrices:
    """The operands and the result of a job in L2, without transposes; `z` is written."""

    x: Array
    w: Array
    y: Array | None
    z: Array


@dataclass(frozen=True, slots=True)
class Load:
    """A tile on its way to the TCDM, once a step has ended and the result of a block has left (or NOTHING has to)."""

    l2: Array
    tcdm: Array
    after_step: int
    after_block: int


@dataclass(frozen=True, slots=True)
class Task:
    """A step with its tiles in the TCDM; it may run after so many loads, and when the result of a block has left."""

    step: Step
    job: Job
    loads: int
    after_block: int


class Layout:
    """A job in tiles.

    Attributes:
        loads: the transfers to the TCDM, in their order.
        tasks: the steps, in their order.
    """

    def __init__(
        self, job: Job, matrices: Matrices, problem: Problem, tiling: Tiling, tcdm: Memory, accelerators: int
    ) -> None:
        """Lay a job down.

        Args:
            job: what is asked for.
            matrices: where it lies in L2.
            problem, tiling: how it is cut.
            tcdm: where the buffers are.
            accelerators: each has its own buffers; block b is computed by number b modulo this.
        """
        self._job, self._matrices, self._problem, self._tiling = job, matrices, problem, tiling
        self._slots = _carve(tcdm, slot_bytes(problem, tiling), BUFFERS * accelerators)
        # Of each buffer of X and W: its tile, and the last step that reads it.
        self._held: dict[str, list[tuple[object, int]]] = {
            kind: [(None, NOTHING)] * len(self._slots[kind]) for kind in ("x", "w")
        }
        self.loads: list[Load] = []
        self.tasks = list(self._lay_down())

    def result_tile(self, step: Step) -> Array:
        """Return where the result of a step's block belongs in L2."""
        return self._matrices.z[step.rows, step.cols]

    def _lay_down(self) -> Iterator[Task]:
        """Yield the steps as jobs on buffers, and note the loads they need."""
        firsts: dict[int, int] = {}  # block: its first step
        for number, step in enumerate(steps(self._problem, self._tiling)):
            x = self._operand("x", self._matrices.x[step.rows, step.inner], (step.rows, step.inner), number)
            w = self._operand("w", self._matrices.w[step.inner, step.cols], (step.inner, step.cols), number)
            before = step.block - len(self._slots["block"])  # the block that had the same buffers
            z = self._of_block("block", step, self.result_tile(step), block_format(self._problem, self._tiling))
            y: Array | None = z
            op = self._job.operands.op.name
            if step.first:
                firsts[step.block] = number
                y = self._first_y(step, z, firsts.get(before, NOTHING), before)
            elif op == "matmul":
                op = "gemm"
            if step.last and "z" in self._slots:
                z = self._of_block("z", step, self.result_tile(step), self._problem.z)
            job = Job(x, w, y, op, z_out=z, saturate=self._job.saturate and step.last)
            yield Task(step, job, len(self.loads), before if step.first else NOTHING)

    def _operand(self, kind: str, tile: Array, key: object, number: int) -> Array:
        """Return a tile of X or W in the TCDM, loaded into the buffer that was used longest ago if it is not there."""
        held = self._held[kind]
        keys = [content for content, _ in held]
        hit = key in keys
        index = keys.index(key) if hit else min(range(len(held)), key=lambda slot: held[slot][1])
        there = _inside(self._slots[kind][index], tile)
        if not hit:
            self.loads.append(Load(tile, there, held[index][1], NOTHING))
        held[index] = (key, number)
        return there

    def _first_y(self, step: Step, z: Array, reader: int, before: int) -> Array | None:
        """Return Y of a block in the TCDM, or None; it comes to where the result will be, or to a buffer of its own."""
        if self._matrices.y is None:
            return None
        tile = self._matrices.y[step.rows, step.cols]
        if y_in_block(self._problem, self._tiling):
            self.loads.append(Load(tile, z, NOTHING, before))
            return z
        stored = tile[:1] if self._problem.bias else tile
        there = self._of_block("y", step, stored)
        self.loads.append(Load(stored, there, reader, NOTHING))
        return np.broadcast_to(there, tile.shape) if self._problem.bias else there

    def _of_block(self, kind: str, step: Step, tile: Array, fmt: Format | None = None) -> Array:
        """Return an array like a tile in the buffer of a step's block."""
        slots = self._slots[kind]
        return _inside(slots[step.block % len(slots)], tile, fmt)


def _carve(tcdm: Memory, sizes: dict[str, int], count: int) -> dict[str, list[Slot]]:
    """Cut so many buffers of each kind out of the TCDM."""
    arena = tcdm.alloc((count * sum(sizes.values()),), BYTES, "tiles").view(np.uint8)
    parts = iter(np.split(arena, np.cumsum(np.repeat([*sizes.values()], count))))
    return {name: [next(parts) for _ in range(count)] for name in sizes}


def _inside(slot: Slot, tile: Array, fmt: Format | None = None) -> Array:
    """Return an array like a tile, in the direction in which it is stored, densely in a buffer."""
    rows, turned = next(readable(tile))
    there = np.ndarray(rows.shape, tile.dtype if fmt is None else fmt.dtype, slot)
    return there.T if turned else there
