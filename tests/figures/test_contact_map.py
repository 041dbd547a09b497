import numpy as np

from allo_core.figures.contact_map import PairsBelow, contact_figure


def test_predictions_stand_above_the_diagonal_and_known_pairs_below():
    first, second = np.array([0, 1, 2]), np.array([9, 8, 7])
    touching = np.array([1.0, 0.0, np.nan])
    below = PairsBelow("in 1ABC", np.array([3]), np.array([12]))
    labels = [f"A{n}" for n in range(11, 31)]
    figure = contact_figure(
        first, second, np.array([0.9, 0.5, 0.1]), touching, below, 20, 11, labels, [("TM1", 0, 9)], (0, 9), "probability"
    )
    by_name = {trace.name: trace for trace in figure.data}
    for name, at in (("touch", 0), ("do not touch", 1), ("not known", 2)):
        assert (list(by_name[name].x), list(by_name[name].y)) == ([second[at] + 11], [first[at] + 11])
    assert (list(by_name["in 1ABC"].x), list(by_name["in 1ABC"].y)) == ([14], [23])
    assert list(by_name["touch"].customdata[0][:2]) == [0, 9]
    assert "probability" in by_name["touch"].hovertemplate
    assert (list(figure.data[-1].x), list(figure.data[-1].y)) == ([20, 11], [11, 20])  # the pair that is pointed out, on both sides
    assert figure.layout.yaxis.range[0] > figure.layout.yaxis.range[1]


def test_without_pairs_there_is_the_diagonal_alone():
    none = np.zeros(0, dtype=int)
    assert not contact_figure(none, none, np.zeros(0), np.zeros(0), None, 20, 1, [""] * 20, []).data
