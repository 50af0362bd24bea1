# SPDX-License-Identifier: Apache-2.0
"""The page about the cycle law: `docs/results/law.md`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from redmule import law, published
from redmule.config import Config
from redmule.report.law import ASKED, BATCH, LEAST_RUNS, LONGEST_QUEUE, MOST_RUNS, MOST_SIZE, Cost, Exactness, Guess

TARGET = 0.02
"""The mean error of estimates may be at most this."""

MOST_MEAN_MS, MOST_MS = 0.2, 5.0
"""What a question may cost, in the mean over the layers, and at most."""

EXACT = ("jobs", "configuration", "compared", "differ")
GUESSES = ("group", "jobs", "mean error", "worst error", "bias", "mean spread")
COSTS = ("asked", "questions", "mean ms", "worst ms", "the worst one")
POINTS = ("array", "product", "published", "its law", "cycles by it", "this RTL", "cycles")


def exact_rows(outcomes: Iterable[Exactness]) -> list[list[str]]:
    """Return a line for each kind and configuration."""
    return [[o.kind, o.config, str(o.jobs), str(o.differ)] for o in outcomes]


def guess_rows(guesses: Sequence[Guess]) -> list[list[str]]:
    """Return a line for all, and for each group in the order of their names."""
    groups = sorted({group for guess in guesses for group in guess.groups})
    lines = [_guess_row("all", guesses)]
    return lines + [_guess_row(name, [guess for guess in guesses if name in guess.groups]) for name in groups]


def mean_error(guesses: Sequence[Guess]) -> float:
    """Return the mean of the sizes of the errors."""
    return float(np.mean([abs(guess.error) for guess in guesses]))


def _guess_row(name: str, guesses: Sequence[Guess]) -> list[str]:
    errors = np.array([guess.error for guess in guesses])
    worst, bias, spread = np.abs(errors).max(), errors.mean(), np.mean([guess.spread for guess in guesses])
    figures = (f"{mean_error(guesses):.2%}", f"{worst:.2%}", f"{bias:+.2%}", f"{spread:.2%}")
    return [name, str(len(guesses)), *figures]


def cost_rows(costs: Iterable[Cost]) -> list[list[str]]:
    """Return a line for each."""
    return [[c.what, str(c.questions), f"{c.mean_ms:.3f}", f"{c.worst_ms:.2f}", c.worst] for c in costs]


def point_rows() -> list[list[str]]:
    """Return a line for each published figure: by the published law, and by this one."""
    rows = []
    for point in published.POINTS:
        config, n = Config.named(point.config), point.size
        theirs = published.cycles(n, n, n, config)
        size = point.elem_bytes
        ours = law.shape_cycles(n, n, n, config, (size, size, size, size)).total
        product = f"{n} x {n} x {n}, {8 * size} bits"
        figures = [point.digits(point.value(cycles)) for cycles in (theirs, ours)]
        unit = f"{point.figure} {point.unit}"
        rows.append([point.config, product, unit, figures[0], str(theirs), figures[1], str(ours)])
    return rows


def markdown(
    command: str,
    outcomes: Sequence[Exactness],
    refused: Sequence[Guess],
    shared: Sequence[Guess],
    costs: Sequence[Cost],
) -> str:
    """Return the page; `command` made it."""
    jobs, differ = sum(o.jobs for o in outcomes), sum(o.differ for o in outcomes)
    parts = [
        "# The cycle law",
        "",
        f"Written by `{command}`.",
        "",
        "## Law and RTL",
        "",
        f"Random jobs on the RTL and on the model device: any formats, transposes and dependences, sizes up to "
        f"{MOST_SIZE}, queues of up to {LONGEST_QUEUE}. Cycles, steps and stalls by reason are compared for every job: "
        f"{jobs} jobs, {differ} differ. The model device knows the seed of the RTL's random numbers, so it has to be "
        "exact where the memory refuses (0.05 to 0.9, up to 20 cycles late), among busy cores, and in tiles from L2 "
        "as well. All small shapes in all ways to store them: campaign `shapes` (`docs/results/regress.md`).",
        "",
        *_table(EXACT, exact_rows(outcomes)),
        "## Estimates under contention",
        "",
        "Who does not know the seed gets an expectation: the mean of some draws (`law.stalled`, `law.shared`), against "
        f"the mean of {LEAST_RUNS} to {MOST_RUNS} runs of the RTL with other random numbers. The mean error may be "
        f"{TARGET:.0%}. The spread is that of single draws: what one run of a short job takes is a matter of luck.",
        "",
        "A memory that refuses and is late:",
        "",
        *_table(GUESSES, guess_rows(refused)),
        "Eight busy cores in the cluster:",
        "",
        *_table(GUESSES, guess_rows(shared)),
        "## Cost of a question",
        "",
        f"Layers: of the networks of MLPerf Tiny, training steps, batch {BATCH}, both layouts. Any: sizes log-uniform "
        f"up to 65535. At most {MOST_MEAN_MS} ms on average over the layers, {MOST_MS:g} ms for any. Each "
        f"is asked {ASKED} times, the fastest counts.",
        "",
        *_table(COSTS, cost_rows(costs)),
        "## Published figures",
        "",
        "The papers do not say for which product they hold. By the law of the published RTL each holds, to its digits, "
        "for one cube of whole tiles. That law is ceil(M/L) ceil(N/H) ceil(K/D) D + 108 for 12 x 4; 108 becomes 96 for "
        "8 x 4 (three beats for each row) and 124 for 12 x 8 (a ring of 16 stages more).",
        "",
        *_table(POINTS, point_rows()),
    ]
    return "\n".join(parts)


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a table, and an empty one."""
    return [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}", *(f"| {' | '.join(row)} |" for row in rows), ""]
