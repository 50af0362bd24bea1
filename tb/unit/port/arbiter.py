# SPDX-License-Identifier: Apache-2.0
"""Cocotb test of the arbiter: every set of requesters with small leads, and large ones at random."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from typing import Any

import cocotb

from tb.pins import Pins, pack
from tb.unit.port.model import pick

STREAMS, LEAD_BITS = 4, 8
SMALL_LEADS = range(4)  # four different ones: every order and every tie of four streams
EDGES = (0, 1, 127, 128, 254, 255)
RANDOM = 2000


def _cases() -> Iterator[tuple[tuple[bool, ...], tuple[int, ...]]]:
    """Requesters and leads."""
    for leads in itertools.product(SMALL_LEADS, repeat=STREAMS):
        for valid in itertools.product((False, True), repeat=STREAMS):
            yield valid, leads
    for _ in range(RANDOM):
        yield tuple(random.choices((False, True), k=STREAMS)), tuple(random.choices(EDGES, k=STREAMS))


@cocotb.test()
async def the_port_goes_to_the_least_lead_and_ties_go_x_z_y_w(dut: Any) -> None:
    pins = Pins(dut, ("valid", "stream"))
    await pins.start()
    for valid, leads in _cases():
        got = await pins.cycle(valid=pack(valid, 1), leads=pack(leads, LEAD_BITS))
        expected = pick([lead if asks else None for asks, lead in zip(valid, leads, strict=True)])
        assert got["valid"] == (expected is not None), f"{valid} with leads {leads}"
        assert expected is None or got["stream"] == expected, f"{valid} with leads {leads}: {got['stream']}"
