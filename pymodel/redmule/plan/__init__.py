# SPDX-License-Identifier: Apache-2.0
"""How a product is run: in which orientation, and cut into which strips.

Z^T = W^T X^T has the same bits and flags as Z = X W, so every rectangle of Z may be computed by a hardware job of its
own, in the orientation that suits it; jobs that follow each other in the queue cost little more than their tiles. The
search (`redmule.plan.search`) counts tiles and beats of the port; of the ways it finds, the cycle law picks one.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations
from math import lcm

from redmule import law
from redmule.config import Config
from redmule.job import ORIENTATIONS
from redmule.law import Bytes, Shape, Trans

__all__ = ["MOST_STRIPS", "Strip", "plan", "plan_cycles", "strip_shape", "tile_bound"]

MOST_STRIPS = 6
"""A product is never cut into more strips than this."""

STRIP_CYCLES = (5, 40, 160)
"""What the search takes a strip to cost beyond its tiles, ascending: one search for each, until one cuts nothing, as
then none with dearer strips does. The law knows what a strip really costs."""

WHOLE_CYCLES = 1 << 61
"""A cost of strips at which nothing is cut."""

MARGIN, MARGIN_CYCLES = 1.01, 320
"""The law looks only at ways that the search finds no worse than its best one times, plus, this."""

MOST_SHUFFLED, SHUFFLED_CYCLES = 3, 20_000
"""The order of so many strips, and no more, of a product of no more cycles is chosen by trying all."""

LONG_CYCLES = 2_000_000
"""For products of more cycles the search decides alone."""

MOST_REACH = 96
"""The search for a plan cuts a side at most so far from its ends."""

NORMAL, TRANSPOSED = ORIENTATIONS[1:]


@dataclass(frozen=True, slots=True)
class Strip:
    """A rectangle of Z that one hardware job computes: rows row0 to row0 + rows - 1, columns col0 to col0 + cols - 1.

    `orientation` "transposed": the job is given X' = W^T, W' = X^T and Z' = Z^T.
    """

    row0: int
    rows: int
    col0: int
    cols: int
    orientation: str = NORMAL


@functools.lru_cache(maxsize=65536)
def plan(
    m: int,
    n: int,
    k: int,
    config: Config,
    elem_bytes: Bytes = (2, 2, 2, 2),
    trans: Trans = (False, False, False),
    orientation: str = "auto",
    *,
    in_place: bool = False,
    most_strips: int = MOST_STRIPS,
) -> tuple[Strip, ...]:
    """Return the strips of Z, in the order in which they are to be queued; they cover Z exactly.

    Args:
        m: rows of X, Y and Z.
        n: inner dimension.
        k: columns of W, Y and Z.
        config: the accelerator.
        elem_bytes: bytes of an element of X, W, Y and Z; 0 for Y means that the job reads no Y.
        trans: whether X, W, and Y and Z are stored transposed. A matrix of one row or column counts as stored in the
            direction that suits, as a dense vector is.
        orientation: "auto", or the one that the whole product is to run in, as one job.
        in_place: Y is where Z is, so that a strip may have to wait for another whose rows lie between its own.
        most_strips: 1 leaves only the choice of orientation.

    Raises:
        ValueError: no such orientation.
    """
    if orientation not in ORIENTATIONS:
        raise ValueError(f"orientation = {orientation!r}: allowed are {', '.join(ORIENTATIONS)}")
    if orientation != "auto":
        return (Strip(0, m, 0, k, orientation),)

    trans = _as_vectors(m, n, k, trans)
    product = (m, n, k, config, elem_bytes, trans)
    found = [_search(*product, WHOLE_CYCLES, name) for name in _orientations(config)]
    for cost in STRIP_CYCLES if most_strips > 1 else ():
        found.append(_search(*product, cost))
        if len(found[-1][1]) == 1:
            break
    found = [way for way in found if len(way[1]) <= most_strips]
    least = min(estimate for estimate, _ in found)
    most = least if least > LONG_CYCLES else MARGIN * least + MARGIN_CYCLES
    ways = list(dict.fromkeys(strips for estimate, strips in found if estimate <= most))

    def cycles(strips: Sequence[Strip]) -> int:
        return plan_cycles(strips, *product, in_place=in_place)

    best = ways[0]
    if least <= LONG_CYCLES and len(ways) > 1:
        best = min(ways, key=lambda strips: (cycles(strips), len(strips)))
    if 1 < len(best) <= MOST_SHUFFLED and least <= SHUFFLED_CYCLES:
        best = min(permutations(best), key=cycles)
    return best


def plan_cycles(
    strips: Sequence[Strip],
    m: int,
    n: int,
    k: int,
    config: Config,
    elem_bytes: Bytes = (2, 2, 2, 2),
    trans: Trans = (False, False, False),
    *,
    in_place: bool = False,
) -> int:
    """Return the cycles from the first TRIGGER to the last event of strips queued at once. Arguments as of `plan`."""
    shapes = [strip_shape(strip, m, n, k, elem_bytes, trans) for strip in strips]
    if config.contexts == 1:
        return sum(law.queue_cycles([shape], config)[0].total for shape in shapes)
    waits = _waits(strips, m if trans[2] else k, trans[2]) if in_place and elem_bytes[2] else None
    return sum(cycles.total for cycles in law.queue_cycles(shapes, config, waits=waits))


def strip_shape(
    strip: Strip,
    m: int,
    n: int,
    k: int,
    elem_bytes: Bytes = (2, 2, 2, 2),
    trans: Trans = (False, False, False),
) -> Shape:
    """Return the shape of the hardware job of a strip of a product. Arguments as of `plan`."""
    trans = _as_vectors(m, n, k, trans)
    if strip.orientation == NORMAL:
        return Shape(strip.rows, n, strip.cols, elem_bytes, trans)
    x, w, y, z = elem_bytes
    return Shape(strip.cols, n, strip.rows, (w, x, y, z), _exchanged(trans))


@functools.lru_cache(maxsize=65536)
def tile_bound(m: int, n: int, k: int, config: Config) -> int:
    """Return the least cycles in which the array can work on the tiles of a product: no plan's job is faster.

    That is ceil(N/H) D times the fewest turns of the array for any straight cuts into strips (however many), either
    orientation for each, and groups. Fixed cost and the port are left out.
    """
    if config.transposes:
        m, k = min(m, k), max(m, k)
    return _search(m, n, k, config, None, (False, False, False), 0)[0]


@functools.lru_cache(maxsize=4096)
def _search(
    m: int,
    n: int,
    k: int,
    config: Config,
    elem_bytes: Bytes | None,
    trans: Trans,
    strip_cycles: int,
    orientation: str = "auto",
) -> tuple[int, tuple[Strip, ...]]:
    """Return what the search counts for the cheapest way to cut Z (tiles, and `strip_cycles` a cut), and this way.

    No `elem_bytes`: the port is left out, and sides are cut as far from their ends as makes any difference.
    """
    from redmule.plan.search import search  # compiled when first needed

    x, w, y, z = (config.beat_elems(size) if size else 0 for size in elem_bytes or (0, 0, 0, 0))
    wanted = _orientations(config) if orientation == "auto" else (orientation,)
    reach = _reach(config) if elem_bytes else _period(config)
    cycles, strips = search(
        (m, n, k),
        (
            config.rows,
            config.row_len,
            config.tile_cols,
            config.row_groups,
            config.x_chunk,
            config.x_chunks,
            config.w_chunk,
        ),
        ((x, w, y, z), (w, x, y, z)),
        (trans, _exchanged(trans)),
        (NORMAL in wanted, TRANSPOSED in wanted),
        strip_cycles,
        0 if strip_cycles == WHOLE_CYCLES else reach,
    )
    found = (Strip(row0, rows, col0, cols, ORIENTATIONS[1 + way]) for row0, rows, col0, cols, way in strips.tolist())
    return int(cycles) - strip_cycles, tuple(found)


def _exchanged(trans: Trans) -> Trans:
    """Return how X' = W^T, W' = X^T and Z' = Z^T are stored."""
    return not trans[1], not trans[0], not trans[2]


