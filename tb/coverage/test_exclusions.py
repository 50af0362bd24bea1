# SPDX-License-Identifier: Apache-2.0
"""A file of exclusions with a mistake is refused in one line, before anything is played."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tb.coverage import exclusions


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("code: [", "expected the node content"),
        ("codes: []", "the file: fields = ['codes']: allowed are perhaps code, perhaps functional"),
        ("[1]", "the file: fields = [1]"),
        ("code: 5", "code = 5: allowed is a list"),
        ("code: [{where: [{file: x, line: [a]}]}]", "code entry 1: fields = ['where']: allowed are reason, where"),
        ("code: [{reason: ' ', where: [{file: x, line: [a]}]}]", "code entry 1: reason = ' ': allowed is text"),
        ("code: [{reason: r, where: [{file: x, signal: [a]}]}]", "fields = ['file', 'signal']"),
        ("code: [{reason: r, where: [{file: x}]}]", "where 'x' excludes nothing"),
        ("code: [{reason: r, where: [{file: x, toggle: '*'}]}]", "toggle = '*': allowed is a list"),
        ("code: [{reason: r, where: [{file: x, branch: [else]}]}]", "branch = 'else': allowed is 'ARM @ TEXT'"),
        ("code: [{reason: r, where: [{file: x, line: ['']}]}]", "line = '': allowed is text"),
        ("functional: [{reason: r, group: size, bins: ['*']}]", "group = 'size': allowed are formats,"),
    ],
)
def test_a_wrong_file_of_exclusions_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "exclusions.yaml").write_text(text)
    with pytest.raises(ValueError, match=re.escape(complaint)) as caught:
        exclusions.load(tmp_path / "exclusions.yaml")
    assert "\n" not in str(caught.value)


def test_the_exclusions_of_the_tree_are_as_described() -> None:
    assert exclusions.load().keys() == {"code", "functional"}
