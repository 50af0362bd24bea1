# SPDX-License-Identifier: Apache-2.0
"""What the size of each block goes with: numbers that follow from the configuration by the structure of the RTL.

None falls as rows or mechanisms are added, so neither does a model whose coefficients are not negative. Longer rows may
shorten a chunk, which has to hold whole passes of a beat.
"""

from __future__ import annotations

from collections.abc import Mapping

from redmule.config import Config

Features = Mapping[str, Mapping[str, float]]
"""Block -> feature -> its value."""


def features(config: Config) -> Features:
    """Return the features of a configuration, by block; "each" stands for what every accelerator has once.

    A place is one element of storage in a buffer; lanes are the bytes of a beat.
    """
    rows, row_len, cols, lanes = config.rows, config.row_len, config.tile_cols, config.port_bytes
    grouped, both_ways, queued = config.row_groups > 1, config.transposes, config.contexts > 1
    further_groups, further_contexts = config.row_groups - 1, config.contexts - 1
    elements, yz_places = config.num_ces, rows * cols
    x_lines, w_lines = config.x_chunk * config.x_chunks, config.w_chunk * config.w_chunks
    x_places, w_places = x_lines * rows, w_lines * cols * config.row_groups
    return {
        "computing elements": {f"elements of {config.pipe_regs} registers": elements},
        "rows: X values": {"elements": elements},
        "array: entry, W choice, flags": {
            "rows": rows,
            "rows, in groups": rows * grouped,
            "columns of the tile": cols,
            "elements x further groups": elements * further_groups,
        },
        "run sequencer": {"each": 1, "in groups": grouped, "rows": rows, "elements of a row": row_len},
        "X buffer": {
            "each": 1,
            "lines": x_lines,
            "places": x_places,
            "places, both ways": x_places * both_ways,
            "lanes": lanes,
        },
        "W line buffer": {"each": 1, "places": w_places, "places, both ways": w_places * both_ways},
        "W rows": {"each": 1, "places": row_len * cols * config.row_groups},
        "YZ buffer": {
            "each": 1,
            "places": yz_places,
            "places, in groups": yz_places * grouped,
            "places, both ways": yz_places * both_ways,
            "places x rows of a beat, both ways, in groups": yz_places * min(lanes, rows) * both_ways * grouped,
        },
        "casts": {"lanes": lanes},
        "X loader": {"each": 1},
        "W loader": {"each": 1, "in groups": grouped},
        "Y loader, Z storer": {"each": 1, "in groups": grouped},
        "job feeds": {"each": 1},
        "port": {"each": 1, "lanes": lanes},
        "control: queue": {"each": 1, "further contexts": further_contexts},
        "control: hazards": {"in a queue": queued, "further contexts": further_contexts},
        "control: results": {"each": 1, "further contexts": further_contexts},
        "control: registers, checks": {"each": 1, "both ways": both_ways},
    }
