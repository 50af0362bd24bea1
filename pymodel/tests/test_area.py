# SPDX-License-Identifier: Apache-2.0
"""The area model against what was measured, which the package holds. Needs no tools."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from redmule.area import blocks, estimate, features, fit, model, points
from redmule.area.blocks import Size
from redmule.area.synthesis import Synthesis
from redmule.area.timing import Timing
from redmule.config import CONFIGS, Config
from redmule.report import area, gates

PAGES = Path(__file__).parents[2] / "docs" / "results"
VARIANTS = [
    replace(config, transposes=transposes, row_groups=groups, contexts=contexts)
    for config in CONFIGS.values()
    for transposes, groups, contexts in ((False, 1, 1), (True, 2, 2), (True, 4, 4))
]


def test_the_model_is_what_the_fit_makes_of_the_measurements() -> None:
    fitted, kept = fit.fit(points.load()), model.load()
    for name in ("interval", "spared_kge", "um2_per_kge", "um2_interval", "array_fo4", "outside_fo4", "residuals"):
        assert getattr(fitted, name) == pytest.approx(getattr(kept, name), rel=1e-4), name
    assert fitted.kge.keys() == kept.kge.keys()
    for block, kge in fitted.kge.items():
        assert kge == pytest.approx(kept.kge[block], rel=1e-3, abs=2e-6), block


def test_every_configuration_of_the_design_is_measured() -> None:
    measured = points.load()
    assert list(measured.sizes) == list(points.all_configs())
    assert list(measured.accelerators) == list(points.design()[points.WHOLE])
    assert list(measured.arrays) == list(points.design()[points.ARRAYS])


def test_configurations_the_model_was_not_fitted_to_lie_in_its_interval() -> None:
    measured, kept = points.load(), model.load()
    held_out = fit.held_out()
    assert kept.residuals.keys() == held_out.keys()
    assert len(held_out) >= 16
    for name, config in held_out.items():
        low, high = estimate(config).kge_interval
        assert low <= blocks.total(measured.sizes[name]).kge <= high, name


def test_the_interval_is_narrow() -> None:
    its = estimate(CONFIGS["paper"])
    assert 0.9 < its.low < 1 < its.high < 1.1


def test_blocks_add_up_to_the_whole() -> None:
    measured = points.load()
    for array in measured.arrays.values():
        assert array.composed_kge == pytest.approx(array.kge, rel=0.05)
    for name, accelerator in measured.accelerators.items():
        low, high = estimate(points.all_configs()[name]).kge_interval
        assert low <= accelerator.kge <= high, name


@pytest.mark.parametrize("config", VARIANTS, ids=lambda config: f"{config.name} in {config.row_groups}")
def test_every_block_takes_something_and_the_intervals_hold_the_values(config: Config) -> None:
    its = estimate(config)
    without_queue = config.contexts == 1
    assert all(kge > 0 or (block == "control: hazards" and without_queue) for block, kge in its.blocks.items())
    assert its.kge_interval[0] < its.kge < its.kge_interval[1]
    assert its.mm2_interval[0] < its.mm2 < its.mm2_interval[1]
    assert its.fo4 > 0


@pytest.mark.parametrize("config", VARIANTS, ids=lambda config: f"{config.name} in {config.row_groups}")
@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("rows", range(1, 33)),
        ("row_len", (1, 2, 4, 8, 16)),  # others may shorten the chunks of a beat, which hold whole passes
        ("pipe_regs", range(5)),
        ("contexts", range(1, 5)),
        ("x_chunks", range(2, 9)),
    ],
)
def test_more_of_anything_takes_more(config: Config, field: str, values: Sequence[int]) -> None:
    changed: Iterator[dict[str, Any]] = ({field: value} for value in values)
    sizes = [estimate(replace(config, **fields)).kge for fields in changed]
    assert all(fewer < more for fewer, more in pairwise(sizes))


def test_registers_in_the_elements_make_the_longest_path_no_longer() -> None:
    depths = [estimate(replace(CONFIGS["paper"], pipe_regs=registers)).fo4 for registers in range(5)]
    assert all(more <= fewer for fewer, more in pairwise(depths))


@pytest.mark.parametrize("config", ["paper", None, 3])
def test_what_is_no_configuration_is_refused(config: Any) -> None:
    with pytest.raises(ValueError, match="config"):
        estimate(config)


def test_the_features_name_the_blocks_that_are_measured() -> None:
    measured = points.load()
    for name, config in points.all_configs().items():
        assert features.features(config).keys() == measured.sizes[name].keys()


def test_nonnegative_least_squares_finds_the_best_of_all_choices_of_free_variables() -> None:
    rng = np.random.default_rng(5)
    for _ in range(50):
        matrix, target = rng.standard_normal((7, 4)), rng.standard_normal(7)
        found = fit.nonnegative_least_squares(matrix, target)
        assert (found >= 0).all()
        errors = [np.linalg.norm(target)]
        for chosen in range(1, 16):
            free = [variable for variable in range(4) if chosen >> variable & 1]
            best = np.linalg.lstsq(matrix[:, free], target)[0]
            if (best >= 0).all():
                errors.append(np.linalg.norm(matrix[:, free] @ best - target))
        assert np.linalg.norm(matrix @ found - target) == pytest.approx(min(errors))


def test_cells_take_the_area_of_the_library_and_flip_flops_count_as_bits() -> None:
    cells = Counter({"NAND2X1": 3, "DFFPOSX1": 2, "$_DFFE_PP_": 1, "$_SDFF_PN0_": 1, "$scopeinfo": 7, "redmule_row": 2})
    assert blocks.size_of(cells, {"NAND2X1": 1.0, "DFFPOSX1": 4.0}) == Size(0.011, 2, 1)


def test_a_gate_that_was_not_mapped_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\$_DLATCH_P_ was not mapped"):
        blocks.size_of(Counter({"$_DLATCH_P_": 1}), {})


def test_a_buffer_of_sixteen_bits_is_extended_from_one_and_two() -> None:
    common, bit = Size(100, 5, 10), Size(7, 2, 3)
    assert blocks.extended(common + bit, common + bit * 2) == common + bit * 16


def test_a_missing_library_says_which_package_brings_it(tmp_path: Path) -> None:
    synthesis = Synthesis(tmp_path, "python", tmp_path, liberty=tmp_path / "no.lib")
    for act in (synthesis.require, synthesis.cell_areas, Timing(synthesis).require):
        with pytest.raises(RuntimeError, match=r"no\.lib \(apt-get install qflow-tech-osu018"):
            act()


def test_an_interpreter_without_yosys_says_which_package_brings_it(tmp_path: Path) -> None:
    (tmp_path / "cells.lib").write_text("cell (NAND2X1) { area : 24; }")
    false = Synthesis(tmp_path, "false", tmp_path, liberty=tmp_path / "cells.lib")
    with pytest.raises(RuntimeError, match=r"pyosys==0\.70"):
        false.require()


def test_figures_written_down_are_read_as_they_were(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    measured, kept = points.load(), model.load()
    monkeypatch.setattr(points, "MEASURED", tmp_path / "measured.yaml")
    monkeypatch.setattr(fit, "MODEL", tmp_path / "model.yaml")
    points.save(measured)
    fit.save(kept)
    for name in ("measured.yaml", "model.yaml"):
        assert (tmp_path / name).read_text() == Path(points.__file__).with_name(name).read_text()
    assert points.load() == measured
    assert {path.name for path in tmp_path.iterdir()} == {"measured.yaml", "model.yaml"}


def test_the_pages_show_the_figures_of_the_package() -> None:
    measured = points.load()
    assert (PAGES / "area.md").read_text(encoding="utf-8") == area.page(measured, model.load())
    assert (PAGES / "gates.md").read_text(encoding="utf-8") == gates.page(measured.sizes)
