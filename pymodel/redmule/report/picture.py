# SPDX-License-Identifier: Apache-2.0
"""Figures for pages: Matplotlib draws them, the SVG takes the colours of the page and shows texts under the mouse."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from redmule.report.palette import LIGHT

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, HEIGHT = 5.2, 3.7
"""Of a panel, in inches."""

PNG_DPI = 160

_STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",  # comes with Matplotlib: the same figure on every machine
    "font.size": 8.5,
    "axes.edgecolor": LIGHT["line"],
    "axes.labelcolor": LIGHT["ink"],
    "axes.titlecolor": LIGHT["ink"],
    "axes.titlesize": 9.5,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": LIGHT["line"],
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "text.color": LIGHT["ink"],
    "xtick.color": LIGHT["muted"],
    "ytick.color": LIGHT["muted"],
    "svg.fonttype": "none",  # texts stay texts
    "svg.hashsalt": "redmule",
}

_COLOUR = re.compile("|".join(LIGHT.values()), re.IGNORECASE)
_NAMES = {light.lower(): name for name, light in LIGHT.items()}
_REFERENCE = re.compile(r"#([\w-]+)")
_FONT = re.compile(r"font: ([^;]*?)(\d[\d.]*px) [^;]*")


@dataclass(eq=False)
class Picture:
    """A figure that is being drawn.

    Attributes:
        name: stem of its file, unique on its page.
        title: what it shows, above it.
        figure, axes: of Matplotlib.
        tips: group of marks -> a text for each of them, shown under the mouse.
    """

    name: str
    title: str
    figure: Figure
    axes: Axes
    tips: dict[str, list[str]] = field(default_factory=dict)

    def tip(self, artist: Any, texts: Sequence[str]) -> None:
        """Let an artist show texts: one, or one for each of its marks."""
        group = f"{self.name}-{len(self.tips)}"
        artist.set_gid(group)
        self.tips[group] = list(texts)

    def png(self) -> bytes:
        """Return it as PNG, on a light ground, with its title."""
        content = io.BytesIO()
        with styled():
            self.axes.set_title(self.title)
            ground, unsigned = LIGHT["panel"], {"Software": None}  # equal figures have equal files
            self.figure.savefig(content, format="png", dpi=PNG_DPI, facecolor=ground, metadata=unsigned)
            self.axes.set_title("")
        return content.getvalue()

    def svg(self) -> str:
        """Return it as an element of a page, without its title."""
        content = io.BytesIO()
        with styled():
            self.figure.savefig(content, format="svg", transparent=True, metadata={"Date": None})
        root = ElementTree.fromstring(content.getvalue())
        _in_html(root)
        self._add_tips(root)
        _own_ids(root, self.name)
        for size in ("width", "height", "version"):
            root.attrib.pop(size, None)
        root.set("role", "img")
        root.set("aria-label", self.title)
        return ElementTree.tostring(root, encoding="unicode")

    def _add_tips(self, root: ElementTree.Element) -> None:
        for group in root.iter("g"):
            texts = self.tips.get(group.get("id", ""), [])
            marks = [group] if len(texts) == 1 else list(group.iter("use")) or list(group.iter("path"))
            for mark, text in zip(marks, texts, strict=False):
                title = ElementTree.Element("title")
                title.text = text
                mark.insert(0, title)


@contextmanager
def styled() -> Iterator[None]:
    """Let figures have the one style, as a context or as the decorator of what draws them."""
    import matplotlib as mpl  # only a report needs it

    with mpl.rc_context(_STYLE):
        yield


def picture(name: str, title: str, height: float = HEIGHT) -> Picture:
    """Return an empty figure of one panel."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    return Picture(name, title, figure, figure.add_subplot())


def _in_html(root: ElementTree.Element) -> None:
    """Make elements those of HTML: without namespaces and metadata, fonts of the page, colours by name."""
    for parent in root.iter():
        for child in [child for child in parent if child.tag.endswith("metadata")]:
            parent.remove(child)
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        for key in [key for key in element.attrib if key.startswith("{")]:
            element.set(key.rpartition("}")[2], element.attrib.pop(key))
        if style := element.get("style"):
            style = _COLOUR.sub(lambda match: f"var(--{_NAMES[match[0].lower()]})", style)
            element.set("style", _FONT.sub(r"font-size: \2", style))


def _own_ids(root: ElementTree.Element, prefix: str) -> None:
    """Keep the ids that are referred to, and make them those of this figure alone."""
    used = {name for element in root.iter() for value in element.attrib.values() for name in _REFERENCE.findall(value)}
    for element in root.iter():
        if (name := element.get("id")) is not None:
            if name in used:
                element.set("id", f"{prefix}-{name}")
            else:
                del element.attrib["id"]
        for key, value in element.attrib.items():
            if key == "href" or "url(" in value:
                element.set(key, _REFERENCE.sub(rf"#{prefix}-\1", value))
