# SPDX-License-Identifier: Apache-2.0
"""The cycle law against the RTL: whether it is exact, how far its estimates under contention are off, what it costs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from redmule import law
from redmule.cluster import PATTERNS, PRIORITIES, Cluster, Traffic
from redmule.config import Config
from redmule.device import ClusterDevice, Device, open_device, sharing
from redmule.device.placement import place
from redmule.fp import FORMATS
from redmule.job import Job
from redmule.law import Bytes, Shape, Trans
from redmule.workload import LAYOUTS, layers, networks

Progress = Callable[[int, int], None]
"""Told the trials done and the cycles simulated."""

LONGEST_QUEUE = 4
MOST_SIZE, MOST_STEPS = 200, 6_000
"""Sizes of random jobs: each up to the first, the array's cycles up to about the second."""

TRIALS_OF_A_DEVICE = 25
MOST_STALL, MOST_LATENCY = 0.9, 20
SHARES = ((1, 8), (1, 4), (1, 2), (3, 4))
BATCH = 16

ASKED = 3
"""Times that a question is asked whose cost is measured."""

LEAST_RUNS, MOST_RUNS, MEASURED_CYCLES = 2, 200, 40_000
"""An estimate is held against the mean of so many runs, enough for so many cycles."""

KINDS = ("isolated", "queued", "refused", "cluster", "tiles")
"""How jobs are compared: alone; in queues of 2 to 4; in queues on a memory that refuses and is late; in queues in the
TCDM, among busy cores; from L2 in tiles, among busy cores."""


@dataclass(frozen=True, slots=True)
class Exactness:
    """How many jobs were compared, and in how many cycles, steps or stalls of any reason differ."""

    kind: str
    config: str
    jobs: int
    differ: int


def compare(kind: str, config: Config, jobs: int, progress: Progress, seed: int = 1) -> Exactness:
    """Run random jobs on the RTL and on the model device; compare what each took.

    Args:
        kind: one of KINDS.
        config: the accelerator.
        jobs: at least so many.
        progress: told the jobs done and the cycles simulated.
        seed: of everything.
    """
    random = np.random.default_rng([seed, KINDS.index(kind), config.num_ces])
    done = differ = cycles = 0
    while done < jobs:
        options = _options(kind, config, random)
        with ExitStack() as stack:
            rtl, model = (stack.enter_context(open_device(name, config, **options)) for name in ("rtl", "model"))
            for _ in range(TRIALS_OF_A_DEVICE):
                length = 1 if kind in ("isolated", "tiles") else int(random.integers(2, LONGEST_QUEUE + 1))
                draw = int(random.integers(1 << 32))
                got, wanted = (
                    [
                        (result.cycles, result.steps, result.stalls)
                        for result in device.run(_draw_queue(device, np.random.default_rng(draw), length, kind))
                    ]
                    for device in (rtl, model)
                )
                differ += sum(one != other for one, other in zip(got, wanted, strict=True))
                done += length
                cycles += sum(taken or 0 for taken, *_ in got)
                progress(min(done, jobs), cycles)
                if done >= jobs:
                    break
    return Exactness(kind, config.name, done, differ)


def _options(kind: str, config: Config, random: np.random.Generator) -> dict[str, Any]:
    """Return what a pair of devices is opened with."""
    options: dict[str, Any] = {"seed": int(random.integers(1 << 32))}
    if kind == "refused":
        options["stall"] = float(random.uniform(0.05, MOST_STALL))
        options["latency"] = int(random.integers(MOST_LATENCY + 1))
    elif kind in ("cluster", "tiles"):
        options["cluster"] = Cluster(
            traffic=Traffic(
                str(random.choice(PATTERNS)), float(random.random()), float(random.choice((0.0, 0.5, 0.9)))
            ),
            priority=str(random.choice(PRIORITIES)),
            share=SHARES[random.integers(len(SHARES))],
            l2_latency=int(random.choice((1, 10, 100))),
            l2_interval=int(random.choice((1, 2, 5))),
        )
    return options


def _draw_queue(device: Device, random: np.random.Generator, length: int, kind: str) -> list[Job]:
    """Return random jobs; many read what the one before writes."""
    jobs: list[Job] = []
    for _ in range(length):
        before = jobs[-1].z_out if jobs and random.random() < 1 / 2 else None
        jobs.append(_draw_job(device, random, before, kind))
    return jobs


