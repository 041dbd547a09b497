"""Pictures of layers and of points."""

import numpy as np
import pytest

from allo_core.figures.colours import ABSENT, CATEGORIES, SEGMENTS
from allo_core.figures.layers import layers_figure, own_share_figure, similarity_figure
from allo_core.figures.points import points_by_category, points_by_value

SCORES = np.array([0.14, 0.25, 0.64, 0.9])
POINTS = np.random.default_rng(0).normal(size=(6, 2))
LABELS = ["<b>A1</b>", "A2", "A3", "A4", "A5", "A6"]


def test_scores_with_errors_and_baselines():
    errors = np.array([0.01, 0.02, np.nan, 0.01])
    baselines = {"position in the chain": 0.64, "residue type": 0.638, "never": np.nan}
    figure = layers_figure(SCORES, errors, baselines, "accuracy", 3, (0.92, 0.01), {"untrained weights": SCORES / 2})
    beside, states, together = figure.data
    np.testing.assert_allclose(states.y, SCORES, rtol=1e-6)
    np.testing.assert_allclose(states.error_y.array, [0.01, 0.02, 0, 0.01], rtol=1e-6)
    assert states.customdata[2] == ""
    assert states.marker.symbol == ("circle",) * 3 + ("diamond",)
    np.testing.assert_allclose(beside.y, SCORES / 2, rtol=1e-6)
    assert (together.x, together.y) == ((4,), (0.92,))
    assert figure.layout.xaxis.ticktext[-1] == "all"
    assert [shape.y0 for shape in figure.layout.shapes] == [0.638, 0.64]
    assert len({shape.line.dash for shape in figure.layout.shapes}) == 2
    names = figure.layout.annotations
    assert [name.text for name in names] == ["residue type 0.64", "position in the chain 0.64"]
    assert names[1].y - names[0].y > 0.03  # they do not lie on one another
    low, high = figure.layout.yaxis.range
    assert low < 0.07
    assert high > 0.92


def test_one_state_alone_has_a_picture():
    figure = layers_figure(np.array([0.5]), np.array([np.nan]), {}, "R²")
    low, high = figure.layout.yaxis.range
    assert low < 0.5 < high


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_similarity(theme):
    table = np.eye(3)
    table[0, 1] = table[1, 0] = np.nan
    figure = similarity_figure(table, theme)
    np.testing.assert_array_equal(figure.data[0].z, table.astype(np.float32))
    assert (figure.data[0].zmin, figure.data[0].zmax) == (0, 1)
    assert figure.data[0].texttemplate
    assert similarity_figure(np.eye(34)).data[0].texttemplate is None
    assert len(similarity_figure(np.eye(34)).layout.xaxis.tickvals) == 7


def test_points_by_what_they_are():
    figure = points_by_category(POINTS, ["TM1", "", "TM1", "x<y", "z", "z"], LABELS, ("PC1", "PC2"), SEGMENTS)
    others, *groups = figure.data
    assert (others.name, others.marker.color, len(others.x)) == ("others", ABSENT, 1)
    assert [(one.name, one.marker.color) for one in groups] == [
        ("TM1", SEGMENTS["TM1"]),
        ("z", CATEGORIES[0]),
        ("x&lt;y", CATEGORIES[1]),
    ]
    assert groups[0].customdata[0][0] == "&lt;b&gt;A1&lt;/b&gt;"
    assert figure.layout.xaxis.title.text == "PC1"
    many = points_by_category(np.zeros((60, 2)), [f"family {k // 2}" for k in range(60)], ["r"] * 60, ("1", "2"))
    assert len(many.data) == 25
    assert len({(one.marker.color, one.marker.symbol) for one in many.data}) == 25


def test_points_by_a_number():
    values = np.array([0.1, np.nan, 0.5, 0.9, -0.2, 0.3])
    figure = points_by_value(POINTS, values, LABELS, ("1", "2"), "a<b", "dark")
    absent, known = figure.data
    assert absent.marker.color == ABSENT
    np.testing.assert_allclose(known.marker.color, values[[0, 2, 3, 4, 5]], rtol=1e-6)
    assert known.marker.cmin == -0.2
    assert known.marker.colorbar.title.text == "a&lt;b"
    assert known.customdata[1][1] == "a&lt;b 0.5"
    assert len(points_by_value(POINTS, np.full(6, np.nan), LABELS, ("1", "2"), "n").data) == 1


def test_own_shares_beside_untrained_weights_and_an_even_share():
    figure = own_share_figure(SCORES, np.stack([SCORES - 0.1, SCORES + 0.2]), 0.003, SCORES / 2)
    own, untrained, even = figure.data
    np.testing.assert_allclose(own.error_y.array, 0.2)
    np.testing.assert_allclose(own.error_y.arrayminus, 0.1)
    np.testing.assert_allclose(untrained.y, SCORES / 2, rtol=1e-6)
    assert (list(even.x), list(even.y)) == ([0, 3], [0.003] * 2)
    assert figure.layout.yaxis.type == "log"
    assert [trace.name for trace in own_share_figure(SCORES, np.stack([SCORES, SCORES]), 0.003, None).data] == ["this model", "even share"]
