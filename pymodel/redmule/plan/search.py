# SPDX-License-Identifier: Apache-2.0
"""The search behind `redmule.plan`, compiled: the cheapest way to cut Z into strips, by straight cuts through a piece.

The cheapest way for every size of piece is found from those of smaller ones. A long side is cut only within `reach` of
its ends: what lies between is the same whole tiles for every way.
"""

# mypy: disable-error-code="untyped-decorator"

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

# How a piece is run: as one job in either orientation, or cut behind so many of its rows or columns.
NORMAL, TRANSPOSED, ROW_CUT, COL_CUT = range(4)


@numba.njit(cache=True)
def _beats(elems: int, beat: int) -> int:
    return (elems + beat - 1) // beat


@numba.njit(cache=True)
def _in_parts(whole: int, part: int, beat: int) -> int:
    """Return the beats of `whole` elements that are fetched `part` at a time."""
    return whole // part * _beats(part, beat) + _beats(whole % part, beat)


@numba.njit(cache=True)
def _tile_cycles(
    rows: int,
    cols: int,
    groups: int,
    n: int,
    array: tuple[int, int, int, int, int, int, int],
    beat_elems: tuple[int, int, int, int],
    trans: tuple[bool, bool, bool],
) -> int:
    """Return the cycles that a tile of each group takes, in the array and at the port: the larger counts."""
    _, row_len, tile_cols, _, x_chunk, x_chunks, w_chunk = array
    x_beat, w_beat, y_beat, z_beat = beat_elems
    x_trans, w_trans, z_trans = trans
    steps = _beats(n, row_len) * tile_cols
    if z_beat == 0:
        return steps
    beats = 0
    if n > x_chunk * x_chunks:  # else X stays for all tiles of a block
        beats = n * _beats(rows, x_beat) if x_trans else rows * _in_parts(n, x_chunk, x_beat)
    if w_trans:
        beats += cols * _in_parts(n, w_chunk, w_beat)
    else:
        beats += n * _in_parts(cols, tile_cols, w_beat)
    for beat in (y_beat, z_beat):
        if beat > 0:
            beats += cols * _beats(rows, beat) if z_trans else rows * _in_parts(cols, tile_cols, beat)
    return max(steps, beats)


