# SPDX-License-Identifier: Apache-2.0
"""The page about training: what is asked for, which point is chosen, the curves."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from xml.etree import ElementTree

import pytest

from redmule.report import training, training_page
from redmule.train import Score, Step


def point(cycles: int, train: float, test: float) -> dict[str, Any]:
    kept = {"conv1": 0.5}
    return {
        "kept": kept,
        "accelerator": cycles,
        "cores": 50,
        "train": train,
        "test": 0.5,
        "retrained": test,
        "rtl": True,
    }


def study(fp16: float = 0.98, test: float = 0.978) -> dict[str, Any]:
    """Return what a study may find."""
    found: dict[str, Any] = {}
    for recipe, accuracy in (("fp32", 0.98), ("fp16", fp16), ("mixed_fp8", 0.97)):
        steps = [asdict(Step(1 / step, 1024.0, False, None, 7)) for step in range(1, 5)]
        scores = [[2, asdict(Score(1.0, 0.5))], [4, asdict(Score(0.5, accuracy))]]
        for seed in training.SEEDS:
            found[f"{recipe} {seed}"] = {"steps": steps, "scores": scores, "cycles": (100, 200)}
    found["overflow"] = {"steps": [asdict(Step(3.0, 2.0**scale, scale > 14, None, 7)) for scale in (16, 15, 14, 14)]}
    for seed in training.CONTINUAL_SEEDS:
        found[f"continual {seed}"] = {"replayed": {"old": 0.9, "new": 0.8, "both": 0.85, "stored_bytes": 64}}
    for seed in training.SEEDS:
        points = [point(1000, 0.99, 0.98), point(500, 0.98, 0.97), point(700, 0.986, test), point(800, 1.0, 0.98)]
        found[f"approximate {seed}"] = {"points": points}
    return found


def test_the_point_with_the_fewest_cycles_among_those_that_lose_little_is_chosen() -> None:
    assert training.chosen(study()["approximate 0"]["points"])["accelerator"] == 700


@pytest.mark.parametrize(("change", "missed"), [({}, []), ({"fp16": 0.97}, ["fp16"]), ({"test": 0.97}, ["test"])])
def test_what_is_missed_is_said(change: dict[str, float], missed: list[str]) -> None:
    verdicts = training.verdicts(study(**change))
    assert [verdict.name.split()[0] for verdict in verdicts if not verdict.ok] == missed


def test_the_page_has_all_tables() -> None:
    page = training_page.markdown(study())
    assert "| fp16 | 98.00% |" in page
    assert "| 1 to 2 | 2^16 |" not in page
    assert "| 3 to 4 | 2^14 | no | 3.000 |" in page
    assert "| replayed | 90.0% | 80.0% | 85.0% | 64 |" in page
    assert "| 0 | chosen | conv1 50% | 700 | 30.0% | 28.6% |" in page


def test_the_curves_are_pictures_for_both_themes() -> None:
    pytest.importorskip("matplotlib")
    for content in training_page.pictures(study()).values():
        root = ElementTree.fromstring(content)
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        assert "prefers-color-scheme:dark" in content
        assert "mixed_fp8" in content
