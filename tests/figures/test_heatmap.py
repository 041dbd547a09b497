import numpy as np
import pandas as pd
import pytest

from allo_core.colours import ABSENT, CHANCE_SCALE, attention_scale, hex_colours, value_ceiling
from allo_core.figures import heatmap, profile, score_grid


def frame(layers=3, heads=4):
    count = layers * heads
    generator = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "layer": np.repeat(np.arange(layers), heads),
            "head": np.tile(np.arange(heads), layers),
            "impact": generator.random(count),
            "impact_count": generator.random(count),
            "impact_arcs": generator.random(count),
            "attention_on_site": generator.random(count),
            "expected": generator.random(count),
            "enrichment": generator.random(count) * 4,
            "snr": generator.normal(size=count),
            "p_value": generator.random(count),
            "q_value": generator.random(count),
            "n_arcs": np.arange(count),
            "residues_hit": np.arange(count),
            "flags": [""] * count,
        }
    )
    table.loc[2, "flags"] = "few arcs"
    table.loc[5, ["enrichment", "snr", "p_value", "q_value"]] = np.nan
    return table


@pytest.mark.parametrize(
    ("score", "formula"), [("enrichment", lambda t: np.log2(t.enrichment)), ("snr", lambda t: t.snr), ("q", lambda t: -np.log10(t.q_value))]
)
def test_grid_holds_the_score_of_each_head(score, formula):
    table = frame()
    grid = score_grid(table, score, (3, 4))
    for value, (layer, head) in zip(formula(table), zip(table.layer, table["head"], strict=True), strict=True):
        assert grid[layer, head] == pytest.approx(value, nan_ok=True)


def test_zero_enrichment_is_undefined_not_infinite():
    table = frame()
    table.loc[0, "enrichment"] = 0.0
    assert np.isnan(score_grid(table, "enrichment", (3, 4))[0, 0])


def test_heatmap_is_white_at_chance_and_grey_where_flagged():
    figure = heatmap(frame(), np.full((3, 4), 0.25), "enrichment", "uniform", (1, 2))
    coloured = figure.data[1]
    assert -coloured.zmin == coloured.zmax
    middle = [colour for place, colour in coloured.colorscale if place == 0.5]
    assert [colour.upper() for colour in middle] == ["#FFFFFF"]
    assert np.isnan(coloured.z[0][2])
    assert np.isnan(coloured.z[1][1])
    assert np.isfinite(np.array(coloured.z, dtype=float)).sum() == 10
    strokes = figure.data[2]
    assert {round(x) for x in strokes.x if x is not None} == {2}
    assert {round(y) for y in strokes.y if y is not None} == {0}
    outline = figure.layout.shapes[-1]
    assert (outline.x0, outline.x1, outline.y0, outline.y1) == (1.5, 2.5, 0.5, 1.5)


def test_heatmap_rows_are_high_enough_to_click():
    tall = heatmap(frame(48, 40), np.zeros((48, 40)), "snr", "uniform")
    assert (tall.layout.height - tall.layout.margin.t - tall.layout.margin.b) / 48 >= 14
    assert heatmap(frame(33, 20), np.zeros((33, 20)), "snr", "uniform", None, 448).layout.height == 448
    short = heatmap(frame(6, 20), np.zeros((6, 20)), "snr", "uniform", None, 430)
    assert short.layout.height == 430


def test_hover_shows_every_number_and_the_null():
    table = frame()
    text = heatmap(table, np.full((3, 4), 0.25), "enrichment", "matched").data[3].hovertext
    assert text[2].startswith("<b>Layer 0, head 2</b> · matched null")
    for name in ("impact", "impact_count", "impact_arcs", "snr", "p_value", "q_value", "n_arcs", "attention_on_site", "expected"):
        assert f"{table[name][2]:.3g}" in text[2], name
    assert f"log₂ enrichment {np.log2(table.enrichment[2]):.3g}<br>" in text[2]
    assert "25% of its attention on special tokens" in text[2]
    assert "flagged: few arcs" in text[2]
    assert "log₂ enrichment not defined" in text[5]


def test_profile_has_a_track_of_helices_and_marks_in_uniprot_numbers():
    values = np.arange(20.0)
    figure = profile(
        range(101, 121), values, values / 2, [f"A{n}" for n in range(101, 121)], [3, 7], [("TM1", 0, 14), ("ICL1", 15, 19)], 0.3
    )
    assert list(figure.data[0].x) == list(range(101, 121))
    assert list(figure.data[2].x) == [104, 108]
    assert [(shape.x0, shape.x1) for shape in figure.layout.shapes] == [(100.5, 115.5), (115.5, 120.5)]
    assert [annotation.text for annotation in figure.layout.annotations] == ["TM1"]
    assert len(profile([1, 2], values[:2], values[:2], ["A1", "A2"], [], [], 0.0).data) == 1


def test_colours_run_from_first_to_last_and_nan_is_absent():
    scale = attention_scale("light")
    colours = hex_colours(np.array([0.0, 2.0, 9.0, np.nan]), 2.0, scale)
    assert [c.upper() for c in colours] == [scale[0].upper(), scale[-1].upper(), scale[-1].upper(), ABSENT]
    assert attention_scale("dark") != scale
    assert CHANCE_SCALE[len(CHANCE_SCALE) // 2] == "#FFFFFF"


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
