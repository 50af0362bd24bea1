# SPDX-License-Identifier: Apache-2.0
"""The page about training: what is asked for, which point is chosen, the curves."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from redmule.report import training, training_page, training_study
from redmule.report.training_study import CONTINUAL_SEEDS, SEEDS
from redmule.sweep.cache import sources_digest
from redmule.train import Score, Step


def point(cycles: int, train: float, test: float) -> dict[str, Any]:
    kept = {"conv1": 0.5}
    return {
        "thresholds": {"conv1": 0.1},
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
        for seed in SEEDS:
            found[f"{recipe} {seed}"] = {"steps": steps, "scores": scores, "cycles": (100, 200)}
    found["overflow"] = {"steps": [asdict(Step(3.0, 2.0**scale, scale > 14, None, 7)) for scale in (16, 15, 14, 14)]}
    for seed in CONTINUAL_SEEDS:
        found[f"continual {seed}"] = {"replayed": {"old": 0.9, "new": 0.8, "both": 0.85, "stored_bytes": 64}}
    for seed in (*SEEDS, *training.FRESH_SPLITS):
        points = [
            point(1000, 0.99, 0.98),
            point(500, 0.98, 0.97),
            point(700, 0.986, test if seed in training.FRESH_SPLITS else 0.9),
            point(800, 1.0, 0.98),
        ]
        found[f"approximate {seed}"] = {"points": points}
    return found


def test_the_point_with_the_fewest_cycles_among_those_that_lose_little_is_chosen() -> None:
    assert training.chosen(study()["approximate 0"]["points"])["accelerator"] == 700


@pytest.mark.parametrize(("change", "missed"), [({}, []), ({"fp16": 0.97}, ["fp16"]), ({"test": 0.97}, ["test"])])
def test_what_is_missed_is_said(change: dict[str, float], missed: list[str]) -> None:
    verdicts = training.verdicts(study(**change))
    assert [verdict.name.split()[0] for verdict in verdicts if not verdict.ok] == missed


def test_a_mean_comes_with_its_standard_error() -> None:
    assert training.mean_and_error([0.1, 0.2, 0.3]) == "20.0% ± 5.8%"


def test_the_page_has_all_tables() -> None:
    page = training_page.markdown(study())
    assert "| fp16 | 98.00% |" in page
    assert "| 1 to 2 | 2^16 |" not in page
    assert "| 3 to 4 | 2^14 | no | 3.000 |" in page
    assert "| replayed | 90.0% | 80.0% | 85.0% | 64 |" in page
    assert "| 0 | chosen | conv1 50% | 700 | 30.0% | 28.6% |" in page
    assert "| 10 | conv1 50% | 1000 to 700 | 30.0% | 28.6% | 99.00% to 98.60% | 0.00% | 98.00% to 97.80% |" in page
    assert "| mean |  |  | 30.0% ± 0.0% |" in page


def test_the_curves_are_pictures_for_both_themes() -> None:
    pytest.importorskip("matplotlib")
    for content in training_page.pictures(study()).values():
        root = ElementTree.fromstring(content)
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        assert "prefers-color-scheme:dark" in content
        assert "mixed_fp8" in content


def test_a_piece_is_kept_until_a_source_of_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = training_study.Study(tmp_path, [7])
    monkeypatch.setattr(training_study.Study, "_approximate", lambda self, split, seed: {"split": split, "seed": seed})
    pieces = {name: compute for name, compute in study.pieces() if name.startswith("approximate")}
    assert [compute() for compute in pieces.values()][4:] == [{"split": 0, "seed": 4}, {"split": 7, "seed": 7}]
    (kept,) = tmp_path.glob("pieces-*/approximate_7.json")
    kept.write_text('{"kept": true}')
    assert pieces["approximate 7"]() == {"kept": True}
    monkeypatch.setattr(training_study, "_digest", lambda names: "changed")
    assert pieces["approximate 7"]() == {"split": 7, "seed": 7}


def test_the_digest_is_of_all_that_pieces_come_from(tmp_path: Path) -> None:
    sources = tmp_path / "law"
    (sources / "deep").mkdir(parents=True)
    (sources / "deep" / "a.py").write_text("1")
    before = sources_digest([sources])
    (sources / "notes.md").write_text("no source")
    assert sources_digest([sources]) == before
    (sources / "deep" / "a.py").write_text("2")
    assert sources_digest([sources]) != before
    package = Path(training_study.__file__).parents[1]
    assert all((package / name).exists() for name in training_study.SOURCES)
