# SPDX-License-Identifier: Apache-2.0
"""Golden fma against Berkeley SoftFloat, values and flags: ``python -m redmule.fp.campaign --count 10000000``."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass

import numpy as np

from redmule.fp import kernel, stimuli, vector
from redmule.fp.flags import NV, NX, OF, UF
from redmule.fp.formats import FP16

_CHUNK = 1_000_000


@dataclass(frozen=True, slots=True)
class CampaignResult:
    """How many triples were compared, and the first of those that differ: (a, b, c) codes."""

    compared: int
    mismatches: int
    examples: tuple[tuple[int, int, int], ...]


class SoftFloat:
    """The oracle: round to nearest even, tininess after rounding. Needs the package softfloatpy."""

    def __init__(self) -> None:
        import softfloatpy

        softfloatpy.set_rounding_mode(softfloatpy.RoundingMode.NEAR_EVEN)
        softfloatpy.set_tininess_mode(softfloatpy.TininessMode.AFTER_ROUNDING)
        self._soft = softfloatpy
        self._codes = [softfloatpy.Float16.from_bytes(code.to_bytes(2, "big")) for code in range(1 << FP16.width)]
        flag = softfloatpy.ExceptionFlag
        pairs = ((flag.INVALID, NV), (flag.OVERFLOW, OF), (flag.UNDERFLOW, UF), (flag.INEXACT, NX))
        self._flags = np.array([sum(ours for theirs, ours in pairs if bits & theirs) for bits in range(32)], np.uint8)

    def fma(self, a: vector.Codes, b: vector.Codes, c: vector.Codes) -> tuple[vector.Codes, vector.FlagBits]:
        """fp16 ``a * b + c`` and flag bits of each triple; every NaN made canonical."""
        mul_add, clear, read = self._soft.f16_mul_add, self._soft.set_exception_flags, self._soft.get_exception_flags
        objects = self._codes
        results, flags = [], bytearray()
        for i, j, k in zip(a.tolist(), b.tolist(), c.tolist(), strict=True):
            clear(0)
            results.append(mul_add(objects[i], objects[j], objects[k]).to_bytes())
            flags.append(read())
        codes = np.frombuffer(b"".join(results), ">u2").astype(np.uint16)
        codes[vector.is_nan(codes)] = FP16.canonical_nan
        return codes, self._flags[np.frombuffer(flags, np.uint8)]


def compare(oracle: SoftFloat, triples: stimuli.Triples) -> CampaignResult:
    """Compare the NumPy twin and the compiled kernel with the oracle on ``triples``."""
    wanted, wanted_flags = oracle.fma(*triples)
    wrong = np.zeros(wanted.shape, np.bool_)
    for codes, flags in (vector.fma(*triples), kernel.fma(*triples)):
        wrong |= (codes != wanted) | (flags != wanted_flags)
    examples = tuple((int(a), int(b), int(c)) for a, b, c in zip(*(codes[wrong][:5] for codes in triples), strict=True))
    return CampaignResult(wanted.size, int(wrong.sum()), examples)


def run(count: int, seed: int) -> CampaignResult:
    """All triples of special values, then ``count`` directed and random ones."""
    oracle = SoftFloat()
    total = compare(oracle, stimuli.special_triples())
    for index, start in enumerate(range(0, count, _CHUNK)):
        part = compare(oracle, stimuli.fma_triples(min(_CHUNK, count - start), seed + index))
        total = CampaignResult(
            total.compared + part.compared, total.mismatches + part.mismatches, (total.examples + part.examples)[:5]
        )
    return total


def main() -> int:
    """The command; its exit code is 0 only if nothing differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000_000, help="directed and random triples")
    parser.add_argument("--seed", type=int, default=1, help="seed of the first million; the next have the next seeds")
    arguments = parser.parse_args()
    result = run(arguments.count, arguments.seed)
    print(f"fp16 fma against SoftFloat, seed {arguments.seed}: {result.compared} compared, {result.mismatches} differ")
    for a, b, c in result.examples:
        print(f"  fma({a:#06x}, {b:#06x}, {c:#06x})")
    return int(result.mismatches > 0)


if __name__ == "__main__":
    sys.exit(main())
