# SPDX-License-Identifier: Apache-2.0
"""A training step as groups of operations, in an order that keeps accelerator and cores at work at once.

A group is what is done tile by tile together: products with the kernels that prepare their operands and finish their
results, or kernels that follow each other element by element. What only passes between the operations of a group is
never whole in memory.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from redmule.layers import Turn
from redmule.mapper.record import Op, Tensor

TWO_PASSES: Mapping[str, float] = {"norm": 5 / 9, "norm_grad": 7 / 15}
"""Kernels that go over their data twice, and the share of the first pass, which gives sums only: of the instructions
that the table of costs counts for two elements, 2 + 6 + 1 and 4 + 10 + 1, it takes 1 + 4 and 2 + 5."""

ACTIVATIONS = ("relu", "relu6", "leakyrelu", "sigmoid", "tanh", "gelu")

POINTWISE = frozenset(
    {"norm", "norm_grad", "norm_past_sums", "affine", "add", *ACTIVATIONS, *(f"{name}_grad" for name in ACTIVATIONS)}
)
"""Kernels whose results depend, element by element, on what stands in the same place of their inputs (and on sums)."""

SUMS = "norm_sums"
"""A kernel that reads element by element and gives sums."""

SUMS_SHARE = 8
"""Results of such a kernel that are smaller than the largest by this factor are sums."""


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Operations that are done tile by tile together.

    Attributes:
        layer, turn: whose they are.
        ops: in order.
        reads, writes: tensors that come from or go to other groups.
        inner: tensors that pass between the operations.
    """

    layer: str
    turn: Turn
    ops: tuple[Op, ...]
    reads: tuple[Tensor, ...]
    writes: tuple[Tensor, ...]
    inner: tuple[Tensor, ...]

    @property
    def has_products(self) -> bool:
        """Whether the accelerator has to do with it."""
        return any(op.products for op in self.ops)

    @property
    def touched(self) -> tuple[Tensor, ...]:
        """All tensors it shares with others."""
        return tuple(dict.fromkeys((*self.reads, *self.writes)))

    def signature(self) -> object:
        """Return what groups have in common that do the same on tensors of the same sizes."""
        numbers: dict[Tensor | None, int] = {None: -1}
        for op in self.ops:
            for tensor in (*op.reads, *op.writes):
                numbers.setdefault(tensor, len(numbers))

        def numbered(tensors: Iterable[Tensor | None]) -> tuple[int, ...]:
            return tuple(numbers[tensor] for tensor in tensors)

        ops = [
            (
                *(op.what, op.elements, op.itemsize, op.share, numbered(op.reads), numbered(op.writes)),
                *((p.m, p.n, p.k, p.elem_bytes, p.trans, p.in_place, p.z_start, p.z_strides) for p in op.products),
                *(numbered((p.x, p.w, p.y, p.z)) for p in op.products),
            )
            for op in self.ops
        ]
        sizes = tuple(tensor.bytes for tensor in numbers if tensor is not None)
        return self.turn, tuple(ops), sizes, numbered(self.reads), numbered(self.writes)


def groups_of(ops: Sequence[Op]) -> list[Group]:
    """Return the groups of the operations of a step, in the order of these."""
    parts = [part for op in ops for part in _passes(op)]
    readers: dict[Tensor, list[Op]] = defaultdict(list)
    for op in parts:
        for tensor in op.reads:
            readers[tensor].append(op)
    found: list[tuple[Op, ...]] = []
    for _, run in groupby(parts, key=lambda op: (op.layer, op.turn)):
        found += _cut(list(run), readers)
    return _followed([_group(members, readers) for members in found], readers)


def _followed(groups: Sequence[Group], readers: Mapping[Tensor, Sequence[Op]]) -> list[Group]:
    """Return groups in which pointwise kernels follow each other, each on the tile that the one before has made.

    A kernel joins the group that makes its largest input, if all else it reads is there before that group begins.
    """
    joined: list[Group] = []
    makers: dict[Tensor, int] = {}
    for group in groups:
        place = len(joined)
        if all(op.what in POINTWISE or op.what == SUMS for op in group.ops):
            largest = max(group.reads, key=lambda tensor: tensor.bytes)
            sources = {makers[tensor] for tensor in group.reads if tensor in makers}
            place = makers.get(largest, place)
            before = joined[place].ops if place < len(joined) else ()
            fits = all(op.what in POINTWISE for op in before) and sources <= set(range(place + 1))
            alone = all(makers.get(tensor) != place for tensor in group.reads if tensor is not largest)
            if not (before and fits and alone):
                place = len(joined)
        if place < len(joined):
            joined[place] = _group((*joined[place].ops, *group.ops), readers)
        else:
            joined.append(group)
        makers |= dict.fromkeys(joined[place].writes, place)
    return joined


