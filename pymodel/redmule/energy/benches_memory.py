# SPDX-License-Identifier: Apache-2.0
"""The benches of what is between memory and array: buffers, casts, port, sequencers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray

from redmule.area.synthesis import REAL_BITS, Unit
from redmule.config import Config
from redmule.energy.bench import REST, Bench, Ports
from redmule.energy.evaluate import Bits
from redmule.energy.signals import (
    ACCESS_BITS,
    ALWAYS,
    NEVER,
    OFF,
    ON,
    PLACE_BITS,
    TIME,
    WARM_UP,
    drawn,
    elems,
    every,
    level,
    place_of,
    wave,
)
from redmule.fp import format_by_name

__all__ = ["CAST_FORMATS", "casts", "line_buffer", "port", "sequencers", "yz_buffer"]

CAST_FORMATS = ("fp16", "e5m2", "e4m3")


def line_buffer(of: str, unit: Unit, config: Config) -> Iterator[Bench]:
    """X or W: a beat of a plain product is written in every cycle; lines are taken one after another."""
    bits, lines, chunks = unit.element_bits, unit.parameters["ChunkLines"], unit.parameters["NumChunks"]
    across = of == "x"
    rows = config.rows if across else lines
    ends = every(rows, rows - 1)
    place = place_of(along=not across, row=TIME % rows, last=ends, lines=ends * lines)
    written = min(config.port_elems, lines if across else config.tile_cols)
    taken = config.rows if across else config.tile_cols * config.row_groups

    def drive(writes: NDArray[np.bool_], takes: NDArray[np.bool_], data: str, rng: np.random.Generator) -> Ports:
        return {
            "rst_ni": ON,
            "n_i": level(1 << 14, 16),
            "beat_valid_i": wave(writes),
            "beat_place_i": place,
            "beat_elems_i": level(written, 8),
            "beat_elem_i": elems(data, config.port_bytes, bits, rng),
            "take_i": wave(takes),
        }

    store = {"store_q": float(written * bits)}
    filling = min(chunks * rows, WARM_UP) > TIME
    yield from _bus(unit, config)
    yield Bench(f"{of}_writes", REST, unit, written, partial(drive, NEVER, NEVER), by_data=True)
    yield Bench(f"{of}_writes", "beats", unit, written, partial(drive, ALWAYS, NEVER), store, by_data=True)
    yield Bench(f"{of}_reads", REST, unit, taken, partial(drive, filling, NEVER), by_data=True)
    yield Bench(f"{of}_reads", "lines", unit, taken, partial(drive, filling, ~filling), by_data=True)


def _bus(unit: Unit, config: Config) -> Iterator[Bench]:
    """The elements of a beat that is for another buffer come by."""

    def drive(beats: int, data: str, rng: np.random.Generator) -> Ports:
        return {"rst_ni": ON, "beat_elem_i": elems(data, config.port_bytes, unit.element_bits, rng) * (beats > 0)}

    yield Bench("beats_in", REST, unit, 1, partial(drive, 0))
    yield Bench("beats_in", "bus", unit, 1, partial(drive, 1), by_data=True)


def yz_buffer(unit: Unit, config: Config) -> Iterator[Bench]:
    """The accumulators' home: Y comes by rows and leaves by columns, Z the other way."""
    bits, rows, cols = unit.element_bits, config.rows, config.tile_cols
    beat_elems = min(config.port_elems, cols)
    filling = wave(min(rows, WARM_UP) > TIME)
    by_rows = place_of(along=ALWAYS, row=TIME % rows)
    col_width = max((cols - 1).bit_length(), 1)

    def drive(ports: Ports, data: str, rng: np.random.Generator) -> Ports:
        beats = {"beat_elem_i": elems(data, config.port_bytes, bits, rng), "z_i": elems(data, rows, bits, rng)}
        common = {"rst_ni": ON, "beat_place_i": by_rows, "beat_elems_i": level(beat_elems, 8), "use_y_i": ON}
        return beats | common | ports

    stored = {
        "beat_valid_i": filling,
        "z_start_i": wave(TIME == 0),
        "z_valid_i": wave(TIME == 1),
        "z_last_i": ON,
    }
    z_comes = {"z_valid_i": ON, "z_start_i": wave(TIME == 0), "z_live_i": level((1 << rows) - 1, rows)}
    cases: list[tuple[str, int, Ports, Ports, int]] = [
        ("y_writes", beat_elems, {}, {"beat_valid_i": ON}, beat_elems),
        ("y_reads", rows, {"beat_valid_i": filling}, {"y_col_i": wave(TIME % cols, col_width)}, 0),
        ("z_writes", rows, {}, z_comes, rows),
        ("z_reads", beat_elems, stored, {"z_place_i": by_rows}, 0),
    ]
    yield from _bus(unit, config)
    for event, rate, rest, more, written in cases:
        yield Bench(event, REST, unit, rate, partial(drive, rest), by_data=True)
        store = {"acc_q": float(written * bits)}
        yield Bench(event, "moves", unit, rate, partial(drive, {**rest, **more}), store, by_data=True)


