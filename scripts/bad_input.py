# SPDX-License-Identifier: Apache-2.0
"""Try bad input and hard cases, and show what comes of each: Python arguments, command lines, registers, behaviour.

Exits with 1 if an outcome is not the expected one. The same list is a test: `pymodel/tests/test_bad_input.py`.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import shlex
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np

import redmule
from redmule import cli
from redmule.cli.output import print_table
from redmule.device import KINDS
from redmule.device.rtl import TIME_FLOOR_CYCLES, TIME_MARGIN
from redmule.report.edges import BEHAVIOUR, MEMORY_BYTES, REFUSALS, refused

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "results" / "bad_input.md"
INTRODUCTION = """<!-- SPDX-License-Identifier: Apache-2.0 -->
# Bad input and hard cases

Written by `.venv/bin/python scripts/bad_input.py --write`: each line was tried, and the outcome is what it really gave.
`pymodel/tests/test_bad_input.py` tries every line again and compares it with this page.
"""


@dataclass(frozen=True, slots=True)
class Case:
    """Something to try: as the table shows it, words its outcome must have, and how to get the outcome."""

    tried: str
    expected: str
    act: Callable[[], str]

    def row(self) -> tuple[str, str]:
        """Try it, and return the cells of the table."""
        return self.tried, self.act()


# --- Python: an expression, on every device -------------------------------------------------------------------------


def judged(expression: str) -> str:
    """Return the error of an expression, which has to be the same on every device."""
    outcomes = {}
    for kind in KINDS:
        names: dict[str, Any] = {"redmule": redmule, "np": np, "ml_dtypes": ml_dtypes, "kind": kind}
        names |= {name: np.ones(shape, np.float16) for name, shape in (("x", (3, 4)), ("w", (4, 5)), ("y", (3, 5)))}
        with redmule.open(kind, "tiny", memory_bytes=MEMORY_BYTES) as dev:
            try:
                eval(expression, names | {"dev": dev})
                outcomes[kind] = "accepted"
            except Exception as error:  # whatever it is, it is the outcome
                name = "ValueError" if isinstance(error, ValueError) else type(error).__name__
                outcomes[kind] = f"{name}: {error}"
    return outcomes[KINDS[0]] if len(set(outcomes.values())) == 1 else f"differs: {outcomes}"


PYTHON = (
    ("redmule.open('fpga')", "kind = 'fpga': allowed are golden, rtl, model"),
    ("redmule.open(kind, 'papers')", "config = 'papers': allowed are tiny, paper"),
    ("redmule.open(kind, [])", "config = []: allowed are tiny, paper"),
    ("redmule.open(kind, 12)", "config = 12: allowed are tiny, paper"),
    ("redmule.open('rtl', cluster=3)", "cluster = 3: allowed is a redmule.Cluster"),
    ("redmule.Cluster(banks=12)", "banks = 12: allowed are 0, 4, 8"),
    ("redmule.Cluster(accelerators=9)", "accelerators = 9: allowed are 1 to 8"),
    ("redmule.Cluster(share=(1, 256))", "share = 256: allowed are 0 to 255"),
    ("redmule.Cluster(traffic='random:1.5')", "traffic = 'random:1.5': allowed is PATTERN:RATE"),
    ("redmule.Cluster(l2_bytes=4100)", "l2_bytes = 4100: allowed are multiples of 8"),
    ("redmule.open(kind, stall='a')", "stall = 'a': allowed are numbers from 0 to 0.99"),
    ("redmule.open(kind, stall=float('nan'))", "stall = nan: allowed are numbers"),
    ("redmule.open(kind, stall=1.0)", "stall = 1.0: allowed are numbers"),
    ("redmule.open(kind, stall=-0.1)", "stall = -0.1: allowed are numbers"),
    ("redmule.open(kind, latency=1.5)", "latency = 1.5: allowed are 0 to 1000"),
    ("redmule.open(kind, latency=5000)", "latency = 5000: allowed are 0 to 1000"),
    ("redmule.open(kind, seed='x')", "seed = 'x': allowed are 0 to"),
    ("redmule.open(kind, seed=-3)", "seed = -3: allowed are 0 to"),
    ("redmule.open(kind, waves=3)", "waves = 3: allowed are file names ending in .fst, .vcd"),
    ("redmule.open(kind, waves='out.png')", "waves = 'out.png': allowed are file names"),
    ("redmule.open(kind, memory_bytes='1')", "memory_bytes = '1': allowed are 1 to"),
    ("redmule.open(kind, memory_bytes=0)", "memory_bytes = 0: allowed are 1 to"),
    ("redmule.open(kind, check_guards='yes')", "check_guards = 'yes': allowed are True, False"),
    ("redmule.open(kind, progress='bar')", "progress = 'bar': allowed is a function"),
    ("redmule.Config(True, 2, 1, 64)", "rows = True: allowed are 1 to 32"),
    ("redmule.Config(33, 2, 1, 64)", "rows = 33: allowed are 1 to 32"),
    ("redmule.Config(2, 2.0, 1, 64)", "row_len = 2.0: allowed are 1 to 16"),
    ("redmule.Config(2, 2, 1, 96)", "port_width = 96: allowed are 64, 128, 256, 512, 1024"),
    ("redmule.Config(2, 2, 1, 64, cores=16, id_width=1)", "id_width = 1: allowed for 16 cores are 4 to 32"),
    ("dev.gemm_op([[1.0]], w)", "x is a list; allowed: a NumPy array"),
    ("dev.gemm_op(x.astype(np.float32), w)", "x.dtype: dtype dtype('float32') is no format; allowed: float8_e5m2"),
    ("dev.gemm_op(x.astype('>f2'), w)", "x.dtype: dtype dtype('>f2') is no format"),
    ("dev.gemm_op(x[0], w)", "x has shape (4,); allowed: 2 dimensions"),
    ("dev.gemm_op(x[:, :0], w[:0])", "x has shape (3, 0); allowed: sizes 1..65535"),
    ("dev.gemm_op(np.ones((65536, 4), np.float16), w)", "x has shape (65536, 4); allowed: sizes 1..65535"),
    ("dev.gemm_op(x, w.T)", "w has 5 rows (after w_trans); allowed: N = 4"),
    ("dev.gemm_op(x, w, x_trans=True)", "w has 4 rows (after w_trans); allowed: N = 3"),
    ("dev.gemm_op(x[:, ::2], w[::2])", "x has strides (8, 4) bytes: allowed is one stride of 2"),
    ("dev.gemm_op(x[::-1], w)", "x has strides (-8, 2) bytes: allowed"),
    ("dev.gemm_op(x, w, 0.5)", "y is a float; allowed: a NumPy array"),
    ("dev.gemm_op(x, w, y.T)", "y has shape (5, 3); allowed: (3, 5), or (5,)"),
    ("dev.gemm_op(x, w, y[:, :1])", "y has shape (3, 1); allowed: (3, 5), or (5,)"),
    ("dev.gemm_op(x, w, y[:, 0].copy())", "y has shape (3,); allowed: (3, 5), or (5,)"),
    ("dev.gemm_op(x, w, y[None])", "y has shape (1, 3, 5); allowed: 1 or 2 dimensions"),
    ("dev.gemm_op(x, w, y, op='gem')", "op = 'gem': allowed are matmul, gemm"),
    ("dev.gemm_op(x, w, y, op=['gemm'])", "op = ['gemm']: allowed are matmul, gemm"),
    ("dev.gemm_op(x, w, y, op='matmul')", "y is given; op 'matmul' takes none"),
    ("dev.gemm_op(x, w, op='addmax')", "y is None; op 'addmax' needs a y"),
    ("dev.gemm_op(x, w, out_dtype='float64')", "out_dtype: dtype 'float64' is no format; allowed: float8_e5m2"),
    ("dev.gemm_op(x, w, out_dtype=8)", "out_dtype: dtype 8 is no format"),
    ("dev.gemm_op(x, w, x_trans='yes')", "x_trans = 'yes': allowed are True, False"),
    ("dev.gemm_op(x, w, saturate='no')", "saturate = 'no': allowed are True, False"),
    ("dev.gemm_op(x, w, orientation='sideways')", "orientation = 'sideways': allowed are auto, normal, transposed"),
    ("dev.gemm_op(x, w, z_out=y)", "z_out lies in host memory: allowed is a view of an array of this device's alloc()"),
    ("dev.gemm_op(x, w, z_out=y.T)", "z_out = float16 (5, 3): allowed is an array float16 (3, 5)"),
    ("dev.gemm_op(x, w, z_out='z')", "z_out = 'z': allowed is an array float16 (3, 5)"),
    ("dev.gemm_op(z := dev.alloc((4, 4), np.float16), z, z_out=z)", "z_out overlaps x: allowed is only y = z_out"),
    ("dev.run(3)", "jobs = 3: allowed is a sequence of redmule.Job"),
    ("dev.run(['gemm'])", "jobs[0] = 'gemm': allowed is a redmule.Job"),
    ("dev.alloc((-1, 2), np.float16)", "shape = (-1, 2): allowed are sizes >= 0"),
    ("dev.alloc((2, 2), np.int8)", "dtype <class 'numpy.int8'> is no format; allowed: float8_e5m2"),
    ("dev.alloc((1024, 1024), np.float16)", "alloc: 2097152 bytes do not fit the device memory of 1048576 bytes"),
)


# --- The command line: words, the content of jobs.json, the exit code ------------------------------------------------

SMALL = "redmule run --m 2 --n 2 --k 2 --backend golden"
COMMANDS = (
    (f"{SMALL} --op gem", "", "op = 'gem': allowed are matmul, gemm"),
    (f"{SMALL} --op", "", "'--op' requires an argument: allowed are matmul, gemm"),
    (f"{SMALL} --dtype fp8", "", "dtype = 'fp8': allowed are e5m2, fp16, e4m3, bf16, e4m3fn"),
    (f"{SMALL} --out-dtype fp32", "", "out_dtype = 'fp32': allowed are e5m2, fp16"),
    (f"{SMALL} --config papers", "", "config = 'papers': allowed are tiny, paper"),
    (f"{SMALL} --backend fpga", "", "backend = 'fpga': allowed are golden, rtl, model"),
    (f"{SMALL} --backend", "", "'--backend' requires an argument: allowed are golden, rtl, model"),
    (f"{SMALL} --m 0", "", "M = 0: allowed are 1 to 65535"),
    (f"{SMALL} --m x", "", "'x': allowed is a whole number"),
    (f"{SMALL} --seed -1", "", "seed = -1: allowed are 0 to"),
    (f"{SMALL} --stall 2", "", "stall = 2.0: allowed are numbers from 0 to 0.99"),
    (f"{SMALL} --stall 0.5", "", "stall = 0.5: allowed only for device 'rtl' and 'model', not 'golden'"),
    (f"{SMALL} --backend rtl --waves /proc/a.vcd", "", "waves = '/proc/a.vcd': allowed is a file that can be written"),
    (f"{SMALL} --out /proc/z.npz", "", "out = '/proc/z.npz': allowed is a file that can be written"),
    (f"{SMALL} --operands a.npz", "", "M, N, K are given with operands: allowed is either"),
    (f"{SMALL} --sed 1", "", "No such option: --sed"),
    (f"{SMALL} --traffic random:0.3", "", "only for device 'rtl' and 'model', not 'golden'"),
    (f"{SMALL} --backend rtl --traffic random", "", "traffic = 'random': allowed is PATTERN:RATE"),
    (f"{SMALL} --backend rtl --traffic zigzag:0.1", "", "traffic = 'zigzag:0.1': allowed is PATTERN:RATE"),
    (f"{SMALL} --backend rtl --cluster --share 1:4", "", "share = '1:4': allowed is NUM/DEN"),
    (f"{SMALL} --backend rtl --cluster --share 1/999", "", "share = 999: allowed are 0 to 255"),
    (f"{SMALL} --backend rtl --priority cores", "", "priority = 'cores': allowed are wide, log"),
    (f"{SMALL} --backend rtl --cluster --stall 0.1", "", "stall = 0.1: allowed only without a cluster"),
    ("redmule run --backend golden", "", "M = None: allowed are 1 to 65535"),
    ("redmule run --operands none.npz --backend golden", "", "No such file"),
    ("redmule rnu", "", "No such command 'rnu'. Did you mean 'run'?: allowed are run, batch, train, map, sweep"),
    ("redmule map resnet9", "", "resnet9"),
    ("redmule map resnet8 --tcdm 100", "", "100"),
    ("redmule map resnet8 --batch 0", "", "batch = 0: allowed are"),
    ("redmule train digits_cnn --steps 0", "", "steps = 0: allowed are"),
    ("redmule train digits_cnn --recipe fp7", "", "fp7"),
    ("redmule train digits_cnn --resume", "", "--out"),
    ("redmule sweep --out x --workload gemm:0", "", "gemm:0"),
    ("redmule sweep --out x --workload gemm:8 --rows 0", "", "rows = 0: allowed are"),
    ("redmule sweep --out x --workload gemm:8 --backend golden", "", "golden"),
    ("redmule report none", "", "none"),
    ("redmule batch", "", "Missing argument 'file'"),
    ("redmule batch none.json", "", "No such file"),
    ("redmule batch jobs.json", "x", "jobs.json: allowed is JSON"),
    ("redmule batch jobs.json", "[]", "jobs.json: allowed is a list of jobs"),
    ("redmule batch jobs.json", "[3]", "jobs.json: job 0 = 3: allowed is an object"),
    ("redmule batch jobs.json", '[{"rows": 1}]', "job 0: key 'rows': allowed are M, N, K"),
    ("redmule batch jobs.json", '[{"M": "1"}]', "job 0: M = '1': allowed is a value of type int"),
    ("redmule batch jobs.json", '[{"M": 1, "N": 1, "K": 1, "seed": -1}]', "job 0: seed = -1: allowed are 0 to"),
    ("redmule batch jobs.json", '[{"M": 1, "N": 1, "K": 1, "op": "gem"}]', "job 0: op = 'gem': allowed are matmul"),
    ("redmule explain", "", "allowed are codes, or --operands with --m and --k"),
    ("redmule explain one", "", "code 'one': allowed is a number"),
    ("redmule explain 0x10000", "", "code 0x10000: allowed for fp16 are 0 to 0xffff"),
    ("redmule explain --format fp4 1", "", "format = 'fp4': allowed are e5m2, fp16"),
    ("redmule explain 1 --m 0", "", "m = 0: allowed only with --operands"),
)


def commanded(line: str, jobs: str) -> str:
    """Return exit code and message of a command line, run in a folder with this jobs.json."""
    errors = io.StringIO()
    with (
        tempfile.TemporaryDirectory() as folder,
        contextlib.chdir(folder),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(errors),
    ):
        if jobs:
            Path("jobs.json").write_text(jobs, encoding="utf-8")
        try:
            cli.main(shlex.split(line)[1:])
        except SystemExit as end:
            return f"exit {end.code}: {errors.getvalue().strip()}"


TABLES: dict[str, tuple[str, tuple[Case, ...]]] = {
    "Python": (
        "`x` is 3 x 4, `w` 4 x 5, `y` 3 x 5, all float16; `dev` is a device of `tiny`, `kind` its kind. Each line was "
        "tried on the devices golden, rtl and model, which gave the same error. A device works for one thread at a "
        "time; `run` and `close` of another one meanwhile are a RuntimeError.",
        tuple(Case(expression, f"ValueError: {words}", partial(judged, expression)) for expression, words in PYTHON),
    ),
    "Command line": (
        "Exit code and message. `jobs.json` holds what stands behind the command.",
        tuple(
            Case(f"{line}  # jobs.json: {jobs}" if jobs else line, words, partial(commanded, line, jobs))
            for line, jobs, words in COMMANDS
        ),
    ),
    "Registers": (
        "The RTL of `tiny`; a gemm of 3 x 4 x 5 in fp16 with one register changed, queued between two good jobs of "
        "other cores. Every op code is an op, so an unknown one cannot be written.",
        tuple(Case(word, f"{error.name}; no access", partial(refused, word)) for error, word in REFUSALS),
    ),
    "Behaviour": (
        "The RTL of `tiny`, against the golden model; each access of the memory port is checked against the matrices. "
        f"A device gives a job {TIME_FLOOR_CYCLES} cycles and then {TIME_MARGIN} times the cycles of the law plus, for "
        "each beat, stall / (1 - stall) + latency; then it is a HangError.",
        tuple(Case(tried, words, act) for tried, words, act in BEHAVIOUR),
    ),
}
CASES = tuple(case for _, cases in TABLES.values() for case in cases)


def markdown_row(cells: Sequence[str]) -> str:
    """Return a line of a table."""
    return "| " + " | ".join(f"`{cell}`".replace("|", "\\|") for cell in cells) + " |"


def page(rows: dict[str, tuple[str, str]]) -> Iterator[str]:
    """Yield the lines of the page."""
    yield from INTRODUCTION.splitlines()
    for title, (text, cases) in TABLES.items():
        yield from ("", f"## {title}", "", text, "", "| tried | outcome |", "|---|---|")
        yield from (markdown_row(rows[case.tried]) for case in cases)


def main() -> int:
    """Try everything and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.relative_to(ROOT)}")
    arguments = parser.parse_args()
    rows = {case.tried: case.row() for case in CASES}
    print_table(("tried", "outcome"), rows.values())
    wrong = [case for case in CASES if case.expected not in rows[case.tried][1]]
    for case in wrong:
        print(f"{case.tried}: expected {case.expected!r}, got {rows[case.tried][1]!r}", file=sys.stderr)
    if arguments.write:
        PAGE.write_text("\n".join(page(rows)) + "\n", encoding="utf-8")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
