import numpy as np

from allo_core.figures.colours import SET_COLOURS
from allo_core.figures.profile import change_profile, probability_profile, profile


def test_profile_has_a_track_of_helices_and_marks_in_uniprot_numbers():
    values = np.arange(20.0)
    labels = [f"A{n}" for n in range(101, 121)]
    figure = profile(range(101, 121), values, values / 2, labels, {"A": [3, 7], "B": [5]}, [("TM1", 0, 14), ("ICL1", 15, 19)], 0.3)
    assert list(figure.data[0].x) == list(range(101, 121))
    assert (list(figure.data[2].x), figure.data[2].marker.color) == ([104, 108], SET_COLOURS["A"])
    assert (list(figure.data[3].x), figure.data[3].marker.color) == ([106], SET_COLOURS["B"])
    assert [(shape.x0, shape.x1) for shape in figure.layout.shapes] == [(100.5, 115.5), (115.5, 120.5)]
    assert [annotation.text for annotation in figure.layout.annotations] == ["TM1"]


def test_without_marks_and_threshold_there_is_one_curve():
    values = np.arange(2.0)
    assert len(profile([1, 2], values, values, ["A1", "A2"], {"A": [], "B": []}, [], 0.0).data) == 1


def test_probabilities_stand_under_the_same_track():
    values = np.linspace(0.0, 0.6, 20)
    figure = probability_profile(range(101, 121), values, [f"A{n}" for n in range(101, 121)], {"A": [3], "B": []}, [("TM1", 0, 14)])
    assert list(figure.data[0].x) == list(range(101, 121))
    np.testing.assert_allclose(figure.data[0].y, values, rtol=1e-6)
    assert list(figure.data[1].x) == [104]
    assert [annotation.text for annotation in figure.layout.annotations] == ["TM1"]
    assert figure.layout.yaxis.range[1] > 0.6


def test_changes_stand_beside_untrained_weights_and_marks_are_in_the_picture():
    values, plain = np.linspace(0.90, 0.98, 20), np.full(20, 0.85)
    labels, spans = [f"A{n}" for n in range(101, 121)], [("TM1", 0, 14)]
    figure = change_profile(range(101, 121), values, plain, labels, {"A": [3], "B": [5]}, spans, "cosine")
    assert [trace.name for trace in figure.data] == ["cosine", "untrained weights", "set A", "set B"]
    np.testing.assert_allclose(figure.data[1].y, plain, rtol=1e-6)
    low, high = figure.layout.yaxis.range
    assert low < 0.85
    assert high > 0.98
    assert all(low <= trace.y[0] < 0.9 for trace in figure.data[2:])
    assert len(change_profile(range(101, 121), values, None, labels, {"A": [], "B": []}, spans, "cosine").data) == 1
