# SPDX-License-Identifier: Apache-2.0
"""Each known failure of the published RTL, brought back, is caught: by name, and by the check its patch says."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tb.mutation import judge, museum

EXHIBITS = {exhibit.name: exhibit for exhibit in museum.exhibits()}
ALWAYS = ("event_before_the_last_store", "hang_under_memory_stalls", "stores_past_the_end_of_z")
REST = tuple(EXHIBITS.keys() - ALWAYS)


@pytest.mark.parametrize(
    "names",
    [pytest.param(ALWAYS, id="three of them"), pytest.param(sorted(REST), id="all others", marks=pytest.mark.long)],
)
def test_the_suite_catches_known_failures(names: Sequence[str]) -> None:
    shown = [EXHIBITS[name] for name in names]
    verdicts = judge.play(museum.design, [exhibit.mutant for exhibit in shown])
    caught = [verdict.killed and verdict.killed.by for verdict in verdicts]
    assert dict(zip(names, caught, strict=True)) == {exhibit.name: exhibit.caught_by for exhibit in shown}


def test_every_known_failure_is_in_the_museum_once() -> None:
    assert len(EXHIBITS) == 13
    assert len({exhibit.failure for exhibit in EXHIBITS.values()}) == len(EXHIBITS)


def test_a_patch_that_does_not_fit_the_rtl_is_refused() -> None:
    with pytest.raises(ValueError, match=r"p\.patch does not fit the RTL: line 2 is not 'was'"):
        list(museum._patched("p.patch", ["a\n", "is\n"], ["@@ -1,2 +1,2 @@", " a", "-was", "+will be"]))
