# SPDX-License-Identifier: Apache-2.0
"""The generated register files are up to date, agree with each other and with the RTL's codes."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from enum import IntEnum
from pathlib import Path
from types import ModuleType

import pytest

from redmule import regs
from redmule.cluster import regs_arbiter, regs_dma, regs_traffic

ROOT = Path(__file__).resolve().parents[2]
MAPS = {"redmule": regs, "pulp_arbiter": regs_arbiter, "pulp_dma": regs_dma, "pulp_traffic": regs_traffic}


def registers(module: ModuleType) -> list[type[regs.Word]]:
    """Return the registers of a map."""
    return [
        member
        for member in vars(module).values()
        if isinstance(member, type) and issubclass(member, regs.Word) and member is not regs.Word
    ]


REGISTERS = [register for module in MAPS.values() for register in registers(module)]


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("gen_regs", ROOT / "scripts" / "gen_regs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["gen_regs"] = module  # its dataclasses look it up
    spec.loader.exec_module(module)
    return module


def sv_codes(path: str, enum: str, prefix: str) -> dict[str, int]:
    """Member (lower case, without prefix and underscores) to code of an enum in a SystemVerilog package."""
    text = (ROOT / path).read_text()
    body = text[: text.index(f"}} {enum};")].rpartition("typedef enum")[2]
    members = re.findall(rf"{prefix}(\w+)\s*=\s*\d+'([dh])([0-9A-F]+)", body)
    return {name.lower(): int(code, 16 if base == "h" else 10) for name, base, code in members}


def test_generated_files_are_up_to_date(generator: ModuleType) -> None:
    assert generator.stale_files() == []


def test_an_edited_or_missing_file_is_named_as_stale(generator: ModuleType, tmp_path: Path) -> None:
    (tmp_path / generator.RDL).mkdir(parents=True)
    for source in generator.SOURCES:
        shutil.copy(ROOT / source, tmp_path / source)
    for path, text in generator.generate(tmp_path).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    assert generator.stale_files(tmp_path) == []
    header, package = Path("sw/include/redmule_regs.h"), Path("rtl/regs/pulp_dma_regs_pkg.sv")
    (tmp_path / header).write_text("edited")
    (tmp_path / package).unlink()
    assert sorted(generator.stale_files(tmp_path)) == [package, header]


def test_every_register_description_of_the_tree_is_generated_from(generator: ModuleType) -> None:
    assert set(generator.SOURCES) == {path.relative_to(ROOT) for path in (ROOT / generator.RDL).glob("*.rdl")}


@pytest.mark.parametrize(
    ("codes", "path", "enum", "prefix"),
    [
        (regs.FormatCode, "rtl/fp/fp_pkg.sv", "format_e", "Fmt"),
        (regs.OpCode, "rtl/redmule_pkg.sv", "op_e", "Op"),
        (regs.ErrorCode, "rtl/redmule_pkg.sv", "error_e", "Err"),
        (regs.CycleCode, "rtl/redmule_pkg.sv", "cycle_e", "Cycle"),
        (regs_dma.DirectionCode, "rtl/regs/pulp_dma_regs_pkg.sv", "direction_e", "Direction"),
        (regs_traffic.PatternCode, "rtl/regs/pulp_traffic_regs_pkg.sv", "pattern_e", "Pattern"),
        *((module.Offset, f"rtl/regs/{name}_regs_pkg.sv", "offset_e", "Reg") for name, module in MAPS.items()),
    ],
)
def test_codes_of_the_map_are_those_of_the_rtl(codes: type[IntEnum], path: str, enum: str, prefix: str) -> None:
    assert {code.name.lower().replace("_", ""): int(code) for code in codes} == sv_codes(path, enum, prefix)


@pytest.mark.parametrize("register", REGISTERS, ids=lambda register: f"{register.__module__}.{register.__name__}")
def test_fields_survive_packing(register: type[regs.Word]) -> None:
    for word in (0, 0xFFFF_FFFF, 0x89AB_CDEF, 0x7654_3210):
        fields = register.unpack(word)
        assert fields.pack() == word & register.unpack(0xFFFF_FFFF).pack()
        assert register.unpack(fields.pack()) == fields


def test_a_value_that_does_not_fit_its_field_is_refused() -> None:
    assert regs.Mcfig0(m=65535, k=1).pack() == 0x0001_FFFF
    with pytest.raises(ValueError, match=r"Mcfig0.m = 65536: must be 0 .. 65535"):
        regs.Mcfig0(m=65536).pack()
    with pytest.raises(ValueError, match=r"Mcfig0.k = -1"):
        regs.Mcfig0(k=-1).pack()


def test_the_published_registers_keep_their_places() -> None:
    assert [regs.Offset(offset).name for offset in range(0, 0x18, 4)] == [
        *("TRIGGER", "ACQUIRE", "FINISHED", "STATUS", "RUNNING_JOB", "SOFT_CLEAR"),
    ]
    assert [offset.name for offset in regs.JOB_OFFSETS[:6]] == [
        "X_ADDR",
        "W_ADDR",
        "Z_ADDR",
        "MCFIG0",
        "MCFIG1",
        "MACFG",
    ]
    assert regs.Macfg(format=7).pack() == 0b111 << 7
    assert regs.Macfg(op=7).pack() == 0b111 << 10


def test_a_register_begins_as_the_hardware_does_after_reset() -> None:
    package = (ROOT / "rtl/regs/pulp_arbiter_regs_pkg.sv").read_text()
    assert f"ConfigReset = 32'h{regs_arbiter.Config().pack():08X};" in package
    assert regs_arbiter.Config() == regs_arbiter.Config(wide_first=1, num=1, den=4)
    assert regs_dma.L2Cfg() == regs_dma.L2Cfg(latency=1, interval=1)
    assert all(register().pack() == 0 for register in registers(regs))


def test_registers_of_a_map_stand_at_words_of_their_own() -> None:
    for name, module in MAPS.items():
        offsets = [int(offset) for offset in module.Offset]
        assert offsets == sorted(set(offsets)), name
        assert all(offset % 4 == 0 for offset in offsets), name
        assert sorted(register.OFFSET for register in registers(module)) == offsets, name


@pytest.mark.parametrize("name", MAPS)
def test_the_c_header_compiles_and_has_the_same_numbers(name: str, tmp_path: Path) -> None:
    module, prefix = MAPS[name], name.upper()
    checks = [f"_Static_assert({prefix}_{o.name}_OFFSET == {o.value}u, {o.name!r});" for o in module.Offset]
    for register in registers(module):
        word = module.Offset(register.OFFSET).name
        for field, (lsb, width) in register.FIELDS.items():
            macro = f"{prefix}_{word}_{field.upper()}"
            mask = ((1 << width) - 1) << lsb
            checks.append(f"_Static_assert({macro}_MASK == {mask}u && {macro}_SHIFT == {lsb}u, {macro!r});")
    source = tmp_path / "check.c"
    text = f'#include "{name}_regs.h"\n' + "\n".join(checks).replace("'", '"') + "\n"
    source.write_text(text)
    include = ROOT / "sw" / "include"
    command = ["cc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", f"-I{include}", str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
