import re
from urllib.parse import unquote

import numpy as np
import pandas as pd
import pytest

from allo_core.figures.colours import GREYS
from allo_core.figures.heatmap import cell_colours, heatmap, meaning_of_heads, score_grid
from allo_core.figures.receptor_set import consensus_heatmap


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
    figure = heatmap(frame(), (3, 4), "enrichment", "uniform", (1, 2))
    coloured = figure.data[1]
    assert -coloured.zmin == coloured.zmax
    middle = [colour for place, colour in coloured.colorscale if place == 0.5]
    assert [colour.upper() for colour in middle] == ["#FFFFFF"]
    assert np.isnan(coloured.z[0][2])
    assert np.isnan(coloured.z[1][1])
    assert np.isfinite(np.array(coloured.z, dtype=float)).sum() == 10
    hatching = unquote(figure.layout.images[0].source)
    assert re.findall(r"M(\d+) (\d+)h(\d+)v1", hatching) == [("2", "0", "1")]  # head 2 of layer 0, one cell wide
    assert (figure.layout.images[0].sizex, figure.layout.images[0].sizey) == (4, 3)
    outline = figure.layout.shapes[-1]
    assert (outline.x0, outline.x1, outline.y0, outline.y1) == (1.5, 2.5, 0.5, 1.5)


def test_heads_that_pass_have_a_dot():
    table = frame()
    table["q_value"] = 0.5
    table.loc[[1, 2, 11], "q_value"] = [0.049, 0.01, 0.0]  # head 2 is flagged and passes all the same
    table.loc[[4, 5], "q_value"] = [0.05, np.nan]
    dots = heatmap(table, (3, 4), "snr", "matched").data[-1]
    assert list(zip(dots.y.tolist(), dots.x.tolist(), strict=True)) == [(0, 1), (0, 2), (2, 3)]
    assert dots.hoverinfo == "skip"  # the cell below answers
    drawn = cell_colours(table, "snr", (3, 4))
    assert (drawn["passing"], drawn["label"]) == ([1, 2, 11], "SNR; dot: q < 0.05")
    consensus = pd.DataFrame(dict.fromkeys(("mean_snr", "mean_enrichment", "p_value", "q_value"), table["q_value"]))
    consensus = consensus.assign(receptors=3, flags="")
    assert consensus_heatmap(consensus, (3, 4), "snr", 3).data[-1] == dots
    nobody = table.assign(q_value=np.nan)
    assert len(heatmap(nobody, (3, 4), "snr", "published").data) == 2
    assert cell_colours(nobody, "snr", (3, 4))["label"] == "SNR"
    assert meaning_of_heads("q", nobody) == "White is q = 1."


def test_heatmap_rows_are_high_enough_to_click():
    tall = heatmap(frame(48, 40), (48, 40), "snr", "uniform")
    assert (tall.layout.height - tall.layout.margin.t - tall.layout.margin.b) / 48 >= 14
    esm2_650m = heatmap(frame(33, 20), (33, 20), "snr", "uniform", None, 520)
    assert esm2_650m.layout.height == 520
    assert (520 - esm2_650m.layout.margin.t - esm2_650m.layout.margin.b) / 33 >= 14
    short = heatmap(frame(6, 20), (6, 20), "snr", "uniform", None, 430)
    assert short.layout.height == 430


def test_hover_says_score_q_and_flags_in_three_lines():
    table = frame()
    targets = heatmap(table, (3, 4), "enrichment", "matched").data[0]
    assert targets.hovertemplate.count("<br>") == 2
    assert "<b>Layer %{y}, head %{x}</b>" in targets.hovertemplate
    assert "(matched null)" in targets.hovertemplate
    numbers = list(targets.customdata[0][2])
    assert all(f"%{{customdata[{place}]}}" in targets.hovertemplate for place in range(len(numbers)))
    row = table.loc[2]
    assert numbers[:4] == [*(f"{value:.3g}" for value in (np.log2(row.enrichment), row.snr, row.q_value)), str(row.n_arcs)]
    assert numbers[4] == " · flagged: few arcs"
    assert targets.customdata[0][0][-1] == ""
    assert targets.customdata[1][1][0] == "–"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_fixed_colours_end_where_they_always_do(theme):
    table = frame()
    for scale in (1, 5):
        coloured = heatmap(table.assign(snr=scale * table.snr), (3, 4), "snr", "uniform", theme=theme, fixed=True).data[1]
        assert (coloured.zmin, coloured.zmax) == (-3, 3)
    assert heatmap(table.assign(snr=9 * table.snr), (3, 4), "snr", "uniform", theme=theme).data[1].zmax > 3
    assert cell_colours(table.assign(snr=9.0), "snr", (3, 4), theme, fixed=True)["high"] == 3


def test_hover_of_660_heads_stays_small():
    text = heatmap(frame(33, 20), (33, 20), "snr", "uniform").to_json()
    assert len(text) < 100_000


def test_cell_colours_are_those_of_the_heatmap():
    table = frame()
    drawn = cell_colours(table, "enrichment", (3, 4))
    figure = heatmap(table, (3, 4), "enrichment", "uniform").data[1]
    assert (drawn["low"], drawn["high"]) == (figure.zmin, figure.zmax)
    absent, grey, _ = GREYS["light"]
    assert drawn["cells"][2] == grey
    assert drawn["cells"][5] == absent
    warm = [index for index in range(12) if index not in (2, 5) and table.enrichment[index] > 1.5]
    assert warm
    for index in warm:  # above chance: more red than blue
        red, blue = int(drawn["cells"][index][1:3], 16), int(drawn["cells"][index][5:7], 16)
        assert red > blue
