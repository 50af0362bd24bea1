# SPDX-License-Identifier: Apache-2.0
"""The jobs that faults are injected into: small ones which together make every part of the accelerator work."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import ml_dtypes
import numpy as np
from numpy.typing import DTypeLike, NDArray

from redmule import checks
from redmule.config import Config
from redmule.device import MEMORY_BASE, Memory
from redmule.device.placement import Placed, place
from redmule.job import HardwareJob, Job
from redmule.regs import CycleCode, Offset, ResultSel, Trigger

MEMORY_BYTES = 128 << 10
"""The TCDM of a cluster; other addresses are answered with an error."""

OP = np.dtype([("kind", "u4"), ("address", "u4"), ("data", "u4"), ("argument", "u4")])
"""An operation of the host, see host.h."""

ACQUIRE, WRITE, SELECT, READ, WAIT = range(5)
ERROR, FLAGS, COUNTERS = range(3)
"""Topics of what a host reads of an ended job."""

Build = Callable[[Memory, Config, np.random.Generator], list[Job]]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a scenario is made: its jobs, what these are, how often the memory refuses and how late it answers."""

    build: Build
    what: str
    stall: float = 0.0
    latency: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Scenario:
    """Jobs in memory, and the program of the host that gives them to the accelerator.

    Attributes:
        memory: what the memory port reaches; all that is no operand is random.
        placed: the jobs.
        program: operations of the host, of type OP.
        is_result: (bytes of memory,) 1 for each byte of a result.
        recipe: how it was made.
    """

    memory: Memory
    placed: tuple[Placed, ...]
    program: NDArray[np.void]
    is_result: NDArray[np.uint8]
    recipe: Recipe

    @property
    def hardware(self) -> list[HardwareJob]:
        """The hardware jobs, in the order of the queue."""
        return [job for placed in self.placed for job in placed.hardware]


def scenario(name: str, config: Config, seed: int = 0) -> Scenario:
    """Return a scenario, a key of SCENARIOS; `seed` is that of operands and of all else in memory."""
    recipe = SCENARIOS[checks.choice("job", name, SCENARIOS)]
    memory = Memory(MEMORY_BYTES, MEMORY_BASE)
    random = np.random.default_rng(seed)
    memory.bytes[:] = random.integers(256, size=MEMORY_BYTES, dtype=np.uint8)
    placed = tuple(place(job, memory, _nothing, config) for job in recipe.build(memory, config, random))
    hardware = [job for each in placed for job in each.hardware]
    is_result = np.zeros(MEMORY_BYTES, np.uint8)
    for job in hardware:
        memory.rows_of(is_result, job.z)[...] = 1
    return Scenario(memory, placed, program_of(hardware, config.contexts), is_result, recipe)


def program_of(jobs: Sequence[HardwareJob], contexts: int) -> NDArray[np.void]:
    """Return what a host does with jobs: it writes one after the other, waits for all, and reads what they tell."""
    ops: list[tuple[int, int, int, int]] = []
    for index, job in enumerate(jobs):
        if index >= contexts:
            ops += [(WAIT, 0, index - contexts + 1, 0), *_reads(index - contexts)]
        ops.append((ACQUIRE, Offset.ACQUIRE, 0, 0))
        ops += [(WRITE, word.OFFSET, word.pack(), 0) for word in job.registers()]
        ops.append((WRITE, Offset.TRIGGER, Trigger().pack(), 0))
    ops.append((WAIT, 0, len(jobs), 0))
    for index in range(max(0, len(jobs) - contexts), len(jobs)):
        ops += _reads(index)
    return np.array(ops, OP)


def _reads(index: int) -> list[tuple[int, int, int, int]]:
    """Return the operations that read the results of a job; its context is that of the ACQUIRE with this index."""
    ops: list[tuple[int, int, int, int]] = []
    for counter in CycleCode:
        ops.append((SELECT, Offset.RESULT_SEL, ResultSel(0, counter).pack(), index))
        if counter == 0:
            ops.append((READ, Offset.RESULT_ERROR, 0, ERROR))
            ops.append((READ, Offset.RESULT_FLAGS, 0, FLAGS))
            ops.append((READ, Offset.RESULT_CYCLES, 0, COUNTERS))
        ops.append((READ, Offset.RESULT_COUNTER, 0, COUNTERS))
    return ops


def _nothing() -> None:
    """No job runs while these are placed."""


def _values(random: np.random.Generator, shape: tuple[int, ...], dtype: DTypeLike = np.float16) -> NDArray[np.generic]:
    return random.standard_normal(shape).astype(dtype)


def _leftovers(memory: Memory, config: Config, random: np.random.Generator) -> list[Job]:
    """Return a gemm in fp16 with a rest in every direction."""
    m, n, k = config.rows + config.rows // 3 + 1, config.x_chunk + 5, config.tile_cols + config.tile_cols // 3
    return [Job(_values(random, (m, n)), _values(random, (n, k)), _values(random, (m, k)), orientation="normal")]


def _mixture(memory: Memory, config: Config, random: np.random.Generator) -> list[Job]:
    """Return a gemm of three FP8 formats, every matrix stored by columns, that saturates."""
    m, n, k = config.rows, config.x_chunk + 3, config.tile_cols + 3
    x, w = _values(random, (n, m), ml_dtypes.float8_e4m3), _values(random, (k, n), ml_dtypes.float8_e5m2)
    y = _values(random, (k, m), ml_dtypes.float8_e4m3fn)
    return [
        Job(x, w, y, "gemm", ml_dtypes.float8_e5m2, True, True, True, saturate=True, orientation="normal"),
    ]


def _extrema(memory: Memory, config: Config, random: np.random.Generator) -> list[Job]:
    """Return an operation with an addition and a maximum, in bf16, with a bias; X does not fit its buffer."""
    m, n, k = max(config.rows - 1, 1), config.x_chunks * config.x_chunk + 3, config.tile_cols + 1
    x, w, y = (_values(random, shape, ml_dtypes.bfloat16) for shape in ((m, n), (n, k), (k,)))
    return [Job(x, w, y, "addmax", orientation="normal")]


def _queue(memory: Memory, config: Config, random: np.random.Generator) -> list[Job]:
    """Return two products, of which the second reads the result of the first."""
    m, n, k = config.rows, config.x_chunk, config.tile_cols
    first = memory.alloc((m, k), np.float16)
    return [
        Job(_values(random, (m, n)), _values(random, (n, k)), z_out=first, orientation="normal"),
        Job(first, _values(random, (k, k)), _values(random, (m, k)), orientation="normal"),
    ]


def _groups(memory: Memory, config: Config, random: np.random.Generator) -> list[Job]:
    """Return a product of few rows and many columns, which share the array in groups."""
    m, n, k = max(config.rows // 4, 1), config.x_chunk // 2 + 1, 4 * config.tile_cols - 1
    return [Job(_values(random, (m, n)), _values(random, (n, k)), _values(random, (m, k)), orientation="normal")]


SCENARIOS: Mapping[str, Recipe] = {
    "leftovers": Recipe(_leftovers, "gemm in fp16 with a rest in every direction"),
    "mixture": Recipe(_mixture, "gemm of three FP8 formats, every matrix stored by columns"),
    "extrema": Recipe(_extrema, "addmax in bf16 with a bias, X too long for its buffer"),
    "queue": Recipe(_queue, "two products, of which the second reads the result of the first"),
    "groups": Recipe(_groups, "few rows and many columns, which share the array"),
    "refusals": Recipe(_leftovers, "*leftovers* on a memory that refuses and answers late", stall=0.3, latency=3),
}
"""What faults are injected into."""
