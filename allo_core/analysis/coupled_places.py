"""A coupling beside that of other pairs of places, which lie to each other like its two sets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from allo_core.analysis.question import Question
from allo_core.attention.nulls import FEWEST_ARCS
from allo_core.attention.pair_rank import PairRank, rank_pair
from allo_core.attention.pairs_like import pairs_like, shifted_pairs
from allo_core.attention.pockets import is_stretch

if TYPE_CHECKING:
    from jaxtyping import Float, Integer

    from allo_core.runs.weighted import HeadMaps

__all__ = ["coupled_places"]


def coupled_places(
    question: Question,
    maps: HeadMaps,
    arcs: Integer[np.ndarray, "layers heads L"],
    codes: Integer[np.ndarray, " L"],
    positions: Float[np.ndarray, "L 3"] | None,
) -> PairRank:
    """Compare a coupling with that of pairs of pockets at the same distance; without positions, and where both sets are stretches of the
    chain, with that of the same sets moved together along the chain.

    Parameters
    ----------
    question : Question
        With queries.
    arcs : ndarray, dtype=int, shape=(layers, heads, L)
        Of the queries; heads with fewer than 10 are not tested.
    codes : ndarray, dtype=int, shape=(L,)
        Stratum of each residue.
    positions : ndarray, dtype=float, shape=(L, 3), or None
        In Å, NaN where there is none.

    Raises
    ------
    ScoreError
        Positions that are too few for pockets like the sets.
    StoreError
        The run was deleted or damaged meanwhile.
    """
    assert question.queries is not None, "a coupling has residues that look"
    own = np.array(sorted(question.queries)), np.array(sorted(question.sites))
    moved = positions is None or all(is_stretch(each) for each in own)
    pairs = shifted_pairs(*own, len(codes)) if moved or positions is None else pairs_like(*own, positions, seed=question.seed)
    enough = arcs.reshape(-1, arcs.shape[-1]).sum(axis=1) >= FEWEST_ARCS
    layers = (maps.above(layer, question.threshold) for layer in range(maps.shape[0]))
    return rank_pair(layers, own, pairs, codes, enough, "shift" if moved else "pair")
