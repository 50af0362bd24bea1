# SPDX-License-Identifier: Apache-2.0
"""`redmule explain`: a code bit by bit, or a result element step by step."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Any

import typer
from bitstring import Bits

from redmule import checks
from redmule.cli.jobs import DEFAULT_FORMAT, JobSpec, named_format, raw_codes
from redmule.cli.options import DtypeOption, OutDtypeOption, SaturateOption, help_of, whole
from redmule.cli.output import JsonOption, print_json, print_table
from redmule.fp import Flags, Format, Op, scalar
from redmule.fp.formats import FP16
from redmule.fp.ops import Term
from redmule.job import Job


def explain(
    codes: Annotated[list[str] | None, typer.Argument(help="Codes, as 0x3c00, 0b... or decimal.")] = None,
    number_format: Annotated[
        str | None, typer.Option("--format", help=help_of("--format", "Format of the codes (default fp16)"))
    ] = None,
    operands: Annotated[str | None, typer.Option(help="An .npz file with x, w and optionally y.")] = None,
    m: Annotated[
        int | None, typer.Option("--m", parser=whole, metavar="ROW", help="Row of the result element.")
    ] = None,
    k: Annotated[
        int | None, typer.Option("--k", parser=whole, metavar="COLUMN", help="Column of the result element.")
    ] = None,
    op: Annotated[str | None, typer.Option(help=help_of("--op", "Operation (default gemm)"))] = None,
    dtype: DtypeOption = None,
    out_dtype: OutDtypeOption = None,
    saturate: SaturateOption = False,
    as_json: JsonOption = False,
) -> None:
    """Show codes bit by bit, or with --operands how one element of the result comes about."""
    element: dict[str, object] = {"m": m, "k": k, "op": op, "dtype": dtype, "out_dtype": out_dtype}
    if operands is None and codes:
        _refuse(element | {"saturate": saturate or None}, "only with --operands, not with codes")
        fmt = named_format("format", number_format or DEFAULT_FORMAT)
        rows = [code_row(_parsed(code, fmt), fmt) for code in codes]
    elif operands is not None and not codes:
        _refuse({"format": number_format}, "only with codes, not with --operands")
        job = JobSpec(operands=operands, op=op or "gemm", dtype=dtype, out_dtype=out_dtype, saturate=saturate).job()
        rows = element_rows(job, _index("m", m, job.operands.m), _index("k", k, job.operands.k))
    else:
        raise ValueError("allowed are codes, or --operands with --m and --k")
    if as_json:
        print_json(rows)
    else:
        print_table(list(rows[0]), ([*row.values()] for row in rows))


def code_row(code: int, fmt: Format) -> dict[str, str]:
    """Return the fields and the value of a code."""
    bits = Bits(uint=code, length=fmt.width)
    decoded = scalar.decode(code, fmt)
    return {
        "code": _hex(code, fmt),
        "sign": bits[:1].bin,
        "exponent": bits[1 : 1 + fmt.exponent_bits].bin,
        "mantissa": bits[1 + fmt.exponent_bits :].bin,
        "kind": decoded.kind.value,
        "exact": _exact(decoded.value),
        "value": _value(code, fmt),
    }


def element_rows(job: Job, m: int, k: int) -> list[dict[str, str]]:
    """Return what happens to element (m, k) of the result: a row for its start, for each step, and for the cast."""
    operands = job.operands
    start, flags = 0, Flags()
    if operands.y is not None:
        start, flags = scalar.cast_in(_code(operands.y, m, k, operands.y_format), operands.y_format)
    acc = start
    rows = [_row("y", "", "", _exact(scalar.decode(acc).value), acc, FP16, flags)]
    for n in range(operands.n):
        x, x_flags = scalar.cast_in(_code(operands.x, m, n, operands.x_format), operands.x_format)
        w, w_flags = scalar.cast_in(_code(operands.w, n, k, operands.w_format), operands.w_format)
        exact = _exact(_exact_step(operands.op, x, w, acc))
        acc, step_flags = scalar.step(operands.op, x, w, acc)
        rows.append(_row(f"n = {n}", _value(x), _value(w), exact, acc, FP16, x_flags | w_flags | step_flags))
    z, flags = scalar.cast_out(acc, operands.z_format, job.saturate)
    rows.append(_row("z", "", "", _exact(scalar.decode(acc).value), z, operands.z_format, flags))
    return rows


def _row(step: str, x: str, w: str, exact: str, code: int, fmt: Format, flags: Flags) -> dict[str, str]:
    """Return a row: the exact value before rounding, the rounded one, and the flags of this step alone."""
    return {
        "step": step,
        "x": x,
        "w": w,
        "exact": exact,
        "rounded": _value(code, fmt),
        "code": _hex(code, fmt),
        "flags": str(flags),
    }


def _exact_step(op: Op, x: int, w: int, acc: int) -> Fraction | None:
    """Return the exact value of what the step rounds: x w + acc, x w, or x + w. Max and min alone round nothing."""
    if op.op1 is Term.MUL:
        return scalar.fma_exact(x, w, acc if op.op2 is Term.ADD else scalar.MINUS_ZERO)
    return scalar.fma_exact(scalar.ONE, x, w) if op.op1 is Term.ADD else None


def _code(matrix: Any, row: int, col: int, fmt: Format) -> int:
    """Return the raw code of an element."""
    return int(raw_codes(matrix[row : row + 1, col], fmt)[0])


def _value(code: int, fmt: Format = FP16) -> str:
    """Return a code as a decimal number, or its kind."""
    decoded = scalar.decode(code, fmt)
    sign = "-" if decoded.sign else ""
    return decoded.kind.value if decoded.is_nan else f"{sign}inf" if decoded.value is None else _float(decoded)


def _float(decoded: scalar.Decoded) -> str:
    """Return a finite number in the fewest digits that tell it from others; every code is a float exactly."""
    magnitude = decoded.significand * 2.0**decoded.exponent
    return repr(-magnitude if decoded.sign else magnitude)


def _exact(value: Fraction | None) -> str:
    """Return a number as an integer times a power of two."""
    if value is None:
        return "-"
    shift = value.denominator.bit_length() - 1
    return f"{value.numerator} * 2^-{shift}" if shift else str(value.numerator)


def _hex(code: int, fmt: Format) -> str:
    """Return a code in hexadecimal, all its digits."""
    return f"0x{code:0{fmt.width // 4}x}"


def _parsed(text: str, fmt: Format) -> int:
    """Return the code that a word of the command line means."""
    try:
        code = int(text, 0)
    except ValueError:
        raise ValueError(f"code {text!r}: allowed is a number, as 0x3c00") from None
    if not 0 <= code < 1 << fmt.width:
        raise ValueError(f"code {text}: allowed for {fmt.name} are 0 to {(1 << fmt.width) - 1:#x}")
    return code


def _index(name: str, index: int | None, size: int) -> int:
    """Return an index that is in range."""
    return checks.integer(name, index, range(size))


def _refuse(options: dict[str, object], allowed: str) -> None:
    """Raise an error for the first option that was given although it would do nothing."""
    for name, value in options.items():
        if value is not None:
            raise checks.refused(name, value, allowed)