def casts(way_in: Unit, way_out: Unit, config: Config) -> Iterator[Bench]:
    """A beat of new codes in every cycle."""

    def drive(way: str, name: str, data: str, rng: np.random.Generator) -> Ports:
        codes = format_by_name(name)
        count = config.port_bytes // codes.bytes
        lanes = config.port_bytes if way == "out" else config.port_elems
        port = "elem_i" if way == "out" else "payload_i"
        taken = {"format_i": level(codes.code, 3), "elems_i": level(count, 8)}
        return {"valid_i": ON, **taken, port: elems(data, lanes, REAL_BITS, rng)}

    for way, unit in (("in", way_in), ("out", way_out)):
        for name in CAST_FORMATS:
            yield Bench(f"beats_{way}", name, unit, 1, partial(drive, way, name), by_data=name == "fp16")


def port(unit: Unit, config: Config) -> Iterator[Bench]:
    """A beat is asked for and one answered in every cycle."""

    def drive(beats: bool, data: str, rng: np.random.Generator) -> Ports:
        still = {"rst_ni": ON, "mem_gnt_i": ON}
        moving = {
            "valid_i": level(1, 4),
            "access_i": drawn(rng, 4 * ACCESS_BITS),
            "place_i": drawn(rng, 4 * PLACE_BITS),
            "mem_r_valid_i": wave(TIME > 1),
            "mem_r_data_i": elems(data, config.port_elems + 2, REAL_BITS, rng),
        }
        return still | moving if beats else still

    tags = {"u_outstanding.entry_q": float(ACCESS_BITS + PLACE_BITS + 2)}
    yield Bench("arbitrations", REST, unit, 1, partial(drive, False))
    yield Bench("arbitrations", "beats", unit, 1, partial(drive, True), tags)


def sequencers(units: Mapping[str, list[Unit]], config: Config) -> Iterator[Bench]:
    """The walks of a product of 192 x 192 x 192, as fast as they go."""
    size = level(192, 16)
    operand = [level(0x1000, 32), level(384, 32), level(format_by_name("fp16").code, 3), OFF]  # operand_t
    job = [*operand * 4, *[size] * 3, level(1, 3), ON, OFF]  # job_t; its first field is in the highest bits
    begun: Ports = {"rst_ni": ON, "job_valid_i": ON}
    there: Ports = dict.fromkeys(("acc_free_i", "y_ready_i", "x_valid_i", "w_valid_i"), ON)
    loader: Ports = begun | {"ready_i": ON, "job_i": np.concatenate(job[::-1], axis=1)}
    access: Ports = begun | {"ready_i": ON, "operand_i": np.concatenate(operand[::-1], axis=1), "slot_ready_i": ON}
    by_rows = wave(every(config.rows, config.rows - 1))
    by_lines = ON if config.w_chunk == 1 else by_rows

    def frees(chunk: Bits) -> Ports:
        return {"chunk_free_i": chunk, "line_taken_i": chunk}

    def drive(ports: Ports, _data: str, _rng: np.random.Generator) -> Ports:
        return ports

    [run], [x_loader], [w_loader] = units["run sequencer"], units["X loader"], units["W loader"]
    y_loader, z_storer = units["Y loader, Z storer"]
    walks: list[tuple[str, Unit, Ports]] = [
        ("advances", run, begun | there | {"m_i": size, "n_i": size, "k_i": size}),
        ("x_beats", x_loader, loader | frees(by_rows)),
        ("w_beats", w_loader, loader | frees(by_lines)),
        ("y_beats", y_loader, access | {"m_i": size, "k_i": size}),
        ("z_beats", z_storer, access | {"m_i": size, "k_i": size}),
    ]
    for event, unit, ports in walks:
        yield Bench(event, REST, unit, 1, partial(drive, {"rst_ni": ON}))
        yield Bench(event, "walks", unit, 1, partial(drive, ports))
