# SPDX-License-Identifier: Apache-2.0
"""The study of shapes: its lists, what it says of them, and that the page in the tree is that of this tree."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from redmule.config import Config
from redmule.device import MEMORY_BASE, MEMORY_BYTES, Memory, RtlDevice
from redmule.report import shapes, shapes_page
from redmule.workload import LAYOUTS, Product, layers, networks

DOCS = Path(__file__).parents[2] / "docs"
PAPER = Config.named("paper")


@pytest.fixture(name="tables", scope="module")
def _tables() -> list[list[shapes.Row]]:
    return [shapes.rows(products, PAPER) for products in shapes.every_list()]


def test_the_random_shapes_are_two_hundred_a_range_and_within_it() -> None:
    for low, high in shapes.RANGES:
        drawn = shapes.ranged(low, high)
        assert len(drawn) == 200
        assert drawn == shapes.ranged(low, high)
        assert all(low <= size <= high for product in drawn for size in (product.m, product.n, product.k))


def test_no_shape_from_n_13_on_with_channels_last_is_slower_than_on_the_published_rtl(
    tables: list[list[shapes.Row]],
) -> None:
    usual = [table for table in tables if table[0].product.layout != LAYOUTS[1]]
    assert len(usual) == len(shapes.RANGES) + len(shapes.BATCHES) * len(networks())
    assert [row for table in usual for row in shapes.slower_than_published(table)] == []


def test_no_shape_beats_its_bound(tables: list[list[shapes.Row]]) -> None:
    assert [row for table in tables for row in table if not row.ideal <= row.bound < row.alone] == []


def test_every_target_is_met(tables: list[list[shapes.Row]]) -> None:
    verdicts = shapes_page.verdicts(tables)
    assert len(verdicts) == 2 * len(shapes.RANGES) + len(networks())
    assert [verdict for verdict in verdicts if not verdict.ok] == []


def test_a_figure_below_its_target_is_not_ok() -> None:
    assert not shapes_page.Verdict("a range", 0.9699, 0.97).ok
    assert shapes_page.Verdict("a range", 0.97, 0.97).ok


def test_the_table_in_the_tree_is_that_of_this_law(tables: list[list[shapes.Row]]) -> None:
    text = (DOCS / "results" / "shapes.csv").read_text(encoding="utf-8")
    assert text == shapes_page.as_csv(tables)
    lines = list(csv.DictReader(text.splitlines()[1:]))
    assert len(lines) == sum(map(len, tables))
    assert lines[0].keys() == set(shapes_page.COLUMNS)


def test_the_page_and_the_picture_in_the_tree_are_those_of_this_law(tables: list[list[shapes.Row]]) -> None:
    page = (DOCS / "results" / "shapes.md").read_text(encoding="utf-8")
    assert page.splitlines()[5:] == shapes_page.markdown(tables, "").splitlines()[5:]
    assert (DOCS / "pictures" / "shapes.svg").read_text(encoding="utf-8") == shapes_page.svg(tables)


def test_strips_of_a_product_take_the_cycles_of_the_law_on_the_rtl() -> None:
    products = [
        Product("test", "33 cubed", 0, "", 33, 33, 33),
        *layers("autoencoder", 4, LAYOUTS[1])[12:15],
    ]
    with RtlDevice(PAPER, Memory(MEMORY_BYTES, MEMORY_BASE)) as device:
        for row in shapes.rows(products, PAPER):
            measured, law = shapes.measure(row, device)
            assert measured == law, row
