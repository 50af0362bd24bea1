# SPDX-License-Identifier: Apache-2.0
"""The functional model: groups of bins, each the cross of some axes, and which of them a job hits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

from redmule.fp import FORMATS, OPS
from redmule.job import STALLS
from redmule.regs import ErrorCode
from tb.coverage.sample import DATA, PHASES, RELATIONS, JobSample
from tb.coverage.shape import (
    LAYOUTS,
    LEFTOVERS,
    OFFSETS,
    SPLIT_ROWS,
    WIDTHS,
    Y_KINDS,
    alignments,
    layouts,
    leftovers,
    number,
    row_groups,
    widths,
    y_kind,
)

Bins = Iterable[tuple[str, ...]]

OP_NAMES = tuple(op.name for op in OPS)
FORMAT_NAMES = tuple(fmt.name for fmt in FORMATS)
NUMBERS = ("one", "two", "many")
NO_YES = ("no", "yes")
FLAGS = ("nv", "of", "uf", "nx")
STALLING = ("never", "seldom", "often", "mostly")
LATE = ("next_cycle", "late", "very_late")
SELDOM, OFTEN, VERY_LATE = 0.3, 0.6, 4
"""Bounds of these classes: probability of a denied grant, cycles."""
AHEAD = ("0", "1", "2", "3")
CORES = tuple(str(core) for core in range(8))
LARGEST = 65535
ABORTS = ("clear_all", "clear_running", "reset")

PARAMETERS: Mapping[str, Sequence[int]] = {
    "rows": (1, 2, 5, 12, 32),
    "row_len": (1, 2, 3, 4, 5, 16),
    "pipe_regs": (0, 1, 3, 4),
    "port_width": (64, 128, 256, 1024),
    "contexts": (1, 2, 3, 4),
    "row_groups": (1, 2, 4),
    "transposes": (0, 1),
    "x_chunks": (2, 5, 8),
    "w_ahead": (2, 6, 16),
}
"""Values by field of `Config`: those of `tiny` and `paper`, and the unusual ones and ends that have to work."""


@dataclass(frozen=True, slots=True)
class Group:
    """Bins that belong together.

    Attributes:
        name: what others call it.
        what: what its bins say, in one line.
        axes: names of the axes.
        values: of each axis; the bins are their cross.
        of: the bins that a job hits.
        names: of all bins: one value of each axis, separated by a space.
    """

    name: str
    what: str
    axes: tuple[str, ...]
    values: tuple[tuple[str, ...], ...]
    of: Callable[[JobSample], Bins]
    names: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", frozenset(" ".join(bin_values) for bin_values in product(*self.values)))


def _ended_well(of: Callable[[JobSample], Bins]) -> Callable[[JobSample], Bins]:
    """Return a function for jobs whose result was compared; no other counts."""
    return lambda sample: of(sample) if sample.ended == "none" and sample.job is not None else ()


def _group(name: str, what: str, axes: Mapping[str, Sequence[str]], of: Callable[[JobSample], Bins]) -> Group:
    return Group(name, what, tuple(axes), tuple(tuple(values) for values in axes.values()), of)


def _well(name: str, what: str, axes: Mapping[str, Sequence[str]], of: Callable[[JobSample], Bins]) -> Group:
    """A group of jobs that ended well."""
    return _group(name, what, axes, _ended_well(of))


def _yes(value: object) -> str:
    return NO_YES[bool(value)]


def _formats(sample: JobSample) -> Bins:
    job = sample.job
    assert job is not None
    return [(job.op.name, job.x.format.name, job.w.format.name)]


def _y_z_formats(sample: JobSample) -> Bins:
    job = sample.job
    assert job is not None
    return [] if job.y is None else [(job.y.format.name, job.z.format.name)]


def _z_format(sample: JobSample) -> Bins:
    job = sample.job
    assert job is not None
    return [(job.op.name, job.z.format.name)]


def _trans(sample: JobSample) -> tuple[str, str, str]:
    job = sample.job
    assert job is not None
    return _yes(job.x_trans), _yes(job.w_trans), _yes(job.z_trans)


def _transposes(sample: JobSample) -> Bins:
    assert sample.job is not None
    return [(sample.job.op.name, *_trans(sample))]


def _transposed_widths(sample: JobSample) -> Bins:
    return [(*_trans(sample), *widths(sample))]


def _leftover_pair(first: str, second: str) -> Group:
    what = f"leftovers of {first} and of {second}: what is left in the last block, pass, chunk or tile"
    axes = {first: LEFTOVERS, second: LEFTOVERS}

    def of(sample: JobSample) -> Bins:
        left = leftovers(sample)
        return [(left[first], left[second])]

    return _well(f"leftover_{first}_{second}", what, axes, of)


def _sizes(sample: JobSample) -> Bins:
    job = sample.job
    assert job is not None
    ends = {1: "one", LARGEST: "largest"}
    return [(name, ends[size]) for name, size in zip("mnk", (job.m, job.n, job.k), strict=True) if size in ends]


def _tiles(sample: JobSample) -> Bins:
    job, config = sample.job, sample.config
    assert job is not None
    counts = (-(-job.m // config.rows), -(-job.n // config.row_len), -(-job.k // config.tile_cols))
    return [tuple(number(count) for count in counts)]


def _y_kinds(sample: JobSample) -> Bins:
    assert sample.job is not None
    return [(sample.job.op.name, y_kind(sample.job), _yes(sample.job.z_trans))]


def _saturate(sample: JobSample) -> Bins:
    job = sample.job
    assert job is not None
    return [(_yes(job.saturate), job.z.format.name, _yes(sample.flags.of))]


def _flags(sample: JobSample) -> Bins:
    assert sample.job is not None
    return [(sample.job.op.name, flag, _yes(getattr(sample.flags, flag))) for flag in FLAGS]


def _data(sample: JobSample) -> Bins:
    assert sample.job is not None
    return [(sample.job.op.name, operand, kind) for operand, kind in sample.data]


def _weather(sample: JobSample) -> tuple[str, str]:
    stall = 0 if not sample.stall else 1 + (sample.stall > SELDOM) + (sample.stall > OFTEN)
    late = 0 if not sample.latency else 1 + (sample.latency > VERY_LATE)
    return STALLING[stall], LATE[late]


def _memory(sample: JobSample) -> Bins:
    return [] if sample.cluster else [_weather(sample)]


def _stalls(sample: JobSample) -> Bins:
    weather = "cluster" if sample.cluster else "refusing" if sample.stall or sample.latency else "granting"
    return [(reason, weather) for reason, cycles in sample.stalls.items() if cycles]


def _errors(sample: JobSample) -> Bins:
    return [(sample.ended, sample.place)] if sample.ended not in ABORTS else []


def _relations(sample: JobSample) -> Bins:
    return [(relation, str(sample.ahead)) for relation in sample.relations if sample.ahead]


def _behind(sample: JobSample) -> Bins:
    return [(str(sample.ahead), _yes(sample.held), _yes(sample.other_core))]


def _cores(sample: JobSample) -> Bins:
    return [(str(sample.core),)] if sample.core < len(CORES) else []


def _aborts(sample: JobSample) -> Bins:
    return [(sample.ended, sample.phase)] if sample.ended in ABORTS and sample.phase is not None else []


def _cluster(sample: JobSample) -> Bins:
    assert sample.job is not None
    return [(_yes(sample.cluster), sample.job.op.name)]


def _parameter(name: str) -> Group:
    values = tuple(str(value) for value in PARAMETERS[name])

    def of(sample: JobSample) -> Bins:
        value = str(int(getattr(sample.config, name)))
        return [(value,)] if value in values else []

    return _well(f"config_{name}", f"configurations: {name}", {name: values}, of)


_TRANS = {"x_trans": NO_YES, "w_trans": NO_YES, "z_trans": NO_YES}

GROUPS = (
    _well("formats", "operation, formats of X and W", {"op": OP_NAMES, "x": FORMAT_NAMES, "w": FORMAT_NAMES}, _formats),
    _well("y_z_formats", "formats of Y and Z", {"y": FORMAT_NAMES, "z": FORMAT_NAMES}, _y_z_formats),
    _well("z_format", "operation, format of Z", {"op": OP_NAMES, "z": FORMAT_NAMES}, _z_format),
    _well("transposes", "operation, what is stored by columns", {"op": OP_NAMES, **_TRANS}, _transposes),
    _well(
        "transposed_widths",
        "what is stored by columns, bits of an element of X, W and Z",
        {**_TRANS, "x": WIDTHS, "w": WIDTHS, "z": WIDTHS},
        _transposed_widths,
    ),
    *(_leftover_pair(*pair) for pair in (("m", "n"), ("m", "k"), ("n", "k"), ("m", "chunk"), ("k", "chunk"))),
    _well("sizes", "M, N and K at both ends", {"size": tuple("mnk"), "is": ("one", "largest")}, _sizes),
    _well(
        "row_groups",
        "groups that the rows of the last block are split into, its rows, what is left of the last tile",
        {"groups": ("1", "2", "4"), "rows": SPLIT_ROWS, "k": LEFTOVERS},
        row_groups,
    ),
    _well("tiles", "row blocks, passes, column tiles", dict.fromkeys(("blocks", "passes", "tiles"), NUMBERS), _tiles),
    _well(
        "alignment",
        "operand, bits of an element, byte of a word and word of a beat at which it begins",
        {"operand": tuple("xwyz"), "bits": WIDTHS, "offset": OFFSETS, "word": ("first", "middle", "last")},
        alignments,
    ),
    _well("strides", "how the rows of an operand lie", {"operand": tuple("xwyz"), "rows": LAYOUTS}, layouts),
    _well("y_kinds", "operation, where Y is, stored by columns", {"op": OP_NAMES, "y": Y_KINDS, "t": NO_YES}, _y_kinds),
    _well("saturate", "saturation, format of Z, overflow", {"on": NO_YES, "z": FORMAT_NAMES, "of": NO_YES}, _saturate),
    _well("flags", "operation, exception, raised", {"op": OP_NAMES, "flag": FLAGS, "raised": NO_YES}, _flags),
    _well("data", "operation, operand, codes in it", {"op": OP_NAMES, "operand": tuple("xwy"), "data": DATA}, _data),
    _well("memory", "refused grants, late answers", {"refused": STALLING, "answers": LATE}, _memory),
    _well(
        "stalls",
        "cycles that are no steps, by reason, on a memory that grants or refuses, or in the cluster",
        {"reason": tuple(STALLS), "memory": ("granting", "refusing", "cluster")},
        _stalls,
    ),
    _group(
        "endings",
        "error code (none: it ended well), place in the queue",
        {"ended": [code.name.lower() for code in ErrorCode], "place": ("alone", "first", "behind")},
        _errors,
    ),
    _well("relations", "to the job before in the queue, jobs ahead", {"to": RELATIONS, "n": AHEAD[1:]}, _relations),
    _well("queue", "jobs ahead, held, behind another core's", {"n": AHEAD, "held": NO_YES, "core": NO_YES}, _behind),
    _well("cores", "the core that committed the job", {"core": CORES}, _cores),
    _group("aborts", "how a job was aborted, and where it was", {"by": ABORTS, "phase": PHASES}, _aborts),
    _well("cluster", "in the cluster, operation", {"cluster": NO_YES, "op": OP_NAMES}, _cluster),
    *(_parameter(name) for name in PARAMETERS),
)
"""The model."""
