import numpy as np

from allo_core.figures.heads import calibration_figure, share_profile, similarity_matrix


def test_shares_stand_beside_what_was_expected_with_their_intervals():
    shares, expected = np.array([0.2, 0.9, np.nan]), np.array([0.1, 0.3, np.nan])
    ends = np.array([[0.15, 0.8, np.nan], [0.3, 0.95, np.nan]])
    figure = share_profile(["TM1", "<b>x", "TM3"], shares, ends, expected, 1)
    chance, own = figure.data
    assert list(own.y) == ["TM1", "&lt;b&gt;x", "TM3"]
    np.testing.assert_allclose(own.x, shares, rtol=1e-6)
    np.testing.assert_allclose(chance.x, expected, rtol=1e-6)
    np.testing.assert_allclose(own.error_x.array[:2], [0.1, 0.05], rtol=1e-5)
    np.testing.assert_allclose(own.error_x.arrayminus[:2], [0.05, 0.1], rtol=1e-5)
    assert own.marker.symbol == ("circle", "diamond", "circle")


def test_many_values_make_a_taller_figure():
    many = [str(k) for k in range(60)]
    values = np.linspace(0, 1, 60)
    assert share_profile(many, values, np.stack([values, values]), values, 0).layout.height > 1000


def test_calibration_has_a_line_for_chance():
    figure = calibration_figure([0.0, 0.3], [0.01, 0.2], [(0.005, 0.02), (0.1, 0.35)], [1000, 60], 0.0105)
    assert list(figure.data[0].x) == ["≥ 0", "≥ 0.3"]
    np.testing.assert_allclose(figure.data[0].error_y.arrayminus, [0.005, 0.1])
    assert figure.layout.shapes[0].y0 == 0.0105


def test_the_diagonal_of_a_similarity_matrix_has_no_colour():
    matrix = np.eye(20)
    figure = similarity_matrix(matrix, "ACDEFGHIKLMNPQRSTVWY")
    assert np.isnan(np.diag(figure.data[0].z)).all()
    assert matrix[0, 0] == 1  # what was given stays
