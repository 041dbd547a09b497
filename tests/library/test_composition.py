import math
from collections import Counter

import numpy as np
import pytest

from allo_core.library.composition import background_perplexity, residue_shares
from allo_core.library.receptors import receptors
from allo_core.protein.sequence import AMINO_ACIDS


def test_shares_are_those_of_a_count():
    counts = Counter("".join(receptor.protein.sequence for receptor in receptors().values()))
    total = sum(counts[letter] for letter in AMINO_ACIDS)
    np.testing.assert_allclose(residue_shares(), [counts[letter] / total for letter in AMINO_ACIDS], rtol=1e-12)


def test_the_perplexity_of_a_guess_is_that_of_its_definition():
    shares = dict(zip(AMINO_ACIDS, residue_shares(), strict=True))
    assert background_perplexity("LLW") == pytest.approx((shares["L"] ** 2 * shares["W"]) ** (-1 / 3))
    assert background_perplexity("LXW") == background_perplexity("LW")
    assert math.isnan(background_perplexity("XX"))
