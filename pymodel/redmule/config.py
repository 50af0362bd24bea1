# SPDX-License-Identifier: Apache-2.0
"""Configurations of the accelerator: the parameters of `redmule_top`, checked, and the sizes that follow from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from redmule import checks

FP16_BITS = 16

_FLAG = (False, True)

# Field of Config -> parameter of redmule_top, and the values that must work.
_FIELDS: Mapping[str, tuple[str, Sequence[int]]] = {
    "rows": ("NumRows", range(1, 33)),
    "row_len": ("RowLen", range(1, 17)),
    "pipe_regs": ("PipeRegs", range(5)),
    "port_width": ("PortWidth", (64, 128, 256, 512, 1024)),
    "contexts": ("NumContexts", range(1, 5)),
    "cores": ("NumCores", range(1, 17)),
    "id_width": ("IdWidth", range(1, 33)),
    "row_groups": ("RowGroups", (1, 2, 4)),
    "transposes": ("Transposes", _FLAG),
    "x_chunks": ("XChunks", range(2, 9)),
    "w_ahead": ("WAhead", range(2, 17)),
}
_FIELD_OF_PARAMETER = {parameter: name for name, (parameter, _) in _FIELDS.items()}


def data_dir() -> Path:
    """Return the folder that holds `rtl/` and `configs.yaml`: the top of the tree, or the copy inside a wheel."""
    packaged = Path(__file__).parent / "_data"
    return packaged if packaged.is_dir() else Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Config:
    """One configuration of the accelerator.

    Counts are integers, `port_width` is in bits of payload. The name is a label only: two configurations with the same
    parameters are equal. `row_groups`: the most groups that few rows are split into;
    `transposes`: matrices may lie by columns.

    Raises:
        ValueError: a value is outside its range; the message names the field, the value and what is allowed.
    """

    rows: int
    row_len: int
    pipe_regs: int
    port_width: int
    contexts: int = 4
    cores: int = 8
    id_width: int = 4
    row_groups: int = 4
    transposes: bool = True
    x_chunks: int = 2
    w_ahead: int = 6
    name: str = field(default="custom", compare=False)

    def __post_init__(self) -> None:
        for name, (_, allowed) in _FIELDS.items():
            value = getattr(self, name)
            checked = checks.flag(name, value) if allowed is _FLAG else checks.integer(name, value, allowed)
            object.__setattr__(self, name, checked)
        least, most = (self.cores - 1).bit_length(), _FIELDS["id_width"][1][-1]
        if self.id_width < least:
            raise checks.refused("id_width", self.id_width, f"for {self.cores} cores are {least} to {most}")
        if not isinstance(self.name, str):
            raise checks.refused("name", self.name, "is a string")

    @classmethod
    def named(cls, name: str) -> Config:
        """Return the configuration that `configs.yaml` calls `name`.

        Raises:
            ValueError: there is no such name; the message lists those there are.
        """
        return CONFIGS[checks.choice("config", name, CONFIGS)]

    @classmethod
    def from_parameters(cls, name: str, parameters: Mapping[str, int]) -> Config:
        """Return the configuration with these parameters of `redmule_top`; those left out have their default.

        Raises:
            ValueError: an unknown or missing parameter, or a value outside its range.
        """
        unknown = parameters.keys() - _FIELD_OF_PARAMETER.keys()
        if unknown:
            allowed = ", ".join(_FIELD_OF_PARAMETER)
            raise ValueError(f"{name}: unknown parameter {min(unknown)!r}: allowed are {allowed}")
        fields: dict[str, Any] = {_FIELD_OF_PARAMETER[key]: value for key, value in parameters.items()}
        if fields.get("transposes") in _FLAG:  # 0 and 1 as the RTL has them
            fields["transposes"] = bool(fields["transposes"])
        try:
            return cls(**fields, name=name)
        except TypeError as error:
            raise ValueError(f"{name}: {error}") from error

    def parameters(self) -> dict[str, int]:
        """Return the parameters of `redmule_top`, by their names in the RTL."""
        return {parameter: int(getattr(self, name)) for name, (parameter, _) in _FIELDS.items()}

    @property
    def num_ces(self) -> int:
        """Computing elements in the array (L * H): the most multiply-adds in a cycle."""
        return self.rows * self.row_len

    @property
    def tile_cols(self) -> int:
        """Columns of a tile (D): results in flight in one row of the array."""
        return self.row_len * (self.pipe_regs + 1)

    @property
    def port_bytes(self) -> int:
        """Payload bytes of one beat of the memory port."""
        return self.port_width // 8

    @property
    def port_elems(self) -> int:
        """FP16 elements in one beat (B)."""
        return self.port_width // FP16_BITS

    @property
    def x_chunk(self) -> int:
        """Elements of a row of X that are fetched together: the whole passes a beat holds, at least one."""
        return max(self.port_elems // self.row_len, 1) * self.row_len

    @property
    def w_chunk(self) -> int:
        """Rows of W that are held together: those of a chunk of X if W may have to be transposed, else one."""
        return self.x_chunk if self.transposes else 1

    @property
    def w_chunks(self) -> int:
        """Chunks that the W buffer holds: the one being read, and two, or as many as `w_ahead` rows take."""
        return 1 + max(2, -(-self.w_ahead // self.w_chunk))

    def beat_elems(self, elem_bytes: int) -> int:
        """Return the elements of `elem_bytes` bytes in one beat of the memory port."""
        return self.port_bytes // elem_bytes


def _load(path: Path) -> dict[str, Config]:
    """Read the named configurations of a YAML file, in its order."""
    with path.open(encoding="utf-8") as file:
        named = yaml.safe_load(file)
    return {name: Config.from_parameters(name, parameters) for name, parameters in named.items()}


CONFIGS: Mapping[str, Config] = _load(data_dir() / "configs.yaml")
"""The named configurations of `configs.yaml`, by name."""
