"""Relatives of a receptor that is left out are left out with it."""

import numpy as np
import pytest

from allo_core.errors import PredictionError
from allo_core.learning.folds import training_set
from allo_core.library.receptors import receptors
from allo_core.protein.alignment import identity


def test_identity():
    a2a, a2b = (receptors()[name].protein.sequence for name in ("AA2AR", "AA2BR"))
    assert identity(a2a, a2a) == 1
    assert identity(a2a, a2b) == identity(a2b, a2a)
    assert 0.5 < identity(a2a, a2b) < 0.65  # 58 % in the literature
    assert identity(a2a, a2a[:40] + "W" + a2a[40:]) == 1  # a gap is no difference
    mutated = "".join("A" if letter == "L" else letter for letter in a2a)
    assert identity(a2a, mutated) == pytest.approx(1 - a2a.count("L") / len(a2a), abs=0.01)


def test_a_short_match_is_none():
    a2a = receptors()["AA2AR"].protein.sequence
    assert identity(a2a[:100], a2a) == 1
    assert identity(a2a[:99], a2a) == 0


def test_letters_without_a_row_in_the_matrix():
    a2a = receptors()["AA2AR"].protein.sequence
    assert identity(a2a, a2a.replace("C", "U").replace("K", "O")) < 1  # read, but they are not the same letters


def test_training_sets():
    related = np.eye(6, dtype=bool)
    related[1, 4] = related[4, 1] = True
    assert training_set(related, ()) == (0, 1, 2, 3, 4, 5)
    assert training_set(related, (0,)) == (1, 2, 3, 4, 5)
    assert training_set(related, (4,)) == (0, 2, 3, 5)
    assert training_set(related, (0, 1)) == training_set(related, (1, 0)) == (2, 3, 5)
    with pytest.raises(PredictionError, match="2 receptors remain to learn from when 3 are left out"):
        training_set(related, (0, 1, 2))
