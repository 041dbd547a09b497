"""Scores of a small made-up run, for the tests of what users take away."""

import numpy as np

from allo_core.attention.columns import Columns
from allo_core.attention.scores import score_heads
from allo_core.library.receptors import find_receptor

A2A = find_receptor("AA2AR")
SITES = (51, 90, 279)


def scores_of(null="uniform", threshold=0.3, arcs_each=2, seed=3, sites=SITES):
    """Scores of 2 x 3 heads over A2A with random columns."""
    weights = np.random.default_rng(0).random((2, 3, len(A2A.protein)))
    strata = A2A.numbers.strata() if null == "matched" else None
    return score_heads(Columns(weights, np.full(weights.shape, arcs_each), threshold), sites, null, strata, draws=50, seed=seed)
