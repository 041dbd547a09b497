"""Figures of pairs show what they are given beside chance, and text from outside as text."""

import numpy as np
import pytest

from allo_core.figures.colours import CHANCE_SCALE, FAMILY_LINE, PASSING
from allo_core.figures.pairs import coupling_dots, token_bars, token_map

NAMES = ("A segment0", "A <b>x", "B segment0")


def test_chance_has_the_colour_of_the_page():
    maps = np.array([[1 / 3, 1 / 3, 1 / 3], [2 / 3, 1 / 3, 0], [1 / 6, 1 / 6, 2 / 3]])
    figure = token_map(maps, NAMES, 2, theme="dark")
    heat = figure.data[0]
    assert heat.z[0] == pytest.approx([0, 0, 0])
    assert heat.z[1] == pytest.approx([1, 0, -1])  # nothing at all ends the scale
    assert heat.zmin == -heat.zmax
    assert heat.colorscale[len(CHANCE_SCALE["dark"]) // 2][1] == CHANCE_SCALE["dark"][4]
    assert list(heat.customdata[1][0]) == ["A &lt;b&gt;x", "A segment0", "66.7%", "2.00"]
    assert sorted((shape.x0, shape.y0) for shape in figure.layout.shapes) == [(0, 1.5), (1.5, 0)]
    assert figure.layout.yaxis.range == (2.5, -0.5)  # the first token at the top


def test_an_even_map_is_not_made_to_look_strong():
    figure = token_map(np.full((3, 3), 1 / 3) + np.eye(3) * 0.001, NAMES, 2)
    assert figure.data[0].zmax == 1


def test_bars_are_coloured_by_chance():
    figure = token_bars(NAMES, np.array([0.5, 0.2, np.nan]), 2, 1 / 3, "attention <i>received")
    (bars,) = figure.data
    assert bars.marker.color == (PASSING, FAMILY_LINE, FAMILY_LINE)
    assert np.isnan(bars.y[2])
    assert "&lt;i&gt;" in bars.hovertemplate
    assert list(bars.customdata) == ["A segment0", "A &lt;b&gt;x", "B segment0"]
    assert {shape.y0 for shape in figure.layout.shapes if shape.y0 == shape.y1} == {1 / 3}
    assert figure.layout.annotations[0].text == "dashed: chance 0.333"
    signed = token_bars(NAMES, np.array([0.5, -0.2, 0]), 2, 0, "change of the logit")
    assert signed.layout.annotations[0].text == "dashed: no change"
    assert "chance" not in signed.data[0].hovertemplate


def test_coupling_stands_beside_its_baseline_and_the_table():
    methods = {"<b>linear": np.array([0.9, 0.2]), "AMPS": np.array([0.6, np.nan])}
    figure = coupling_dots(["Gs", "<i>Gi"], methods, np.array([0.3, 0.6]), np.array([1.0, np.nan]))
    table, prior, first, second = figure.data
    assert list(table.y) == ["Gs"]  # nothing is known of the other
    assert list(prior.x) == pytest.approx([0.3, 0.6])
    assert first.name == "&lt;b&gt;linear"
    assert first.marker.symbol != second.marker.symbol
    assert np.isnan(second.x[1])
    assert figure.layout.yaxis.categoryarray == ("&lt;i&gt;Gi", "Gs")
