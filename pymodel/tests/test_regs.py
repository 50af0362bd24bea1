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

ROOT = Path(__file__).resolve().parents[2]
REGISTERS = regs.Word.__subclasses__()


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
    return {name.lower(): int(code) for name, code in re.findall(rf"{prefix}(\w+)\s*=\s*\d+'d(\d+)", body)}


def test_generated_files_are_up_to_date(generator: ModuleType) -> None:
    assert generator.stale_files() == []


def test_an_edited_or_missing_file_is_named_as_stale(generator: ModuleType, tmp_path: Path) -> None:
    (tmp_path / generator.SOURCE).parent.mkdir(parents=True)
    shutil.copy(ROOT / generator.SOURCE, tmp_path / generator.SOURCE)
    for path, text in generator.generate(tmp_path).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    assert generator.stale_files(tmp_path) == []
    header, package = Path("sw/include/redmule_regs.h"), Path("rtl/regs/redmule_regs_pkg.sv")
    (tmp_path / header).write_text("edited")
    (tmp_path / package).unlink()
    assert sorted(generator.stale_files(tmp_path)) == [package, header]


@pytest.mark.parametrize(
    ("codes", "path", "enum", "prefix"),
    [
        (regs.FormatCode, "rtl/fp/fp_pkg.sv", "format_e", "Fmt"),
        (regs.OpCode, "rtl/redmule_pkg.sv", "op_e", "Op"),
        (regs.ErrorCode, "rtl/redmule_pkg.sv", "error_e", "Err"),
        (regs.CycleCode, "rtl/redmule_pkg.sv", "cycle_e", "Cycle"),
    ],
)
def test_codes_of_the_map_are_those_of_the_rtl(codes: type[IntEnum], path: str, enum: str, prefix: str) -> None:
    assert {code.name.lower().replace("_", ""): int(code) for code in codes} == sv_codes(path, enum, prefix)


@pytest.mark.parametrize("register", REGISTERS, ids=lambda register: register.__name__)
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


def test_the_c_header_compiles_and_has_the_same_numbers(tmp_path: Path) -> None:
    checks = [f"_Static_assert(REDMULE_{o.name}_OFFSET == {o.value}u, {o.name!r});" for o in regs.Offset]
    for register in REGISTERS:
        name = regs.Offset(register.OFFSET).name
        for field, (lsb, width) in register.FIELDS.items():
            macro = f"REDMULE_{name}_{field.upper()}"
            mask = ((1 << width) - 1) << lsb
            checks.append(f"_Static_assert({macro}_MASK == {mask}u && {macro}_SHIFT == {lsb}u, {macro!r});")
    source = tmp_path / "check.c"
    text = '#include "redmule_regs.h"\n' + "\n".join(checks) + "\n"
    source.write_text(text.replace("'", '"'))
    include = ROOT / "sw" / "include"
    command = ["cc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", f"-I{include}", str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