def _draw_job(device: Device, random: np.random.Generator, x: NDArray[Any] | None, kind: str) -> Job:
    """Return a random job, on a given X."""
    m, n, k = draw_sizes(random, device.config)
    if x is None:
        x = _matrix(device, random, m, n, kind)
    m, n = x.shape
    y = _matrix(device, random, m, k, kind) if random.random() < 2 / 3 else None
    if y is not None and random.random() < 1 / 4:
        y = y[0]
    fmt = FORMATS[random.integers(len(FORMATS))]
    z_out = None if kind == "tiles" else device.alloc((m, k), fmt.dtype)
    return Job(x, _matrix(device, random, n, k, kind), y, z_out=z_out, out_dtype=fmt.dtype)


def draw_sizes(random: np.random.Generator, config: Config) -> tuple[int, int, int]:
    """Return M, N, K: log-uniform, then shrunk until the array is done with them soon."""
    sizes = np.exp(random.uniform(0, np.log(MOST_SIZE), 3))
    while np.prod(sizes) / config.num_ces > MOST_STEPS:
        sizes[np.argmax(sizes)] /= 2
    m, n, k = (max(1, int(size)) for size in sizes)
    return m, n, k


def _matrix(device: Device, random: np.random.Generator, rows: int, cols: int, kind: str) -> NDArray[Any]:
    """Return a matrix in a random format, stored by rows or by columns."""
    fmt, turned = FORMATS[random.integers(len(FORMATS))], bool(random.integers(2))
    shape = (cols, rows) if turned else (rows, cols)
    if kind == "tiles" and isinstance(device, ClusterDevice):
        matrix = device.alloc(shape, fmt.dtype, "l2")
    else:
        matrix = np.empty(shape, fmt.dtype)
    matrix[...] = random.standard_normal(shape)
    return matrix.T if turned else matrix


@dataclass(frozen=True, slots=True)
class Guess:
    """An estimate and what the RTL took; the groups that it counts in, by name."""

    groups: tuple[str, ...]
    error: float
    spread: float


def guess_refused(config: Config, count: int, progress: Progress, seed: int = 2) -> Iterator[Guess]:
    """Estimate single jobs on memories that refuse and are late, with other random numbers than the RTL's.

    Args:
        config: the accelerator.
        count: jobs.
        progress: told the jobs done and the cycles simulated.
        seed: of everything.
    """
    random, cycles = np.random.default_rng([seed, config.num_ces]), 0
    for done in range(1, count + 1):
        stall = float(random.choice((0.05, 0.1, 0.3, 0.5, 0.7, 0.9)))
        latency = int(random.choice((0, 0, 1, 5, 20)))
        m, n, k = draw_sizes(random, config)
        x, w, y = (random.standard_normal(shape).astype(np.float16) for shape in ((m, n), (n, k), (m, k)))
        with open_device("rtl", config, stall=stall, latency=latency, seed=int(random.integers(1 << 32))) as device:
            job = Job(x, w, y, orientation="normal")
            taken, simulated = _measure(device, job)
            hardware = place(job, device.memory, lambda: None, config).hardware
        cycles += simulated
        estimate = law.stalled(hardware, config, stall, latency)
        groups = (config.name, f"stall {stall:g}", f"latency {latency}")
        yield Guess(groups, estimate.total / taken - 1, estimate.spread / estimate.total)
        progress(done, cycles)


def _measure(device: Device, job: Job) -> tuple[float, int]:
    """Return the mean cycles of a job that runs a few times, the shorter the more often, and the cycles of all runs."""
    taken: list[int] = []
    while len(taken) < LEAST_RUNS or (sum(taken) < MEASURED_CYCLES and len(taken) < MOST_RUNS):
        taken.append(device.run([job])[0].cycles or 0)
    return float(np.mean(taken)), sum(taken)


