"""The pictures of a batch."""

import numpy as np
import pandas as pd
import pytest

from allo_core.figures.batch import MOST_NAMED, SUMMARIES, batch_heatmap, sequences_figure


@pytest.fixture
def frame():
    count = 12
    table = pd.DataFrame(
        {
            "layer": np.repeat(np.arange(3), 4),
            "head": np.tile(np.arange(4), 3),
            "tested": 8,
            "passing": np.arange(count),
            "share_passing": np.arange(count) / 16,
            "median_snr": np.linspace(-2, 6, count),
            "median_log2_enrichment": np.linspace(-1, 2, count),
            "flags": "",
        }
    )
    table.loc[11, "flags"] = "few sequences"
    table.loc[2, ["median_snr", "median_log2_enrichment"]] = np.nan
    return table


@pytest.mark.parametrize(("shows", "column"), [("share", "share_passing"), ("snr", "median_snr"), ("enrichment", "median_log2_enrichment")])
def test_what_the_heatmap_shows(frame, shows, column):
    figure = batch_heatmap(frame, (3, 4), shows, 16)
    expected = frame[column].where(frame["flags"] == "").to_numpy().reshape(3, 4)
    np.testing.assert_allclose(figure.data[1].z, expected, rtol=1e-6)
    assert figure.data[1].colorbar.title.text == SUMMARIES[shows]
    assert figure.data[0].customdata[1][3].tolist()[:2] == ["7", "44%"]
    assert "of 16 sequences" in figure.data[0].hovertemplate


def test_shares_begin_at_white(frame):
    bar = batch_heatmap(frame, (3, 4), "share", 16).data[1]
    assert (bar.zmin, bar.zmax) == (0, 10 / 16)
    assert bar.colorscale[0][1] == "#FFFFFF"
    assert batch_heatmap(frame.assign(share_passing=0.01), (3, 4), "share", 16).data[1].zmax == 0.2
    assert batch_heatmap(frame.assign(flags="few sequences"), (3, 4), "share", 16).data[1].zmax == 0.2


def test_few_sequences_are_points_with_names_as_text():
    figure = sequences_figure(["<b>a</b>", "b"], np.array([1.0, 2.0]), np.array([0.5, 0.01]), 1.5)
    assert figure.data[0].type == "scatter"
    assert figure.data[0].customdata[0] == "&lt;b&gt;a&lt;/b&gt;"


def test_many_sequences_are_counted():
    count = MOST_NAMED + 100
    snr = np.linspace(-2, 8, count)
    snr[:7] = np.nan
    q = np.where(snr > 5, 0.01, 0.5)
    figure = sequences_figure(["name"] * count, snr, q, float(np.nanmedian(snr)))
    passing, other = figure.data
    assert sum(passing.y) == (snr > 5).sum()
    assert sum(passing.y) + sum(other.y) == count - 7
    ends = np.asarray(passing.x) + np.asarray(passing.width) / 2
    assert ends[np.asarray(passing.y) > 0].min() > 5


@pytest.mark.parametrize("count", [3, MOST_NAMED + 3])
def test_no_sequence_has_a_number(count):
    empty = np.full(count, np.nan)
    sequences_figure(["name"] * count, empty, empty, np.nan)
