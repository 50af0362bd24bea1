# SPDX-License-Identifier: Apache-2.0
"""Runs a cocotb bench from a pytest function: build (cached), simulate, judge, say how to replay.

Environment: REDMULE_SEED fixes the seed of every simulation, REDMULE_WAVES=1 records `dump.vcd` and keeps the run's
folder. A failure ends with the command that sets both. REDMULE_COVERAGE names a folder for what was covered.
"""

from __future__ import annotations

import os
import random
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import cocotb_tools.config
import pytest
from cocotb_tools.check_results import get_results
from cocotb_tools.runner import get_runner

from redmule.build import cache_dir, coverage_dir, verilate

SEED_BITS = 32

REWRITES = {"COCOTB_REWRITE_ASSERTION_FILES": "tb/*.py"}
"""Only benches have assertions that pytest should explain; to rewrite what they import takes seconds each time."""


def simulate(
    top: str,
    sources: Sequence[Path],
    module: str,
    parameters: Mapping[str, int] | None = None,
    *,
    testcase: str | Sequence[str] | None = None,
    seed: int | None = None,
    public_depth: int = 1,
    flags: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
) -> int:
    """Run the cocotb tests of a module on a top and return how many ran.

    The build is shared by all runs with the same top, sources, parameters and flags, whichever test asks first.

    Args:
        top: name of the top module. Every input of it should go into a flop, or the simulation is slow.
        sources: SystemVerilog files in order of compilation, and Verilator control files (`.vlt`).
        module: Python module that holds the cocotb tests, as it is imported (`tb.unit.fifo.bench`).
        parameters: parameters of the top, by their names in the RTL; cocotb tests read them from the environment, as
            an upper case name (`PIPEREGS`).
        testcase: names of the tests to run (default: all of the module).
        seed: seed of the run (default: REDMULE_SEED, or else a random one, which is printed).
        public_depth: levels of the hierarchy whose signals a test can read and write: 1 is those of the top. With 0 it
            sees what a `.vlt` file among the sources makes public, which is the fastest.
        flags: further flags of Verilator.
        env: further environment variables for the tests.

    Raises:
        pytest.fail.Exception: a test failed, none ran, or the simulator ended with an error.
        RuntimeError: the build failed.
    """
    parameters = parameters or {}
    waves = bool(os.environ.get("REDMULE_WAVES"))
    seed = _seed(seed)
    program = _program(top, sources, parameters, public_depth, (*flags, *(("--trace",) if waves else ())))
    runs = cache_dir() / "runs"
    runs.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{top}-", dir=runs))
    results = folder / "results.xml"
    log = folder / "simulation.log"
    try:
        get_runner("verilator").test(
            test_module=module,
            hdl_toplevel=top,
            hdl_toplevel_lang="verilog",
            build_dir=program.parent,
            test_dir=folder,
            testcase=testcase,
            seed=seed,
            extra_env=REWRITES | {name.upper(): str(value) for name, value in parameters.items()} | dict(env or {}),
            results_xml=str(results),
            waves=waves,
            log_file=log,
        )
        ended = ""
    except (RuntimeError, SystemExit) as error:  # a failed test or the simulator's own exit code
        ended = str(error)
    ran, failed = get_results(results) if results.exists() else (0, 0)
    replay = _replay_command(seed)
    print(f"{module} on {top}: {ran} ran, {failed} failed; seed {seed}; replay: {replay}")
    if ended or failed or not ran:
        print(log.read_text(encoding="utf-8", errors="replace") if log.exists() else "")
        reason = f"{failed} of {ran} tests failed" if failed else ended or "no test ran"
        pytest.fail(f"{module} on {top}: {reason}; folder {folder}\nreplay: {replay}", pytrace=False)
    if (counted := coverage_dir()) is not None and (folder / "coverage.dat").exists():
        shutil.move(folder / "coverage.dat", counted / f"{folder.name}.dat")
    if not waves:
        shutil.rmtree(folder)
    return ran


def _program(
    top: str, sources: Sequence[Path], parameters: Mapping[str, int], public_depth: int, flags: Sequence[str]
) -> Path:
    """Return the simulator: the Verilated top with cocotb's main loop."""
    libraries = cocotb_tools.config.libs_dir
    return verilate(
        top,
        parameters,
        sources,
        cpp=[cocotb_tools.config.share_dir / "lib" / "verilator" / "verilator.cpp"],
        flags=[
            *("--vpi", "--timing", "--timescale", "1ns/1ps"),
            *("-MAKEFLAGS", "OPT_FAST=-O1", "-MAKEFLAGS", "OPT_GLOBAL=-O1"),  # benches in Python gain nothing from more
            *(("--public-depth", str(public_depth)) if public_depth else ()),
            *("-LDFLAGS", f"-Wl,-rpath,{libraries} -L{libraries} -lcocotbvpi_verilator"),
            *flags,
        ],
        label=f"{top} {' '.join(f'{name}={value}' for name, value in parameters.items())}".strip(),
        executable=True,
    )


def _seed(seed: int | None) -> int:
    """Return the seed to use: that of the environment, else the one given, else a random one."""
    if chosen := os.environ.get("REDMULE_SEED"):
        return int(chosen)
    return random.getrandbits(SEED_BITS) if seed is None else seed


def _replay_command(seed: int) -> str:
    """Return the command that runs the pytest function again, with the same seed and with waves."""
    test = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0]
    return f"REDMULE_SEED={seed} REDMULE_WAVES=1 .venv/bin/pytest '{test}'"