@numba.njit(cache=True)
def _block_cycles(
    rows: int,
    cols: int,
    n: int,
    array: tuple[int, int, int, int, int, int, int],
    beat_elems: tuple[int, int, int, int],
    trans: tuple[bool, bool, bool],
) -> int:
    """Return the cycles of one block of rows: its tiles, as many at a time as there are groups for."""
    tile_cols, groups, total = array[2], array[3], 0
    while rows * groups > array[0]:  # rows <= L/G
        groups //= 2
    while cols > 0:
        while cols <= (groups - 1) * tile_cols:
            groups //= 2
        times = max(cols // (groups * tile_cols), 1)
        size = min(cols, groups * tile_cols)
        total += times * _tile_cycles(rows, size, groups, n, array, beat_elems, trans)
        cols -= times * size
    return total


@numba.njit(cache=True)
def _lengths(size: int, reach: int) -> NDArray[np.int64]:
    """Return the lengths that pieces of a side of `size` may have, in ascending order."""
    if reach == 0:
        return np.array([size])
    if size <= 2 * reach:
        return np.arange(1, size + 1)
    return np.concatenate((np.arange(1, reach + 1), np.arange(size - reach, size + 1)))


@numba.njit(cache=True)
def _cuts(index: int, size: int, reach: int) -> tuple[int, int]:
    """Return how many ways there are to cut the length at `index`, and the index of what is left by a first part of 0.

    The i-th way (from 1) leaves parts at the indices i - 1 and (the second result) - i.
    """
    if reach == 0:
        return 0, index
    if size <= 2 * reach or index < reach:
        return (index + 1) // 2, index
    return index - reach, index


@numba.njit(cache=True)
def search(
    shape: tuple[int, int, int],
    array: tuple[int, int, int, int, int, int, int],
    beat_elems: tuple[tuple[int, int, int, int], tuple[int, int, int, int]],
    trans: tuple[tuple[bool, bool, bool], tuple[bool, bool, bool]],
    orientations: tuple[bool, bool],
    strip_cycles: int,
    reach: int,
) -> tuple[int, NDArray[np.int64]]:
    """Return the cycles of the cheapest way, and the pieces of Z it makes.

    Args:
        shape: M, N, K.
        array: rows, row length, columns of a tile, most groups, elements of n in a chunk of X, chunks of X,
            elements of n in a chunk of W.
        beat_elems: for the normal and the transposed orientation, elements in a beat of X, W, Y, Z; 0 for Y: no Y; 0
            for Z: the port costs nothing.
        trans: for the two orientations, whether X, W, Z are stored by columns.
        orientations: which of the two there are.
        strip_cycles: cost of a strip beyond its tiles.
        reach: how far from its ends a side is cut; 0: nothing is cut.

    Returns:
        Cycles, strip costs included, and an array (pieces, 5): first row, rows, first column, columns, orientation.
    """
    m, n, k = shape
    rows, cols = _lengths(m, reach), _lengths(k, reach)
    num_rows, most = array[0], np.int64(2) ** 62
    # Cycles of a block by its rows (0 to L) and the length of its tiles.
    across = np.zeros((num_rows + 1, cols.size), np.int64)
    down = np.zeros((num_rows + 1, rows.size), np.int64)
    for block in range(1, num_rows + 1):
        for j in range(cols.size):
            across[block, j] = _block_cycles(block, cols[j], n, array, beat_elems[0], trans[0])
        for i in range(rows.size):
            down[block, i] = _block_cycles(block, rows[i], n, array, beat_elems[1], trans[1])
    best = np.full((rows.size, cols.size), most, np.int64)
    how = np.zeros((rows.size, cols.size), np.int8)
    at = np.zeros((rows.size, cols.size), np.int32)
    for i in range(rows.size):
        for j in range(cols.size):
            if orientations[NORMAL]:
                full, rest = rows[i] // num_rows, rows[i] % num_rows
                best[i, j] = full * across[num_rows, j] + across[rest, j] + strip_cycles
            if orientations[TRANSPOSED]:
                full, rest = cols[j] // num_rows, cols[j] % num_rows
                cycles = full * down[num_rows, i] + down[rest, i] + strip_cycles
                if cycles < best[i, j]:
                    best[i, j], how[i, j] = cycles, TRANSPOSED
        ways, last = _cuts(i, m, reach)
        for way in range(1, ways + 1):
            for j in range(cols.size):
                cycles = best[way - 1, j] + best[last - way, j]
                if cycles < best[i, j]:
                    best[i, j], how[i, j], at[i, j] = cycles, ROW_CUT, way
        for j in range(cols.size):
            ways, last = _cuts(j, k, reach)
            for way in range(1, ways + 1):
                cycles = best[i, way - 1] + best[i, last - way]
                if cycles < best[i, j]:
                    best[i, j], how[i, j], at[i, j] = cycles, COL_CUT, way

    # Take the piece that is the whole apart; the larger part of a cut comes first.
    pieces = [(0, 0, rows.size - 1, cols.size - 1)]
    strips = []
    while pieces:
        row, col, i, j = pieces.pop()
        way = at[i, j]
        if how[i, j] == ROW_CUT:
            pieces.append((row + rows[i] - way, col, way - 1, j))
            pieces.append((row, col, i - way, j))
        elif how[i, j] == COL_CUT:
            pieces.append((row, col + cols[j] - way, i, way - 1))
            pieces.append((row, col, i, j - way))
        else:
            strips.append((row, rows[i], col, cols[j], np.int64(how[i, j])))
    return best[-1, -1], np.array(strips, np.int64)
