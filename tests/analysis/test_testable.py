"""The highest threshold at which most heads have enough arcs."""

import numpy as np
import pytest

from allo_core.analysis.testable import highest_testable
from allo_core.attention.columns import columns

THRESHOLDS = tuple(round(step / 100, 2) for step in range(96))


@pytest.mark.parametrize("share", [0.5, 0.9])
def test_it_is_the_one_that_looking_at_all_thresholds_finds(share):
    attention = np.random.default_rng(0).dirichlet(np.full(40, 0.05), size=(3, 4, 40))
    attention[1] **= 3  # fewer arcs in one layer

    def arcs_at(threshold):
        return columns(attention, threshold).arcs

    enough = [t for t in THRESHOLDS if (arcs_at(t).sum(axis=-1) >= 10).mean() >= share]
    assert 0 < len(enough) < len(THRESHOLDS)
    assert highest_testable(arcs_at, THRESHOLDS, share) == max(enough)


def test_where_no_threshold_gives_enough_it_is_the_lowest():
    assert highest_testable(lambda threshold: np.zeros((2, 2, 5), dtype=int), THRESHOLDS) == 0.0
