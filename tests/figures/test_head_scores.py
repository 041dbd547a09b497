"""What a heatmap can show of heads."""

import numpy as np
import pandas as pd
import pytest

from allo_core.figures.head_scores import SCORES, HeadScore, scores_of_sets
from allo_core.figures.heatmap import heatmap, meaning_of_heads

FRAME = pd.DataFrame(
    {
        "layer": [0, 0], "head": [0, 1], "enrichment": [4.0, 0.0], "snr": [2.5, -1.0], "q_value": [0.001, 1.0], "p_value": [0.001, 1.0],
        "n_arcs": [20, 20], "residues_hit": [3, 3], "flags": ["", ""], "attention_on_site": [1.0, 1.0], "expected": [0.25, 1.0],
        "impact": [0.1, 0.1], "impact_count": [0.1, 0.1], "impact_arcs": [0.1, 0.1],
    }
)  # fmt: skip


@pytest.mark.parametrize(("name", "expected"), [("enrichment", [2, -np.inf]), ("snr", [2.5, -1]), ("q", [3, 0])])
def test_values(name, expected):
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(SCORES[name].values(FRAME), expected)


def test_scales_hold_every_value_and_noise_stays_pale():
    for score in SCORES.values():
        low, high, colours = score.colour_range(np.array([0.1, -0.2, np.nan]))
        assert high == score.smallest_span
        assert low == (0 if score.from_zero else -high)
        assert len(colours) > 2
        assert score.colour_range(np.array([-9.0, 1]))[1] == 9


def test_a_new_score_is_one_entry(monkeypatch):
    score = HeadScore("arcs", "mean arcs", lambda frame: frame["n_arcs"].to_numpy(dtype=float), 10.0, white="no arc", from_zero=True)
    monkeypatch.setitem(SCORES, "arcs", score)
    figure = heatmap(FRAME, (1, 2), "arcs", "uniform")
    assert figure.data[1].colorbar.title.text == "arcs"
    assert (figure.data[1].zmin, figure.data[1].zmax) == (0, 20)
    assert meaning_of_heads("arcs", FRAME).startswith("White is no arc")


def test_a_score_that_no_consensus_has_is_not_offered_for_sets(monkeypatch):
    score = HeadScore("impact", "", lambda frame: frame["impact"].to_numpy(dtype=float), 1.0, from_zero=True)
    monkeypatch.setitem(SCORES, "impact", score)
    assert list(scores_of_sets()) == ["enrichment", "snr", "q"]