def _passes(op: Op) -> Iterator[Op]:
    """Yield an operation, or its two passes."""
    if op.what not in TWO_PASSES:
        yield op
        return
    largest = max(tensor.bytes for tensor in op.writes)
    small = tuple(tensor for tensor in op.writes if tensor.bytes * SUMS_SHARE < largest)
    large = tuple(tensor for tensor in op.writes if tensor not in small)
    sums = Tensor(f"{op.layer} {op.turn} sums", min(tensor.bytes for tensor in (*op.reads, *op.writes)))
    yield replace(op, writes=(*small, sums), share=TWO_PASSES[op.what])
    yield replace(op, reads=(*op.reads, sums), writes=large, share=1 - TWO_PASSES[op.what])


def _cut(run: Sequence[Op], readers: Mapping[Tensor, Sequence[Op]]) -> Iterator[tuple[Op, ...]]:
    """Yield the groups of the operations of one layer and turn."""
    made = {tensor for op in run if op.products for tensor in op.writes}

    def belongs(op: Op) -> bool:
        own = all(reader in run for tensor in op.writes for reader in readers[tensor])
        return bool(op.products) or not made.isdisjoint((*op.reads, *op.writes)) or own

    together = [op for op in run if made and belongs(op)]
    for op in run:
        if op not in together:  # what others need as well: casts
            yield (op,)
    if together:
        yield tuple(together)


def _group(ops: tuple[Op, ...], readers: Mapping[Tensor, Sequence[Op]]) -> Group:
    """Return a group with the tensors that come and go."""
    reads: dict[Tensor, None] = {}
    made: dict[Tensor, None] = {}
    for op in ops:
        reads |= dict.fromkeys(tensor for tensor in op.reads if tensor not in made)
        made |= dict.fromkeys(op.writes)
    leaves = [t for t in made if t.survives or not readers[t] or any(reader not in ops for reader in readers[t])]
    inner = tuple(tensor for tensor in made if tensor not in leaves)
    writes = tuple(tensor for tensor in leaves if readers[tensor] or tensor.survives)
    dead = tuple(tensor for tensor in leaves if tensor not in writes)
    own_sums = tuple(tensor for tensor in reads if tensor in made)  # a product adds to what it writes
    return Group(ops[0].layer, ops[0].turn, ops, tuple(t for t in reads if t not in own_sums), writes, (*inner, *dead))


def ordered(groups: Sequence[Group], inputs_first: bool) -> list[Group]:
    """Return groups in the order in which they are to be begun.

    Each parameter is updated as soon as its gradient is there. `inputs_first`: a layer's gradient of the input comes
    before that of its weights, so that the cores have work of the layer before while the accelerator does the latter.
    """
    makers: dict[Tensor, int] = {}
    needs: list[set[int]] = []
    for index, group in enumerate(groups):
        needs.append({makers[tensor] for tensor in group.reads if tensor in makers})
        makers |= dict.fromkeys(group.writes, index)
    last_of_layer = {group.layer: index for index, group in enumerate(groups) if group.turn == "inputs"}
    keys: list[tuple[float, int]] = []
    for index, group in enumerate(groups):
        place = float(index)
        if group.turn == "weights" and inputs_first:
            place = max(place, last_of_layer.get(group.layer, index) + 0.5)
        if group.turn == "update":
            place = max((keys[need][0] for need in needs[index]), default=place) + 0.25
        keys.append((place, index))
    return [groups[index] for index in _sorted(keys, needs)]


def _sorted(keys: Sequence[tuple[float, int]], needs: Sequence[Iterable[int]]) -> Iterator[int]:
    """Yield places by their keys, none before what it needs."""
    left = [len(set(need)) for need in needs]
    wanted_by: list[list[int]] = [[] for _ in needs]
    for index, need in enumerate(needs):
        for other in need:
            wanted_by[other].append(index)
    ready = [key for key, count in zip(keys, left, strict=True) if count == 0]
    heapq.heapify(ready)
    while ready:
        _, index = heapq.heappop(ready)
        yield index
        for other in wanted_by[index]:
            left[other] -= 1
            if left[other] == 0:
                heapq.heappush(ready, keys[other])