def _as_vectors(m: int, n: int, k: int, trans: Trans) -> Trans:
    """Return how the matrices are best taken to be stored: one of a single row or column lies in memory either way."""

    def stored_by_columns(rows: int, cols: int, given: bool) -> bool:
        return given if rows > 1 and cols > 1 else cols == 1

    x, w, z = trans
    return stored_by_columns(m, n, x), stored_by_columns(n, k, w), stored_by_columns(m, k, z)


def _orientations(config: Config) -> tuple[str, ...]:
    """Return the orientations that the hardware can run: the other one turns the matrices."""
    return (NORMAL, TRANSPOSED) if config.transposes else (NORMAL,)


def _reach(config: Config) -> int:
    """How far from its ends the search cuts a side: as far as one turn of the array reaches."""
    return min(max(config.rows, config.row_groups * config.tile_cols), MOST_REACH)


def _period(config: Config) -> int:
    """The length after which leftovers recur: whole in every size of a tile; no more than twice what a tile spans."""
    spans = [span for g in (1, 2, 4) if g <= config.row_groups for span in (config.rows // g, g * config.tile_cols)]
    return min(lcm(*(span for span in spans if span)), 2 * max(spans))


def _waits(strips: Sequence[Strip], row_elems: int, by_columns: bool) -> list[int]:
    """Return for each strip the last one before it within whose extent its own begins or ends, or -1."""

    def extent(strip: Strip) -> tuple[int, int]:
        row, rows, col, cols = strip.row0, strip.rows, strip.col0, strip.cols
        if by_columns:
            row, rows, col, cols = col, cols, row, rows
        return row * row_elems + col, (row + rows - 1) * row_elems + col + cols - 1

    extents = [extent(strip) for strip in strips]
    return law.last_writers([[own] for own in extents], extents)
