# SPDX-License-Identifier: Apache-2.0
"""The published law and figures, and the page that compares them with this law."""

from __future__ import annotations

import pytest

from redmule import published
from redmule.config import Config
from redmule.published import POINTS, Point
from redmule.report import law_page
from redmule.report.law import Cost, Exactness, Guess


@pytest.mark.parametrize("point", POINTS, ids=lambda point: f"{point.config} {point.figure} {point.unit}")
def test_the_published_law_gives_each_figure_to_its_digits_for_one_cube_of_whole_tiles(point: Point) -> None:
    config = Config.named(point.config)
    cubes = [n for n in range(1, 1025) if n % config.rows == 0 and n % config.tile_cols == 0]

    def figure(n: int) -> str:
        cube = Point(point.config, n, point.elem_bytes, point.unit, point.figure, point.f_mhz)
        return cube.digits(cube.value(published.cycles(n, n, n, config)))

    assert [n for n in cubes if figure(n) == point.figure] == [point.size]


def test_the_fixed_cost_grows_with_the_beats_of_a_row_and_the_ring() -> None:
    fixed = {name: published.fixed_cycles(Config.named(name)) for name in ("paper", "date22", "paper_fp8")}
    assert fixed == {"paper": 108, "date22": 108 - 3 * 4, "paper_fp8": 108 + 16}


def test_the_page_holds_all_tables() -> None:
    guesses = [Guess(("paper", "stall 0.5"), error, 0.02) for error in (-0.01, 0.03)]
    page = law_page.markdown(
        "make law", [Exactness("queued", "tiny", 40, 0)], guesses, guesses[:1], [Cost("layers", 3, 0.1, 0.2, "1x1x1")]
    )
    assert "40 jobs, 0 differ" in page
    assert "| stall 0.5 | 2 | 2.00% | 3.00% | +1.00% | 2.00% |" in page
    assert "| layers | 3 | 0.100 | 0.20 | 1x1x1 |" in page
    assert "| paper | 96 x 96 x 96, 16 bits | 99.4 % | 99.4 | 18540 | 99.7 | 18490 |" in page
