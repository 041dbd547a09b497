"""The snake plot as SVG with real text, for the page and for other programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from allo_core.figures.colours import ABSENT, HELIX, LOOP, PLAIN, SLIDE, Theme, text_on
from allo_core.figures.snake import Fold, HelixBox, SnakeLayout

__all__ = ["snake_svg"]

_FONT = "'Source Sans', 'Source Sans Pro', 'Helvetica Neue', Arial, sans-serif"
_UNIT = 12.0  # px of the radius of a circle, in a file
_HEAD = 3.2  # units above the drawing for the title
_BELOW = 1.2  # units below the drawing, for the name of the side
_FOOT = 3.6  # units below it for the legend
_LONG_TITLE = 160


def snake_svg(
    layout: SnakeLayout,
    sequence: str,
    labels: Sequence[str],
    colours: Sequence[str] = (),
    sets: Mapping[str, tuple[Sequence[int], str]] | None = None,
    tags: Mapping[int, str] | None = None,
    title: str = "",
    legend: Mapping | None = None,
    theme: Theme = "light",
) -> str:
    """SVG text; whatever comes from outside is escaped.

    Parameters
    ----------
    layout : SnakeLayout
    sequence : str, length L
        The letter in each circle.
    labels : sequence of str, length L
        What is said of a residue under the pointer.
    colours : sequence of str, length L
        Hex; empty for a plain drawing.
    sets : mapping of str to (indices, colour), optional
        Marked residues, 0-based; the first set is seen where sets overlap.
    tags : mapping of int to str, optional
        The few residues whose names are written beside them.
    title : str
    legend : mapping, optional
        title, low, high (str) and colours (sequence of hex).
    theme : {"light", "dark"}
    """
    ink, faint, ground = SLIDE[theme]
    head, foot = (_HEAD if title else 0.0), (_FOOT if legend else 0.0)
    left, top = layout.left, layout.top - head
    width, height = layout.right - left, layout.bottom + _BELOW + foot - top
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{left:.2f} {top:.2f} {width:.2f} {height:.2f}" '
        f'width="{_UNIT * width:.0f}" height="{_UNIT * height:.0f}" font-family="{escape(_FONT)}" text-anchor="middle">'
    ]
    if title:
        parts.append(f'<rect x="{left:.2f}" y="{top:.2f}" width="{width:.2f}" height="{height:.2f}" fill="{ground}"/>')
        shown = title if len(title) <= _LONG_TITLE else f"{title[: _LONG_TITLE - 1]}…"
        parts.append(_text(left + 1, layout.top - 1.2, shown, 1.5, ink, anchor="start", weight=600))
    parts += [_side(layout, "extracellular", layout.top + 1.2, faint), _side(layout, "intracellular", layout.bottom + 0.7, faint)]
    marks = {index: (name, colour) for name, (indices, colour) in reversed(list((sets or {}).items())) for index in indices}
    parts += [_box(box) for box in layout.boxes]
    parts += [_circle(layout, index, letter, labels[index], colours, marks) for index, letter in enumerate(sequence)]
    parts += [_fold(fold, marks, ink, ground) for fold in layout.folds]
    parts += [_name(box, ink, ground) for box in layout.boxes]
    for index, text in (tags or {}).items():
        if layout.x[index] == layout.x[index]:
            parts.append(_text(layout.x[index], layout.y[index] - 1.35, text, 1.2, ink, weight=600, halo=ground))
    if legend:
        parts.append(_legend(layout, legend, ink, faint))
    return "".join([*parts, "</svg>"])


def _text(x: float, y: float, text: str, size: float, colour: str, anchor: str = "middle", weight: int = 400, halo: str = "") -> str:
    around = f' paint-order="stroke" stroke="{halo}" stroke-width="0.45" stroke-linejoin="round"' if halo else ""
    return (
        f'<text x="{x:.2f}" y="{y:.2f}" font-size="{size}" fill="{colour}" font-weight="{weight}" text-anchor="{anchor}"{around}>'
        f"{escape(text)}</text>"
    )


def _side(layout: SnakeLayout, name: str, y: float, colour: str) -> str:
    return _text(layout.right - 0.5, y, name, 1.3, colour, anchor="end")


def _box(box: HelixBox) -> str:
    return (
        f'<rect class="helix" x="{box.left:.2f}" y="{box.top:.2f}" width="{box.right - box.left:.2f}" height="{box.bottom - box.top:.2f}" '
        f'rx="1.2" fill="{LOOP}" fill-opacity="0.35" stroke="{HELIX}" stroke-width="0.08"/>'
    )


def _name(box: HelixBox, ink: str, ground: str) -> str:
    """Above a helix that stands, behind one that lies."""
    lies = box.right - box.left > box.bottom - box.top
    x, y = (box.right + 1.3, (box.top + box.bottom) / 2 + 0.4) if lies else (box.left + 1.2, box.top - 0.35)
    return _text(x, y, box.name, 1.25, ink, weight=600, halo=ground)


def _circle(layout: SnakeLayout, index: int, letter: str, label: str, colours: Sequence[str], marks: Mapping[int, tuple[str, str]]) -> str:
    x, y = layout.x[index], layout.y[index]
    if x != x:  # in a fold
        return ""
    fill = colours[index] if colours else PLAIN
    ring, thick = (marks[index][1], 0.42) if index in marks else (HELIX, 0.06)
    return (
        f'<g class="residue" id="r{index}" data-index="{index}" role="gridcell" aria-label="{escape(label)}">'
        f'<circle cx="{x:.2f}" cy="{y:.2f}" r="0.95" fill="{fill}" stroke="{ring}" stroke-width="{thick}"/>'
        f'<text x="{x:.2f}" y="{y + 0.42:.2f}" font-size="1.2" fill="{text_on(fill)}">{escape(letter)}</text>'
        f"<title>{escape(label)}</title></g>"
    )


def _fold(fold: Fold, marks: Mapping[int, tuple[str, str]], ink: str, ground: str) -> str:
    marked = [index for index in marks if fold.first <= index <= fold.last]
    count = fold.last - fold.first + 1
    text = f"… {count}" + (f", {len(marked)} marked" if marked else "")
    width = 0.62 * len(text) + 1.2
    ring = marks[marked[0]][1] if marked else ABSENT
    left, top = fold.x - width / 2, fold.y - 0.95
    edge = f'stroke="{ring}" stroke-width="{0.3 if marked else 0.1}"'
    return (
        f'<g class="fold" data-first="{fold.first}" data-last="{fold.last}">'
        f'<rect x="{left:.2f}" y="{top:.2f}" width="{width:.2f}" height="1.9" rx="0.95" fill="{ground}" {edge}/>'
        f"{_text(fold.x, fold.y + 0.42, text, 1.2, ink)}<title>{count} residues that are not drawn one by one</title></g>"
    )


def _legend(layout: SnakeLayout, legend: Mapping, ink: str, faint: str) -> str:
    left, y = layout.left + 1, layout.bottom + _BELOW
    parts = [_text(left, y + 0.6, str(legend["title"]), 1.3, ink, anchor="start")]
    stops = list(legend["colours"])
    if stops:
        width = 16.0
        offsets = "".join(
            f'<stop offset="{at / max(len(stops) - 1, 1):.3f}" stop-color="{escape(str(colour))}"/>' for at, colour in enumerate(stops)
        )
        parts.append(f'<defs><linearGradient id="scale">{offsets}</linearGradient></defs>')
        parts.append(
            f'<rect x="{left:.2f}" y="{y + 1:.2f}" width="{width}" height="0.8" fill="url(#scale)" stroke="{faint}" stroke-width="0.05"/>'
        )
        parts.append(_text(left, y + 2.9, str(legend["low"]), 1.1, faint, anchor="start"))
        parts.append(_text(left + width, y + 2.9, str(legend["high"]), 1.1, faint, anchor="end"))
    return "".join(parts)
