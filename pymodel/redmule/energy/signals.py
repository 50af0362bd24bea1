# SPDX-License-Identifier: Apache-2.0
"""Values of the ports of a bench: levels, waves, operands, and the structs of rtl/redmule_pkg.sv."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from redmule.area.synthesis import REAL_BITS
from redmule.energy import stimuli
from redmule.energy.evaluate import Bits, bits_of

CYCLES, WARM_UP, LANES = 96, 32, 256
"""Of every bench; the cycles of the warm-up are not counted."""

TIME = np.arange(CYCLES)
ALWAYS, NEVER = np.ones(CYCLES, np.bool_), np.zeros(CYCLES, np.bool_)
FILLING = TIME < WARM_UP


def level(value: int, width: int = 1) -> Bits:
    """Return a value that stays."""
    return bits_of(np.full((CYCLES, LANES), value, np.uint64), width)


def wave(values: NDArray[Any], width: int = 1) -> Bits:
    """Return values, one for each cycle, that are the same in all lanes."""
    return bits_of(np.broadcast_to(values[:, None], (CYCLES, LANES)), width)


def every(period: int, offset: int = 0) -> NDArray[np.bool_]:
    """Return in which cycles something happens that does so every `period` cycles."""
    happens: NDArray[np.bool_] = TIME % period == offset
    return happens


def drawn(rng: np.random.Generator, width: int) -> Bits:
    """Return uniform random bits."""
    bits: Bits = rng.random((CYCLES, width, LANES)) < 0.5
    return bits


ON, OFF = level(1), level(0)


def elems(data: str, count: int, bits: int, rng: np.random.Generator) -> Bits:
    """Return `count` elements that are new in every cycle, or of narrow ones as many bits of such, drawn at random."""
    whole = bits_of(stimuli.elements(data, (CYCLES, count, LANES), rng), REAL_BITS)
    if bits == REAL_BITS:
        return whole
    by_elem = whole.reshape(CYCLES, count, REAL_BITS, LANES)
    picked = rng.integers(0, REAL_BITS, (1, count, bits, LANES))
    narrow: Bits = np.take_along_axis(by_elem, picked, axis=2).reshape(CYCLES, count * bits, LANES)
    return narrow


_FIRST_BIT = {"last": 0, "lines": 1, "along": 9, "unit": 10, "row": 15}
"""Of the fields of `place_t` in rtl/redmule_pkg.sv."""

PLACE_BITS, ACCESS_BITS = 28, 43
"""Of `place_t` and `access_t`."""


def place_of(**fields: NDArray[Any] | int) -> Bits:
    """Return the bits of a `place_t` whose fields vary with time; those left out are 0."""
    word = sum(np.asarray(value).astype(np.uint64) << np.uint64(_FIRST_BIT[name]) for name, value in fields.items())
    return wave(np.broadcast_to(word, (CYCLES,)), PLACE_BITS)
