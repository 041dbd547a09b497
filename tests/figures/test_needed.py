"""The picture of heads that look at a site and are needed there."""

import numpy as np

from allo_core.figures.colours import NOT_PASSING, PASSING
from allo_core.figures.needed import needed_figure, set_figure


def test_points_bars_and_the_head_that_is_pointed_out():
    looks, needs = np.array([0.5, 2.0, 3.0]), np.array([0.01, -0.02, 0.3])
    bars = np.array([[0.0, -0.05, 0.1], [0.02, 0.01, 0.6]])
    figure = needed_figure(looks, needs, bars, ["5.3", "1.2", "4.4"], np.array([False, False, True]), 2)
    others, passing = figure.data
    assert (others.name, others.marker.color, passing.name, passing.marker.color) == (
        "other heads",
        NOT_PASSING,
        "heads that pass",
        PASSING,
    )
    np.testing.assert_allclose(others.x, looks[:2], rtol=1e-6)
    np.testing.assert_allclose(passing.y, needs[2:], rtol=1e-6)
    np.testing.assert_allclose(passing.error_y.array, [0.3])
    np.testing.assert_allclose(others.error_y.arrayminus, [0.01, 0.03])
    assert (list(others.marker.symbol), list(passing.marker.symbol)) == (["circle", "circle"], ["diamond"])
    assert [list(trace.customdata) for trace in figure.data] == [["5.3", "1.2"], ["4.4"]]
    assert {shape.x0 for shape in figure.layout.shapes if shape.x0 == shape.x1} == {1}
    assert {shape.y0 for shape in figure.layout.shapes if shape.y0 == shape.y1} >= {0}


def test_a_set_beside_random_sets():
    figure = set_figure([0.2, -0.1], [np.array([0.0, 0.1, 0.3]), np.array([0.05])], ["all residues", "marked residues"])
    random, own = figure.data
    assert list(random.y) == ["all residues"] * 3 + ["marked residues"]
    np.testing.assert_allclose(random.x, [0.0, 0.1, 0.3, 0.05], rtol=1e-6)
    np.testing.assert_allclose(own.x, [0.2, -0.1], rtol=1e-6)
    assert list(own.y) == ["all residues", "marked residues"]
