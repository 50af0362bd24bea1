# SPDX-License-Identifier: Apache-2.0
"""The mapper: chooses variants and tiles of each pass, then the order of the step and what stays in the TCDM.

A pass is judged by its cycles on its own, plus those it takes of accelerator and cores, each at a price: the share of
the step, as mapped so far, in which this resource works. So what one has too much of goes to the other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

from redmule import checks
from redmule.cluster import Cluster
from redmule.config import Config
from redmule.layers import FP16, PASSES, CoreCosts, Recipe, Turn
from redmule.layers.costs import default_costs
from redmule.mapper.graph import Group, groups_of, ordered
from redmule.mapper.mapping import Buffer, Mapping, PassMap, Way
from redmule.mapper.program import Builder
from redmule.mapper.record import record
from redmule.mapper.residency import Residency
from redmule.mapper.schedule import Timeline, simulate
from redmule.mapper.tiled import Machine, Tiled
from redmule.mapper.tiles import tilings
from redmule.networks import Network, Placed

BUDGETS = (4, 8)
"""Parts of the TCDM that the buffers of one group may take: all groups with each of them."""

AHEAD = (1, 2)
"""Room is left for the buffers of so many of the next groups: all are tried."""

LEAST_TCDM, MOST_TCDM = 4096, 8 << 20

ROUNDS = 2
"""Mappings with each budget: without prices, then with those of the one before."""

Key = tuple[str, Turn]
Options = dict[tuple[Key, str], list[list["_Option"]]]
"""For each pass and variant, for each of its groups, the ways to cut it; none if it does not fit."""

Prices = tuple[float, float]
"""Of a cycle of the accelerator, and of one of the cores."""

Progress = Callable[[int, int], None]
"""Told the rounds done, of `ATTEMPTS`, and the cycles of the best step so far."""

ATTEMPTS = ROUNDS * len(BUDGETS)


@dataclass(frozen=True, slots=True, eq=False)
class _Option:
    """A way to cut a group: its cycles on its own, those of accelerator and cores."""

    tiled: Tiled
    alone: int
    taken: tuple[int, ...]

    def score(self, prices: Prices) -> float:
        """Return what it is judged by."""
        return self.alone + sum(price * cycles for price, cycles in zip(prices, self.taken, strict=False))


@dataclass(frozen=True, slots=True)
class _Attempt:
    """A step as it might run."""

    tileds: Sequence[Tiled]
    residency: Residency
    builder: Builder
    timeline: Timeline
    ways: dict[Key, list[Way]]


def map_step(
    network: Network,
    config: Config | str = "paper",
    batch: int = 1,
    *,
    tcdm_bytes: int | None = None,
    cluster: Cluster | None = None,
    recipe: Recipe = FP16,
    costs: CoreCosts | None = None,
    progress: Progress | None = None,
) -> Mapping:
    """Return how a training step of a network runs; its layers are left set to the variants that were chosen.

    Args:
        network: what is trained.
        config: the accelerator, or the name of a configuration.
        batch: samples of the step.
        tcdm_bytes: size of the TCDM; default: that of the cluster.
        cluster: memories and DMA around the accelerator.
        recipe: formats.
        costs: of kernels; default: those of the package.
        progress: told the attempts made, and the cycles of the best one.

    Raises:
        ValueError: an argument is wrong, or a layer does not fit the TCDM.
    """
    around = cluster or Cluster()
    size = around.tcdm_bytes if tcdm_bytes is None else tcdm_bytes
    checks.integer("tcdm_bytes", size, range(LEAST_TCDM, MOST_TCDM + 1))
    accelerator = config if isinstance(config, Config) else Config.named(config)
    machine = Machine(accelerator, costs or default_costs(), size, around.dma_bytes_per_cycle)
    mapper = _Mapper(network, batch, machine, recipe)
    best: _Attempt | None = None
    for budget_number, budget in enumerate(BUDGETS):
        options = mapper.options(size // budget)
        prices = (0.0, 0.0)
        for number in range(ROUNDS):
            attempt = mapper.attempt(options, prices)
            if best is None or attempt.timeline.cycles < best.timeline.cycles:
                best = attempt
            busy = attempt.timeline.busy
            prices = busy[0] / attempt.timeline.cycles, busy[1] / attempt.timeline.cycles
            if progress is not None:
                progress(budget_number * ROUNDS + number + 1, best.timeline.cycles)
    assert best is not None
    mapper.choose(best.ways)
    return mapper.mapping(best)


class _Mapper:
    """What attempts to map a step have in common."""

    def __init__(self, network: Network, batch: int, machine: Machine, recipe: Recipe) -> None:
        self.network, self.batch, self.machine, self.recipe = network, batch, machine, recipe
        self.placed = {place.path: place for place in network.placed(batch)}
        self._known: dict[object, list[_Option]] = {}
        self.variants: dict[Key, dict[str, list[Group]]] = defaultdict(dict)
        choices = [len(place.layer.choices(turn)) for place in self.placed.values() for turn in PASSES]
        for number in range(max(1, *choices)):
            self._record_variants(number)

    def _record_variants(self, number: int) -> None:
        """Record the step with each layer in its variant of this number, and keep what has not been seen."""
        for place, turn in product(self.placed.values(), PASSES):
            if choices := place.layer.choices(turn):
                place.layer.choose(turn, choices[number % len(choices)])
        for key, groups in _by_pass(self._groups()).items():
            path, turn = key
            varies = turn in PASSES and path in self.placed and self.placed[path].layer.choices(turn)
            variant = self.placed[path].layer.variant(turn) if varies else ""
            self.variants[key].setdefault(variant, groups)

    def _groups(self) -> list[Group]:
        machine = self.machine
        return groups_of(record(self.network, self.batch, machine.config, self.recipe, machine.costs))

    def choose(self, ways: dict[Key, list[Way]]) -> None:
        """Set the layers to the first of the ways."""
        for (path, turn), found in ways.items():
            if found[0].variant:
                self.placed[path].layer.choose(turn, found[0].variant)

    def options(self, budget: int) -> Options:
        """Return how groups may be cut if their buffers take so many bytes."""
        return {
            (key, variant): [self._options_of(group, budget) for group in groups]
            for key, variants in self.variants.items()
            for variant, groups in variants.items()
        }

    def _options_of(self, group: Group, budget: int) -> list[_Option]:
        halo = self._halo(group)
        key = group.signature(), halo, budget
        if key not in self._known:
            found = tilings(group, self.machine, halo, budget)
            fits = found[0].bytes <= self.machine.tcdm_bytes
            self._known[key] = [_Option(tiled, *self._alone(tiled)) for tiled in found] if fits else []
        return self._known[key]

    def _alone(self, tiled: Tiled) -> tuple[int, tuple[int, ...]]:
        """Return the cycles of a group whose tensors come from L2 and go there, and those of each resource."""
        unlimited = 1 << 62
        timeline = simulate(Builder([tiled], Residency([tiled], unlimited, 0), self.machine).program, unlimited)
        return timeline.cycles, timeline.busy

    def _least_bytes(self, group: Group) -> int:
        return tilings(group, self.machine, self._halo(group), 0)[0].bytes

    def attempt(self, options: Options, prices: Prices) -> _Attempt:
        """Return the best step that comes of options at these prices.

        Raises:
            ValueError: a layer does not fit the TCDM.
        """
        ways = {key: self._ways(key, options, prices) for key in self.variants}
        self.choose(ways)
        groups = self._groups()
        cut: dict[Group, Tiled] = {}
        for key, members in _by_pass(groups).items():
            for group, found in zip(members, options[key, ways[key][0].variant], strict=True):
                cut[group] = min(found, key=lambda option: option.score(prices)).tiled.of(group)
        best: _Attempt | None = None
        for inputs_first, ahead in product((True, False), AHEAD):
            tileds = [cut[group] for group in ordered(groups, inputs_first)]
            residency = Residency(tileds, self.machine.tcdm_bytes, ahead)
            builder = Builder(tileds, residency, self.machine)
            timeline = simulate(builder.program, self.machine.tcdm_bytes)
            if best is None or timeline.cycles < best.timeline.cycles:
                best = _Attempt(tileds, residency, builder, timeline, ways)
        assert best is not None
        return best

    def _ways(self, key: Key, options: Options, prices: Prices) -> list[Way]:
        """Return the ways to do a pass, the best first."""
        found: list[Way] = []
        for variant, groups in self.variants[key].items():
            every = options[key, variant]
            if not all(every):
                continue
            main = groups.index(max(groups, key=_weight))
            others = [
                min(each, key=lambda option: option.score(prices)) for each in (*every[:main], *every[main + 1 :])
            ]
            for option in every[main]:
                parts = [option, *others]
                alone, score = sum(part.alone for part in parts), sum(part.score(prices) for part in parts)
                found.append(Way(variant, option.tiled.axis, option.tiled.count, alone, round(score)))
        if not found:
            least = min(max(map(self._least_bytes, groups)) for groups in self.variants[key].values())
            allowed = f"are more, at least {least}, for {key[0]} {key[1]} at batch {self.batch}"
            raise checks.refused("tcdm_bytes", self.machine.tcdm_bytes, allowed)
        return sorted(found, key=lambda way: way.score)

    def _halo(self, group: Group) -> float:
        """Return the share of the images that a tile sees of its neighbours: the lines of the kernel but one."""
        place = self.placed.get(group.layer)
        kernel = None if place is None else getattr(place.layer, "kernel", None)
        slides = group.has_products or group.ops[0].what.startswith("depthwise")
        if place is None or kernel is None or not slides:
            return 0.0
        return float((kernel[0] - 1) / (place.x[0] * place.x[1]))

    # ----------------------------------------------------------------------------------------------------- results

    def mapping(self, attempt: _Attempt) -> Mapping:
        """Return what is said about a step."""
        places: dict[Key, list[int]] = defaultdict(list)
        for place, tiled in enumerate(attempt.tileds):
            places[tiled.group.layer, tiled.group.turn].append(place)
        passes = [self._pass(key, numbers, attempt) for key, numbers in places.items()]
        passes.sort(key=lambda each: each.span)
        timeline = attempt.timeline
        return Mapping(
            self.network, self.batch, self.recipe, self.machine, tuple(passes), timeline, tuple(_buffers(attempt))
        )

    def _pass(self, key: Key, places: Sequence[int], attempt: _Attempt) -> PassMap:
        tileds = tuple(attempt.tileds[place] for place in places)
        spans = [attempt.timeline.spans[place] for place in places]
        way, *others = attempt.ways[key]
        layer, turn = key
        placed: Placed | None = self.placed.get(layer)
        accelerator, cores, dma = (sum(each) for each in zip(*(attempt.timeline.took[p] for p in places), strict=True))
        return PassMap(
            layer,
            turn,
            placed.macs if placed is not None and turn in PASSES else 0,
            way,
            tuple(others),
            tileds,
            accelerator,
            cores,
            dma,
            sum(attempt.builder.moved_bytes[place] for place in places),
            (min(begin for begin, _ in spans), max(end for _, end in spans)),
        )


def _by_pass(groups: Sequence[Group]) -> dict[Key, list[Group]]:
    found: dict[Key, list[Group]] = defaultdict(list)
    for group in groups:
        found[group.layer, group.turn].append(group)
    return found


def _weight(group: Group) -> tuple[bool, int]:
    """Return what makes a group the main one of its pass: products, then the bytes it touches."""
    return group.has_products, sum(tensor.bytes for tensor in group.touched)


def _buffers(attempt: _Attempt) -> list[Buffer]:
    """Return the pieces of the TCDM that are taken, by their begin."""
    spans = attempt.timeline.spans
    found = []
    for place, tiled in enumerate(attempt.tileds):
        begin, end = spans[place]
        for tensor, size in tiled.buffers.items():
            if not attempt.residency.covers(tensor, place):
                found.append(Buffer(tensor.name, size, begin, end))
    for stay in attempt.residency.stays:
        end = max(spans[place][1] for place in stay.groups)
        found.append(Buffer(stay.tensor.name, stay.tensor.bytes, spans[stay.groups[0]][0], end))
    return sorted(found, key=lambda buffer: (buffer.begin, buffer.end))
