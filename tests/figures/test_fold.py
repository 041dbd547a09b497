import numpy as np

from allo_core.figures.fold import lddt_track

VALUES = np.array([0.5, np.nan, 0.9])


def test_the_track_shows_values_beside_the_average_and_breaks_where_there_is_none():
    figure = lddt_track([4, 5, 6], VALUES, VALUES / 2, ["A4", "B5", "C6"], [("TM1", 0, 2)])
    ours, average = figure.data
    assert list(ours.x) == [4, 5, 6]
    assert np.isnan(ours.y[1])
    assert not ours.connectgaps
    assert np.allclose(average.y[[0, 2]], [0.25, 0.45])
    assert average.line.dash == "dot"
    assert average.name == "family average"
    assert list(ours.customdata) == ["A4", "B5", "C6"]
    assert len(figure.layout.shapes) == 1


def test_without_an_average_there_is_one_line_by_its_name():
    (line,) = lddt_track([1, 2, 3], VALUES, None, ["A", "B", "C"], [], "confidence").data
    assert line.name == "confidence"
