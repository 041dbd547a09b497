"""One receptor's scores as they enter the mean over a set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from allo_core.attention.columns import Columns
from allo_core.attention.standard import standardise

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float, Integer

__all__ = ["Standardised", "standardised"]


@dataclass(frozen=True)
class Standardised:
    """Scores of every head in one receptor.

    Parameters
    ----------
    snr, enrichment : ndarray, dtype=float, shape=(heads,)
        NaN where the head is not tested: fewer than 10 arcs, or no spread over random sites.  A head that gives the site nothing has an
        enrichment of 0 and the SNR that belongs to it.
    mu, sigma : ndarray, dtype=float, shape=(heads,)
    """

    snr: Float[np.ndarray, " heads"]
    enrichment: Float[np.ndarray, " heads"]
    mu: Float[np.ndarray, " heads"]
    sigma: Float[np.ndarray, " heads"]


def standardised(
    columns: Columns, residues: Integer[np.ndarray, " P"], codes: Integer[np.ndarray, " P"], asked: Integer[np.ndarray, " n"]
) -> Standardised:
    """Score the asked residues against random ones of the same strata.

    Parameters
    ----------
    columns : Columns
        Shape (layers, heads, L).
    residues : ndarray, dtype=int, shape=(P,)
        0-based residues that random sites are drawn from.
    codes : ndarray, dtype=int, shape=(P,)
        Their strata.
    asked : ndarray, dtype=int, shape=(n,)
        Which of `residues` are asked about.
    """
    length = columns.weights.shape[-1]
    weights = columns.weights.reshape(-1, length)[:, residues]
    scored = standardise(weights, asked, codes, columns.arcs.reshape(-1, length).sum(axis=1))
    enrichment = scored.enrichment(scored.tested & (scored.mu > 0))
    return Standardised(scored.snr(scored.tested), enrichment, scored.mu, scored.sigma)
