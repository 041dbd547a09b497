import numpy as np

from allo_core.figures.colours import RESIDUE_CLASSES, residue_colour
from allo_core.figures.mutations import BY_CHEMISTRY, mutation_heatmap, position_bars, score_ceiling
from allo_core.protein.sequence import AMINO_ACIDS


def test_the_order_by_chemistry_holds_the_twenty_once():
    assert sorted(BY_CHEMISTRY) == sorted(AMINO_ACIDS)
    assert residue_colour("W") == RESIDUE_CLASSES["aromatic"][1]
    assert residue_colour("X") == residue_colour("-")


def test_cells_and_wild_type_stand_where_they_belong():
    generator = np.random.default_rng(0)
    scores = generator.normal(size=(6, 20)).astype(np.float32)
    sequence = "MXWDEA"
    scores[1] = np.nan
    figure = mutation_heatmap(
        scores, np.exp(scores), np.linspace(0, 1, 6), AMINO_ACIDS, sequence, 101, [f"r{n}" for n in range(6)], [("TM1", 0, 3)]
    )
    cells, there, track = figure.data
    assert list(cells.x) == list(range(101, 107))
    np.testing.assert_array_equal(cells.z[BY_CHEMISTRY.index("W"), 2], scores[2, AMINO_ACIDS.index("W")])
    assert np.isnan(cells.z[:, 1]).all()
    assert (cells.zmin, cells.zmax) == (-score_ceiling(scores), score_ceiling(scores))
    assert list(there.x) == [101, 103, 104, 105, 106]  # X is none of the twenty
    assert [BY_CHEMISTRY[row] for row in there.y] == ["M", "W", "D", "E", "A"]
    np.testing.assert_allclose(track.y, np.linspace(0, 1, 6), rtol=1e-6)


def test_the_scale_never_ends_at_noise():
    assert score_ceiling(np.full((3, 20), np.nan)) == 1.0
    assert score_ceiling(np.full((3, 20), 0.01)) == 1.0
    assert score_ceiling(np.full((3, 20), -7.0)) == 7.0


def test_bars_are_in_the_order_of_the_axis():
    p = np.arange(20) / 190
    figure = position_bars(p, AMINO_ACIDS, "D", np.full(20, 0.05))
    bars = dict(zip(figure.data[0].x, figure.data[0].y, strict=True))
    assert bars["Y"] == p[AMINO_ACIDS.index("Y")]
    assert figure.data[0].marker.color[list(figure.data[0].x).index("D")] == residue_colour("D")
