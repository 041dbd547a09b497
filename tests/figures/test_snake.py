"""The snake plot: every residue once, nothing over anything else, and text that is only text."""

import xml.etree.ElementTree as ET
from itertools import pairwise

import numpy as np
import pytest
from scipy.spatial import cKDTree

from allo_core.figures.colours import SET_COLOURS, attention_scale, hex_colours, text_on
from allo_core.figures.snake import snake_layout
from allo_core.figures.snake_svg import snake_svg
from allo_core.library.receptors import find_receptor, receptors

NUMBERED = {entry: receptor for entry, receptor in receptors().items() if receptor.numbers is not None}
SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "<img src=x onerror=alert(1)> & \"quotes\" 'too' ]]>"


def test_every_numbered_receptor_is_drawn_whole_and_nothing_overlaps():
    assert len(NUMBERED) > 380
    for entry, receptor in NUMBERED.items():
        layout = snake_layout(receptor.numbers.segment)
        drawn = np.isfinite(layout.x) & np.isfinite(layout.y)
        folded = [index for fold in layout.folds for index in range(fold.first, fold.last + 1)]
        assert sorted([*np.flatnonzero(drawn).tolist(), *folded]) == list(range(len(receptor.protein))), entry
        nearest, _ = cKDTree(np.c_[layout.x, layout.y][drawn]).query(np.c_[layout.x, layout.y][drawn], k=2)
        assert nearest[:, 1].min() > 1.99, entry  # circles have the radius 1
        assert layout.left < np.nanmin(layout.x) - 1, entry
        assert layout.right > np.nanmax(layout.x) + 1, entry
        assert layout.top < np.nanmin(layout.y) - 1, entry
        assert layout.bottom > np.nanmax(layout.y) + 1, entry


def test_helices_stand_in_order_and_up_and_down_in_turn():
    for entry in ("AA2AR", "GLP1R", "GRM5", "FZD7", "T2R38"):
        receptor = NUMBERED[entry]
        layout, segments = snake_layout(receptor.numbers.segment), receptor.numbers.segment
        upright = [box for box in layout.boxes if box.name != "H8"]
        assert [box.name for box in upright] == [f"TM{number}" for number in range(1, 8)]
        assert all(before.right < after.left for before, after in pairwise(upright))
        for number, box in enumerate(upright, start=1):
            inside = [index for index, segment in enumerate(segments) if segment == box.name]
            assert (layout.y[inside[0]] < layout.y[inside[-1]]) == (number % 2 == 1)  # TM1 goes in, TM2 comes out again
            assert box.left < layout.x[inside].min() - 1
            assert box.right > layout.x[inside].max() + 1


def test_loops_lie_on_their_side():
    receptor = NUMBERED["ADRB2"]
    layout, segments = snake_layout(receptor.numbers.segment), receptor.numbers.segment
    for name, above in (("ICL1", False), ("ECL1", True), ("ICL2", False), ("ECL2", True), ("ICL3", False), ("ECL3", True)):
        heights = [layout.y[index] for index, segment in enumerate(segments) if segment == name and np.isfinite(layout.y[index])]
        assert heights
        assert all((height < 0) == above for height in heights), name


def test_without_helices_there_is_no_plot():
    assert snake_layout(["N-term"] * 30) is None
    assert snake_layout(["TM1"] * 20 + ["ICL1"] * 5) is None


def svg(**more) -> str:
    receptor = NUMBERED["AA2AR"]
    length = len(receptor.protein)
    labels = [f"{receptor.protein.label(index)} {HOSTILE}" for index in range(length)]
    colours = hex_colours(np.linspace(0, 1, length), 1.0, attention_scale("light"))
    layout = snake_layout(receptor.numbers.segment)
    legend = {"title": HOSTILE, "low": "0", "high": HOSTILE, "colours": list(attention_scale("light"))}
    sets = {"A": ([51, 90], SET_COLOURS["A"]), "B": ([51, 400], SET_COLOURS["B"])}
    return snake_svg(layout, receptor.protein.sequence, labels, colours, sets, {51: HOSTILE}, HOSTILE, legend, **more)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_file_is_xml_with_real_text_and_nothing_of_it_is_markup(theme):
    root = ET.fromstring(svg(theme=theme))
    assert {element.tag for element in root.iter()} <= {
        SVG + name for name in ("svg", "g", "rect", "circle", "text", "title", "defs", "linearGradient", "stop")
    }
    assert all(not name.startswith("on") and "href" not in name for element in root.iter() for name in element.attrib)
    assert HOSTILE in [text.text for text in root.iter(f"{SVG}text")]
    residues = [group for group in root.iter(f"{SVG}g") if group.get("class") == "residue"]
    layout = snake_layout(NUMBERED["AA2AR"].numbers.segment)
    assert [int(group.get("data-index")) for group in residues] == np.flatnonzero(np.isfinite(layout.x)).tolist()
    assert [group.find(f"{SVG}text").text for group in residues[:4]] == list("MPIM")


def test_marks_ring_their_residue_or_the_break_that_holds_it():
    root = ET.fromstring(svg())
    rings = {group.get("data-index"): group.find(f"{SVG}circle").get("stroke") for group in root.iter(f"{SVG}g") if group.get("data-index")}
    assert (rings["51"], rings["90"]) == (SET_COLOURS["A"], SET_COLOURS["A"])  # set A is seen where both are
    texts = [text.text for text in root.iter(f"{SVG}text") if "marked" in (text.text or "")]
    (fold,) = [fold for fold in snake_layout(NUMBERED["AA2AR"].numbers.segment).folds if fold.first <= 400 <= fold.last]
    assert texts == [f"… {fold.last - fold.first + 1}, 1 marked"]


def test_letters_are_read_on_every_fill():
    assert text_on("#FFFFFF") == "#000000"
    assert text_on("#08306B") == "#FFFFFF"


def test_a_cropped_domain_is_drawn_too():
    receptor = find_receptor("GRM5")
    numbers = receptor.numbers.crop(550, 850)
    layout = snake_layout(numbers.segment)
    assert len(layout.x) == 300
    assert len([box for box in layout.boxes if box.name.startswith("TM")]) == 7
