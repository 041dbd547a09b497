import re
import tomllib
from pathlib import Path

import numpy as np
import pytest

from allo_core.figures.colours import (
    ABSENT,
    CHANCE_SCALE,
    SEGMENTS,
    attention_scale,
    ceiling_of_all,
    hex_colours,
    segment_colours,
    value_ceiling,
)


def test_colours_run_from_first_to_last_and_nan_is_absent():
    scale = attention_scale("light")
    colours = hex_colours(np.array([0.0, 2.0, 9.0, np.nan]), 2.0, scale)
    assert [c.upper() for c in colours] == [scale[0].upper(), scale[-1].upper(), scale[-1].upper(), ABSENT]
    assert attention_scale("dark") != scale
    middle = {theme: scale[len(scale) // 2] for theme, scale in CHANCE_SCALE.items()}
    config = tomllib.loads((PACKAGE.parent / ".streamlit/config.toml").read_text(encoding="utf-8"))
    assert middle == {theme: config["theme"][theme]["backgroundColor"] for theme in ("light", "dark")}  # chance is the page's ground


@pytest.mark.parametrize(
    ("values", "ceiling"),
    [
        (np.zeros(5), (1.0, "nothing above 0")),
        (np.array([0, 0, 0, 0, 3.0] + [0] * 400), (3.0, "maximum")),
        (np.ones(9), (1.0, "98th percentile")),
    ],
)
def test_the_colour_scale_never_ends_at_zero(values, ceiling):
    assert value_ceiling(values) == ceiling


def test_the_shared_scale_is_that_of_all_heads():
    values = np.stack([np.zeros((2, 50)), np.ones((2, 50))])
    assert ceiling_of_all(values) == (1.0, "98th percentile of all heads")


def test_segments_have_distinct_colours_and_loops_none():
    colours = segment_colours(["TM1", "ICL1", "TM7", "H8", ""])
    assert colours == [SEGMENTS["TM1"], ABSENT, SEGMENTS["TM7"], SEGMENTS["H8"], ABSENT]
    assert len(set(SEGMENTS.values())) == 8


PACKAGE = Path(__file__).resolve().parents[2] / "allo_core"
HEX = re.compile(r"#(?:[0-9a-fA-F]{6}|[0-9a-fA-F]{3})\b")
RGB = re.compile(r"rgba?\([^)]*\)")
# A faint rim around a dot, the same on every theme; and no colour at all.
ALLOWED = {"ui/viewer/viewer.css": {"rgba(0, 0, 0, 0.5)"}, "figures/layout.py": {"rgba(0,0,0,0)"}}


@pytest.mark.parametrize(("text", "found"), [('x = "#0aF"', True), ("a: #E69F00;", True), ("color #1 red", False), ("# added", False)])
def test_colours_in_a_text_are_found(text, found):
    assert bool(HEX.search(text)) == found


def test_colours_are_written_in_one_file():
    files = [file for ending in ("py", "js", "css", "html") for file in PACKAGE.rglob(f"*.{ending}")]
    assert len(files) > 150
    for file in files:
        name, text = file.relative_to(PACKAGE).as_posix(), file.read_text(encoding="utf-8")
        if name != "figures/colours.py":
            assert not HEX.findall(text), name
            assert set(RGB.findall(text)) <= ALLOWED.get(name, set()), name
