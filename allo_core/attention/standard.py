"""What lies on the marked residues, in units of what lies on random ones: one place for the SNR and for which heads are tested."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from allo_core.attention.nulls import FEWEST_ARCS, moments, published_moments

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Bool, Float, Integer

__all__ = ["Standard", "standardise"]


class Standard(NamedTuple):
    """Attention on marked residues beside its expectation, for each head.

    Parameters
    ----------
    on_site : ndarray, dtype=float, shape=(...)
        w_S.
    mu, sigma : ndarray, dtype=float, shape=(...)
        Mean and standard deviation over random sites; NaN where there is no such site.
    tested : ndarray, dtype=bool, shape=(...)
        Whether the head takes part in p and q: it has at least 10 arcs, and random sites differ.  Never a matter of the site itself.
    """

    on_site: Float[np.ndarray, " ..."]
    mu: Float[np.ndarray, " ..."]
    sigma: Float[np.ndarray, " ..."]
    tested: Bool[np.ndarray, " ..."]

    def snr(self, where: np.ndarray, undefined: float = np.nan) -> np.ndarray:
        """(w_S - mu) / sigma, shape=(...); ``undefined`` elsewhere."""
        return _ratio(self.on_site - self.mu, self.sigma, where, undefined)

    def enrichment(self, where: np.ndarray) -> np.ndarray:
        """w_S / mu, shape=(...); NaN elsewhere."""
        return _ratio(self.on_site, self.mu, where, np.nan)


def standardise(
    weights: Float[np.ndarray, "... L"],
    marked: Integer[np.ndarray, " n"],
    codes: Integer[np.ndarray, " L"] | None,
    n_arcs: Integer[np.ndarray, " ..."] | None = None,
) -> Standard:
    """Compare the marked residues with random ones.

    Parameters
    ----------
    weights : ndarray, dtype=float, shape=(..., L)
        Column weights.
    marked : ndarray, dtype=int, shape=(n,)
        0-based, distinct.
    codes : ndarray, dtype=int, shape=(L,), or None
        Stratum of each residue, as from `encode_strata`; None for the moments of the published scripts, which are those of random sites
        among the unmarked residues.
    n_arcs : ndarray, dtype=int, shape=(...), optional
        Arcs of each head; without them every head has enough.
    """
    if codes is None:
        mu, sigma = published_moments(weights, marked)
    else:
        mu, sigma = moments(weights, codes, np.bincount(codes[marked], minlength=codes.max() + 1))
    spread = np.asarray(sigma > 0)
    return Standard(weights[..., marked].sum(axis=-1), mu, sigma, spread if n_arcs is None else spread & (n_arcs >= FEWEST_ARCS))


def _ratio(numerator: np.ndarray, denominator: np.ndarray, where: np.ndarray, undefined: float) -> np.ndarray:
    return np.divide(numerator, denominator, out=np.full(np.shape(numerator), undefined), where=where)
