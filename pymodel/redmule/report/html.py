# SPDX-License-Identifier: Apache-2.0
"""Pieces of a page: tables, panels, facts, and the page around them. Nothing on it is loaded from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path

from redmule.report import palette
from redmule.report.picture import Picture

_HERE = Path(__file__).parent

Cell = str | int | float | bool | None


def document(title: str, sections: Mapping[str, str]) -> str:
    """Return a page with these sections, by their headings."""
    names = {heading: f"part-{number}" for number, heading in enumerate(sections, 1)}
    links = "".join(f'<a href="#{name}">{escape(heading)}</a>' for heading, name in names.items())
    body = "".join(
        f'<section id="{names[heading]}"><h2>{escape(heading)}</h2>\n{content}</section>\n'
        for heading, content in sections.items()
    )
    style = (_HERE / "page.css").read_text(encoding="utf-8")
    script = (_HERE / "page.js").read_text(encoding="utf-8")
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title>\n<style>\n{palette.css()}{style}</style></head>\n"
        f"<body><header><h1>{escape(title)}</h1><nav>{links}</nav></header>\n<main>\n{body}</main>\n"
        f"<script>\n{script}</script></body></html>\n"
    )


def paragraph(text: str) -> str:
    """Return a paragraph of plain text."""
    return f"<p>{escape(text)}</p>\n"


def warning(text: str) -> str:
    """Return a paragraph that something is wrong."""
    return f'<p class="bad">{escape(text)}</p>\n'


def facts(values: Mapping[str, str]) -> str:
    """Return names and values side by side."""
    pairs = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in values.items())
    return f'<dl class="facts">{pairs}</dl>\n'


def panels(pictures: Iterable[Picture], *, wide: bool = False) -> str:
    """Return figures beside each other, as many as there is room for."""
    inside = "\n".join(
        f"<figure><figcaption>{escape(each.title)}</figcaption>{each.svg()}</figure>" for each in pictures
    )
    return f'<div class="panels{" wide" if wide else ""}">{inside}</div>\n'


def folded(summary: str, content: str) -> str:
    """Return content that shows itself on a click."""
    return f"<details><summary>{escape(summary)}</summary>{content}</details>\n"


def table(columns: Mapping[str, str], rows: Iterable[Sequence[Cell]], *, tall: bool = False) -> str:
    """Return a table that a click on a head sorts.

    Args:
        columns: head -> what it means, shown under the mouse.
        rows: values in the order of the columns; numbers are shown with four digits.
        tall: many rows, which scroll inside the page.
    """
    lines = list(rows)
    texts = [any(isinstance(line[index], str) for line in lines) for index in range(len(columns))]
    heads = "".join(
        f"<th{_kind(text)} title={_quoted(what)}>{escape(name)}</th>"
        for (name, what), text in zip(columns.items(), texts, strict=True)
    )
    body = "\n".join(f"<tr>{''.join(map(_cell, line, texts))}</tr>" for line in lines)
    return (
        f'<div class="scroll{" tall" if tall else ""}"><table class="sortable"><thead><tr>{heads}</tr></thead>\n'
        f"<tbody>{body}</tbody></table></div>\n"
    )


def _cell(value: Cell, text: bool) -> str:
    if isinstance(value, float):
        return f'<td data-value="{value!r}">{shown(value)}</td>'
    return f"<td{_kind(text)}>{escape(shown(value))}</td>"


def shown(value: Cell) -> str:
    """Return a value as people read it."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return str(value)


def _kind(text: bool) -> str:
    return ' class="text"' if text else ""


def _quoted(text: str) -> str:
    return f'"{escape(text)}"'