def guess_shared(config: Config, count: int, progress: Progress, seed: int = 3) -> Iterator[Guess]:
    """Estimate single jobs among busy cores, with other random numbers than the RTL's. Arguments as before."""
    random = np.random.default_rng([seed, config.num_ces])
    with _cluster_device(config, seed) as device:
        for done in range(1, count + 1):
            traffic = Traffic(str(random.choice(PATTERNS)), float(random.choice((0.1, 0.2, 0.3, 0.5, 0.75, 1.0))))
            share = SHARES[random.integers(len(SHARES))]
            device.configure(traffic=traffic, priority=str(random.choice(PRIORITIES)), share=share)
            m, n, k = draw_sizes(random, config)
            shapes = ((m, n), (n, k), (m, k), (m, k))
            x, w, y, z = (device.alloc(shape, np.float16) for shape in shapes)
            job = Job(x, w, y, z_out=z, orientation="normal")
            taken, _ = _measure(device, job)
            hardware = place(job, device.memory, lambda: None, config).hardware
            estimate = law.shared(hardware, config, sharing(device.cluster, config))
            rule = f"{device.cluster.priority} first, {share[0]}/{share[1]}"
            groups = (config.name, traffic.pattern, f"rate {traffic.rate:g}", rule)
            yield Guess(groups, estimate.total / taken - 1, estimate.spread / estimate.total)
            progress(done, device.harness.cycle)


def _cluster_device(config: Config, seed: int) -> ClusterDevice:
    """Return the RTL in the default cluster, with room for traffic."""
    device = open_device("rtl", config, cluster=Cluster(traffic="linear:0"), seed=seed)
    assert isinstance(device, ClusterDevice)
    return device


@dataclass(frozen=True, slots=True)
class Cost:
    """What questions to the law cost, in milliseconds of one processor."""

    what: str
    questions: int
    mean_ms: float
    worst_ms: float
    worst: str


def cost_of_layers(config: Config) -> Cost:
    """Ask for every layer of every network, all passes, both layouts, batch BATCH."""
    products = [p for network in networks() for layout in LAYOUTS for p in layers(network, BATCH, layout)]
    asked = [([Shape(p.m, p.n, p.k, p.elem_bytes, p.trans)], config) for p in products]
    return _cost(f"layers, {config.name}", asked)


def cost_of_any(count: int, length: int, seed: int = 4) -> Cost:
    """Ask for random queues on random configurations: sizes up to 65535, any formats and transposes."""
    random = np.random.default_rng([seed, length])
    asked = []
    for _ in range(count):
        config = _random_config(random)
        asked.append(([_random_shape(random, config) for _ in range(length)], config))
    return _cost(f"any {length} jobs, any configuration" if length > 1 else "any job, any configuration", asked)


def _random_config(random: np.random.Generator) -> Config:
    rows, row_len, pipe_regs = (int(random.integers(*limits)) for limits in ((1, 33), (1, 17), (0, 5)))
    return Config(
        rows,
        row_len,
        pipe_regs,
        int(random.choice((64, 128, 256, 512, 1024))),
        row_groups=int(random.choice((1, 2, 4))),
        transposes=bool(random.integers(2)),
        x_chunks=int(random.integers(2, 9)),
        w_ahead=int(random.integers(2, 17)),
    )


def _random_shape(random: np.random.Generator, config: Config) -> Shape:
    m, n, k = (int(size) for size in np.exp(random.uniform(0, np.log(65536), 3)))
    x, w, z = (int(size) for size in random.integers(1, 3, 3))
    elem_bytes: Bytes = (x, w, int(random.integers(0, 3)), z)
    trans: Trans = (False, False, False)
    if config.transposes:
        trans = (bool(random.integers(2)), bool(random.integers(2)), bool(random.integers(2)))
    return Shape(m, n, k, elem_bytes, trans)


def _cost(what: str, asked: Sequence[tuple[list[Shape], Config]]) -> Cost:
    """Ask every question a few times; the fastest counts, for others use the machine as well."""
    law.queue_cycles([Shape(1, 1, 1)], asked[0][1])  # compiled now
    times = [min(_seconds(*question) for _ in range(ASKED)) for question in asked]
    shapes, config = asked[int(np.argmax(times))]
    names = ", ".join(f"{s.m}x{s.n}x{s.k}" for s in shapes)
    where = f"{names} on {config.rows}x{config.row_len}, port {config.port_width}"
    return Cost(what, len(asked), 1e3 * float(np.mean(times)), 1e3 * max(times), where)


def _seconds(shapes: list[Shape], config: Config) -> float:
    start = time.process_time()
    law.queue_cycles(shapes, config)
    return time.process_time() - start
