# SPDX-License-Identifier: Apache-2.0
"""The list of proofs agrees with the files in `formal/`; with the tool, one proof holds and its mutants fail."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from redmule.report import formal
from redmule.report.formal import Proof, Prover, Status

ROOT = Path(__file__).resolve().parents[2]
PROOFS = formal.load(ROOT / "formal" / "proofs.yaml")
TOP_NAMES = [proof.top for proof in PROOFS]
ENVIRONMENT = ROOT / "build" / "formal-env"
LIMIT_SECONDS = 60.0
CHEAP = "credit_proof"
FACTORS = 256


def tool_python() -> str:
    """Return an interpreter that has Yosys, or skip."""
    if importlib.util.find_spec("pyosys"):
        return sys.executable
    if not (ENVIRONMENT / "done").exists():
        pytest.skip("pyosys is not installed; `make formal` installs it into build/formal-env")
    return str(ENVIRONMENT / "bin" / "python")


def test_every_proof_in_the_folder_is_listed_once() -> None:
    files = sorted(path.stem for path in (ROOT / "formal").glob("*_proof.sv"))
    assert sorted(TOP_NAMES) == files


@pytest.mark.parametrize("proof", PROOFS, ids=TOP_NAMES)
def test_every_file_of_a_proof_exists_and_it_has_instances(proof: Proof) -> None:
    assert [file for file in (*proof.files, proof.source) if not (ROOT / file).is_file()] == []
    assert proof.instances
    assert f"module {proof.top}" in (ROOT / proof.source).read_text()


@pytest.mark.parametrize("proof", PROOFS, ids=TOP_NAMES)
def test_every_property_has_a_mutant_that_changes_a_source_of_the_proof(proof: Proof) -> None:
    assert {mutant.breaks for mutant in proof.mutants} == set(proof.properties(ROOT))
    for mutant in proof.mutants:
        assert mutant.file in (*proof.files, proof.source)
        text = (ROOT / mutant.file).read_text()
        assert mutant.apply(text) != text


def test_a_mutant_without_its_text_is_named() -> None:
    mutant = formal.Mutant("OrderIsKept", "rtl/a.sv", "no such text", "")
    with pytest.raises(ValueError, match=r"OrderIsKept: rtl/a.sv has no 'no such text'"):
        mutant.apply("module a;")


def test_the_table_on_the_page_has_every_instance_and_every_mutant() -> None:
    page = (ROOT / "docs" / "results" / "formal.md").read_text()
    for proof in PROOFS:
        name = proof.top.removesuffix("_proof")
        for parameters in proof.instances:
            assert f"| {name} | {formal.instance_text(parameters)} | {formal.METHOD} |" in page
        for mutant in proof.mutants:
            assert f"| {name} | {mutant.breaks} |" in page
    assert Status.FAILED not in page
    assert Status.OPEN not in page
    assert "NOT BROKEN" not in page


def test_the_products_that_share_proof_assumes_exist_for_all_factors() -> None:
    """From num * den, num is taken den times, and den num times; each time enough is left, and nothing at the end."""
    steps, step = np.meshgrid(np.arange(FACTORS), np.arange(FACTORS))
    product = steps * step
    assert np.array_equal(product, product.T)
    assert product.max() < 1 << 16
    left, rest = steps.copy(), product.copy()
    for _ in range(FACTORS):
        goes_on = left != 0
        assert np.all(rest[goes_on] >= step[goes_on])
        assert np.all(rest[~goes_on] == 0)
        rest = np.where(goes_on, rest - step, rest)
        left = np.where(goes_on, left - 1, left)
    assert not left.any()


def test_a_cheap_proof_holds_and_its_mutants_fail() -> None:
    prover = Prover(ROOT, tool_python(), LIMIT_SECONDS)
    proof = next(proof for proof in PROOFS if proof.top == CHEAP)
    assert prover.prove(proof, proof.instances[0]).status is Status.PROVED
    for mutant in proof.mutants:
        assert prover.refute(proof, mutant).status is Status.FAILED


def test_a_proof_that_does_not_hold_names_the_property(tmp_path: Path) -> None:
    """A copy of the tree with a broken credit counter."""
    python = tool_python()
    proof = next(proof for proof in PROOFS if proof.top == CHEAP)
    mutant = proof.mutants[0]
    for file in (*proof.files, proof.source):
        text = (ROOT / file).read_text()
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(mutant.apply(text) if file == mutant.file else text)
    outcome = Prover(tmp_path, python, LIMIT_SECONDS).prove(proof, proof.instances[0])
    assert outcome.status is Status.FAILED
    assert mutant.breaks in outcome.text
