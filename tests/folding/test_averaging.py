import numpy as np
import pytest

from allo_core.folding.averaging import averaged, in_chain_order
from allo_core.structure.compare import tm_score
from tests.structure.traces import mirrored, shipped_trace


def test_numbers_stand_along_the_chain():
    numbers = ["8x50", "1x50", "45x50", "5x47", "5x461", "5x46", "12x48", "2x40", "odd"]
    assert in_chain_order([*numbers, "1x50"]) == ("1x50", "12x48", "2x40", "45x50", "5x46", "5x461", "5x47", "8x50", "odd")


def test_a_receptor_counts_once_however_many_structures_it_has():
    line = np.array([[0.0, 0, 0], [1, 0, 0], [2, 0, 0]])
    structures = [("ONE", line), ("ONE", 3 * line), ("TWO", 2 * line), ("THREE", 5 * line)]
    found = averaged(("1x50", "1x51", "1x52"), structures)
    assert found.mean[0, 1] == pytest.approx((2 + 2 + 5) / 3)
    assert found.sd[0, 1] == pytest.approx(np.sqrt(((1 + 9) / 2 + 4 + 25) / 3 - 9))
    assert found.mean[0, 2] == pytest.approx(2 * found.mean[0, 1])
    assert found.receptors == ("ONE", "THREE", "TWO")


def test_a_pair_that_two_receptors_show_is_not_known():
    line = np.array([[0.0, 0, 0], [1, 0, 0], [2, 0, 0]])
    hidden = np.where([[True], [True], [False]], line, np.nan)
    found = averaged(("1x50", "1x51", "1x52"), [("A", line), ("B", line), ("C", hidden)])
    assert np.isnan(found.mean[0, 2])
    assert np.isnan(found.sd[0, 2])
    assert found.weights[0, 2] == 0
    assert found.mean[0, 1] == 1
    assert found.sd[0, 1] == 0
    assert found.weights[0, 1] == 1
    without = averaged(found.positions, [("A", line), ("B", line), ("C", line), ("D", 9 * line)], without=["D"])
    assert without.mean[0, 2] == 2
    assert without.receptors == ("A", "B", "C")


def test_one_structure_averaged_is_drawn_as_itself_with_its_hand():
    trace = shipped_trace("8FYN")
    trace = trace[np.isfinite(trace[:, 0])][:150]
    positions = tuple(str(k) for k in range(len(trace)))
    found = averaged(positions, [(name, mirrored(trace)) for name in "ABC"])
    assert found.coordinates.hand == "right"
    assert tm_score(found.coordinates.xyz, trace) > 0.99
    np.testing.assert_allclose(found.spread, 0, atol=1e-4)
