# SPDX-License-Identifier: Apache-2.0
"""The colours of pages and figures, on a light and on a dark ground.

Figures are drawn with the light ones. In a page each of them becomes a CSS variable, so that a figure follows the
theme of its reader; therefore no two names have the same light colour.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

PALETTE: Mapping[str, tuple[str, str]] = {
    "ground": ("#fdfdfc", "#14181d"),
    "panel": ("#ffffff", "#1c2229"),
    "ink": ("#1a2129", "#e7eaee"),
    "muted": ("#5b6672", "#a3adb8"),
    "line": ("#d5dbe1", "#38424d"),
    "accent": ("#0b5cad", "#74b4f5"),
    "good": ("#1f7a4d", "#63c795"),
    "bad": ("#b3261e", "#ff8a80"),
    # Series, in the order in which they are used: far apart also for those who see few colours.
    "series-1": ("#2368b0", "#6cabf0"),
    "series-2": ("#d1731b", "#f2a155"),
    "series-3": ("#2f8f6b", "#5ecda3"),
    "series-4": ("#a8449a", "#dd86d0"),
    "series-5": ("#8a6d1a", "#d3b44a"),
    "series-6": ("#5a4fbf", "#a49bf5"),
    "series-7": ("#c0415a", "#f58a9d"),
    "series-8": ("#4d7f96", "#8fc3da"),
    "rest": ("#9aa5b0", "#76828e"),
}
"""Name -> colour on a light and on a dark ground."""

LIGHT: Mapping[str, str] = {name: light for name, (light, _) in PALETTE.items()}
SERIES: Sequence[str] = [light for name, light in LIGHT.items() if name.startswith("series")]

HEAT = ("#f3efe4", "#f0c987", "#d98a4b", "#8f4a6b", "#34295c")
"""Colours of a heat map from little to much, the same on both grounds: each cell has a text that suits it."""


def css() -> str:
    """Return the colours as CSS: for the theme that the reader's system has, or the one that `data-theme` names."""

    def variables(index: int) -> str:
        return "".join(f"--{name}:{colours[index]};" for name, colours in PALETTE.items())

    light, dark = f"color-scheme:light;{variables(0)}", f"color-scheme:dark;{variables(1)}"
    return (
        f":root{{{light}}}\n"
        f"@media (prefers-color-scheme:dark){{:root:not([data-theme=light]){{{dark}}}}}\n"
        f":root[data-theme=dark]{{{dark}}}\n"
    )


def cycled(count: int) -> Iterator[str]:
    """Yield so many colours of series; they recur after the last one."""
    for index in range(count):
        yield SERIES[index % len(SERIES)]
