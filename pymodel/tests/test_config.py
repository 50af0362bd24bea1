# SPDX-License-Identifier: Apache-2.0
"""Configurations: named ones, derived sizes, and what is refused."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import numpy as np
import pytest

from redmule.config import CONFIGS, Config

# field, allowed extremes, values just outside
LIMITS = [
    ("rows", (1, 32), (0, 33)),
    ("row_len", (1, 16), (0, 17)),
    ("pipe_regs", (0, 4), (-1, 5)),
    ("port_width", (64, 1024), (32, 96, 2048)),
    ("contexts", (1, 4), (0, 5)),
    ("cores", (1, 16), (0, 17)),
    ("id_width", (1, 32), (0, 33)),
    ("row_groups", (1, 2, 4), (0, 3, 8)),
    ("transposes", (False, True), (0, 2)),
    ("x_chunks", (2, 8), (1, 9)),
    ("w_ahead", (2, 16), (1, 17)),
]


def _replaced(config: Config, field: str, value: Any) -> Config:
    """Return the configuration with another value in one field."""
    return dataclasses.replace(config, **{field: value})


def test_the_named_configurations_are_the_published_ones() -> None:
    arrays = {name: (c.rows, c.row_len, c.pipe_regs, c.port_width) for name, c in CONFIGS.items()}
    assert arrays == {
        "tiny": (2, 2, 1, 64),
        "paper": (12, 4, 3, 256),
        "paper_fp8": (12, 8, 3, 256),
        "date22": (8, 4, 3, 256),
        "magia": (8, 8, 1, 256),
        "wide": (24, 8, 3, 512),
    }


def test_a_named_configuration_equals_the_same_numbers_without_a_name() -> None:
    assert Config.named("paper") == Config(12, 4, 3, 256)
    assert Config.named("paper").name == "paper"


def test_an_unknown_name_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(ValueError, match=r"'papper'.*tiny, paper"):
        Config.named("papper")


@pytest.mark.parametrize(("field", "good", "bad"), LIMITS)
def test_each_field_takes_its_range_and_refuses_what_lies_outside(
    field: str, good: tuple[int, ...], bad: tuple[int, ...]
) -> None:
    base = _replaced(Config.named("paper"), "cores", 1)  # the one whose id fits every width
    if field == "cores":
        base = _replaced(base, "id_width", 32)
    for value in good:
        assert getattr(_replaced(base, field, value), field) == value
    for value in bad:
        with pytest.raises(ValueError, match=rf"^{field} = {value}: allowed are .*{good[0]}"):
            _replaced(base, field, value)


def test_every_field_has_a_limit_that_is_tested() -> None:
    assert {field for field, _, _ in LIMITS} == {f.name for f in dataclasses.fields(Config)} - {"name"}


@pytest.mark.parametrize("value", [12.0, "12", None, True, [12]])
def test_a_value_that_is_no_integer_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=re.escape(f"rows = {value!r}: allowed are 1 to 32")):
        _replaced(Config.named("paper"), "rows", value)


def test_an_integer_of_numpy_is_an_integer() -> None:
    config = _replaced(Config.named("paper"), "rows", np.int64(5))
    assert type(config.rows) is int
    assert config == _replaced(Config.named("paper"), "rows", 5)


@pytest.mark.parametrize(("cores", "least"), [(1, 1), (2, 1), (3, 2), (16, 4)])
def test_the_id_of_every_core_fits_the_register_port(cores: int, least: int) -> None:
    assert Config(2, 2, 1, 64, cores=cores, id_width=least).id_width == least
    if least > 1:
        with pytest.raises(ValueError, match=rf"id_width = {least - 1}: allowed for {cores} cores are {least} to 32"):
            Config(2, 2, 1, 64, cores=cores, id_width=least - 1)


def test_a_name_that_is_no_string_is_refused() -> None:
    with pytest.raises(ValueError, match="name = 3: allowed is a string"):
        _replaced(Config.named("paper"), "name", 3)
    with pytest.raises(ValueError, match=r"config = \[\]: allowed are tiny"):
        Config.named([])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("config", "tile_cols", "port_elems", "x_chunk"),
    [
        (Config(12, 4, 3, 256), 16, 16, 16),
        (Config(2, 2, 1, 64), 4, 4, 4),
        (Config(12, 5, 3, 256), 20, 16, 15),  # a beat holds three passes and one element more
        (Config(1, 16, 0, 64), 16, 4, 16),  # a pass is wider than a beat
        (Config(32, 3, 4, 1024), 15, 64, 63),
    ],
)
def test_derived_sizes_follow_from_the_parameters(
    config: Config, tile_cols: int, port_elems: int, x_chunk: int
) -> None:
    assert (config.tile_cols, config.port_elems, config.x_chunk) == (tile_cols, port_elems, x_chunk)
    assert config.beat_elems(1) == config.port_bytes == 2 * config.beat_elems(2)


def test_parameters_and_configuration_convert_both_ways() -> None:
    config = Config(5, 3, 0, 1024, contexts=1, cores=16, id_width=9, row_groups=1, x_chunks=8, w_ahead=16)
    parameters = config.parameters()
    assert parameters["NumRows"] == 5
    assert parameters["WAhead"] == 16
    assert Config.from_parameters("again", parameters) == config


def test_an_unknown_or_missing_parameter_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="unknown parameter 'Rows'"):
        Config.from_parameters("wrong", {"Rows": 1})
    with pytest.raises(ValueError, match=r"wrong: .*port_width"):
        Config.from_parameters("wrong", {"NumRows": 1, "RowLen": 1, "PipeRegs": 0})
